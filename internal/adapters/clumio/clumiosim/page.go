package clumiosim

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strconv"
	"strings"
)

const (
	defaultLimit = 20
	maxLimit     = 100 // inferred; no maximum is documented (NOTES section 3)
)

// list is one list answer in the making.
type list struct {
	total   int
	item    func(int) object
	applied any    // filter_applied; nil where the endpoint has none
	sorted  string // sort_applied; empty where the endpoint has none
	links   object // beside the links of the paging
}

func (s *Sim) limit(c *call) (int, error) {
	limit := defaultLimit
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return 0, badRequest("limit %q is not a positive number", text)
		}
		limit = n
	}
	limit = min(limit, maxLimit)
	if pageCap := s.kit.Scenario.PageCap; pageCap > 0 {
		limit = min(limit, pageCap)
	}
	return limit, nil
}

// numbered answers a list whose start is a page number from "1" (N in NOTES
// section 3).
func (s *Sim) numbered(c *call, l list) (answer, error) {
	limit, err := s.limit(c)
	if err != nil {
		return answer{}, err
	}
	number := 1
	if text := c.query.Get("start"); text != "" {
		if number, err = strconv.Atoi(text); err != nil || number < 1 {
			return answer{}, badRequest("start %q is not a page number", text)
		}
	}
	pages := (l.total + limit - 1) / limit
	from, to := l.total, l.total
	if number <= pages {
		from = (number - 1) * limit
		to = min(from+limit, l.total)
	}
	last := max(pages, 1)
	links := object{
		"_self":  c.pageLink(c.query.Get("start")),
		"_first": c.pageLink("1"),
		"_last":  c.pageLink(strconv.Itoa(last)),
		"_next":  nil, "_prev": nil,
	}
	if number < pages {
		links["_next"] = c.pageLink(strconv.Itoa(number + 1))
	}
	if number > 1 {
		links["_prev"] = c.pageLink(strconv.Itoa(min(number-1, last)))
	}
	body := s.page(l, links, from, to, limit, strconv.Itoa(number))
	body["total_count"], body["total_pages_count"] = l.total, pages
	return ok(body)
}

// tokened answers a list whose start is an opaque token (T in NOTES section 3).
// The token holds characters that a query must escape, so a client that escapes
// the href once more, or not at all, is found out.
func (s *Sim) tokened(c *call, l list) (answer, error) {
	limit, err := s.limit(c)
	if err != nil {
		return answer{}, err
	}
	from := 0
	start := c.query.Get("start")
	if start != "" {
		if from, err = offsetOf(start); err != nil {
			return answer{}, err
		}
	}
	from = min(from, l.total)
	to := min(from+limit, l.total)
	links := object{"_self": c.pageLink(start), "_first": c.pageLink(""), "_next": nil}
	if to < l.total {
		links["_next"] = c.pageLink(tokenOf(to))
	}
	return ok(s.page(l, links, from, to, limit, start))
}

func (s *Sim) page(l list, links object, from, to, limit int, start string) object {
	items := make([]object, 0, to-from)
	for i := from; i < to; i++ {
		items = append(items, l.item(i))
	}
	maps.Copy(links, l.links)
	embedded := object{"items": items}
	if len(items) == 0 && s.kit.Scenario.NullMembers {
		embedded["items"] = nil
	}
	body := object{
		"_embedded": embedded, "_links": links,
		"current_count": len(items), "limit": limit, "start": start,
	}
	if l.applied != nil {
		body["filter_applied"] = l.applied
	}
	if l.sorted != "" {
		body["sort_applied"] = l.sorted
	}
	return body
}

// pageLink is this request's own address at another start.
func (c *call) pageLink(start string) object {
	query := url.Values{}
	maps.Copy(query, c.query)
	query.Del("start")
	if start != "" {
		query.Set("start", start)
	}
	href := c.request.URL.EscapedPath()
	if len(query) > 0 {
		href += "?" + query.Encode()
	}
	return link(href, "get")
}

func link(href, method string) object {
	return object{"href": href, "type": method, "templated": false}
}

func tokenOf(offset int) string {
	return base64.StdEncoding.EncodeToString([]byte("?>offset:" + strconv.Itoa(offset)))
}

func offsetOf(token string) (int, error) {
	raw, err := base64.StdEncoding.DecodeString(token)
	text, isOurs := strings.CutPrefix(string(raw), "?>offset:")
	offset, bad := strconv.Atoi(text)
	if err != nil || !isOurs || bad != nil || offset < 0 {
		return 0, badRequest("start %q is not a page token", token)
	}
	return offset, nil
}
