package adaptertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func wireMutants() []mutant {
	return []mutant{
		{name: "takes any configuration", kills: "lifecycle/config-is-strict", config: func(raw json.RawMessage) json.RawMessage {
			var members map[string]json.RawMessage
			if json.Unmarshal(raw, &members) != nil {
				return raw
			}
			delete(members, "no_such_member")
			out, _ := json.Marshal(members)
			return out
		}},
		{name: "does without a password", kills: "lifecycle/config-is-strict", config: func(raw json.RawMessage) json.RawMessage {
			if bytes.Contains(raw, []byte("password")) || !bytes.HasPrefix(raw, []byte(`{"b`)) {
				return raw
			}
			return json.RawMessage(`{"base_url":"http://localhost","password":{"value":"test-toy-default"}}`)
		}},
		{name: "looks around on opening", kills: "lifecycle/open-is-silent", damage: func(a *adapters.Adapter, _ adapters.Env) {
			_ = a.Session.Check(context.Background())
		}},
		{name: "closes once", kills: "lifecycle/close-twice", damage: func(a *adapters.Adapter, _ adapters.Env) {
			closed := false
			a.Session = brokenSession{Session: a.Session, close: func(context.Context) error {
				if closed {
					return errors.New("closed already")
				}
				closed = true
				return nil
			}}
		}},
		{name: "leaves a goroutine", kills: "lifecycle/nothing-is-left", damage: func(*adapters.Adapter, adapters.Env) {
			go func() { select {} }()
		}},
		{name: "leaves an answer open", kills: "lifecycle/nothing-is-left", transport: func(next http.RoundTripper) http.RoundTripper {
			return transportFunc(func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err == nil {
					response.Body = io.NopCloser(response.Body)
				}
				return response, err
			})
		}},
		{name: "never shows one backup", kills: "listing/shows-what-the-vendor-has", damage: filtering(func() func(model.BackupQuery, model.Backup) bool {
			hidden := ""
			return func(_ model.BackupQuery, b model.Backup) bool {
				if hidden == "" {
					hidden = b.ID.Key
				}
				return b.ID.Key != hidden
			}
		}())},
		{name: "pages by number", kills: "listing/inserts-move-nothing", damage: onStreams(
			func(_ model.BackupQuery, s *adapters.Stream[model.Backup]) {
				right, given := s.Page, 0
				s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
					if before.IsZero() {
						given = 0
					}
					var all []model.Backup
					page, err := right(ctx, model.Position{}, 46)
					for all = page.Items; page.More && err == nil; all = append(all, page.Items...) {
						page, err = right(ctx, page.Next, 46)
					}
					from := min(given, len(all))
					given = min(given+limit, len(all))
					out := adapters.Page[model.Backup]{Items: all[from:given], More: given < len(all)}
					if out.More {
						out.Next = all[given-1].Position()
					}
					return out, err
				}
			})},

		{name: "one kind for all", kills: "errors/statuses-have-their-kind", damage: onReadErrors(func(err error) error {
			if e := fault.Of(err); e != nil {
				e.Kind = fault.Unavailable
			}
			return err
		})},
		{name: "says nothing of the vendor's status", kills: "errors/statuses-have-their-kind", damage: onReadErrors(func(err error) error {
			if e := fault.Of(err); e != nil {
				e.Upstream = nil
			}
			return err
		})},
		{name: "takes no wish", kills: "errors/retry-after-is-kept", damage: onReadErrors(func(err error) error {
			if e := fault.Of(err); e != nil {
				e.RetryAfter = 0
			}
			return err
		})},
		{name: "takes nonsense for nothing", kills: "errors/nonsense-is-upstream", damage: onReadErrors(without(fault.Upstream))},
		{name: "takes silence for nothing", kills: "errors/nonsense-is-upstream", transport: func(next http.RoundTripper) http.RoundTripper {
			return transportFunc(func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err == nil && response.ContentLength == 0 {
					response.Body = io.NopCloser(bytes.NewReader([]byte("{}")))
				}
				return response, err
			})
		}},
		{name: "takes a lost page for an empty one", kills: "errors/lost-connection-is-unavailable", damage: onReadErrors(without(fault.Unavailable))},
		{name: "reads whatever comes", kills: "errors/answers-are-bounded", transport: func(next http.RoundTripper) http.RoundTripper {
			return transportFunc(func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err != nil {
					return nil, err
				}
				whole, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				response.Body = io.NopCloser(bytes.NewReader(whole))
				return response, err
			})
		}},
		{name: "tells the password", kills: "errors/keep-secrets", damage: onReadErrors(func(err error) error {
			if err == nil {
				return nil
			}
			return fmt.Errorf("with password %s: %w", toySecret, err)
		})},
		{name: "tells what the vendor echoes", kills: "errors/keep-secrets", damage: onReadErrors(func(err error) error {
			if e := fault.Of(err); e != nil && e.Upstream != nil {
				e.Upstream.Message += " test-toy-token-1"
			}
			return err
		})},
		{name: "logs the token", kills: "errors/keep-secrets", damage: func(_ *adapters.Adapter, env adapters.Env) {
			env.Logger.LogAttrs(context.Background(), slog.LevelDebug, "signed_in", slog.String("token", "test-toy-token-1"))
		}},
		{name: "prints its configuration", kills: "errors/keep-secrets", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Provider = "toy " + toySecret
		}},

		{name: "asks although nobody waits", kills: "context/cancelled-before-sends-nothing", damage: ignoringContext()},
		{name: "goes on although nobody waits", kills: "context/cancelled-during-returns", damage: ignoringContext()},
		{name: "hides the cancellation", kills: "context/cancelled-during-returns", damage: onReadErrors(func(err error) error {
			if errors.Is(err, context.Canceled) {
				return fault.New(fault.Unavailable, "toy.List", "gone")
			}
			return err
		})},
		{name: "goes on past the deadline", kills: "context/deadline-is-kept", damage: onReadErrors(func(err error) error {
			if errors.Is(err, fault.Timeout) {
				return fault.New(fault.Unavailable, "toy.List", "gone")
			}
			return err
		})},
		{name: "everybody signs in", kills: "auth/one-sign-in", damage: everybodySignsIn},
	}
}

// without takes errors of a kind for success.
func without(kind fault.Kind) func(error) error {
	return func(err error) error {
		if errors.Is(err, kind) {
			return nil
		}
		return err
	}
}

// everybodySignsIn opens a session of its own for every second lookup after the first.
func everybodySignsIn(a *adapters.Adapter, env adapters.Env) {
	toy := a.Session.(*toyAdapter)
	var mu sync.Mutex
	onGet(func(backupGet) backupGet {
		return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
			mu.Lock()
			raw := json.RawMessage(fmt.Sprintf(`{"base_url":%q,"password":{"value":%q}}`, toy.config.BaseURL, toySecret))
			mu.Unlock()
			own, err := toyDriver().Open(ctx, raw, env)
			if err != nil {
				return model.Backup{}, err
			}
			return own.Backups.Get(ctx, id, native)
		}
	})(a, env)
}
