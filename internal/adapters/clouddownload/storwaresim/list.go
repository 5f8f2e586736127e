package storwaresim

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// listing says how rows of one kind are searched, sorted and shown.
type listing[T any] struct {
	name    func(T) string   // what nameLike looks at
	text    func(T) []string // what filter looks at, besides the name
	columns map[string]func(a, b T) int
	build   func(T) object
}

// params are the query parameters of a list. The first one that can not be
// read is kept as the error of them all.
type params struct {
	c   *call
	bad string
}

// one returns a parameter; an empty value is the same as none, the UI sends
// such (NOTES section 5).
func (p *params) one(name string) string {
	for _, value := range p.c.r.URL.Query()[name] {
		if value != "" {
			return value
		}
	}
	return ""
}

// all returns the values of a parameter that repeats its key.
func (p *params) all(name string, known ...string) []string {
	var out []string
	for _, value := range p.c.r.URL.Query()[name] {
		if value == "" {
			continue
		}
		if len(known) > 0 && !slices.Contains(known, value) {
			p.bad = fmt.Sprintf("%s: %q is not a known value", name, value)
		}
		out = append(out, value)
	}
	return out
}

// constant returns an enum parameter, a bare constant (NOTES section 3).
func (p *params) constant(name string, known ...string) string {
	if values := p.all(name, known...); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (p *params) integer(name string) (int64, bool) {
	text := p.one(name)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.bad = name + " is not an integer"
	}
	return n, err == nil
}

func (p *params) boolean(name string) (value, given bool) {
	switch text := p.one(name); text {
	case "":
		return false, false
	case "true", "false":
		return text == "true", true
	default:
		p.bad = name + " is not a boolean"
		return false, false
	}
}

// window is a part of a list: rows [from, to).
type window struct{ from, to int }

// page reads page and size. Without size the whole list is one page (NOTES
// section 5). PageCap lowers the size, so that pages are the numbered pieces of
// the capped size: a client that goes on until X-Total-Count sees every row.
func (p *params) page() window {
	page, _ := p.integer("page")
	size, sized := p.integer("size")
	if page < 0 || sized && size < 1 {
		p.bad = "page or size out of range"
		return window{}
	}
	const most = 1 << 30
	if !sized {
		size = most
	}
	if limit := p.c.sim.options.Scenario.PageCap; limit > 0 {
		size = min(size, int64(limit))
	}
	size = min(size, most)
	page = min(page, most)
	return window{int(page * size), int(page*size + size)}
}

// search returns the test of filter and nameLike, nil when neither is given.
// Their exact meaning is not documented; played is "contains, whatever the case".
func (l *listing[T]) search(p *params) func(T) bool {
	text, name := strings.ToLower(p.one("filter")), strings.ToLower(p.one("nameLike"))
	if text == "" && name == "" {
		return nil
	}
	holds := func(value, part string) bool { return strings.Contains(strings.ToLower(value), part) }
	return func(row T) bool {
		if name != "" && !holds(l.name(row), name) {
			return false
		}
		if text == "" || holds(l.name(row), text) {
			return true
		}
		return l.text != nil && slices.ContainsFunc(l.text(row), func(value string) bool { return holds(value, text) })
	}
}

// order returns the comparison asked for, nil when none is. orderBy is a column
// path; some lists prefix it with the record's own name (NOTES section 5).
func (l *listing[T]) order(p *params) func(a, b T) int {
	descending := p.constant("direction", "asc", "desc") == "desc"
	path := p.one("orderBy")
	if path == "" {
		return nil
	}
	column, known := l.columns[path]
	if !known {
		column, known = l.columns[strings.TrimPrefix(path, "backup.")]
	}
	if !known {
		p.bad = fmt.Sprintf("orderBy: no column %q", path)
		return nil
	}
	if descending {
		return func(a, b T) int { return column(b, a) }
	}
	return column
}

// answer lists the rows that match; a nil match is all of them.
func (l *listing[T]) answer(p *params, rows []T, match func(T) bool) answer {
	search, order, part := l.search(p), l.order(p), p.page()
	if p.bad != "" {
		return badRequest(p.bad)
	}
	if match == nil && search == nil && order == nil {
		return l.show(rows[min(part.from, len(rows)):min(part.to, len(rows))], len(rows))
	}
	var hits []T
	total := 0
	for _, row := range rows {
		if match != nil && !match(row) || search != nil && !search(row) {
			continue
		}
		// Unsorted, only the rows of the page need keeping.
		if order != nil || total >= part.from && total < part.to {
			hits = append(hits, row)
		}
		total++
	}
	if order != nil {
		slices.SortStableFunc(hits, order)
		hits = hits[min(part.from, total):min(part.to, total)]
	}
	return l.show(hits, total)
}

func (l *listing[T]) show(rows []T, total int) answer {
	out := make([]object, len(rows))
	for i, row := range rows {
		out[i] = l.build(row)
	}
	return answer{status: http.StatusOK, body: out, total: total}
}

// column compares by a key.
func column[T any, K cmp.Ordered](key func(T) K) func(a, b T) int {
	return func(a, b T) int { return cmp.Compare(key(a), key(b)) }
}

// plain answers rows of a list that documents no paging: all of them, whatever
// the scenario's page cap.
func plain(rows []object) answer {
	if rows == nil {
		rows = []object{}
	}
	return answer{status: http.StatusOK, body: rows, total: len(rows)}
}
