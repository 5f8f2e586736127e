package api_test

import (
	"mime"
	"strings"
	"testing"
	"time"
	"unicode"

	"switchback/internal/api"
)

func TestFileNamesAreSafe(t *testing.T) {
	for name, want := range map[string]string{
		"orders.zip":                      `attachment; filename="orders.zip"`,
		"/etc/passwd":                     `attachment; filename="passwd"`,
		`C:\Users\x\a.txt`:                `attachment; filename="a.txt"`,
		"":                                `attachment; filename="content.bin"`,
		"..":                              `attachment; filename="content.bin"`,
		"a\r\nSet-Cookie: x":              `attachment; filename="a__Set-Cookie: x"`,
		`a"b;c%d`:                         `attachment; filename="a_b_c_d"; filename*=UTF-8''a%22b%3Bc%25d`,
		"Prüfung 1.txt":                   `attachment; filename="Pr_fung 1.txt"; filename*=UTF-8''Pr%C3%BCfung%201.txt`,
		"gpj.\u202etxt":                   `attachment; filename="gpj._txt"`,
		strings.Repeat("a", 300) + ".zip": "",
	} {
		got := api.Disposition(name)
		if want != "" && got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
		if _, parameters, err := mime.ParseMediaType(got); err != nil || len(parameters["filename"]) > 220 {
			t.Errorf("%q: %s: %v", name, got, err)
		}
	}
}

func FuzzDisposition(f *testing.F) {
	f.Add("a\x00b/ü\"\\;%")
	f.Fuzz(func(t *testing.T, name string) {
		got := api.Disposition(name)
		if strings.ContainsFunc(got, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) }) {
			t.Errorf("%q gives %q", name, got)
		}
		if _, parameters, err := mime.ParseMediaType(got); err != nil || strings.ContainsAny(parameters["filename"], "/\\\r\n") {
			t.Errorf("%q gives %q: %v", name, got, err)
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-", "bytes=-5", "bytes=3-4", "bytes=0-1,2-3", "bytes=--1", "bytes=9223372036854775807-9223372036854775808"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		first, length, parsed, ok := api.RangeOf(header, size)
		if ok && (!parsed || first < 0 || length < 1 || first > size-length) {
			t.Errorf("%q of %d: from %d, %d bytes", header, size, first, length)
		}
	})
}

func FuzzPrefer(f *testing.F) {
	for _, seed := range []string{"wait=5", `respond-async, WAIT="7"; x=y`, "wait", "wait=-1", "wait=99999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		wait, ok := api.PreferredWait(header)
		if wait < 0 || !ok && wait != 0 || wait%time.Second != 0 {
			t.Errorf("%q: %v %v", header, wait, ok)
		}
	})
}

func TestPreferredWait(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"wait=5": 5, "respond-async,wait=6;foo=bar": 6, `Wait = "7"`: 7, "wait=8, wait=9": 8,
		"": -1, "wait": -1, "wait=": -1, "wait=-1": -1, "wait=1.5": -1, "waiting=3": -1, "wait=99999999999": -1,
	} {
		got, ok := api.PreferredWait(header)
		if ok != (want >= 0) || ok && got != want*time.Second {
			t.Errorf("%q: %v %v", header, got, ok)
		}
	}
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"abc", `"abc"`, `"a\"b\\c"`, `"open`, `"a"b`, "\x7f", strings.Repeat("k", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		key, err := api.IdempotencyKey([]string{header})
		if err != nil {
			return
		}
		if key == "" || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q gives %q", header, key)
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
		if again, err := api.IdempotencyKey([]string{quoted}); err != nil || again != key {
			t.Errorf("%q quoted gives %q, %v", key, again, err)
		}
	})
}
