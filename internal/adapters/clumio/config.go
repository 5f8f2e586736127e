package clumio

import (
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
)

// Config is one Clumio account. The token is minted in the vendor's portal and
// there is no sign-in (NOTES section 1).
type Config struct {
	// BaseURL is the control plane, or Region names it; exactly one of them.
	BaseURL string `json:"base_url"`
	Region  string `json:"region"`

	Token adapters.Secret `json:"token"`

	// OrganizationalUnit scopes every call; "" is the token's own unit.
	OrganizationalUnit string `json:"organizational_unit"`
	AllowHTTP          bool   `json:"allow_http"`
}

// controlPlane is the API host of a control plane's region (NOTES section 1).
func controlPlane(region string) string {
	switch region {
	case "us-west-2", "us-east-1":
		return "https://" + region + ".api.clumio.com"
	case "ca-central-1":
		return "https://ca-central-1.ca.api.clumio.com"
	case "eu-central-1":
		return "https://eu-central-1.de.api.clumio.com"
	case "ap-southeast-2":
		return "https://ap-southeast-2.au.api.clumio.com"
	}
	return ""
}

// check returns the base URL, or what is wrong with the configuration.
func (c Config) check() (string, error) {
	invalid := func(pointer, code, detail string) (string, error) {
		return "", fault.InvalidField("clumio.Open", pointer, code, detail)
	}
	base := c.BaseURL
	switch {
	case c.BaseURL == "" && c.Region == "":
		return invalid("/base_url", "missing-member", "base_url or region must be set")
	case c.BaseURL != "" && c.Region != "":
		return invalid("/region", "conflicting-member", "base_url and region must not both be set")
	case c.Region != "":
		if base = controlPlane(c.Region); base == "" {
			return invalid("/region", "unknown-value", "region is not one of the vendor's control planes; set base_url")
		}
	}
	if c.Token.IsZero() {
		return invalid("/token", "missing-member", "token must be set")
	}
	if !plainText(c.OrganizationalUnit) {
		return invalid("/organizational_unit", "invalid-value", "organizational_unit is not an id")
	}
	return base, nil
}

// plainText reports whether s can stand in a header as it is.
func plainText(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(b byte) bool { return b <= ' ' || b > '~' }) && !strings.ContainsAny(s, `",;`)
}
