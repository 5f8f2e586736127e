package cohesity

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// groups lists the protection groups, and the deleted ones that still hold
// backups, which only a second call shows (IBM NOTES section 7).
func (a *account) groups(ctx context.Context) ([]wireGroup, error) {
	var all []wireGroup
	seen := map[string]bool{}
	for _, deleted := range []string{"false", "true"} {
		var answer groupsAnswer
		err := a.get(ctx, "ibm.ListGroups", segments("data-protect", "protection-groups"), url.Values{
			"isDeleted": {deleted}, "includeLastRunInfo": {"true"},
			"pruneSourceIds": {"true"}, "pruneExcludedSourceIds": {"true"},
		}, &answer)
		if err != nil {
			return nil, err
		}
		for _, group := range answer.Groups {
			if group.ID == "" {
				return nil, fault.New(fault.Upstream, "ibm.ListGroups", "the vendor's group has no id")
			}
			if !seen[group.ID] {
				seen[group.ID] = true
				all = append(all, group)
			}
		}
	}
	return all, nil
}

// newestAt bounds the group's newest run as the group list knows it.
func (g wireGroup) newestAt() time.Time {
	if g.LastRun == nil {
		return time.Time{}
	}
	return micros(g.LastRun.started())
}

// window is a stretch of time, both ends inclusive, in microseconds. The vendor
// looks back one hour only unless both ends are sent (IBM NOTES section 6).
type window struct{ from, to int64 }

// window turns the bounds of a query into one that is never open. A microsecond
// more at the ends costs nothing and holds whichever way the vendor reads its
// bounds; the caller filters.
func (a *account) window(after, before time.Time) window {
	now := a.env.Now()
	w := window{back(now, a.history).UnixMicro(), now.Add(clockMargin).UnixMicro()}
	if !after.IsZero() {
		w.from = after.UnixMicro() - 1
	}
	if !before.IsZero() {
		w.to = min(w.to, before.UnixMicro())
	}
	w.from = max(w.from, 0)
	return w
}

// fullRun is a run with the document it was read from.
type fullRun struct {
	wireRun
	raw json.RawMessage
}

// listRuns asks for the newest n runs of a window, with their objects.
func (a *account) listRuns(ctx context.Context, group string, w window, n int, only string) ([]fullRun, *int64, error) {
	query := url.Values{
		"startTimeUsecs": {usecs(w.from)}, "endTimeUsecs": {usecs(w.to)},
		"numRuns": {strconv.Itoa(n)}, "includeObjectDetails": {"true"},
	}
	if only != "" {
		query.Set("runId", only)
	}
	var answer runsAnswer
	err := a.get(ctx, "ibm.ListRuns", segments("data-protect", "protection-groups", group, "runs"), query, &answer)
	if err != nil {
		return nil, nil, err
	}
	runs := make([]fullRun, 0, len(answer.Runs))
	for _, raw := range answer.Runs {
		run, err := readRun("ibm.ListRuns", group, raw)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, run)
	}
	return runs, answer.Total, nil
}

func readRun(op, group string, raw json.RawMessage) (fullRun, error) {
	run := fullRun{raw: raw}
	if err := json.Unmarshal(raw, &run.wireRun); err != nil {
		return run, fault.New(fault.Upstream, op, "the vendor's run can not be read")
	}
	if run.ID == "" || run.started() == 0 {
		return run, fault.New(fault.Upstream, op, "the vendor's run has no id or no time")
	}
	run.GroupID = group
	return run, nil
}

// runStream serves a page of one group's runs, each turned into items. perRun is
// how many items a run is expected to give.
func runStream[T any](
	ctx context.Context, a *account, group string, bounds window, perRun int64,
	before model.Position, limit int, convert func(fullRun) []adapters.Placed[T],
) (adapters.Page[T], error) {
	limit = min(limit, maxPage)
	return adapters.ReadSorted(ctx, before, limit, func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[T], error) {
		at := cursor{bounds.to, int(min(max((int64(n)-1)/max(perRun, 1)+2, 2), 2*maxPage))}
		if !upTo.IsZero() {
			at.to = min(at.to, upTo.UnixMicro()+1)
		}
		if token != "" {
			at = readCursor(token)
		}
		var page adapters.VendorPage[T]
		if at.to < bounds.from {
			return page, nil
		}
		runs, total, err := a.listRuns(ctx, group, window{bounds.from, at.to}, at.runs, "")
		if err != nil {
			return page, err
		}
		for _, run := range runs {
			page.Items = append(page.Items, convert(run)...)
		}
		page.Next = at.next(runs, total)
		return page, nil
	})
}

// cursor is where a listing of runs goes on: the vendor pages by time alone. It
// serves runs that give no items, and several runs of one instant.
type cursor struct {
	to   int64
	runs int
}

// next is "" at the end. A page that is shorter than asked for is none: the
// vendor may cap pages without saying so. Only its own count or an empty page
// shows the end.
func (c cursor) next(runs []fullRun, total *int64) string {
	if len(runs) == 0 || (total != nil && *total > 0 && *total <= int64(len(runs))) {
		return ""
	}
	oldest, newest := runs[0].started(), runs[0].started()
	for _, run := range runs[1:] {
		oldest, newest = min(oldest, run.started()), max(newest, run.started())
	}
	next := cursor{min(oldest, c.to) - 1, c.runs}
	if oldest == newest && len(runs) > 1 && len(runs) >= c.runs && c.runs < 1<<20 {
		next = cursor{c.to, 2 * c.runs} // the instant may hold more
	}
	return usecs(next.to) + ":" + strconv.Itoa(next.runs)
}

func readCursor(text string) cursor {
	to, runs, _ := strings.Cut(text, ":")
	var c cursor
	c.to, _ = strconv.ParseInt(to, 10, 64)
	c.runs, _ = strconv.Atoi(runs)
	return c
}

// findRun reads one run by its id. Where the vendor does not serve single runs,
// the list is asked around the run's start (IBM OPERATIONS, part B: the call is
// known from the base product only).
func (a *account) findRun(ctx context.Context, group, id string) (fullRun, error) {
	const op = "ibm.GetRun"
	if !uid.MatchString(group) || !runID.MatchString(id) {
		return fullRun{}, fault.New(fault.NotFound, op, "there is no such run")
	}
	var raw json.RawMessage
	err := a.get(ctx, op, segments("data-protect", "protection-groups", group, "runs", id),
		url.Values{"includeObjectDetails": {"true"}}, &raw)
	if err == nil && len(raw) > 0 {
		run, err := readRun(op, group, raw)
		if err == nil && run.ID == id {
			return run, nil
		}
	} else if err != nil && fault.KindOf(err) != fault.NotFound {
		return fullRun{}, err
	}
	around := a.window(time.Time{}, time.Time{})
	if start := (&wireRun{ID: id}).started(); start > 0 {
		around = window{start - time.Hour.Microseconds(), start + time.Hour.Microseconds()}
	}
	runs, _, err := a.listRuns(ctx, group, around, 100, id)
	if err != nil {
		return fullRun{}, err
	}
	for _, run := range runs {
		if run.ID == id {
			return run, nil
		}
	}
	return fullRun{}, fault.New(fault.NotFound, op, "there is no such run")
}
