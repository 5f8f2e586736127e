package config

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// source knows where settings come from.
type source struct {
	file      string
	document  *yaml.Node
	variables map[string]string // path -> environment variable that set it
}

func (s *source) problem(path, message string) Problem {
	for prefix, variable := range s.variables {
		if within(path, prefix) {
			return Problem{Variable: variable, Path: path, Message: message}
		}
	}
	return Problem{File: s.file, Line: line(s.document, path), Path: path, Message: message}
}

// within reports whether a path is that of the other or of something in it.
func within(path, other string) bool {
	rest, ok := strings.CutPrefix(path, other)
	return ok && (rest == "" || other == "" || rest[0] == '.' || rest[0] == '[')
}

// line returns where the setting at a path is, or the nearest thing around it
// that is there; 0 if there is nothing.
func line(node *yaml.Node, path string) int {
	if node == nil {
		return 0
	}
	found := 0
	for node != nil && path != "" {
		key, value, rest := step(node, path)
		if value == nil {
			break
		}
		found, node, path = key.Line, value, rest
	}
	return found
}

// step follows the first part of a path. Keys may hold dots and brackets, so
// the keys that are there decide where a part ends.
func step(node *yaml.Node, path string) (key, value *yaml.Node, rest string) {
	switch node.Kind {
	case yaml.DocumentNode:
		return &yaml.Node{}, node.Content[0], path // what is missing at the top is on no line
	case yaml.AliasNode:
		return node, node.Alias, path
	case yaml.SequenceNode:
		index, after, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(index); ok && err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i], after
		}
	case yaml.MappingNode:
		return stepMapping(node, path)
	case yaml.ScalarNode:
	}
	return nil, nil, ""
}

func stepMapping(node *yaml.Node, path string) (key, value *yaml.Node, rest string) {
	longest := -1
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i].Value
		after, ok := strings.CutPrefix(path, "["+name+"]")
		if !ok {
			after, ok = strings.CutPrefix(strings.TrimPrefix(path, "."), name)
			ok = ok && (after == "" || after[0] == '.' || after[0] == '[')
		}
		if ok && len(name) > longest {
			longest, key, value, rest = len(name), node.Content[i], node.Content[i+1], after
		}
	}
	if value != nil {
		return key, value, rest
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Tag != "!!merge" {
			continue
		}
		merged := node.Content[i+1]
		if merged.Kind != yaml.SequenceNode {
			return node.Content[i], merged, path
		}
		for _, one := range merged.Content {
			if k, v, r := step(resolve(one), path); v != nil {
				return k, v, r
			}
		}
	}
	return nil, nil, ""
}

func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
