package clumio

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// part is one of several vendor lists that are shown as one, list by list.
type part[T any] struct {
	request vendorhttp.Request // but for limit and start
	filter  filter
	left    bool // not asked for by the query
	must    bool // exists, or what it belongs to does not

	page func(ctx context.Context, c *client, r vendorhttp.Request) (partPage[T], error)
}

type partPage[T any] struct {
	items []T
	next  string
}

// reading makes what a part is read by: convert is false for documents that
// are not shown.
func reading[W, T any](native bool, convert func(documented[W]) (T, bool)) func(context.Context, *client, vendorhttp.Request) (partPage[T], error) {
	return func(ctx context.Context, c *client, r vendorhttp.Request) (partPage[T], error) {
		got, err := list[W](ctx, c, r, native)
		if err != nil {
			return partPage[T]{}, err
		}
		out := partPage[T]{make([]T, 0, len(got.items)), got.next}
		for _, item := range got.items {
			if shown, ok := convert(item); ok {
				out.items = append(out.items, shown)
			}
		}
		return out, nil
	}
}

// partPlace is where a page of concatenated lists begins: in which list, at
// which of the vendor's pages, and after how many of its items.
type partPlace struct {
	list  int
	skip  int
	start string
}

func (p partPlace) String() string {
	return strconv.Itoa(p.list) + "." + strconv.Itoa(p.skip) + "." + base64.RawURLEncoding.EncodeToString([]byte(p.start))
}

// maxToken bounds what is taken for a token.
const maxToken = 8192

// readPlace refuses every text that String would not give for a place past the
// beginning.
func readPlace(token string) (partPlace, bool) {
	if token == "" {
		return partPlace{}, true
	}
	words := strings.Split(token, ".")
	if len(words) != 3 || len(token) > maxToken {
		return partPlace{}, false
	}
	number, badNumber := strconv.ParseUint(words[0], 10, 16)
	skip, badSkip := strconv.ParseUint(words[1], 10, 31)
	start, badStart := base64.RawURLEncoding.Strict().DecodeString(words[2])
	p := partPlace{int(number), int(skip), string(start)}
	if badNumber != nil || badSkip != nil || badStart != nil || p == (partPlace{}) || p.String() != token {
		return partPlace{}, false
	}
	return p, true
}

// maxEmptyPages bounds how many of the vendor's pages without an item that is
// shown are passed over in one call.
const maxEmptyPages = 32

// concat gives one page of lists in a row. The vendor is always asked for pages
// of one size, because its page numbers mean something for one size only and
// the caller's limit changes from call to call; what is over of a page is read
// again. A list that the account's plan does not have is empty, unless it must be.
func concat[T any](ctx context.Context, c *client, op string, parts []part[T], token string, limit int) (adapters.TokenPage[T], error) {
	at, ok := readPlace(token)
	if !ok || at.list >= len(parts) || token != "" && parts[at.list].left {
		return adapters.TokenPage[T]{}, badToken(op)
	}
	for range maxEmptyPages {
		for at.list < len(parts) && parts[at.list].left {
			at = partPlace{list: at.list + 1}
		}
		if at.list == len(parts) {
			return adapters.TokenPage[T]{}, nil
		}
		got, err := concatPage(ctx, c, op, parts[at.list], at)
		if err != nil {
			return adapters.TokenPage[T]{}, err
		}
		items := got.items[min(at.skip, len(got.items)):]
		shown := items[:min(max(limit, 1), len(items))]
		switch {
		case len(shown) < len(items):
			at.skip += len(shown)
		case got.next != "":
			at = partPlace{list: at.list, start: got.next}
		default:
			at = partPlace{list: at.list + 1}
		}
		for at.list < len(parts) && parts[at.list].left {
			at.list++
		}
		page := adapters.TokenPage[T]{Items: shown}
		if at.list < len(parts) {
			page.Next = at.String()
		}
		if len(shown) > 0 || page.Next == "" {
			return page, nil
		}
	}
	return adapters.TokenPage[T]{Next: at.String()}, nil
}

func concatPage[T any](ctx context.Context, c *client, op string, p part[T], at partPlace) (partPage[T], error) {
	r := p.request
	query := listQuery(p.filter, maxLimit, at.start, "")
	maps.Copy(query, r.Query)
	r.Query = query
	got, err := p.page(ctx, c, r)
	switch {
	case err == nil && at.start != "" && got.next == at.start:
		return partPage[T]{}, fault.New(fault.Upstream, op, "the vendor's list does not end")
	case at.start == "" && !p.must && noSuchList(err):
		return partPage[T]{}, nil
	case at.start != "" && status(err) == http.StatusBadRequest:
		return partPage[T]{}, badToken(op)
	}
	return got, err
}
