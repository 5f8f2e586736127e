package cohesitysim

import (
	"fmt"
	"net/http"
)

// fault is an error answer of the v2 API (IBM NOTES section 5).
type fault struct {
	status        int
	code, message string
}

func (f *fault) Error() string { return f.message }

func invalid(format string, args ...any) error {
	return &fault{http.StatusBadRequest, "KValidationError", fmt.Sprintf(format, args...)}
}

func notFound() error {
	return &fault{http.StatusNotFound, "KEntityNotExistsError", "Resource not found"}
}

func duplicate(format string, args ...any) error {
	return &fault{http.StatusConflict, "KDuplicateError", fmt.Sprintf(format, args...)}
}

// refused is a state conflict; only the status is documented, the code is
// inferred.
func refused(format string, args ...any) error {
	return &fault{http.StatusConflict, "KValidationError", fmt.Sprintf(format, args...)}
}

// internal is how the service reports some logical faults (IBM NOTES section 5).
func internal(format string, args ...any) error {
	return &fault{http.StatusInternalServerError, "KInternalError", fmt.Sprintf(format, args...)}
}
