package simkit

import (
	"bytes"
	"context"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxLoggedBody bounds what the request log keeps of one body.
const maxLoggedBody = 1 << 20

// maxLoggedRequests bounds the request log of a simulator that runs for days;
// the oldest half goes when it is full.
const maxLoggedRequests = 20_000

// Kit is the shared machinery of one simulator. It is safe for concurrent use.
type Kit struct {
	Seed     uint64
	Scenario Scenario
	Now      func() time.Time

	mu       sync.Mutex
	draws    *rand.Rand // faults of the scenario, in the order of requests
	injected []injection
	requests []Request
	total    int
}

// New returns a kit whose faults and draws all come from seed. A nil now is
// the wall clock.
func New(seed uint64, scenario Scenario, now func() time.Time) *Kit {
	if now == nil {
		now = time.Now
	}
	return &Kit{Seed: seed, Scenario: scenario, Now: now, draws: rand.New(rand.NewPCG(seed, 0x51b0))}
}

// Rand returns a generator that depends on the seed and the name only, so that
// adding one more kind of generated thing does not change the others.
func (k *Kit) Rand(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return rand.New(rand.NewPCG(k.Seed, h.Sum64()))
}

// Request is one request as it came in.
type Request struct {
	Method string
	Path   string // escaped as sent
	Query  url.Values
	Header http.Header
	Body   []byte // the first MiB
	At     time.Time
}

// Response is an injected answer. The zero value lets the request through.
type Response struct {
	Status int           // answer with this status, Header and Body; 0 lets the simulator answer
	Header http.Header   //
	Body   string        //
	Delay  time.Duration // wait first, or until the client goes away
	Reset  bool          // close the connection without an answer
	Act    bool          // let the simulator do its work first, then answer or reset as said here: a lost reply
	CutAt  int           // with a positive value, break the simulator's own answer off after this many bytes
	Fill   int64         // append this many spaces to Body: an answer that does not end
}

type injection struct {
	method, pattern string
	responses       []Response
}

// Inject queues answers for the next requests that match pattern, "METHOD
// /path" where either may be * and the path may hold * for a segment or end in
// /** for all below. Each response serves one request.
func (k *Kit) Inject(pattern string, responses ...Response) {
	method, glob, _ := strings.Cut(pattern, " ")
	k.mu.Lock()
	defer k.mu.Unlock()
	k.injected = append(k.injected, injection{method, glob, responses})
}

// ClearInjected drops all answers that are still queued.
func (k *Kit) ClearInjected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.injected = nil
}

// Requests returns the requests so far that match pattern ("" is all), oldest
// first. The log is bounded; Total is not.
func (k *Kit) Requests(pattern string) []Request {
	method, glob, _ := strings.Cut(pattern, " ")
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []Request
	for _, r := range k.requests {
		if pattern == "" || matches(method, glob, r.Method, r.Path) {
			out = append(out, r)
		}
	}
	return out
}

// Total counts every request so far.
func (k *Kit) Total() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.total
}

// ResetRequests empties the log and sets Total to zero.
func (k *Kit) ResetRequests() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.requests, k.total = nil, 0
}

// Handler records each request, applies injected answers and the scenario's
// faults, and hands the rest to next.
func (k *Kit) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response, found := k.admit(r)
		if !found {
			response = k.fault(r)
		}
		if !wait(r.Context(), k.Scenario.Latency+response.Delay) {
			panic(http.ErrAbortHandler)
		}
		if response.Act {
			next.ServeHTTP(&discard{header: http.Header{}}, r)
		}
		switch {
		case response.Reset:
			panic(http.ErrAbortHandler)
		case response.Status != 0:
			answer(w, response)
		case response.CutAt > 0:
			next.ServeHTTP(&cutter{ResponseWriter: w, left: response.CutAt}, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// admit logs the request and takes the injected answer for it, if any.
func (k *Kit) admit(r *http.Request) (Response, bool) {
	if r.Body == nil { // a client's request that is served without a connection
		r.Body = http.NoBody
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxLoggedBody))
	r.Body = readCloser{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	logged := Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
		Header: maps.Clone(r.Header), Body: body, At: k.Now(),
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total++
	if len(k.requests) >= maxLoggedRequests {
		k.requests = slices.Clone(k.requests[maxLoggedRequests/2:])
	}
	k.requests = append(k.requests, logged)
	for i := range k.injected {
		in := &k.injected[i]
		if len(in.responses) > 0 && matches(in.method, in.pattern, logged.Method, logged.Path) {
			response := in.responses[0]
			in.responses = in.responses[1:]
			return response, true
		}
	}
	return Response{}, false
}

func (k *Kit) fault(r *http.Request) Response {
	if r.Method != http.MethodGet {
		return Response{}
	}
	k.mu.Lock()
	throttle, fail, cut, slow := k.draws.Float64(), k.draws.Float64(), k.draws.Float64(), k.draws.Float64()
	k.mu.Unlock()
	s := k.Scenario
	var response Response
	if slow < s.SlowReads {
		response.Delay = s.SlowBy
	}
	switch {
	case throttle < s.ThrottleReads:
		response.Status = http.StatusTooManyRequests
		response.Body = "slow down"
		if s.RetryAfter > 0 {
			seconds := int((s.RetryAfter + time.Second - 1) / time.Second)
			response.Header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
		}
	case fail < s.FailReads:
		response.Status = http.StatusServiceUnavailable
		response.Body = "<html><body>service unavailable</body></html>"
	case cut < s.CutReads:
		response.CutAt = 40
	}
	return response
}

func matches(method, glob, gotMethod, gotPath string) bool {
	if method != "*" && method != gotMethod {
		return false
	}
	if prefix, deep := strings.CutSuffix(glob, "/**"); deep {
		return gotPath == prefix || strings.HasPrefix(gotPath, prefix+"/")
	}
	if glob == "*" || glob == gotPath {
		return true
	}
	ok, err := path.Match(glob, gotPath)
	return err == nil && ok
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func answer(w http.ResponseWriter, response Response) {
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.Status)
	_, _ = io.WriteString(w, response.Body)
	blank := bytes.Repeat([]byte{' '}, 32<<10)
	for left := response.Fill; left > 0; left -= int64(len(blank)) {
		if _, err := w.Write(blank[:min(left, int64(len(blank)))]); err != nil {
			return
		}
	}
}

type readCloser struct {
	io.Reader
	io.Closer
}

// discard swallows an answer that the client shall never see.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// cutter breaks the connection after left bytes of body.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
