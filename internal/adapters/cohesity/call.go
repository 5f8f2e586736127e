package cohesity

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// segments joins the parts of a path. url.PathEscape leaves ':' as it is, as
// the vendor's own client does (IBM NOTES section 1).
func segments(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(part))
	}
	return b.String()
}

// The forms of ids (IBM NOTES section 3). What has another form names nothing,
// and the vendor would call it a bad request.
var (
	uid   = regexp.MustCompile(`^\d{1,20}:\d{1,20}:\d{1,20}$`) // policy, group, recovery
	runID = regexp.MustCompile(`^\d{1,20}:\d{1,20}$`)
)

func usecs(n int64) string { return strconv.FormatInt(n, 10) }

// maxMicros is the last microsecond of the year 9999; a later time has no JSON
// form.
const maxMicros = 253402300799999999

// micros is a vendor time, zero when there is none.
func micros(n int64) time.Time {
	if n <= 0 || n > maxMicros {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func (a *account) get(ctx context.Context, op, path string, query url.Values, out any) error {
	_, err := a.client.JSON(ctx, vendorhttp.Request{Op: op, Path: path, Query: query, Accept: "application/json"}, out)
	return err
}

// post sends a write. A refusal that we know to be one is not ambiguous even
// where the vendor gives it as a 500 (IBM NOTES section 5).
func (a *account) post(ctx context.Context, op, path string, body, out any) error {
	request := vendorhttp.Request{Op: op, Method: http.MethodPost, Path: path, Body: body}
	if out != nil {
		request.Accept = "application/json"
	}
	_, err := a.client.JSON(ctx, request, out)
	refusals := []fault.Kind{fault.Conflict, fault.Invalid, fault.NotFound, fault.Stale}
	if e := fault.Of(err); e != nil && e.Upstream != nil && slices.Contains(refusals, e.Kind) {
		e.Ambiguous = false
	}
	return err
}

// readError finds code and message in any of the forms of an error body: the
// service's, IAM's, and those of the gateways before them (IBM NOTES section 5).
func readError(body []byte) (code, message string) {
	var wire struct {
		ErrorCode    string          `json:"errorCode"`
		Message      string          `json:"message"`
		ErrorMessage string          `json:"errorMessage"`
		Error        json.RawMessage `json:"error"`
		Errors       []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &wire); err != nil && wire.ErrorCode == "" && wire.Message == "" {
		return "", strings.TrimSpace(string(body))
	}
	var inner string
	_ = json.Unmarshal(wire.Error, &inner)
	if len(wire.Errors) > 0 {
		code, message = wire.Errors[0].Code, wire.Errors[0].Message
	}
	if wire.ErrorCode != "" {
		code = wire.ErrorCode
	}
	for _, text := range []string{inner, wire.Message, wire.ErrorMessage} {
		if message == "" {
			message = text
		}
	}
	return code, message
}

// classify reads the vendor's words where its statuses mislead: a 500 may be a
// logical fault and a 400 may mean "not there" (IBM NOTES sections 5, 8, 11).
func classify(_ string, status int, code, message string) fault.Kind {
	text := strings.ToLower(message)
	has := func(part string) bool { return strings.Contains(text, part) }
	switch {
	case strings.HasPrefix(code, "BXNIM"):
		return fault.Credentials
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests:
		return fault.Unknown
	case status != http.StatusBadRequest && status != http.StatusConflict && status != http.StatusInternalServerError:
		return fault.Unknown
	case has("modified since"):
		return fault.Stale
	case code == "KDuplicateError", has("already exists"), has("active archival task"), has("not running"), has("not paused"):
		return fault.Conflict
	case has("only cad policies"):
		return fault.Invalid
	case code == "KEntityNotExistsError", status == http.StatusBadRequest && has("does not exist"):
		return fault.NotFound
	}
	return fault.Unknown
}
