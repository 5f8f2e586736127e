package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"go.yaml.in/yaml/v3"
)

// prefix of environment variables that override settings. Levels are parted by
// two underscores, and case and single ones do not matter:
// SWITCHBACK_SERVER__ADMIN_ADDR is server.adminAddr. Lists and mappings are
// written as YAML. A name without two underscores is no override: Kubernetes
// sets SWITCHBACK_PORT and more for a service of that name.
const prefix = "SWITCHBACK_"

// variables returns an environment as a map.
func variables(environ []string) map[string]string {
	out := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			out[name] = value
		}
	}
	return out
}

// overrides returns the settings that the environment makes.
func (s *source) overrides(environ []string) (given, Problems) {
	s.variables = map[string]string{}
	var problems Problems
	fail := func(variable, path, message string) (string, any) {
		problems = append(problems, Problem{Variable: variable, Path: path, Message: message})
		return "", nil
	}
	provider := env.Provider(separator, env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(variable, text string) (string, any) {
			name := strings.TrimPrefix(variable, prefix)
			if !strings.Contains(name, "__") {
				return "", nil
			}
			keys, kind := setting(strings.Split(name, "__"))
			if keys == nil {
				return fail(variable, "", "there is no such setting")
			}
			path := strings.Join(keys, ".")
			value, err := parseSetting(kind, text)
			if err != nil {
				return fail(variable, path, err.Error())
			}
			s.variables[path] = variable
			return strings.Join(keys, separator), value
		},
	})
	tree, err := provider.Read()
	if err != nil {
		problems = append(problems, Problem{Message: "the environment can not be read"})
	}
	return tree, problems
}

// setting finds the keys and the type of the setting that a variable means.
func setting(levels []string) ([]string, reflect.Type) {
	at := reflect.TypeFor[Config]()
	var keys []string
	for _, level := range levels {
		key, next := member(at, level)
		if key == "" {
			return nil, nil
		}
		keys, at = append(keys, key), next
	}
	return keys, at
}

func member(of reflect.Type, name string) (string, reflect.Type) {
	name = strings.ReplaceAll(name, "_", "")
	return find(of, func(key string) bool { return strings.EqualFold(key, name) })
}

func exactly(of reflect.Type, name string) (string, reflect.Type) {
	return find(of, func(key string) bool { return key == name })
}

// find returns the key and the type of a struct's setting.
func find(of reflect.Type, fits func(key string) bool) (string, reflect.Type) {
	if of.Kind() != reflect.Struct {
		return "", nil
	}
	for field := range of.Fields() {
		if key := field.Tag.Get(tag); key != "" && fits(key) {
			return key, field.Type
		}
	}
	return "", nil
}

// parseSetting gives a variable's text the type that YAML would give it.
func parseSetting(as reflect.Type, text string) (any, error) {
	switch as.Kind() { //nolint:exhaustive // the others are YAML
	case reflect.String, reflect.Int64, reflect.Int:
		if as.Kind() != reflect.Int || as == levelType {
			return text, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, wrongType("must be a whole number")
		}
		return n, nil
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
		return nil, wrongType("must be true or false")
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, wrongType("must be a list or mapping in YAML")
	}
	return value, nil
}
