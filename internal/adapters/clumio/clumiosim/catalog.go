package clumiosim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// catalog is a list whose filter fields are members of the records that it
// shows, and the reading of one of them.
type catalog struct {
	path, resource string
	param          string // names one record in the path; empty when one can not be read
	oneResource    string // when reading one is versioned under another name
	versions       []int  // nil is the first only
	tokens         bool   // pages by token, not by number
	applied        bool   // the answer repeats the filter
	sortApplied    bool   // the answer repeats the order
	filters        filterRules
	required       []string          // filter fields that must be there
	members        map[string]string // the member behind a field, or behind "field operator", when named otherwise
	sorts          []string          // allowed orders; the first one, with its sign, is the default
	embeds         []string
	oneEmbeds      []string
	entries        func(*Sim, *call) ([]entry, error)
	detail         func(*Sim, *call, entry, object) // adds what only reading one shows
	links          func(*Sim, *call) object         // beside the links of the paging
}

// entry is one record of a catalog.
type entry struct {
	id     string // in the path; the member id when empty
	unit   string // organizational unit; empty for what all units share
	self   string // path of the record; empty for records without links
	links  object // what can be done with it now
	record object // made for this call
	hidden object // members that filters see and nobody is shown
	embeds map[string]func() any
}

func (e entry) key() string {
	if e.id != "" {
		return e.id
	}
	id, _ := e.record["id"].(string)
	return id
}

// field finds a member by its dotted name.
func (e entry) field(name string) []string {
	for _, record := range []object{e.record, e.hidden} {
		if v, there := memberAt(record, name); there {
			return fieldText(v)
		}
	}
	return nil
}

func memberAt(record object, name string) (any, bool) {
	head, rest, dotted := strings.Cut(name, ".")
	v, there := record[head]
	if !there || !dotted {
		return v, there
	}
	inner, _ := v.(object)
	return memberAt(inner, rest)
}

func fieldText(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{flagText(v)}
	case int:
		return []string{strconv.Itoa(v)}
	case []string:
		return v
	}
	return nil
}

// visible are the entries that the call may see.
func (k catalog) visible(s *Sim, c *call) ([]entry, error) {
	all, err := k.entries(s, c)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(e entry) bool { return e.unit != "" && !c.sees(e.unit) }), nil
}

func (s *Sim) listCatalog(k catalog) endpoint {
	return func(c *call) (answer, error) {
		raw := c.query.Get("filter")
		conditions, err := parseFilter(raw, k.filters)
		if err != nil {
			return answer{}, err
		}
		for _, name := range k.required {
			if !slices.ContainsFunc(conditions, func(c condition) bool { return c.field == name }) {
				return answer{}, badRequest("the filter must name %q", name)
			}
		}
		found, err := k.visible(s, c)
		if err != nil {
			return answer{}, err
		}
		found = slices.DeleteFunc(found, func(e entry) bool { return !k.holds(e, conditions) })
		order, err := k.sort(c, found)
		if err != nil {
			return answer{}, err
		}
		l := list{total: len(found), item: func(i int) object { return s.showEntry(c, found[i]) }}
		if k.applied {
			l.applied = echo(raw, nil)
		}
		if k.sortApplied {
			l.sorted = order
		}
		if k.links != nil {
			l.links = k.links(s, c)
		}
		if k.tokens {
			return s.tokened(c, l)
		}
		return s.numbered(c, l)
	}
}

func (k catalog) holds(e entry, conditions []condition) bool {
	for _, c := range conditions {
		member := c.field
		if other, named := k.members[c.field+" "+c.operator]; named {
			member = other
		} else if other, named := k.members[c.field]; named {
			member = other
		}
		if !c.holds(e.field(member)) {
			return false
		}
	}
	return true
}

// sort orders by one text member; RFC 3339 times of one zone order as text. The
// entries keep their own order in the direction that they come in.
func (k catalog) sort(c *call, found []entry) (string, error) {
	if len(k.sorts) == 0 {
		return "", nil
	}
	order := c.query.Get("sort")
	if order == "" {
		order = k.sorts[0]
	}
	member, descending := strings.CutPrefix(order, "-")
	if !slices.ContainsFunc(k.sorts, func(known string) bool { return strings.TrimPrefix(known, "-") == member }) {
		return "", badRequest("sort %q is not supported", order)
	}
	if other, named := k.members[member]; named {
		member = other
	}
	slices.SortStableFunc(found, func(a, b entry) int {
		n := slices.Compare(a.field(member), b.field(member))
		if descending {
			return -n
		}
		return n
	})
	return order, nil
}

func (s *Sim) readCatalog(k catalog) endpoint {
	return func(c *call) (answer, error) {
		e, err := k.one(s, c, c.params[k.param])
		if err != nil {
			return answer{}, err
		}
		record := s.showEntry(c, e)
		if k.detail != nil {
			k.detail(s, c, e, record)
		}
		return ok(record)
	}
}

// one finds an entry by the id in the path.
func (k catalog) one(s *Sim, c *call, id string) (entry, error) {
	entries, err := k.visible(s, c)
	if err != nil {
		return entry{}, err
	}
	for _, e := range entries {
		if e.key() == id {
			return e, nil
		}
	}
	return entry{}, notFound()
}

func (s *Sim) showEntry(c *call, e entry) object {
	record := maps.Clone(e.record)
	if e.self != "" {
		links := object{"_self": link(e.self, "get")}
		maps.Copy(links, e.links)
		record["_links"] = links
	}
	if c.embed != "" {
		var inner any
		if show := e.embeds[c.embed]; show != nil {
			inner = show()
		}
		record["_embedded"] = object{c.embed: inner}
	}
	return record
}
