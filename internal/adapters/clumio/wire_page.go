package clumio

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/model"
)

// page is one page of any list. Items may be null (NOTES section 3).
type page[W any] struct {
	Embedded struct {
		Items []W `json:"items"`
	} `json:"_embedded"`
	Links struct {
		Next *struct {
			Href string `json:"href"`
		} `json:"_next"`
	} `json:"_links"`
	TotalCount *int `json:"total_count"`
}

// next is the start parameter of the next page, "" when there is none. Links
// are the one thing that both kinds of paging have (NOTES section 3).
func (p page[W]) next() string {
	if p.Links.Next == nil {
		return ""
	}
	href, err := url.Parse(p.Links.Next.Href)
	if err != nil {
		return ""
	}
	return href.Query().Get("start")
}

// documented is an item and, when asked for, the vendor's document it came in.
type documented[W any] struct {
	wire     W
	document json.RawMessage
}

// UnmarshalJSON keeps the document beside what is decoded of it.
func (d *documented[W]) UnmarshalJSON(raw []byte) error {
	d.document = append(json.RawMessage(nil), raw...)
	return json.Unmarshal(raw, &d.wire)
}

// stretch is what one list call gave.
type stretch[W any] struct {
	items []documented[W]
	next  string
	total int // -1 when not said
}

// list asks for one page.
func list[W any](ctx context.Context, c *client, r vendorhttp.Request, native bool) (stretch[W], error) {
	if native {
		var out page[documented[W]]
		if err := c.json(ctx, r, &out); err != nil {
			return stretch[W]{}, err
		}
		return stretch[W]{out.Embedded.Items, out.next(), total(out.TotalCount)}, nil
	}
	var out page[W]
	if err := c.json(ctx, r, &out); err != nil {
		return stretch[W]{}, err
	}
	items := make([]documented[W], len(out.Embedded.Items))
	for i, w := range out.Embedded.Items {
		items[i].wire = w
	}
	return stretch[W]{items, out.next(), total(out.TotalCount)}, nil
}

func total(count *int) int {
	if count == nil {
		return -1
	}
	return *count
}

// read asks for one thing.
func read[W any](ctx context.Context, c *client, r vendorhttp.Request, native bool) (documented[W], error) {
	var out documented[W]
	var err error
	if native {
		err = c.json(ctx, r, &out)
	} else {
		err = c.json(ctx, r, &out.wire)
	}
	return out, err
}

// filter is the vendor's query language: field, operator, value; all parts hold
// together (NOTES section 4).
type filter map[string]map[string]any

func (f filter) set(field, operator string, value any) {
	if f[field] == nil {
		f[field] = map[string]any{}
	}
	f[field][operator] = value
}

// listQuery builds the parameters of a list call.
func listQuery(f filter, limit int, start, sort string) url.Values {
	q := url.Values{}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(min(limit, maxLimit)))
	}
	if start != "" {
		q.Set("start", start)
	}
	if sort != "" {
		q.Set("sort", sort)
	}
	if len(f) > 0 {
		text, _ := json.Marshal(f)
		q.Set("filter", string(text))
	}
	return q
}

// floorSecond and ceilSecond give bounds in the whole seconds that the vendor's
// samples use, outward, so that a bound cut by the vendor loses nothing.
func floorSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func ceilSecond(t time.Time) time.Time {
	if f := floorSecond(t); !f.Equal(t) {
		return f.Add(time.Second)
	}
	return t.UTC()
}

func wireTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// timestamp is an RFC 3339 time; null, absent and unreadable are zero.
type timestamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *timestamp) UnmarshalJSON(raw []byte) error {
	t.Time = time.Time{}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if parsed, err := time.Parse(time.RFC3339, text); err == nil {
			t.Time = parsed.UTC()
		}
	}
	return nil
}

// wireTag is an AWS tag.
type wireTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func tags(wire []wireTag) []model.Tag {
	if len(wire) == 0 {
		return nil
	}
	out := make([]model.Tag, len(wire))
	for i, t := range wire {
		out[i] = model.Tag(t)
	}
	return out
}
