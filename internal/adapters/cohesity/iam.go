package cohesity

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// The caching rule of the vendor's own SDK (IBM NOTES section 2).
const (
	tokenTimeout = 30 * time.Second
	tokenEarly   = 10 * time.Second // a token is not used in its last seconds
	tokenFresh   = 80               // per cent of its life after which it is renewed in the background
)

// tokenAnswer is the answer of the token service.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Expiration  int64  `json:"expiration"` // Unix seconds
}

func newLogin(config Config, env adapters.Env) (*vendorhttp.Login, error) {
	client, err := vendorhttp.New(vendorhttp.Options{
		BaseURL: config.IAMURL, AllowHTTP: config.AllowHTTP, Transport: env.Transport, Now: env.Now,
		ReadError: readError, Classify: classifyIAM, MaxBody: 1 << 20,
	})
	if err != nil {
		return nil, fault.InvalidField("ibm.Open", "/iam_url", "invalid-url", "iam_url is not an https URL")
	}
	return vendorhttp.NewLogin(env.Now, tokenTimeout, func(ctx context.Context) (vendorhttp.Token, error) {
		key, err := config.APIKey.Read()
		if err != nil {
			return vendorhttp.Token{}, fault.Wrap(fault.Credentials, "ibm.Token", err)
		}
		return fetchToken(ctx, client, key, env.Now)
	}), nil
}

func fetchToken(ctx context.Context, client *vendorhttp.Client, key string, now func() time.Time) (vendorhttp.Token, error) {
	var answer tokenAnswer
	_, err := client.JSON(ctx, vendorhttp.Request{
		Op: "ibm.Token", Method: http.MethodPost, Path: "/identity/token", Accept: "application/json",
		Safe: true, NoAuth: true, // a token more does no harm
		Form: url.Values{
			"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "apikey": {key}, "response_type": {"cloud_iam"},
		},
	}, &answer)
	if err != nil {
		if e := fault.Of(err); e != nil && e.Upstream != nil {
			e.Upstream.Message = strings.ReplaceAll(e.Upstream.Message, key, "REDACTED")
			e.Upstream.Code = strings.ReplaceAll(e.Upstream.Code, key, "REDACTED")
		}
		return vendorhttp.Token{}, err
	}
	if answer.AccessToken == "" {
		return vendorhttp.Token{}, fault.New(fault.Upstream, "ibm.Token", "the token service gave no token")
	}
	token := vendorhttp.Token{Value: answer.AccessToken}
	life := time.Duration(min(max(answer.ExpiresIn, 0), 1<<31)) * time.Second
	var ends time.Time
	switch {
	case answer.Expiration > 0:
		ends = time.Unix(answer.Expiration, 0)
	case life > 0:
		ends = now().Add(life)
	default:
		return token, nil
	}
	token.ExpiresAt = ends.Add(-tokenEarly)
	token.RefreshAt = ends.Add(-life * (100 - tokenFresh) / 100)
	return token, nil
}

// classifyIAM: every refusal of the token service is about our key. Its codes
// begin with BXNIM; it answers a bad key with 400 (IBM NOTES section 2).
func classifyIAM(_ string, status int, _, _ string) fault.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fault.Credentials
	}
	return fault.Unknown
}

// bearer puts the token on requests.
type bearer struct{ login *vendorhttp.Login }

// Apply implements vendorhttp.Auth.
func (b bearer) Apply(ctx context.Context, r *http.Request) (string, error) {
	token, err := b.login.Get(ctx)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return token, nil
}

// Renew implements vendorhttp.Auth.
func (b bearer) Renew(_ context.Context, used string) error {
	b.login.Drop(used)
	return nil
}
