package vendorhttp_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"switchback/internal/adapters/vendorhttp"
)

// issuer gives numbered tokens, each after a second.
type issuer struct {
	fetches atomic.Int32
	refresh time.Duration // after which a token is renewed in the background
	life    time.Duration // zero is for ever
	fail    atomic.Bool
}

var errNoToken = errors.New("no token")

func (i *issuer) fetch(ctx context.Context) (vendorhttp.Token, error) {
	n := i.fetches.Add(1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return vendorhttp.Token{}, ctx.Err()
	}
	if i.fail.Load() {
		return vendorhttp.Token{}, errNoToken
	}
	token := vendorhttp.Token{Value: fmt.Sprintf("test-token-%d", n)}
	if i.refresh > 0 {
		token.RefreshAt = time.Now().Add(i.refresh)
	}
	if i.life > 0 {
		token.ExpiresAt = time.Now().Add(i.life)
	}
	return token, nil
}

func (i *issuer) login() *vendorhttp.Login {
	return vendorhttp.NewLogin(time.Now, time.Minute, i.fetch)
}

func wantToken(t *testing.T, login *vendorhttp.Login, want string) {
	t.Helper()
	if got, err := login.Get(t.Context()); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestLoginSharesOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i issuer
		login := i.login()
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() { wantToken(t, login, "test-token-1") })
		}
		group.Wait()
		for range 50 { // all were refused with the same token
			group.Go(func() {
				login.Drop("test-token-1")
				wantToken(t, login, "test-token-2")
			})
		}
		group.Wait()
		if n := i.fetches.Load(); n != 2 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestLoginDropsOnlyWhatWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i issuer
		login := i.login()
		wantToken(t, login, "test-token-1")
		login.Drop("test-token-0")
		if got := login.Current(); got != "test-token-1" {
			t.Errorf("a late refusal of an old token has dropped the new one: %q", got)
		}
		login.Drop("test-token-1")
		if got := login.Current(); got != "" {
			t.Errorf("%q is still held", got)
		}
	})
}

func TestLoginGoesOnWhenTheFirstCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i issuer
		login := i.login()
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := login.Get(ctx)
			left <- err
		}()
		synctest.Wait()
		var group sync.WaitGroup
		group.Go(func() { wantToken(t, login, "test-token-1") })
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the first caller got %v", err)
		}
		group.Wait()
		if n := i.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestLoginTellsFailuresAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i issuer
		i.fail.Store(true)
		login := i.login()
		if _, err := login.Get(t.Context()); !errors.Is(err, errNoToken) {
			t.Errorf("got %v", err)
		}
		i.fail.Store(false)
		wantToken(t, login, "test-token-2")
	})
}

func TestLoginBoundsAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login := vendorhttp.NewLogin(time.Now, 5*time.Second, func(ctx context.Context) (vendorhttp.Token, error) {
			<-ctx.Done()
			return vendorhttp.Token{}, ctx.Err()
		})
		begun := time.Now()
		if _, err := login.Get(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
}

func TestLoginNeverGivesAnExpiredToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := issuer{life: time.Hour}
		login := i.login()
		wantToken(t, login, "test-token-1")
		time.Sleep(time.Hour - time.Nanosecond)
		wantToken(t, login, "test-token-1")
		time.Sleep(time.Nanosecond)
		wantToken(t, login, "test-token-2")
	})
}

func TestLoginRenewsInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := issuer{refresh: 30 * time.Minute, life: time.Hour}
		login := i.login()
		wantToken(t, login, "test-token-1")
		time.Sleep(30 * time.Minute)

		i.fail.Store(true)
		for range 10 { // callers go on with the old token while it is good
			wantToken(t, login, "test-token-1")
		}
		time.Sleep(2 * time.Second)
		wantToken(t, login, "test-token-1")
		if n := i.fetches.Load(); n != 2 {
			t.Errorf("%d fetches within a minute of a failed renewal, want 2", n)
		}

		i.fail.Store(false)
		time.Sleep(time.Minute)
		wantToken(t, login, "test-token-1")
		time.Sleep(2 * time.Second)
		wantToken(t, login, "test-token-3")
	})
}
