package clouddownload

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/model"
)

// pagedServer is a list by page number in memory.
type pagedServer struct {
	rows  []int64 // snapshot times, 0 is none; the place is the guid
	cap   int
	calls int
}

func (s *pagedServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.calls++
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("size"))
	if s.cap > 0 {
		size = min(size, s.cap)
	}
	from := min(page*size, len(s.rows))
	var rows []string
	for i, at := range s.rows[from:min(from+size, len(s.rows))] {
		rows = append(rows, fmt.Sprintf(`{"guid":"row-%04d","snapshotTime":%d,"backupTime":%d}`, from+i, at, 1000+at))
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Header: http.Header{"X-Total-Count": {strconv.Itoa(len(s.rows))}},
		Body: io.NopCloser(strings.NewReader("[" + strings.Join(rows, ",") + "]")),
	}, nil
}

func (s *pagedServer) streams(t interface{ Fatal(...any) }, want between) []adapters.Stream[string] {
	client, err := vendorhttp.New(vendorhttp.Options{BaseURL: "https://vendor.test/api", Transport: s, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	l := &listing[backupWire]{
		account: &account{client: client}, op: "test", path: "/backups", query: url.Values{},
		guid: func(b *backupWire) string { return b.GUID }, at: (*backupWire).sortTime,
	}
	return streams(l, "rows", want, nil, func(row *document[backupWire]) (adapters.Placed[string], bool) {
		return adapters.Placed[string]{Position: model.Position{At: row.Wire.startedAt(), ID: row.Wire.GUID}, Item: row.Wire.GUID}, true
	})
}

// Whatever the page sizes, ties, bounds and rows without a time: every row of
// the range comes once and in order.
func TestListingLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &pagedServer{cap: rapid.SampledFrom([]int{0, 0, 1, 2, 3, 7, 40}).Draw(t, "cap")}
		timed := rapid.SliceOfN(rapid.Int64Range(1, rapid.SampledFrom([]int64{3, 50, 5000}).Draw(t, "spread")), 0, 150).Draw(t, "times")
		slices.SortFunc(timed, func(a, b int64) int { return cmp.Compare(b, a) })
		untimed := make([]int64, rapid.IntRange(0, 60).Draw(t, "untimed"))
		if rapid.Bool().Draw(t, "nullsFirst") {
			s.rows = slices.Concat(untimed, timed)
		} else {
			s.rows = slices.Concat(timed, untimed)
		}
		var want between
		if rapid.Bool().Draw(t, "bounded") {
			want.after = millis(rapid.Int64Range(0, 60).Draw(t, "after")).time()
			want.before = millis(rapid.Int64Range(0, 60).Draw(t, "before")).time()
		}
		limit := rapid.IntRange(1, 30).Draw(t, "limit")
		found := s.streams(t, want)

		var got []string
		for before := (model.Position{}); ; {
			page, err := found[0].Page(context.Background(), before, limit)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Items...)
			if !page.More {
				break
			}
			if !before.Before(page.Next) {
				t.Fatalf("%v does not come after %v", page.Next, before)
			}
			before = page.Next
		}
		expected := s.expected(want)
		if diff := gocmp.Diff(expected, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		rest, err := found[1].Page(context.Background(), model.Position{}, 100)
		if err != nil || len(rest.Items) != len(untimed) || rest.More {
			t.Fatalf("%d rows have no time, %d came, error %v", len(untimed), len(rest.Items), err)
		}
	})
}

// expected is every timed row of the range, in the total order. The upper bound
// may let rows of its own instant through.
func (s *pagedServer) expected(want between) []string {
	var places []model.Position
	for i, at := range s.rows {
		when := millis(at).time()
		if at == 0 || when.Before(want.after) || !want.before.IsZero() && when.After(want.before) {
			continue
		}
		places = append(places, model.Position{At: when, ID: fmt.Sprintf("row-%04d", i)})
	}
	slices.SortFunc(places, model.Position.Compare)
	var out []string
	for _, place := range places {
		out = append(out, place.ID)
	}
	return out
}

// A vendor that does not sort is read as a whole.
func TestUnsortedListIsSortedHere(t *testing.T) {
	s := &pagedServer{rows: []int64{5, 90, 7, 0, 33, 8, 90, 1}}
	page, err := s.streams(t, between{})[0].Page(t.Context(), model.Position{}, 5)
	if err != nil || !page.More {
		t.Fatalf("more %t, %v", page.More, err)
	}
	if diff := gocmp.Diff([]string{"row-0006", "row-0001", "row-0004", "row-0005", "row-0002"}, page.Items); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestContentEndsOnlyWhenWhole(t *testing.T) {
	body := func(left int64, text string) *wholeBody {
		return &wholeBody{ReadCloser: io.NopCloser(strings.NewReader(text)), ctx: t.Context(), op: "test", left: left}
	}
	if data, err := io.ReadAll(body(5, "12345")); err != nil || len(data) != 5 {
		t.Errorf("a whole body gives %d bytes, %v", len(data), err)
	}
	if data, err := io.ReadAll(body(-1, "12345")); err != nil || len(data) != 5 {
		t.Errorf("a body of unknown size gives %d bytes, %v", len(data), err)
	}
	if data, err := io.ReadAll(body(6, "12345")); err == nil || len(data) != 5 {
		t.Errorf("a short body gives %d bytes and no error", len(data))
	}
	if err := body(6, "12345").skip(6); err == nil {
		t.Error("skipping past the end of a short body gives no error")
	}
	if err := body(-1, "12345").skip(9); err != nil {
		t.Errorf("skipping past the end: %v", err)
	}
}

func FuzzParseDownloadKey(f *testing.F) {
	f.Add("c4d5e6f7-1a2b-4c3d-8e9f-0a1b2c3d4e5f")
	f.Add(`{"m":"CLOUD_DOWNLOAD","c":"cloud-user","e":"e","a":1767225600000,"t":["t"],"k":"YWJj"}`)
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseDownloadKey("test", model.ID{Connection: "c", Kind: downloadKind, Key: text})
		if err == nil && key.String() != text {
			t.Errorf("%q is read and written as %q", text, key.String())
		}
	})
}

func FuzzWire(f *testing.F) {
	f.Add([]byte(`[{"guid":"a","status":{"name":"SUCCESS"},"snapshotTime":1,"backupLocations":[{}]}]`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		var rows []document[backupWire]
		if json.Unmarshal(raw, &rows) == nil {
			for i := range rows {
				toBackup(adapters.Env{Connection: "c"}, &rows[i].Wire)
			}
		}
		var tasks submitted
		if json.Unmarshal(raw, &tasks) == nil {
			for i := range tasks {
				toOperation(adapters.Env{Connection: "c"}, &tasks[i].Wire, &tasks[i].Wire)
			}
		}
	})
}
