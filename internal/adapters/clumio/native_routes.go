package clumio

import (
	_ "embed"
	"encoding/json"
	"strings"

	"switchback/internal/adapters"
)

// nativeTable is every operation of the vendor's contract, in its order. It is
// written by the tests from the contract's list of operations.
//
//go:embed native_routes.json
var nativeTable []byte

// nativeRoute is a row of the table.
type nativeRoute struct {
	adapters.NativeRoute
	Accept string `json:"accept"` // of the newest version
}

// nativeRoutes is the table, and the same as a tree of path segments.
type nativeRoutes struct {
	rows []nativeRoute
	tree *nativeNode
}

// nativeNode is a place in the tree. A segment that is spelled out in a template
// wins over a parameter, as ids never look like the vendor's words; there is no
// second try, so that one request fits one route at most.
type nativeNode struct {
	words     map[string]*nativeNode
	parameter *nativeNode
	methods   map[string]int // row
}

func loadNativeRoutes(table []byte) (nativeRoutes, error) {
	var out nativeRoutes
	if err := json.Unmarshal(table, &out.rows); err != nil {
		return nativeRoutes{}, err
	}
	out.tree = &nativeNode{}
	for i, row := range out.rows {
		node := out.tree
		for _, segment := range templateSegments(row.Path) {
			node = node.grow(segment)
		}
		if node.methods == nil {
			node.methods = map[string]int{}
		}
		node.methods[row.Method] = i
	}
	return out, nil
}

func templateSegments(path string) []string {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func (n *nativeNode) grow(segment string) *nativeNode {
	if strings.HasPrefix(segment, "{") {
		if n.parameter == nil {
			n.parameter = &nativeNode{}
		}
		return n.parameter
	}
	if n.words == nil {
		n.words = map[string]*nativeNode{}
	}
	if n.words[segment] == nil {
		n.words[segment] = &nativeNode{}
	}
	return n.words[segment]
}

// find returns the one route that a request fits. segments are unescaped.
func (r nativeRoutes) find(method string, segments []string) (nativeRoute, bool) {
	node := r.tree
	for _, segment := range segments {
		next := node.words[segment]
		if next == nil {
			next = node.parameter
		}
		if next == nil {
			return nativeRoute{}, false
		}
		node = next
	}
	i, ok := node.methods[method]
	if !ok {
		return nativeRoute{}, false
	}
	return r.rows[i], true
}
