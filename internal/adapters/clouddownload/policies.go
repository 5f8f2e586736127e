package clouddownload

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// policies lists and reads policies (NOTES section 11). Each kind is a list of
// its own at the vendor; they are listed one after the other.
type policies struct{ *account }

const policyKindPrefix = "policy-"

// policyKinds lists the kinds of policies as the vendor's paths name them.
func policyKinds() []string {
	return []string{"vm-backup", "cloud-backup", "os-backup", "app-backup", "storage-backup", snapshotPolicies}
}

// snapshotPolicies have neither rules nor single policies in the documents.
const snapshotPolicies = "vm-snapshot"

// List implements adapters.Lister. The token is kind:offset.
func (a policies) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	const op = "storware.ListPolicies"
	var page adapters.TokenPage[model.Policy]
	kind, offset, err := policyToken(op, token)
	if err != nil {
		return page, err
	}
	limit = min(limit, maxPage)
	for kind < len(policyKinds()) && len(page.Items) == 0 {
		name := policyKinds()[kind]
		w, err := a.policyList(op, name).window(ctx, offset, limit)
		if err != nil && !gone(err) { // the paths of some kinds are guesses
			return page, err
		}
		rows := w.rows
		if err == nil {
			rows = rows[min(max(offset-w.start, 0), len(rows)):]
		}
		rows = rows[:min(limit, len(rows))]
		if len(rows) > 0 {
			if page.Items, err = a.complete(ctx, op, name, rows, native); err != nil {
				return page, err
			}
		}
		if offset += len(rows); err != nil || offset >= w.total || len(rows) == 0 {
			kind, offset = kind+1, 0
		}
	}
	if kind < len(policyKinds()) {
		page.Next = policyKinds()[kind] + ":" + strconv.Itoa(offset)
	}
	return page, nil
}

func policyToken(op, token string) (kind, offset int, err error) {
	if token == "" {
		return 0, 0, nil
	}
	name, number, _ := strings.Cut(token, ":")
	kind = slices.Index(policyKinds(), name)
	offset, err = strconv.Atoi(number)
	if kind < 0 || err != nil || offset < 0 || strconv.Itoa(offset) != number {
		return 0, 0, &fault.Error{
			Kind: fault.Invalid, Op: op, Detail: "the token is not of this list",
			Fields: []fault.Field{{Parameter: "pageToken", Code: "invalid"}},
		}
	}
	return kind, offset, nil
}

func (a policies) policyList(op, kind string) *listing[policyWire] {
	query := url.Values{}
	if kind == "vm-backup" { // the only kind that knows projects
		a.inProject(query)
	}
	return &listing[policyWire]{
		account: a.account, op: op, path: "/policies/" + kind, query: query,
		guid: func(p *policyWire) string { return p.GUID },
		at:   func(*policyWire) time.Time { return time.Time{} },
	}
}

// complete reads the rules and schedules of all policies on a page at once.
func (a policies) complete(ctx context.Context, op, kind string, rows []document[policyWire], native bool) ([]model.Policy, error) {
	rules, err := a.rules(ctx, op, kind, url.Values{})
	if err != nil {
		return nil, err
	}
	schedules, err := a.schedules(ctx, op, rules)
	if err != nil {
		return nil, err
	}
	out := make([]model.Policy, len(rows))
	for i := range rows {
		out[i] = toPolicy(a.env, kind, &rows[i].Wire, rules, schedules)
		out[i].NativeDocument = rows[i].native(native)
	}
	return out, nil
}

// rules reads the rules of a kind of policies, nil when the vendor has no such
// list.
func (a policies) rules(ctx context.Context, op, kind string, filters url.Values) ([]ruleWire, error) {
	if kind == snapshotPolicies {
		return nil, nil
	}
	rows, err := (&listing[ruleWire]{
		account: a.account, op: op, path: "/rules/" + kind, query: filters,
		guid: func(r *ruleWire) string { return r.GUID },
		at:   func(*ruleWire) time.Time { return time.Time{} },
	}).all(ctx)
	if gone(err) {
		return nil, nil
	}
	out := make([]ruleWire, len(rows))
	for i := range rows {
		out[i] = rows[i].Wire
	}
	return out, err
}

// schedules reads all schedules, if any rule has one, by guid.
func (a policies) schedules(ctx context.Context, op string, rules []ruleWire) (map[string]*scheduleWire, error) {
	if !slices.ContainsFunc(rules, func(r ruleWire) bool { return len(r.Schedules) > 0 }) {
		return nil, nil
	}
	rows, err := (&listing[scheduleWire]{
		account: a.account, op: op, path: "/schedules", query: a.inProject(url.Values{}),
		guid: func(s *scheduleWire) string { return s.GUID },
		at:   func(*scheduleWire) time.Time { return time.Time{} },
	}).all(ctx)
	out := make(map[string]*scheduleWire, len(rows))
	for i := range rows {
		out[rows[i].Wire.GUID] = &rows[i].Wire
	}
	return out, err
}

// Get implements adapters.Policies.
func (a policies) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	const op = "storware.GetPolicy"
	kind, ok := strings.CutPrefix(id.Kind, policyKindPrefix)
	if !ok || !slices.Contains(policyKinds(), kind) {
		return model.Policy{}, fault.New(fault.NotFound, op, "there is no policy of this kind")
	}
	row, err := a.policy(ctx, op, kind, id.Key)
	if err != nil {
		return model.Policy{}, err
	}
	rules, err := a.rules(ctx, op, kind, url.Values{"policy": {id.Key}})
	if err != nil {
		return model.Policy{}, err
	}
	schedules, err := a.schedules(ctx, op, rules)
	if err != nil {
		return model.Policy{}, err
	}
	out := toPolicy(a.env, kind, &row.Wire, rules, schedules)
	out.NativeDocument = row.native(native)
	return out, nil
}

func (a policies) policy(ctx context.Context, op, kind, guid string) (*document[policyWire], error) {
	if kind == snapshotPolicies {
		rows, err := a.policyList(op, kind).all(ctx)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if rows[i].Wire.GUID == guid {
				return &rows[i], nil
			}
		}
		return nil, fault.New(fault.NotFound, op, "there is no policy with this id")
	}
	path, err := a.item(op, "/policies/"+kind, guid)
	if err != nil {
		return nil, err
	}
	var row document[policyWire]
	if err := a.get(ctx, op, path, nil, &row); err != nil {
		return nil, err
	}
	if row.Wire.GUID != guid {
		return nil, fault.New(fault.Upstream, op, "the vendor answered with another policy")
	}
	return &row, nil
}
