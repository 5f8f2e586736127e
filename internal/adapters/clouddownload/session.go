package clouddownload

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// loginTimeout bounds one sign-in.
const loginTimeout = 30 * time.Second

// session is the cookie session of an account (NOTES section 2). Each sign-in
// has a cookie jar of its own: a late answer to a request of a dead session
// must not put its cookies into the live one.
type session struct {
	account *account
	login   *vendorhttp.Login

	mu      sync.Mutex
	jars    map[string]*cookiejar.Jar // by the token that stands for the sign-in
	secrets []string                  // the last ones, to keep them out of errors
}

// maxSecrets is how many secrets are remembered: those of a few sign-ins.
const maxSecrets = 20

// Format keeps the session out of all printing.
func (*session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "storware session") }

// conceal takes secrets out of what the vendor says.
func (s *session) conceal(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "REDACTED")
	}
	return text
}

func (s *session) keep(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) >= 4 && !slices.Contains(s.secrets, secret) {
			s.secrets = append(s.secrets, secret)
		}
	}
	s.secrets = s.secrets[max(len(s.secrets)-maxSecrets, 0):]
}

func newSession(a *account) *session {
	s := &session{account: a, jars: map[string]*cookiejar.Jar{}}
	s.login = vendorhttp.NewLogin(a.env.Now, loginTimeout, s.signIn)
	return s
}

// signIn gets a session. Its cookies, whatever their names, are the token.
func (s *session) signIn(ctx context.Context) (vendorhttp.Token, error) {
	const op = "storware.Login"
	password, err := s.account.config.Password.Read()
	if err != nil {
		return vendorhttp.Token{}, fault.Wrap(fault.Credentials, op, err)
	}
	s.keep(password)
	jar, err := cookiejar.New(nil)
	if err != nil {
		return vendorhttp.Token{}, fault.Wrap(fault.Internal, op, err)
	}
	_, err = s.account.client.JSON(context.WithValue(ctx, jarKey{}, jar), vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/session/login", Accept: "application/json",
		Body: loginRequest{s.account.config.Login, password}, NoAuth: true, Safe: true,
	}, nil)
	if err != nil {
		switch status(err) {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
			fault.Of(err).Kind = fault.Credentials
		}
		return vendorhttp.Token{}, err
	}
	at, err := url.Parse(s.account.config.apiURL())
	if err != nil {
		return vendorhttp.Token{}, fault.Wrap(fault.Internal, op, err)
	}
	var cookies []string
	for _, cookie := range jar.Cookies(at) {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
		s.keep(cookie.Value)
	}
	if len(cookies) == 0 {
		return vendorhttp.Token{}, fault.New(fault.Upstream, op, "the vendor accepted the sign-in but set no session cookie")
	}
	token := strings.Join(cookies, "; ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jars) > 4 { // requests of older sessions get a 401 anyway
		clear(s.jars)
	}
	s.jars[token] = jar
	return vendorhttp.Token{Value: token}, nil
}

type loginRequest struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// Apply implements vendorhttp.Auth.
func (s *session) Apply(ctx context.Context, r *http.Request) (string, error) {
	token, err := s.login.Get(ctx)
	if err != nil {
		return "", err
	}
	s.put(token, r)
	return token, nil
}

// Renew implements vendorhttp.Auth.
func (s *session) Renew(ctx context.Context, used string) error {
	s.login.Drop(used)
	_, err := s.login.Get(ctx)
	return err
}

// put adds the cookies of a sign-in and remembers where new ones go.
func (s *session) put(token string, r *http.Request) {
	s.mu.Lock()
	jar := s.jars[token]
	s.mu.Unlock()
	if jar == nil {
		return
	}
	for _, cookie := range jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	*r = *r.WithContext(context.WithValue(r.Context(), jarKey{}, jar))
}

// Check implements adapters.Session. Both 200 and 204 mean yes (NOTES section 2).
func (s *session) Check(ctx context.Context) error {
	return s.account.get(ctx, "storware.CheckSession", "/session", nil, nil)
}

// Close signs out, if there is a session. One that has ended already is fine.
func (s *session) Close(ctx context.Context) error {
	const op = "storware.Logout"
	token := s.login.Current()
	if token == "" {
		return nil
	}
	s.login.Drop(token)
	_, err := s.account.client.JSON(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/session/logout", NoAuth: true, Safe: true,
		Header: http.Header{"Cookie": {token}},
	}, nil)
	if status(err) == http.StatusUnauthorized {
		return nil
	}
	return err
}

type jarKey struct{}

// cookieTransport puts cookies that the vendor sets into the jar of the sign-in
// that the request belongs to.
type cookieTransport struct {
	session *session
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t cookieTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if jar, ok := r.Context().Value(jarKey{}).(*cookiejar.Jar); ok {
		if cookies := response.Cookies(); len(cookies) > 0 {
			jar.SetCookies(r.URL, cookies)
			for _, cookie := range cookies {
				t.session.keep(cookie.Value)
			}
		}
	}
	return response, nil
}
