package adaptercheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

func accountChecks() []Check {
	return []Check{
		{
			Name: "session/check-works", Why: "Session.Check gives nil while the credentials work",
			Run: func(t T, s Subject) {
				if err := s.Adapter.Session.Check(t.Context()); err != nil {
					t.Errorf("Check: %v", err)
				}
			},
		},
		{
			Name: "traits/fit-the-capabilities", Why: "what the adapter says of itself agrees with the capabilities it has",
			Run: traitsFit,
		},
		{
			Name: "traits/schemas-compile", Why: "every schema of a restore kind is a closed JSON Schema in the neutral vocabulary",
			Needs: func(a *adapters.Adapter) bool { return a.Restores != nil },
			Run:   schemasCompile,
		},
	}
}

func traitsFit(t T, s Subject) {
	a := s.Adapter
	if a.Provider == "" {
		t.Errorf("Provider is empty")
	}
	if a.Traits.MaxPageSize < 1 {
		t.Errorf("MaxPageSize is %d", a.Traits.MaxPageSize)
	}
	require := func(have, need bool, what string) {
		if have && !need {
			t.Errorf("%s", what)
		}
	}
	require(true, a.Session != nil && a.Backups != nil, "Session and Backups are required")
	require(len(a.RestoreKinds) > 0, a.Restores != nil, "RestoreKinds without Restores")
	require(a.Restores != nil, len(a.RestoreKinds) > 0, "Restores without RestoreKinds")
	depends := a.RestoreCancels != nil || a.RestorePatches != nil || a.RestoreRemovals != nil || a.Access != nil || a.Content != nil
	require(depends, a.Restores != nil, "a capability about restores without Restores")
	require(a.OperationCancels != nil || a.BackupStarts != nil, a.Operations != nil, "OperationCancels or BackupStarts without Operations")
	require(a.Traits.RangeReads, a.Content != nil || a.Files != nil, "RangeReads without anything to read")
	require(a.Traits.NativeIdempotency, a.Restores != nil, "NativeIdempotency without Restores")

	var kinds []model.RestoreKind
	for _, k := range a.RestoreKinds {
		require(true, slices.Contains(model.RestoreKinds(), k.Kind), "unknown restore kind "+string(k.Kind))
		require(slices.Contains(kinds, k.Kind), false, "restore kind "+string(k.Kind)+" is offered twice")
		require(true, len(k.AssetKinds) > 0 && len(k.Sources) > 0, "restore kind "+string(k.Kind)+" names no asset kind or no source form")
		for _, form := range k.Sources {
			known := []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceLatest, model.SourceRange}
			require(true, slices.Contains(known, form), "unknown source form "+string(form))
		}
		for _, asset := range k.AssetKinds {
			require(true, slices.Contains(model.AssetKinds(), asset), "unknown asset kind "+string(asset))
		}
		kinds = append(kinds, k.Kind)
	}
	for kind, place := range a.Traits.MarkerPlaces {
		require(true, slices.Contains(kinds, kind) && place != "", "MarkerPlaces names "+string(kind)+", which is not offered, or no place")
	}
}

func schemasCompile(t T, s Subject) {
	for _, kind := range s.Adapter.RestoreKinds {
		for member, schema := range map[string]json.RawMessage{"target": kind.Target, "select": kind.Select, "options": kind.Options} {
			if schema == nil {
				continue
			}
			name := string(kind.Kind) + "-" + member + ".json"
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			compiler := jsonschema.NewCompiler()
			compiler.DefaultDraft(jsonschema.Draft2020)
			compiler.UseLoader(noLoader{})
			if err := compiler.AddResource(name, document); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if _, err := compiler.Compile(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			closedObject(t, name, member, document)
		}
	}
}

// noLoader keeps a schema from reaching for files or the net.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not part of the schema", url)
}

func closedObject(t T, name, member string, document any) {
	object, _ := document.(map[string]any)
	if object["type"] != "object" || object["additionalProperties"] != false {
		t.Errorf("%s: must have type object and additionalProperties false", name)
	}
	vocabulary := map[string]reflect.Type{
		"target": reflect.TypeFor[model.RestoreTarget](), "select": reflect.TypeFor[model.RestoreSelect](),
	}[member]
	if vocabulary == nil {
		return
	}
	var words []string
	for field := range vocabulary.Fields() {
		word, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		words = append(words, word)
	}
	properties, _ := object["properties"].(map[string]any)
	for property := range properties {
		if !slices.Contains(words, property) {
			t.Errorf("%s: %s is no word of the neutral vocabulary", name, property)
		}
	}
}
