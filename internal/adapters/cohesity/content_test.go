package cohesity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

const pieceBytes = 8 << 20

// prepare starts a download and waits for it.
func (b *bench) prepare(t *testing.T) (model.Restore, simkit.Content) {
	t.Helper()
	r := b.begin(t, model.RestoreRequest{Kind: model.RestoreDownload, Select: json.RawMessage(`{"paths":["/data/reports/"]}`)}, "")
	r = b.finish(t, r.ID)
	return r, b.sim.DownloadContent(r.ID.Key)
}

func sum(t *testing.T, r io.Reader) (string, int64) {
	t.Helper()
	h := sha256.New()
	n, err := io.Copy(h, r)
	if err != nil {
		t.Fatalf("after %d bytes: %v", n, err)
	}
	return hex.EncodeToString(h.Sum(nil)), n
}

func TestDownloadIsExactForEveryEndOfData(t *testing.T) {
	ends := map[string]cohesitysim.EndOfData{
		"short": cohesitysim.EndShort, "empty": cohesitysim.EndEmpty, "no content": cohesitysim.EndNoContent, "range": cohesitysim.EndRange,
	}
	for name, end := range ends {
		for _, size := range []int64{1, pieceBytes - 1, pieceBytes, pieceBytes + 1, 2*pieceBytes + 12345} {
			t.Run(fmt.Sprintf("%s, %d bytes", name, size), func(t *testing.T) {
				b := newBench(t, cohesitysim.Options{EndOfData: end, DownloadSize: size})
				r, want := b.prepare(t)
				if got, err := b.Content.Size(t.Context(), r.ID); err != nil || got != size {
					t.Errorf("want %d bytes, got %d, %v", size, got, err)
				}
				for _, offset := range []int64{0, size - 1, size, size + pieceBytes} {
					body, err := b.Content.Open(t.Context(), r.ID, offset)
					if err != nil {
						t.Fatalf("open at %d: %v", offset, vendorWords(err))
					}
					wantSum, _ := sum(t, want.Reader(min(offset, size), -1))
					if got, n := sum(t, body); got != wantSum || n != max(size-offset, 0) || body.Size != size {
						t.Errorf("from %d: %d bytes of %d that are not those", offset, n, body.Size)
					}
					if err := body.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

func TestSizeAsksLittleAndOnce(t *testing.T) {
	b := newBench(t, cohesitysim.Options{DownloadSize: 1 << 40})
	r, want := b.prepare(t)
	b.sim.Kit().ResetRequests()
	for range 2 {
		if got, err := b.Content.Size(t.Context(), r.ID); err != nil || got != want.Size {
			t.Fatalf("want %d, got %d, %v", want.Size, got, err)
		}
	}
	if n := len(b.sim.Kit().Requests("GET /v2/data-protect/recoveries/*/download-files")); n > 50 {
		t.Errorf("a terabyte took %d calls", n)
	}
}

func TestBrokenPieceIsAskedForAgainOnce(t *testing.T) {
	const at = 3_000_000
	cut := simkit.Response{CutAt: at}
	path := "GET /v2/data-protect/recoveries/*/download-files"
	open := func(t *testing.T, injected ...simkit.Response) (io.Reader, simkit.Content) {
		b := newBench(t, cohesitysim.Options{DownloadSize: 3*pieceBytes + 7})
		r, want := b.prepare(t)
		b.sim.Kit().Inject(path, injected...)
		body, err := b.Content.Open(t.Context(), r.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = body.Close() })
		return body, want
	}
	t.Run("all pieces under way break once", func(t *testing.T) {
		body, want := open(t, cut, cut, cut, cut)
		wantSum, size := sum(t, want.Reader(0, -1))
		if got, n := sum(t, body); got != wantSum || n != size {
			t.Errorf("got %d bytes of %d that are not those", n, size)
		}
	})
	t.Run("it breaks again and again", func(t *testing.T) {
		all := make([]simkit.Response, 40)
		for i := range all {
			all[i] = cut
		}
		body, want := open(t, all...)
		n, err := io.Copy(io.Discard, body)
		if err == nil || n >= want.Size {
			t.Fatalf("%d bytes of %d and error %v: a cut transfer looks whole", n, want.Size, err)
		}
		if kind := fault.KindOf(err); kind != fault.Unavailable {
			t.Errorf("want unavailable, got %v", err)
		}
	})
}

func TestServerThatGivesLessThanAsked(t *testing.T) {
	const most = 3_000_000
	b := newBenchBehind(t, cohesitysim.Options{DownloadSize: pieceBytes + 7}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if query := r.URL.Query(); len(query.Get("length")) >= len("3000000") {
				query.Set("length", fmt.Sprint(most))
				r.URL.RawQuery = query.Encode()
			}
			next.ServeHTTP(w, r)
		})
	})
	r, want := b.prepare(t)
	if got, err := b.Content.Size(t.Context(), r.ID); err != nil || got != want.Size {
		t.Errorf("want %d bytes, got %d, %v", want.Size, got, err)
	}
	body, err := b.Content.Open(t.Context(), r.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	wantSum, size := sum(t, want.Reader(0, -1))
	if got, n := sum(t, body); got != wantSum || n != size {
		t.Errorf("got %d bytes of %d: a short piece was taken for the last", n, size)
	}
}

func TestRefusalsInTheMiddleAreNoEnd(t *testing.T) {
	for _, status := range []int{400, 403, 404, 410, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			b := newBench(t, cohesitysim.Options{DownloadSize: 5 * pieceBytes})
			r, want := b.prepare(t)
			path := "GET /v2/data-protect/recoveries/*/download-files"
			body, err := b.Content.Open(t.Context(), r.ID, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = body.Close() }()
			refusals := make([]simkit.Response, 60)
			for i := range refusals {
				refusals[i] = simkit.Response{Status: status, Body: `{"errorCode":"KValidationError","message":"download has expired"}`}
			}
			// What was asked for ahead still comes; from there on all is refused.
			head := make([]byte, pieceBytes/2)
			if _, err := io.ReadFull(body, head); err != nil {
				t.Fatal(err)
			}
			b.sim.Kit().Inject(path, refusals...)
			n, err := io.Copy(io.Discard, body)
			if err == nil {
				t.Errorf("%d bytes of %d and no error", n+int64(len(head)), want.Size)
			}
		})
	}
}

func TestContentThatIsNotThere(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	pending := b.begin(t, model.RestoreRequest{Kind: model.RestoreDownload, Select: json.RawMessage(`{"paths":["/a"]}`)}, "")
	files := b.begin(t, model.RestoreRequest{Kind: model.RestoreFiles, Select: json.RawMessage(`{"paths":["/a"]}`)}, "")
	for _, id := range []model.ID{pending.ID, files.ID} {
		if _, err := b.Content.Open(t.Context(), id, 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("open %s: want conflict, got %v", id, err)
		}
		if _, err := b.Content.Size(t.Context(), id); fault.KindOf(err) != fault.Conflict {
			t.Errorf("size of %s: want conflict, got %v", id, err)
		}
	}
	ready := b.finish(t, pending.ID)
	if ready.ExpiresAt.IsZero() || ready.Outputs.Name == "" || !ready.Outputs.HasContent {
		t.Errorf("a ready download says too little: %+v", ready.Outputs)
	}
	b.clock.Advance(ready.ExpiresAt.Sub(b.clock.Now()))
	if _, err := b.Content.Open(t.Context(), ready.ID, 0); fault.KindOf(err) != fault.NotFound {
		t.Errorf("expired: want not found, got %v", err)
	}
}
