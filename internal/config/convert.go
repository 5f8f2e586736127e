package config

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// tag is the struct tag that holds a setting's name.
const tag = "koanf"

// wrongType says what a setting must be. It never holds what it is.
type wrongType string

func (w wrongType) Error() string { return string(w) }

const secretForm = "must refer to a secret: {file: PATH} or {env: NAME}"

var (
	durationType = reflect.TypeFor[time.Duration]()
	levelType    = reflect.TypeFor[slog.Level]()
	secretType   = reflect.TypeFor[Secret]()
	sealedType   = reflect.TypeFor[Sealed]()
)

// convert sees every value on its way into its setting. Nothing is coerced: a
// number is not a string, and 10 is not a duration.
func convert(from, to reflect.Value) (any, error) {
	if from.Kind() == reflect.Interface {
		from = from.Elem()
	}
	text, isText := "", from.Kind() == reflect.String
	if isText {
		text = from.String()
	}
	switch to.Type() {
	case durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, wrongType("must be a duration such as 10s or 1m30s")
		}
		return d, nil
	case levelType:
		return level(text)
	case secretType:
		return kept(from, from.Kind() == reflect.Map, secretForm)
	case sealedType:
		if from.Kind() != reflect.Map {
			return nil, wrongType("must be a mapping")
		}
		return Sealed{&content{tree: from.Interface()}}, nil
	}
	switch to.Kind() { //nolint:exhaustive // the other kinds are not in Config
	case reflect.String:
		return kept(from, isText, "must be a string; a number or date must be quoted")
	case reflect.Int:
		return kept(from, from.Kind() == reflect.Int, "must be a whole number")
	case reflect.Bool:
		return kept(from, from.Kind() == reflect.Bool, "must be true or false")
	case reflect.Slice:
		return kept(from, from.Kind() == reflect.Slice, "must be a list")
	case reflect.Map, reflect.Struct:
		return kept(from, from.Kind() == reflect.Map || from.Type() == to.Type(), "must be a mapping")
	}
	return from.Interface(), nil
}

func kept(from reflect.Value, ok bool, otherwise string) (any, error) {
	if !ok {
		return nil, wrongType(otherwise)
	}
	return from.Interface(), nil
}

func level(text string) (any, error) {
	switch text {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return nil, wrongType("must be debug, info, warn or error")
}

// seal puts secrets from the environment into an adapter's configuration.
func (v *validator) seal(path string, s Sealed) {
	if s.content == nil {
		return
	}
	raw, err := json.Marshal(v.resolved(path, s.content.tree))
	if err != nil {
		v.add(path, "can not be written as JSON")
		return
	}
	s.content.json, s.content.tree = raw, nil
}

func (v *validator) resolved(path string, node any) any {
	switch node := node.(type) {
	case map[string]any:
		if refersToSecret(node) {
			return v.reference(path, node)
		}
		out := make(map[string]any, len(node))
		for key, value := range node {
			out[key] = v.resolved(path+"."+key, value)
		}
		return out
	case map[any]any:
		v.add(path, "must have keys that are strings")
		return nil
	case []any:
		out := make([]any, len(node))
		for i, value := range node {
			out[i] = v.resolved(indexed(path, i), value)
		}
		return out
	}
	return node
}

// refersToSecret reports whether a mapping is a secret by its form: adapters
// say nothing about their settings here.
func refersToSecret(node map[string]any) bool {
	for key := range node {
		if key != "file" && key != "env" && key != "value" {
			return false
		}
	}
	return len(node) > 0
}

func (v *validator) reference(path string, node map[string]any) any {
	file, _ := node["file"].(string)
	env, _ := node["env"].(string)
	if len(node) != 1 || strings.TrimSpace(file+env) == "" {
		v.add(path, secretForm)
		return nil
	}
	if file != "" {
		return node
	}
	if v.vars[env] == "" {
		v.add(path+".env", "the environment variable "+env+" is not set")
		return nil
	}
	return map[string]any{"value": v.vars[env]}
}
