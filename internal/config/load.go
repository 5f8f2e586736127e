package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// maxFileBytes leaves room for thousands of connections.
const maxFileBytes = 16 << 20

// separator of koanf's paths: neither YAML nor an environment can hold it, so
// no key is taken apart.
const separator = "\x00"

// Load reads the file at path, overrides single settings from the environment
// (NAME=value each), and checks the whole. The error is Problems, or that of
// reading the file.
func Load(path string, environ []string) (*Config, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1)) //nolint:forbidigo // bounded by the reader
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, raw, environ)
}

// Parse is Load of what is already in memory; file is its name in messages.
func Parse(file string, raw []byte, environ []string) (*Config, error) {
	if len(raw) > maxFileBytes {
		return nil, Problems{{File: file, Message: "the file is too large"}}
	}
	src := &source{file: file}
	tree, err := src.parse(raw)
	if err != nil {
		return nil, err
	}
	vars := variables(environ)
	overrides, problems := src.overrides(environ)

	settings := koanf.New(separator)
	for _, p := range []koanf.Provider{given(tree), overrides} {
		if err := settings.Load(p, nil); err != nil {
			return nil, Problems{{File: file, Message: "the settings can not be merged"}}
		}
	}
	c := defaults()
	c.source = src
	problems = append(problems, decode(settings, &c)...)
	v := validator{config: &c, vars: vars}
	v.all()
	problems = append(problems, consequential(v.problems, problems)...)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return &c, nil
}

// consequential leaves out problems at or around settings that could not be
// read: those are empty now, and it is known why.
func consequential(problems, unread Problems) Problems {
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return slices.ContainsFunc(unread, func(u Problem) bool {
			return u.Message != unknownKey && (within(u.Path, p.Path) || within(p.Path, u.Path))
		})
	})
}

const unknownKey = "unknown key"

// given is a tree as a koanf provider.
type given map[string]any

func (g given) Read() (map[string]any, error) { return g, nil }
func (given) ReadBytes() ([]byte, error)      { return nil, errors.ErrUnsupported }

// parse reads one YAML document, and remembers where things are.
func (s *source) parse(raw []byte) (map[string]any, error) {
	decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return map[string]any{}, nil
	} else if err != nil {
		return nil, Problems{s.invalid(err)}
	}
	s.document = &document
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, Problems{{File: s.file, Message: "the file is more than one YAML document"}}
	}
	if root := document.Content[0]; root.Kind != yaml.MappingNode && root.Tag != "!!null" {
		return nil, Problems{{File: s.file, Line: root.Line, Message: "the file must be a mapping"}}
	}
	tree := map[string]any{}
	if err := document.Decode(&tree); err != nil {
		return nil, s.undecodable(err)
	}
	return tree, nil
}

func (s *source) undecodable(err error) error {
	several, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return Problems{s.invalid(err)}
	}
	var problems Problems
	for _, text := range several.Errors {
		problems = append(problems, s.invalid(errors.New(text)))
	}
	return problems.err()
}

var (
	yamlLine   = regexp.MustCompile(`line (\d+): `)
	yamlQuoted = regexp.MustCompile("[`\"'][^`\"']{2,}[`\"']")
)

// invalid tells what the YAML package found without the text that it quotes: a
// password that starts with * is an unknown anchor to it.
func (s *source) invalid(err error) Problem {
	p := Problem{File: s.file, Message: "the file is not valid YAML"}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if at := yamlLine.FindStringSubmatch(text); at != nil {
		p.Line, _ = strconv.Atoi(at[1])
		text = strings.Replace(text, at[0], "", 1)
	}
	switch {
	case strings.HasPrefix(text, "mapping key") && strings.Contains(text, "already defined"):
		p.Message = "the key is given twice"
	case strings.HasPrefix(text, "unknown anchor"):
		p.Message += ": an alias (*name) has no anchor; a value that starts with * must be quoted"
	case strings.HasPrefix(text, "cannot decode"), yamlQuoted.MatchString(text):
	default:
		p.Message += ": " + text
	}
	return p
}

// decode fills c and tells of keys that mean nothing and of wrong types.
func decode(settings *koanf.Koanf, c *Config) Problems {
	problems := empty(c.source, "", settings.Raw(), reflect.TypeFor[Config]())
	var metadata mapstructure.Metadata
	err := settings.UnmarshalWithConf("", c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		DecodeHook:           mapstructure.DecodeHookFuncValue(convert),
		Metadata:             &metadata,
		TagName:              tag,
		IgnoreUntaggedFields: true,
		MatchName:            func(key, field string) bool { return key == field },
		Result:               c,
	}})
	for _, key := range metadata.Unused {
		problems = append(problems, c.source.problem(key, unknownKey))
	}
	return append(problems, wrongTypes(c.source, err)...)
}

// empty finds settings without a value, such as a list whose items are all
// commented out. The decoder would take them for left out; in a binding that
// would open what was meant to be closed. Sections may be empty.
func empty(s *source, path string, node any, of reflect.Type) Problems {
	var problems Problems
	switch node := node.(type) {
	case nil:
		if of.Kind() != reflect.Struct || of == secretType {
			return Problems{s.problem(path, "must have a value")}
		}
	case map[string]any:
		for key, value := range node {
			switch of.Kind() { //nolint:exhaustive // others have no keys
			case reflect.Struct:
				if name, next := exactly(of, key); name != "" {
					problems = append(problems, empty(s, strings.TrimPrefix(path+"."+key, "."), value, next)...)
				}
			case reflect.Map:
				problems = append(problems, empty(s, keyed(path, key), value, of.Elem())...)
			}
		}
	case []any:
		if of.Kind() != reflect.Slice {
			return nil
		}
		for i, value := range node {
			problems = append(problems, empty(s, indexed(path, i), value, of.Elem())...)
		}
	}
	return problems
}

// wrongTypes takes the errors of the decoder apart.
func wrongTypes(s *source, err error) Problems {
	if err == nil {
		return nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var problems Problems
		for _, one := range several.Unwrap() {
			problems = append(problems, wrongTypes(s, one)...)
		}
		return problems
	}
	path, message := "", "has the wrong type"
	for at := err; at != nil; at = errors.Unwrap(at) {
		switch at := at.(type) { //nolint:errorlint // the chain is walked here
		case *mapstructure.DecodeError:
			path = at.Name()
		case wrongType:
			message = at.Error()
		case interface{ Unwrap() []error }:
			return wrongTypes(s, at.(error))
		}
	}
	return Problems{s.problem(path, message)}
}
