package clouddownload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// policyAssets are the kinds of assets that a kind of policies is for.
func policyAssets(kind string) []model.AssetKind {
	switch kind {
	case "vm-backup", snapshotPolicies:
		return []model.AssetKind{model.AssetVM}
	case "cloud-backup":
		return []model.AssetKind{model.AssetCloudUser, model.AssetCloudGroup, model.AssetCloudSite, model.AssetCloudTeam}
	case "os-backup":
		return []model.AssetKind{model.AssetOSAgent}
	case "app-backup":
		return []model.AssetKind{model.AssetApplication}
	case "storage-backup":
		return []model.AssetKind{model.AssetStorage}
	}
	return []model.AssetKind{model.AssetOther}
}

func toPolicy(env adapters.Env, kind string, p *policyWire, rules []ruleWire, schedules map[string]*scheduleWire) model.Policy {
	out := model.Policy{
		ID: env.ID(policyKindPrefix+kind, p.GUID), Connection: env.Connection, Provider: provider, Name: p.Name,
		Status: "unknown", AssetKinds: policyAssets(kind), Rules: []model.Rule{}, Lossy: []string{},
		Native: model.Native{ID: p.GUID, Type: kind},
	}
	if p.Active != nil {
		out.Status = "inactive"
		if *p.Active {
			out.Status = "active"
		}
	}
	if p.BackupRetryCount != nil && *p.BackupRetryCount > 0 {
		out.Retry = &model.Retry{Attempts: *p.BackupRetryCount}
	}
	if members := max(len(p.VMs), len(p.Apps), len(p.Storages)); members > 0 {
		out.Usage = &model.Usage{Assets: &members}
	}
	reader := ruleReader{schedules: schedules}
	named := map[string]bool{}
	mine := slices.Clone(rules)
	slices.SortStableFunc(mine, func(a, b ruleWire) int { return cmp.Compare(a.Position, b.Position) })
	for i := range mine {
		if rule := &mine[i]; rule.Policy != nil && rule.Policy.GUID == p.GUID {
			named[rule.GUID] = true
			reader.read(rule)
		}
	}
	for i := range p.Rules {
		if rule := &p.Rules[i]; !named[rule.GUID] && rule.GUID != "" { // nothing but its name is known
			reader.lose("rules")
		}
	}
	out.Rules = append(out.Rules, reader.rules...)
	out.Lossy = append(out.Lossy, reader.lossy...)
	return out
}

// ruleReader turns the vendor's rules, each with several schedules and
// destinations, into lines of one schedule and one destination.
type ruleReader struct {
	schedules map[string]*scheduleWire
	rules     []model.Rule
	lossy     []string
}

// lose notes a member of the portable policy that can not hold what the vendor
// says.
func (r *ruleReader) lose(what string) {
	if !slices.Contains(r.lossy, what) {
		r.lossy = append(r.lossy, what)
	}
}

func off(active *bool) bool { return active != nil && !*active }

func (r *ruleReader) read(rule *ruleWire) {
	if rule.MarkedForDeletion || off(rule.Active) {
		return // does nothing
	}
	var primary *destinationWire
	for i := range rule.Destinations {
		if d := &rule.Destinations[i]; !off(d.Active) && copyKind(d.RoleType) == model.CopyLocal && primary == nil {
			primary = d
		}
	}
	made := 0
	for _, ref := range rule.Schedules {
		schedule := r.schedules[ref.GUID]
		switch {
		case schedule == nil:
			r.lose("rules.schedule")
			continue
		case off(schedule.Active):
			continue
		}
		made++
		r.add(rule, primary, schedule)
	}
	if made == 0 {
		r.add(rule, primary, nil)
	}
	for i := range rule.Destinations {
		d := &rule.Destinations[i]
		if off(d.Active) || d == primary {
			continue
		}
		kind := "replicate"
		if copyKind(d.RoleType) == model.CopyArchive {
			kind = "archive"
		}
		line := model.Rule{Kind: kind}
		r.destination(&line, rule, d)
		r.rules = append(r.rules, line)
	}
}

func (r *ruleReader) add(rule *ruleWire, primary *destinationWire, schedule *scheduleWire) {
	line := model.Rule{Kind: "full"}
	if schedule != nil {
		switch schedule.BackupType {
		case "INCREMENTAL":
			line.Kind = "incremental"
		case "FULL", "":
		default:
			r.lose("rules.kind")
		}
		line.Schedule = r.schedule(schedule)
	}
	r.destination(&line, rule, primary)
	r.rules = append(r.rules, line)
}

func (r *ruleReader) destination(line *model.Rule, rule *ruleWire, d *destinationWire) {
	lock := rule.LockDays
	if d != nil {
		if d.BackupDestination != nil {
			line.Target = cmp.Or(d.BackupDestination.Name, d.BackupDestination.GUID)
		}
		line.Retention = r.retention(line.Kind, d.Retention)
		lock = max(lock, d.LockDays)
	}
	if lock > 0 && lock < 1<<20 {
		// The vendor does not say who may lift it; the weaker promise is made.
		line.Lock = &model.Lock{Mode: "administrative", Duration: model.Period{Days: lock}}
	}
}

func (r *ruleReader) retention(kind string, w *retentionWire) *model.Retention {
	if w == nil {
		return nil
	}
	full := model.Retention{Copies: max(w.LastFull, 0), Keep: days(w.FullNewerThan)}
	incremental := model.Retention{Copies: max(w.LastIncremental, 0), Keep: days(w.IncrementalNewer)}
	if w.KeepLastOfPresent {
		r.lose("rules.retention")
	}
	chosen := full
	if kind == "incremental" {
		chosen = incremental
	} else if kind != "full" && incremental != full { // a copy keeps both kinds
		r.lose("rules.retention")
	}
	if chosen == (model.Retention{}) {
		return nil
	}
	return &chosen
}

func days(m millis) model.Period {
	const day = 24 * time.Hour
	span := m.span()
	return model.Period{Days: int(span / day), Clock: (span % day).Truncate(time.Second)}
}

func (r *ruleReader) schedule(w *scheduleWire) *model.Schedule {
	out := &model.Schedule{}
	on := words(w.DaysOfWeek)
	if len(w.Months) > 0 && len(w.Months) < 12 {
		r.lose("rules.schedule")
	}
	if w.ExecutionType == "INTERVAL" {
		if w.Interval == nil || w.Interval.Frequency.span() == 0 {
			r.lose("rules.schedule")
			return nil
		}
		out.Every = days(w.Interval.Frequency)
		out.Windows = []model.Window{{Days: some(on), Start: clock(w.Interval.StartHour), End: clock(w.Interval.EndHour), TimeZone: "UTC"}}
		if len(w.Occurrences) > 0 && len(w.Occurrences) < 5 {
			r.lose("rules.schedule")
		}
		return out
	}
	window := model.Window{Start: clock(w.Hour), TimeZone: "UTC"}
	if length := w.StartWindowLength; length.span() > 0 {
		window.End = clock((w.Hour + length) % millis(24*time.Hour/time.Millisecond))
	}
	switch {
	case len(w.Occurrences) > 0 && len(w.Occurrences) < 5:
		week, _, _ := strings.Cut(strings.ToLower(string(w.Occurrences[0])), "_")
		out.Monthly = &model.Monthly{Week: week}
		if len(on) > 0 {
			out.Monthly.Day = on[0]
		}
		if len(w.Occurrences) > 1 || len(on) != 1 {
			r.lose("rules.schedule")
		}
		out.Windows = []model.Window{window}
	case some(on) != nil:
		out.Weekly = &model.Weekly{Days: on}
		out.Windows = []model.Window{window}
	default:
		out.Daily = &model.Daily{At: window.Start, TimeZone: "UTC"}
		if window.End != "" {
			out.Windows = []model.Window{window}
		}
	}
	return out
}

func words(enums []enum) []string {
	out := make([]string, 0, len(enums))
	for _, e := range enums {
		if e != "" {
			out = append(out, strings.ToLower(string(e)))
		}
	}
	return out
}

// some is the days if they are not all, or not said.
func some(days []string) []string {
	if len(days) == 0 || len(days) >= 7 {
		return nil
	}
	return days
}

// clock is a time of day as HH:MM.
func clock(m millis) string {
	if m < 0 || m >= millis(24*time.Hour/time.Millisecond) {
		return ""
	}
	minutes := int64(m) / 60_000
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}
