package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// bytesFrom replaces what downloads of mem-a give.
type bytesFrom struct {
	data        []byte
	unsized     bool // of the body
	nosize      bool // of the thing
	short       int  // bytes that are kept back
	name        string
	contentType string
	opened      []int64
}

func (b *bytesFrom) Open(_ context.Context, _ model.ID, offset int64) (*adapters.Body, error) {
	b.opened = append(b.opened, offset)
	size := int64(len(b.data))
	rest := b.data[min(offset, size) : size-int64(b.short)]
	out := &adapters.Body{ReadCloser: io.NopCloser(bytes.NewReader(rest)), Offset: offset, Size: size, ContentType: b.contentType, FileName: b.name}
	if b.unsized {
		out.Size = -1
	}
	return out, nil
}

func (b *bytesFrom) Size(context.Context, model.ID) (int64, error) {
	if b.nosize {
		return -1, nil
	}
	return int64(len(b.data)), nil
}

const content = "/v1/restores/mem-a~restore~r1/content"

func serving(b *bytesFrom) func(*setting) {
	return func(s *setting) {
		s.adapter = func(_ string, a *adapters.Adapter) { a.Content = b }
	}
}

func TestRangesOfContent(t *testing.T) {
	g := newGateway(t, serving(&bytesFrom{data: []byte("0123456789"), name: "orders.bin", contentType: "application/zip"}))
	whole := succeeded(t, g.do("GET", content), 200)
	tag := whole.header.Get("ETag")
	for name, want := range map[string]string{
		"Content-Type": "application/zip", "Content-Length": "10", "Accept-Ranges": "bytes",
		"Content-Disposition": `attachment; filename="orders.bin"`, "X-Content-Type-Options": "nosniff",
	} {
		if got := whole.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if string(whole.body) != "0123456789" || tag == "" {
		t.Errorf("body %q, tag %q", whole.body, tag)
	}
	for _, tc := range []struct {
		header, ifRange string
		status          int
		body, ranged    string
	}{
		{"bytes=0-3", "", 206, "0123", "bytes 0-3/10"},
		{"bytes=4-", "", 206, "456789", "bytes 4-9/10"},
		{"bytes=-3", "", 206, "789", "bytes 7-9/10"},
		{"bytes=-30", "", 206, "0123456789", "bytes 0-9/10"},
		{"bytes=8-99999999999999999999999", "", 206, "89", "bytes 8-9/10"},
		{"BYTES = 9 - 9", "", 206, "9", "bytes 9-9/10"},
		{"bytes=2-3", tag, 206, "23", "bytes 2-3/10"},
		{"bytes=2-3", `"other"`, 200, "0123456789", ""},
		{"bytes=2-3", "W/" + tag, 200, "0123456789", ""},
		{"bytes=2-3", "Fri, 20 Nov 2026 08:00:00 GMT", 200, "0123456789", ""},
		{"bytes=0-1,4-5", "", 200, "0123456789", ""},
		{"bytes=5-2", "", 200, "0123456789", ""},
		{"bytes=x-2", "", 200, "0123456789", ""},
		{"items=0-1", "", 200, "0123456789", ""},
	} {
		with := []with{header("Range", tc.header)}
		if tc.ifRange != "" {
			with = append(with, header("If-Range", tc.ifRange))
		}
		a := succeeded(t, g.do("GET", content, with...), tc.status)
		if string(a.body) != tc.body || a.header.Get("Content-Range") != tc.ranged || a.header.Get("Content-Length") != strconv.Itoa(len(tc.body)) {
			t.Errorf("%s (%s): %q %v", tc.header, tc.ifRange, a.body, a.header)
		}
	}
	for _, beyond := range []string{"bytes=10-", "bytes=-0", "bytes=99999999999999999999999-"} {
		a := g.do("GET", content, header("Range", beyond))
		refused(t, a, 416, "range-not-satisfiable")
		if got := a.header.Get("Content-Range"); got != "bytes */10" {
			t.Errorf("%s: %q", beyond, got)
		}
	}
	succeeded(t, g.do("GET", content, header("If-None-Match", tag)), 304)
}

func TestHeadOfContentOpensNoTransfer(t *testing.T) {
	b := &bytesFrom{data: []byte("0123456789")}
	g := newGateway(t, serving(b))
	a := succeeded(t, g.do("HEAD", content, header("Range", "bytes=0-1")), 200)
	if a.header.Get("Content-Length") != "10" || a.header.Get("Accept-Ranges") != "bytes" || len(a.body) != 0 || len(b.opened) != 0 {
		t.Errorf("%v, opened %d", a.header, b.opened)
	}
	missing := g.do("HEAD", "/v1/restores/nonsense/content")
	if missing.status != 404 || len(missing.body) != 0 {
		t.Errorf("%d %q", missing.status, missing.body)
	}
}

func TestContentWithoutASizeIgnoresRanges(t *testing.T) {
	g := newGateway(t, serving(&bytesFrom{data: []byte("0123456789"), nosize: true, unsized: true}))
	a := succeeded(t, g.do("GET", content, header("Range", "bytes=2-3")), 200)
	if string(a.body) != "0123456789" || a.header.Get("Accept-Ranges") != "none" || a.header.Get("Content-Length") != "" {
		t.Errorf("%q %v", a.body, a.header)
	}
	if a := succeeded(t, g.do("HEAD", content), 200); a.header.Get("Accept-Ranges") != "none" || a.header.Get("Content-Length") != "" {
		t.Errorf("head: %v", a.header)
	}
}

func TestContentFailsAsAProblemBeforeItBegins(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	location := succeeded(t, start(g, "k", download), 202).header.Get("Location")
	refused(t, g.do("GET", location+"/content"), 409, "conflict")
	g.clock.advance(time.Hour)
	done := decode[restore](t, g.do("GET", location))
	succeeded(t, g.do("GET", done.Outputs.ContentURL), 200)
	g.a.Fail("Content.Size", fault.New(fault.Unavailable, "test", ""))
	a := g.do("GET", location+"/content", header("Range", "bytes=0-"))
	refused(t, a, 503, "upstream-unavailable")
	if a.header.Get("ETag") != "" || a.header.Get("Content-Disposition") != "" {
		t.Errorf("the problem has headers of the content: %v", a.header)
	}
	file := "/v1/backups/mem-a~aws-ebs-volume~b1/files/content?path=/data/"
	type entry struct{ Path, Type string }
	for _, e := range decode[listOf[entry]](t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files?path=/data")).Items {
		if e.Type != "file" {
			continue
		}
		whole := succeeded(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files/content?path="+e.Path), 200)
		part := succeeded(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files/content?path="+e.Path, header("Range", "bytes=-5")), 206)
		if !bytes.HasSuffix(whole.body, part.body) || len(part.body) != 5 {
			t.Errorf("%s: %d bytes of %d", e.Path, len(part.body), len(whole.body))
		}
	}
	refused(t, g.do("GET", file+"none"), 404, "not-found")
}

// A client must never take a broken transfer for a whole one.
func TestABrokenVendorBreaksTheTransfer(t *testing.T) {
	for name, b := range map[string]*bytesFrom{
		"short of what was announced": {data: bytes.Repeat([]byte("x"), 3<<20), short: 100},
		"with an error, sized":        {data: bytes.Repeat([]byte("x"), 3<<20)},
		"with an error, unsized":      {data: bytes.Repeat([]byte("x"), 3<<20), unsized: true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			g := newGateway(t, func(s *setting) {
				s.realNow = true
				s.adapter = func(_ string, a *adapters.Adapter) {
					a.Content = b
					if strings.HasPrefix(name, "with an error") {
						a.Content = breaking{b}
					}
				}
			})
			g.clock.now = time.Now() // tokens are signed by it
			server := httptest.NewServer(g)
			t.Cleanup(server.Close)
			r := g.request("GET", server.URL+content)
			r.RequestURI = ""
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			n, err := io.Copy(io.Discard, response.Body)
			if !errors.Is(err, io.ErrUnexpectedEOF) || n == 0 || response.StatusCode != 200 {
				t.Errorf("status %d, %d bytes, %v", response.StatusCode, n, err)
			}
			if !strings.Contains(g.logged(), `"broken":true`) {
				t.Errorf("the log does not say so: %s", g.logged())
			}
		})
	}
}

// breaking gives half of the bytes and then fails.
type breaking struct{ *bytesFrom }

func (b breaking) Open(ctx context.Context, id model.ID, offset int64) (*adapters.Body, error) {
	body, err := b.bytesFrom.Open(ctx, id, offset)
	if err == nil {
		half := io.LimitReader(body.ReadCloser, int64(len(b.data)/2))
		body.ReadCloser = io.NopCloser(io.MultiReader(half, failing{}))
	}
	return body, err
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("test-line is cut") }

func TestALongTransferHoldsLittleMemoryAndArrivesWhole(t *testing.T) {
	g := newGateway(t, func(s *setting) { s.realNow = true })
	g.clock.now = time.Now()
	g.a.SetTaskTime(0)
	g.a.AddBackup(memory.Backup{Key: "b1", Bytes: 20 << 20})
	location := succeeded(t, start(g, "k", download), 202).header.Get("Location")
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	raw, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	_, _ = fmt.Fprintf(raw, "GET %s/content HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", location, g.token("admin"))
	response, err := http.ReadResponse(bufio.NewReader(raw), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n != 20<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
