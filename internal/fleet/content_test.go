package fleet_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

// contents serves bodies made by a function.
type contents func(ctx context.Context) io.ReadCloser

func (f contents) Open(ctx context.Context, _ model.ID, offset int64) (*adapters.Body, error) {
	return &adapters.Body{ReadCloser: f(ctx), Offset: offset, Size: -1}, nil
}
func (contents) Size(context.Context, model.ID) (int64, error) { return -1, nil }

// stalling gives its text and then nothing until its context ends.
type stalling struct {
	io.Reader
	ctx context.Context
}

func (s stalling) Read(p []byte) (int, error) {
	if n, err := s.Reader.Read(p); err == nil {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}
func (stalling) Close() error { return nil }

func TestASilentVendorBreaksTheTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connect(fleet.Limits{Idle: time.Minute}, nil, func(a *adapters.Adapter) {
			a.Content = contents(func(ctx context.Context) io.ReadCloser { return stalling{strings.NewReader("abc"), ctx} })
		})
		body, err := c.OpenContent(t.Context(), model.ID{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		// A reader that is slower than the deadline is not a silent vendor.
		time.Sleep(2 * time.Minute)
		got, err := io.ReadAll(body)
		if string(got) != "abc" || !errors.Is(err, fault.Timeout) {
			t.Errorf("got %q, %v", got, err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTransfersHoldAPlaceUntilTheyAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connect(fleet.Limits{Streams: 1}, nil, func(a *adapters.Adapter) {
			a.Content = contents(func(context.Context) io.ReadCloser { return io.NopCloser(strings.NewReader("abc")) })
		})
		first, err := c.OpenContent(t.Context(), model.ID{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.OpenContent(ctx, model.ID{}, 0); !errors.Is(err, fault.Timeout) {
			t.Fatalf("a second transfer: %v", err)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		second, err := c.OpenContent(t.Context(), model.ID{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = second.Close()
	})
}

func TestABrokenTransferIsNotAnEnd(t *testing.T) {
	c, _ := connect(fleet.Limits{}, nil, func(a *adapters.Adapter) {
		a.Content = contents(func(context.Context) io.ReadCloser {
			return io.NopCloser(io.MultiReader(strings.NewReader("abc"), broken{}))
		})
	})
	body, err := c.OpenContent(t.Context(), model.ID{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if got, err := io.ReadAll(body); string(got) != "abc" || !errors.Is(err, fault.Upstream) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v", got, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
