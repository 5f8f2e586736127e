package clouddownload

import (
	"net/url"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
)

// Config is one Storware account. The vendor wants a dedicated user for an
// integration (NOTES section 2). A private certificate authority belongs to the
// transport, which the gateway hands over.
type Config struct {
	BaseURL  string          `json:"base_url"` // with or without /api
	Login    string          `json:"login"`
	Password adapters.Secret `json:"password"`
	// ProjectUUID limits lists to one project.
	ProjectUUID string `json:"project_uuid,omitempty"`
	AllowHTTP   bool   `json:"allow_http,omitempty"`
}

func (c Config) check() error {
	for _, member := range []struct {
		name    string
		missing bool
	}{{"base_url", c.BaseURL == ""}, {"login", c.Login == ""}, {"password", c.Password.IsZero()}} {
		if member.missing {
			return fault.InvalidField("storware.Open", "/"+member.name, "required", "the configuration member "+member.name+" is required")
		}
	}
	return nil
}

// apiURL adds the base path of the API (NOTES section 1) when it is not there.
// A URL that makes no sense is left for the client to refuse.
func (c Config) apiURL() string {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return c.BaseURL
	}
	base.Path = strings.TrimRight(base.Path, "/")
	if !strings.HasSuffix(base.Path, "/api") {
		base.Path += "/api"
	}
	base.RawPath = ""
	return base.String()
}
