package adaptertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/vendorhttp"
)

func TestVerdict(t *testing.T) {
	good := func() []string { return nil }
	bad := func() []string { return []string{"lost one"} }
	never := func() []string { t.Error("a check without its hook was run"); return nil }
	for name, tt := range map[string]struct {
		lack     string
		excused  bool
		run      func() []string
		skip     string
		problems int
	}{
		"a kept promise passes":                {run: good},
		"a broken promise fails with its text": {run: bad, problems: 2},
		"an excused failure is skipped":        {run: bad, excused: true, skip: "because"},
		"an excuse that is not needed fails":   {run: good, excused: true, problems: 1},
		"a missing hook fails":                 {lack: "Expire", run: never, problems: 1},
		"a missing hook can be excused":        {lack: "Expire", run: never, excused: true, skip: "because"},
	} {
		t.Run(name, func(t *testing.T) {
			skip, problems := verdict(check{why: "nothing is lost"}, tt.lack, "because", tt.excused, tt.run)
			if skip != tt.skip || len(problems) != tt.problems {
				t.Errorf("got skip %q and %q, want skip %q and %d problems", skip, problems, tt.skip, tt.problems)
			}
		})
	}
}

func TestRepeating(t *testing.T) {
	for name, tt := range map[string]struct {
		method  string
		safe    bool // marked as such
		answers []int
		want    int // the last status
		sent    int
	}{
		"a throttled read is repeated":           {method: "GET", answers: []int{429, 502, 503, 504, 200}, want: 200, sent: 5},
		"a missing thing is not asked for again": {method: "GET", answers: []int{404, 200}, want: 404, sent: 1},
		"a server error is not repeated":         {method: "GET", answers: []int{500, 200}, want: 500, sent: 1},
		"a write is not repeated":                {method: "POST", answers: []int{503, 200}, want: 503, sent: 1},
		"a safe query by POST is repeated":       {method: "POST", safe: true, answers: []int{503, 200}, want: 200, sent: 2},
		"a redirect is not followed":             {method: "GET", answers: []int{302, 200}, want: 302, sent: 1},
		"it gives up":                            {method: "GET", answers: []int{503, 503, 503, 503, 503, 503, 503, 503, 200}, want: 503, sent: repeats},
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(body))
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.answers[len(bodies)-1])
			}))
			defer server.Close()
			ctx := t.Context()
			if tt.safe {
				ctx = vendorhttp.WithSafe(ctx, true)
			}
			r, err := http.NewRequestWithContext(ctx, tt.method, server.URL, strings.NewReader("query"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := Transport(t).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			want := make([]string, tt.sent)
			for i := range want {
				want[i] = "query"
			}
			if diff := cmp.Diff(want, bodies); diff != "" || response.StatusCode != tt.want {
				t.Errorf("status %d, want %d; bodies (-want +got):\n%s", response.StatusCode, tt.want, diff)
			}
		})
	}
}
