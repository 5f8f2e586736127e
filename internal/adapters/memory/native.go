package memory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
)

type native struct{ account }

func (native) Routes() []adapters.NativeRoute {
	return []adapters.NativeRoute{
		{Method: http.MethodGet, Path: "/backups/{key}", Operation: "readBackup", Safe: true},
		{Method: http.MethodPost, Path: "/search", Operation: "searchBackups", Safe: true},
		{Method: http.MethodPost, Path: "/notes", Operation: "addNote"},
	}
}

// Do answers as a vendor would: a backup as it is kept, the keys of an asset's
// backups, and how many notes there are.
func (s native) Do(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
	if err := s.enter(ctx, "Native.Do", r.Method+" "+r.Path); err != nil {
		return nil, err
	}
	key, reading := strings.CutPrefix(r.Path, "/backups/")
	key, err := url.PathUnescape(key)
	switch {
	case err != nil || reading && (key == "" || key == "." || key == ".." || strings.Contains(strings.TrimPrefix(r.Path, "/backups/"), "/")):
	case reading && r.Method == http.MethodGet:
		s.mu.Lock()
		b, found := s.World.backups[key]
		s.mu.Unlock()
		if found {
			return nativeReply(http.StatusOK, b), nil
		}
	case r.Path == "/search" && r.Method == http.MethodPost:
		return s.search(r.Body)
	case r.Path == "/notes" && r.Method == http.MethodPost:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.World.notes++
		return nativeReply(http.StatusCreated, map[string]int{"notes": s.World.notes}), nil
	}
	return nil, fault.New(fault.NotFound, "memory.Native", "there is no such thing")
}

func (s native) search(body json.RawMessage) (*adapters.NativeReply, error) {
	var query struct {
		Asset string `json:"asset"`
	}
	if err := json.Unmarshal([]byte(cmp.Or(string(body), "{}")), &query); err != nil {
		return nil, fault.New(fault.Invalid, "memory.Native", "the body can not be read")
	}
	keys := []string{}
	for _, b := range s.World.Backups() {
		if query.Asset == "" || query.Asset == b.Asset {
			keys = append(keys, b.Key)
		}
	}
	return nativeReply(http.StatusOK, map[string][]string{"items": keys}), nil
}

func nativeReply(status int, document any) *adapters.NativeReply {
	raw, _ := json.Marshal(document)
	return &adapters.NativeReply{
		Status: status, ContentType: "application/json",
		Body: &adapters.Body{ReadCloser: io.NopCloser(bytes.NewReader(raw)), Size: int64(len(raw)), ContentType: "application/json"},
	}
}
