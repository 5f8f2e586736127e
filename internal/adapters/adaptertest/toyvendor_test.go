package adaptertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/memory"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

const toySecret = "test-toy-password"

// toyVendor serves a memory world over HTTP, as a vendor would: with sign-in,
// pages by offset, and an inclusive bound of time.
type toyVendor struct {
	kit   *simkit.Kit
	world *memory.World
	own   *adapters.Adapter

	mu      sync.Mutex
	tokens  int
	uses    int
	strange map[string]bool // restores whose state is no word of the documents
}

func newToyVendor(f adaptertest.Fixture) *toyVendor {
	w := newWorld(f)
	return &toyVendor{
		kit: simkit.New(f.Seed, f.Scenario, f.Clock.Now), world: w, strange: map[string]bool{},
		own: memory.New(adapters.Env{Connection: adaptertest.Connection, Now: f.Clock.Now}, w),
	}
}

func (v *toyVendor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", v.login)
	mux.HandleFunc("GET /backups", v.signedIn(v.listBackups))
	mux.HandleFunc("GET /backups/{kind}/{id}", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		b, err := v.own.Backups.Get(r.Context(), toyID(r.PathValue("kind"), r), true)
		v.answer(w, b, err)
	}))
	mux.HandleFunc("POST /restores", v.signedIn(v.startRestore))
	mux.HandleFunc("GET /restores", v.signedIn(v.listRestores))
	mux.HandleFunc("GET /restores/{id}", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		restore, err := v.own.Restores.Get(r.Context(), toyID("restore", r), true)
		v.answer(w, v.restore(restore), err)
	}))
	mux.HandleFunc("POST /restores/{id}/cancel", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		v.answer(w, struct{}{}, v.own.RestoreCancels.Cancel(r.Context(), toyID("restore", r)))
	}))
	mux.HandleFunc("GET /content/{id}", v.signedIn(v.content))
	v.catalog(mux)
	return v.kit.Handler(mux)
}

func toyID(kind string, r *http.Request) model.ID {
	return model.ID{Connection: adaptertest.Connection, Kind: kind, Key: r.PathValue("id")}
}

func (v *toyVendor) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Password string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Password != toySecret {
		v.kit.WriteJSON(w, http.StatusUnauthorized, "application/json", map[string]string{"message": "wrong " + body.Password})
		return
	}
	v.mu.Lock()
	v.tokens++
	v.uses = 0
	token := fmt.Sprintf("test-toy-token-%d", v.tokens)
	v.mu.Unlock()
	v.kit.WriteJSON(w, http.StatusOK, "application/json", map[string]string{"token": token})
}

func (v *toyVendor) expire() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tokens++
}

func (v *toyVendor) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		v.uses++
		most := v.kit.Scenario.TokenCalls
		good := r.Header.Get("Authorization") == fmt.Sprintf("Bearer test-toy-token-%d", v.tokens) && (most == 0 || v.uses <= most)
		v.mu.Unlock()
		if !good {
			v.kit.WriteJSON(w, http.StatusUnauthorized, "application/json", map[string]string{"message": "sign in"})
			return
		}
		next(w, r)
	}
}

func (v *toyVendor) answer(w http.ResponseWriter, body any, err error) {
	status := http.StatusOK
	if err != nil {
		status = map[fault.Kind]int{fault.NotFound: 404, fault.Invalid: 400, fault.Conflict: 409, fault.Stale: 412}[fault.KindOf(err)]
		body = map[string]string{"message": err.Error()}
	}
	v.kit.WriteJSON(w, status, "application/json", body)
}

// restore is a restore in the vendor's words.
func (v *toyVendor) restore(r model.Restore) model.Restore {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.strange[r.ID.Key] {
		r.State = "RESHUFFLING"
	}
	return r
}

func (v *toyVendor) listBackups(w http.ResponseWriter, r *http.Request) {
	streams, err := v.own.Backups.Streams(r.Context(), model.BackupQuery{Native: true})
	var all []model.Backup
	for _, stream := range streams {
		page, _ := stream.Page(r.Context(), model.Position{}, 10_000)
		for page.More {
			all = append(all, page.Items...)
			page, _ = stream.Page(r.Context(), page.Next, 10_000)
		}
		all = append(all, page.Items...)
	}
	page := adapters.SortedPage(all, model.Backup.Position, model.Position{}, len(all)+1)
	v.answer(w, toyPage(r, v.kit.Scenario.PageCap, page.Items, func(b model.Backup) time.Time { return b.StartedAt }), err)
}

func (v *toyVendor) listRestores(w http.ResponseWriter, r *http.Request) {
	streams, err := v.own.Restores.Streams(r.Context(), model.RestoreQuery{Native: true})
	page, _ := streams[0].Page(r.Context(), model.Position{}, 100)
	for i := range page.Items {
		page.Items[i] = v.restore(page.Items[i])
	}
	v.answer(w, toyPage(r, v.kit.Scenario.PageCap, page.Items, func(r model.Restore) time.Time { return r.CreatedAt }), err)
}

type toyList[T any] struct {
	Items []T `json:"items"`
	Next  int `json:"next"`
}

func toyPage[T any](r *http.Request, most int, all []T, at func(T) time.Time) toyList[T] {
	if before, err := time.Parse(time.RFC3339Nano, r.FormValue("upTo")); err == nil {
		for len(all) > 0 && at(all[0]).After(before) {
			all = all[1:]
		}
	}
	offset, _ := strconv.Atoi(r.FormValue("offset"))
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	limit = min(max(limit, 1), 50)
	if most > 0 {
		limit = min(limit, most)
	}
	offset = min(max(offset, 0), len(all))
	page := toyList[T]{Items: all[offset:min(offset+limit, len(all))]}
	if offset+limit < len(all) {
		page.Next = offset + limit
	}
	return page
}

func (v *toyVendor) startRestore(w http.ResponseWriter, r *http.Request) {
	var body struct {
		model.RestoreRequest
		Label string
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		v.answer(w, nil, fault.New(fault.Invalid, "toy", "body"))
		return
	}
	body.Marker = body.Label
	restore, err := v.own.Restores.Start(r.Context(), body.RestoreRequest)
	v.answer(w, restore, err)
}

func (v *toyVendor) content(w http.ResponseWriter, r *http.Request) {
	id := toyID("restore", r)
	size, err := v.own.Content.Size(r.Context(), id)
	if err != nil {
		v.answer(w, nil, err)
		return
	}
	var offset int64
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &offset); err == nil && offset >= size {
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	body, err := v.own.Content.Open(r.Context(), id, offset)
	if err != nil {
		v.answer(w, nil, err)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size-offset, 10))
	if offset > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, size-1, size))
		w.WriteHeader(http.StatusPartialContent)
	}
	buffer := make([]byte, 16<<10)
	for {
		n, err := body.Read(buffer)
		if _, failed := w.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}

func TestToyVendorKeepsEveryPromise(t *testing.T) {
	adaptertest.Run(t, toyHarness())
}

func toyHarness() adaptertest.Harness {
	return adaptertest.Harness{
		Driver: toyDriver(),
		Sim: func(_ testing.TB, f adaptertest.Fixture) adaptertest.Sim {
			v := newToyVendor(f)
			return adaptertest.Sim{
				Handler: v.handler(), Kit: v.kit, Secrets: []string{toySecret, "test-toy-token-1"},
				Config: func(url string) json.RawMessage {
					return json.RawMessage(fmt.Sprintf(`{"base_url":%q,"password":{"value":%q}}`, url, toySecret))
				},
				Required: []string{"base_url", "password"}, SignIn: "POST /login", Expire: v.expire,
				Backups:   func() int { return len(v.world.Backups()) },
				AddBackup: func() { v.world.AddBackup(memory.Backup{}) },
				Restores:  restoreCases(), ContentRead: "GET /content/*", Writes: toyWrites(),
				Content: func(r model.Restore) (int64, string) { return sum(v.world, f.Clock.Now, r) },
				UnknownState: func(r model.Restore) {
					v.mu.Lock()
					defer v.mu.Unlock()
					v.strange[r.ID.Key] = true
				},
			}
		},
	}
}

func toyMessage(body []byte) (code, message string) {
	var m struct{ Message string }
	_ = json.Unmarshal(body, &m)
	return "", m.Message
}
