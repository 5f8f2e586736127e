package cohesity

import (
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// Config is the configuration of one service instance.
type Config struct {
	// BaseURL is the instance's endpoint, with or without scheme and /v2: the
	// resource record shows it in all these forms (IBM NOTES section 1).
	BaseURL string `json:"base_url"`
	// APIKey is the IBM Cloud API key.
	APIKey adapters.Secret `json:"api_key"`
	// TenantID is the instance's tenant id; the slash that the header needs at
	// its end is added.
	TenantID string `json:"tenant_id"`
	// IAMURL is the token service.
	IAMURL string `json:"iam_url"`
	// History is how far back lists go that name no start themselves. The vendor
	// looks back one hour only unless it is told (IBM NOTES section 6). What is
	// older than this is not seen, so it should exceed the longest retention.
	History model.Period `json:"history"`
	// Prefetch is how many pieces of a download are asked for ahead.
	Prefetch int `json:"prefetch"`
	// AllowHTTP permits base_url and iam_url without TLS.
	AllowHTTP bool `json:"allow_http"`
}

// maxPrefetch bounds the connections that one download holds.
const maxPrefetch = 16

func defaults() Config {
	return Config{IAMURL: "https://iam.cloud.ibm.com", History: model.Period{Years: 10}, Prefetch: 4}
}

// normal checks a configuration and brings it into its one form.
func (c Config) normal() (Config, error) {
	missing := func(member string) error {
		return fault.InvalidField("ibm.Open", "/"+member, "missing", "the configuration member "+member+" is missing")
	}
	c.BaseURL, c.TenantID, c.IAMURL = strings.TrimSpace(c.BaseURL), strings.TrimSpace(c.TenantID), strings.TrimSpace(c.IAMURL)
	switch {
	case c.BaseURL == "":
		return c, missing("base_url")
	case c.APIKey.IsZero():
		return c, missing("api_key")
	case strings.Trim(c.TenantID, "/") == "":
		return c, missing("tenant_id")
	case c.IAMURL == "":
		return c, missing("iam_url")
	case c.History.IsZero():
		return c, missing("history")
	case c.Prefetch < 1 || c.Prefetch > maxPrefetch:
		return c, fault.InvalidField("ibm.Open", "/prefetch", "out-of-range", "prefetch is a number from 1 to 16")
	case strings.ContainsAny(c.TenantID, "\r\n\x00"):
		return c, fault.InvalidField("ibm.Open", "/tenant_id", "invalid", "tenant_id holds control characters")
	}
	c.BaseURL = strings.TrimSuffix(endpoint(c.BaseURL), "/v2") + "/v2"
	c.IAMURL = endpoint(c.IAMURL)
	c.TenantID = strings.TrimRight(c.TenantID, "/") + "/"
	return c, nil
}

func endpoint(text string) string {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	return strings.TrimRight(text, "/")
}

// back returns the time that lies a period before t.
func back(t time.Time, p model.Period) time.Time {
	return t.AddDate(-p.Years, -p.Months, -7*p.Weeks-p.Days).Add(-p.Clock)
}
