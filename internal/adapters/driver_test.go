package adapters_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type config struct {
	URL   string          `json:"url"`
	Pages int             `json:"pages"`
	Token adapters.Secret `json:"token"`
	Deep  struct {
		Level int `json:"level"`
	} `json:"deep"`
}

func TestTypedReadsStrictlyFromDefaults(t *testing.T) {
	var got config
	driver := adapters.Typed("toy", config{URL: "https://default", Pages: 3},
		func(_ context.Context, c config, _ adapters.Env) (*adapters.Adapter, error) {
			got = c
			return &adapters.Adapter{Provider: "toy"}, nil
		})
	for name, tt := range map[string]struct {
		raw     string
		pointer string // of the refused member
		code    string
	}{
		"a good one":           {raw: `{"pages":5,"token":{"value":"test-token"}}`},
		"an unknown member":    {raw: `{"page":5}`, pointer: "/page", code: "unknown-member"},
		"a mistyped member":    {raw: `{"pages":"five"}`, pointer: "/pages", code: "wrong-type"},
		"a mistyped deep one":  {raw: `{"deep":{"level":"x"}}`, pointer: "/deep/level", code: "wrong-type"},
		"a secret in the open": {raw: `{"token":"test-token"}`, pointer: "-"},
		"nothing":              {raw: ``, pointer: "-"},
		"null":                 {raw: `null`, pointer: "-"},
		"a list":               {raw: `[]`, pointer: "-"},
		"more after it":        {raw: `{} {}`, pointer: "-"},
		"broken off":           {raw: `{"pages":`, pointer: "-"},
	} {
		t.Run(name, func(t *testing.T) {
			got = config{}
			a, err := driver.Open(t.Context(), json.RawMessage(tt.raw), adapters.Env{})
			if tt.pointer == "" {
				if err != nil || got.Pages != 5 || got.URL != "https://default" {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			e := fault.Of(err)
			if e == nil || e.Kind != fault.Invalid || a != nil || e.Op != "toy.Open" {
				t.Fatalf("got %v, %v, want invalid", a, err)
			}
			if tt.pointer == "-" {
				return
			}
			if len(e.Fields) != 1 || e.Fields[0].Pointer != tt.pointer || e.Fields[0].Code != tt.code {
				t.Errorf("fields are %+v, want %s %s", e.Fields, tt.pointer, tt.code)
			}
		})
	}
}

func TestEnvIDNamesTheConnection(t *testing.T) {
	want := model.ID{Connection: "c", Kind: "backup", Key: "k"}
	if diff := cmp.Diff(want, adapters.Env{Connection: "c"}.ID("backup", "k")); diff != "" {
		t.Error(diff)
	}
}
