package adaptertest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// brokenRestores is the adapter's own with some calls replaced.
type brokenRestores struct {
	adapters.Restores
	start   func(ctx context.Context, r model.RestoreRequest) (model.Restore, error)
	get     func(ctx context.Context, id model.ID, native bool) (model.Restore, error)
	streams func(ctx context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error)
}

func (b brokenRestores) Start(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
	if b.start == nil {
		return b.Restores.Start(ctx, r)
	}
	return b.start(ctx, r)
}

func (b brokenRestores) Get(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	if b.get == nil {
		return b.Restores.Get(ctx, id, native)
	}
	return b.get(ctx, id, native)
}

func (b brokenRestores) Streams(ctx context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	if b.streams == nil {
		return b.Restores.Streams(ctx, q)
	}
	return b.streams(ctx, q)
}

// onStart changes what goes into Start and comes out of it.
func onStart(in func(*model.RestoreRequest), out func(error) error) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) {
		right := a.Restores
		a.Restores = brokenRestores{Restores: right, start: func(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
			if in != nil {
				in(&r)
			}
			restore, err := right.Start(ctx, r)
			if out != nil {
				err = out(err)
			}
			return restore, err
		}}
	}
}

// onRestoreState changes the state that Get gives; looks counts them.
func onRestoreState(change func(state model.State, looks int) model.State) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) {
		right, looks := a.Restores, map[model.ID]int{}
		a.Restores = brokenRestores{Restores: right, get: func(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
			r, err := right.Get(ctx, id, native)
			looks[id]++
			r.State = change(r.State, looks[id])
			return r, err
		}}
	}
}

func restoreMutants() []mutant {
	return []mutant{
		{name: "offers one more", kills: "restores/every-kind-is-tried", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.RestoreKinds = append(a.RestoreKinds, adapters.RestoreKind{Kind: model.RestoreTable})
		}},
		{name: "knows only its own", kills: "restores/accepted-is-readable", damage: func(a *adapters.Adapter, _ adapters.Env) {
			right, own := a.Restores, map[model.ID]bool{}
			a.Restores = brokenRestores{
				Restores: right,
				start: func(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
					restore, err := right.Start(ctx, r)
					own[restore.ID] = true
					return restore, err
				},
				get: func(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
					if !own[id] {
						return model.Restore{}, fault.New(fault.NotFound, "toy.Get", "not mine")
					}
					return right.Get(ctx, id, native)
				},
			}
		}},
		{name: "lists none", kills: "restores/accepted-is-readable", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Restores = brokenRestores{Restores: a.Restores, streams: func(context.Context, model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
				return nil, nil
			}}
		}},
		{name: "rises from the dead", kills: "restores/states-move-forward", damage: onRestoreState(func(s model.State, looks int) model.State {
			if s.Terminal() && looks%3 == 0 {
				return model.StateRunning
			}
			return s
		})},
		{name: "changes its mind", kills: "restores/states-move-forward", damage: onRestoreState(func(s model.State, looks int) model.State {
			if s.Terminal() && looks%2 == 0 {
				return model.StateFailed
			}
			return s
		})},
		{name: "never ends", kills: "restores/states-move-forward", damage: onRestoreState(func(model.State, int) model.State { return model.StateRunning })},
		{name: "is sure that nothing was done", kills: "restores/lost-reply-is-ambiguous", damage: onStart(nil, func(err error) error {
			if e := fault.Of(err); e != nil {
				e.Ambiguous = false
			}
			return err
		})},
		{name: "is never sure", kills: "restores/lost-reply-is-ambiguous", damage: onStart(nil, func(err error) error {
			if e := fault.Of(err); e != nil {
				e.Ambiguous = true
			}
			return err
		})},
		{name: "takes its leave for nothing done", kills: "restores/lost-reply-is-ambiguous", damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.Restores
			a.Restores = brokenRestores{Restores: right, start: func(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
				restore, err := right.Start(ctx, r)
				if ctx.Err() != nil {
					err = ctx.Err()
				}
				return restore, err
			}}
		}},
		{name: "tries again", kills: "restores/write-is-sent-once", transport: resending},
		{name: "tries again after a lost reply", kills: "restores/lost-reply-is-ambiguous", transport: resending},
		{name: "fears for what it has not sent", kills: "restores/reads-come-first", damage: func(a *adapters.Adapter, _ adapters.Env) {
			right, backups := a.Restores, a.Backups
			a.Restores = brokenRestores{Restores: right, start: func(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
				if _, err := backups.Get(ctx, r.Source.ID(), false); err != nil {
					return model.Restore{}, &fault.Error{Kind: fault.Unavailable, Op: "toy.Start", Ambiguous: true, Err: err}
				}
				return right.Start(ctx, r)
			}}
		}},
		{name: "takes any kind", kills: "restores/nonsense-is-refused", damage: onStart(func(r *model.RestoreRequest) {
			if r.Kind == "no-such-kind" {
				r.Kind = model.RestoreVolume
			}
		}, nil)},
		{name: "has no marker", kills: "restores/marker-is-sent", damage: onStart(func(r *model.RestoreRequest) { r.Marker = "" }, nil)},
		{name: "does not say where", kills: "restores/marker-is-sent", damage: func(a *adapters.Adapter, _ adapters.Env) { a.Traits.MarkerPlaces = nil }},
		{name: "boasts", kills: "restores/native-idempotency-holds", damage: func(a *adapters.Adapter, _ adapters.Env) { a.Traits.NativeIdempotency = true }},
		{name: "gives up on a word", kills: "restores/unknown-state-goes-on", damage: onRestoreState(func(s model.State, _ int) model.State {
			if s == model.StateUnknown {
				return model.StateFailed
			}
			return s
		})},
		{name: "hands the word on", kills: "restores/unknown-state-goes-on", damage: onRestoreState(func(s model.State, _ int) model.State {
			if s == model.StateUnknown {
				return "RESHUFFLING"
			}
			return s
		})},
		{name: "says yes and does nothing", kills: "restores/cancel-stops", damage: func(a *adapters.Adapter, _ adapters.Env) { a.RestoreCancels = idleCancels{} }},
	}
}

// resending repeats a write that got no good answer.
func resending(next http.RoundTripper) http.RoundTripper {
	return transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || r.URL.Path != "/restores" {
			return next.RoundTrip(r)
		}
		body, _ := io.ReadAll(r.Body)
		for try := 0; ; try++ {
			r.Body = io.NopCloser(bytes.NewReader(body))
			response, err := next.RoundTrip(r)
			if try == 1 || err == nil && response.StatusCode < 500 {
				return response, err
			}
			if err == nil {
				_ = response.Body.Close()
			}
		}
	})
}

type idleCancels struct{}

func (idleCancels) Cancel(context.Context, model.ID) error { return nil }

// onBody changes every transfer that is opened.
func onBody(change func(ctx context.Context, open func(context.Context, int64) (*adapters.Body, error), offset int64) (*adapters.Body, error)) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) { a.Content = brokenContent{a.Content, change} }
}

type brokenContent struct {
	adapters.Content
	change func(ctx context.Context, open func(context.Context, int64) (*adapters.Body, error), offset int64) (*adapters.Body, error)
}

func (b brokenContent) Open(ctx context.Context, restore model.ID, offset int64) (*adapters.Body, error) {
	return b.change(ctx, func(ctx context.Context, offset int64) (*adapters.Body, error) {
		return b.Content.Open(ctx, restore, offset)
	}, offset)
}

type opener = func(context.Context, int64) (*adapters.Body, error)

// reading replaces how the bytes of a transfer are read.
func reading(change func(io.Reader) io.Reader) func(*adapters.Adapter, adapters.Env) {
	return onBody(func(ctx context.Context, open opener, offset int64) (*adapters.Body, error) {
		body, err := open(ctx, offset)
		if err == nil {
			body.ReadCloser = struct {
				io.Reader
				io.Closer
			}{change(body.ReadCloser), body.ReadCloser}
		}
		return body, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func contentMutants() []mutant {
	return []mutant{
		{name: "one bit off", kills: "content/whole-is-exact", damage: reading(func(r io.Reader) io.Reader {
			return readerFunc(func(p []byte) (int, error) {
				n, err := r.Read(p)
				if n > 0 {
					p[0] ^= 1
				}
				return n, err
			})
		})},
		{name: "a size it does not know", kills: "content/whole-is-exact", damage: func(a *adapters.Adapter, _ adapters.Env) { a.Content = wrongSize{a.Content} }},
		{name: "always from the start", kills: "content/offsets-are-exact", damage: onBody(func(ctx context.Context, open opener, offset int64) (*adapters.Body, error) {
			body, err := open(ctx, 0)
			if err == nil {
				body.Offset = offset
			}
			return body, err
		})},
		{name: "never closes", kills: "content/early-close-frees", damage: onBody(func(ctx context.Context, open opener, offset int64) (*adapters.Body, error) {
			body, err := open(ctx, offset)
			if err == nil {
				body.ReadCloser = io.NopCloser(body.ReadCloser)
			}
			return body, err
		})},
		{name: "takes a drop for the end", kills: "content/drop-is-no-end", damage: reading(func(r io.Reader) io.Reader {
			return readerFunc(func(p []byte) (int, error) {
				n, err := r.Read(p)
				if err != nil {
					err = io.EOF
				}
				return n, err
			})
		})},
		{name: "has nothing yet", kills: "content/not-ready-is-conflict", damage: onBody(func(ctx context.Context, open opener, offset int64) (*adapters.Body, error) {
			body, err := open(ctx, offset)
			if errors.Is(err, fault.Conflict) {
				return &adapters.Body{ReadCloser: http.NoBody}, nil
			}
			return body, err
		})},
		{name: "goes on alone", kills: "content/cancelled-stops", damage: onBody(func(ctx context.Context, open opener, offset int64) (*adapters.Body, error) {
			return open(context.WithoutCancel(ctx), offset)
		})},
		{name: "holds it all", kills: "content/memory-is-bounded", damage: onBody(func(ctx context.Context, open opener, offset int64) (*adapters.Body, error) {
			body, err := open(ctx, offset)
			if err != nil {
				return nil, err
			}
			whole, err := io.ReadAll(body.ReadCloser)
			if err != nil {
				return nil, err
			}
			body.ReadCloser = io.NopCloser(bytes.NewReader(whole))
			return body, nil
		})},
	}
}

type wrongSize struct{ adapters.Content }

func (w wrongSize) Size(ctx context.Context, restore model.ID) (int64, error) {
	n, err := w.Content.Size(ctx, restore)
	return n + 1, err
}
