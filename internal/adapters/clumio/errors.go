package clumio

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// json sends one request. A token that was refused is not kept.
func (c *client) json(ctx context.Context, r vendorhttp.Request, out any) error {
	_, err := c.http.JSON(ctx, r, out)
	if err != nil && fault.KindOf(err) == fault.Credentials {
		c.auth.forget()
	}
	return err
}

// readError finds the first code and all messages of an error body. Codes are
// numbers, and strings in places (NOTES section 6).
func readError(body []byte) (code, message string) {
	var wire struct {
		Errors []struct {
			Code    json.RawMessage `json:"error_code"`
			Message string          `json:"error_message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &wire) != nil {
		return "", ""
	}
	var messages []string
	for _, e := range wire.Errors {
		if text := string(bytes.Trim(e.Code, `"`)); code == "" && text != "null" {
			code = text
		}
		if e.Message != "" {
			messages = append(messages, e.Message)
		}
	}
	return code, strings.Join(messages, "; ")
}

// classify takes 403 for a credential that does not work: the service gives it
// for a missing token and for a token that may not (NOTES section 6).
func classify(_ string, status int, _, _ string) fault.Kind {
	if status == http.StatusForbidden {
		return fault.Credentials
	}
	return fault.Unknown
}

// status is the vendor's status in an error, 0 when it gave none.
func status(err error) int {
	if e := fault.Of(err); e != nil && e.Upstream != nil {
		return e.Upstream.Status
	}
	return 0
}

// noSuchList reports whether the vendor says in its own words that it has no
// such list: a plan without a kind of asset answers so. A 404 in other words may
// come from a place that is not the vendor, and must not look like no backups.
func noSuchList(err error) bool {
	e := fault.Of(err)
	return status(err) == http.StatusNotFound && (e.Upstream.Code != "" || e.Upstream.Message != "")
}

// notFoundIfRefused turns the refusal of an id as malformed into NotFound: an
// id that the vendor can not have given names nothing.
func notFoundIfRefused(op string, err error) error {
	if status(err) != http.StatusBadRequest {
		return err
	}
	return &fault.Error{Kind: fault.NotFound, Op: op, Upstream: fault.Of(err).Upstream, Err: err}
}

// key returns the vendor's key in an id of this account as a path segment. Ids
// of other accounts and kinds name nothing here.
func (c *client) key(op string, id model.ID, kind string) (string, error) {
	if id.Connection != c.env.Connection || id.Kind != kind || id.Key == "." || id.Key == ".." {
		return "", fault.New(fault.NotFound, op, "there is no such thing")
	}
	return url.PathEscape(id.Key), nil
}

// unnamed is the error for an answer to a write that does not say what was
// begun.
func unnamed(op string) error {
	return &fault.Error{Kind: fault.Upstream, Op: op, Detail: "the vendor's answer does not name what it began", Ambiguous: true}
}
