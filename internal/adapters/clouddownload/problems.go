package clouddownload

import (
	"encoding/json"
	"net/http"

	"switchback/internal/fault"
)

// readError finds the message in the two forms that clients of the API read:
// {message} and {error: {message}} (NOTES section 13). The vendor has no codes.
func readError(body []byte) (message string) {
	var outer struct {
		Message json.RawMessage `json:"message"`
		Error   json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return ""
	}
	var inner struct {
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(outer.Error, &inner) == nil && json.Unmarshal(inner.Message, &message) == nil && message != "" {
		return message
	}
	if json.Unmarshal(outer.Message, &message) == nil {
		return message
	}
	return ""
}

// status is the vendor's HTTP status in err, 0 when there was no answer.
func status(err error) int {
	if failure := fault.Of(err); failure != nil && failure.Upstream != nil {
		return failure.Upstream.Status
	}
	return 0
}

// gone reports whether the vendor said that a thing is not there.
func gone(err error) bool {
	return status(err) == http.StatusNotFound || status(err) == http.StatusGone
}
