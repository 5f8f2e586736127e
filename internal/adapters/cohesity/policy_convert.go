package cohesity

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"switchback/internal/model"
)

// policy turns a policy into rules and says what of it they can not hold.
func (v view) policy(w *wirePolicy) model.Policy {
	r := &policyReader{lossy: []string{}}
	p := model.Policy{
		ID: v.env.ID(policyKind, w.ID), Connection: v.env.Connection, Provider: provider,
		Name: w.Name, Description: w.Description, Status: "active",
		AssetKinds: []model.AssetKind{}, // a policy fits any kind
		Native:     model.Native{ID: w.ID},
	}
	if w.Usable != nil && !*w.Usable {
		p.Status = "inactive"
	}
	if w.Modified > 0 {
		p.Version = strconv.FormatInt(w.Modified, 10)
	}
	if w.Groups != nil || w.Objects != nil {
		p.Usage = &model.Usage{Assets: w.Objects, Groups: w.Groups}
	}
	p.Rules = append(r.regular(w), r.remote(w)...)
	for i, e := range w.Extended {
		p.ExtendedRetention = append(p.ExtendedRetention, r.extended(e, fmt.Sprintf("/extendedRetention/%d", i)))
	}
	for _, b := range w.Blackouts {
		p.Blackouts = append(p.Blackouts, model.Window{
			Days: []string{strings.ToLower(b.Day)}, Start: b.Start.text(), End: b.End.text(), TimeZone: b.Start.TimeZone,
		})
	}
	if w.Retry != nil {
		p.Retry = &model.Retry{Attempts: w.Retry.Retries, Interval: model.Period{Clock: time.Duration(w.Retry.Minutes) * time.Minute}}
	}
	r.drop("/backupPolicy/bmr", w.Backup.BMR)
	r.drop("/backupPolicy/cdp", w.Backup.CDP)
	r.drop("/backupPolicy/runTimeouts", w.Backup.Timeouts)
	r.drop("/cascadedTargetsConfig", w.Cascaded)
	p.Lossy = r.lossy
	return p
}

// policyReader collects what is lost.
type policyReader struct{ lossy []string }

func (r *policyReader) lose(pointer string) { r.lossy = append(r.lossy, pointer) }

// drop notes a member that is there and not translated.
func (r *policyReader) drop(pointer string, raw json.RawMessage) {
	switch string(raw) {
	case "", "null", "[]", "{}":
	default:
		r.lose(pointer)
	}
}

func (r *policyReader) regular(w *wirePolicy) []model.Rule {
	rules := []model.Rule{}
	regular := &w.Backup.Regular
	target := ""
	if t := regular.Target; t != nil && t.Archival != nil {
		target = either(t.Archival.Name, number(t.Archival.ID))
	}
	add := func(kind, pointer string, s *wireSchedule, keep *wireRetention) *model.Rule {
		rules = append(rules, model.Rule{
			Kind: kind, Schedule: r.schedule(s, pointer+"/schedule"), Retention: r.retention(keep, pointer), Lock: lock(keep),
		})
		return &rules[len(rules)-1]
	}
	if regular.Incremental != nil {
		add("incremental", "/backupPolicy/regular/incremental", regular.Incremental.Schedule, regular.Retention).Target = target
	}
	if regular.Full != nil {
		add("full", "/backupPolicy/regular/full", regular.Full.Schedule, regular.Retention).Target = target
	}
	for i, full := range regular.Fulls {
		add("full", fmt.Sprintf("/backupPolicy/regular/fullBackups/%d", i), full.Schedule, full.Retention).Target = target
	}
	if log := w.Backup.Log; log != nil {
		add("log", "/backupPolicy/log", log.Schedule, log.Retention).AssetKind = model.AssetMSSQLDatabase
	}
	if storage := w.Backup.Storage; storage != nil {
		add("snapshot", "/backupPolicy/storageArraySnapshot", storage.Schedule, storage.Retention)
	}
	return rules
}

// remote reads the copies that are made after a backup.
func (r *policyReader) remote(w *wirePolicy) []model.Rule {
	if w.Remote == nil {
		return nil
	}
	var rules []model.Rule
	for _, part := range []struct {
		kind, name string
		targets    []wireRemote
	}{
		{"replicate", "replicationTargets", w.Remote.Replication},
		{"archive", "archivalTargets", w.Remote.Archival},
		{"archive", "rpaasTargets", w.Remote.Rpaas},
	} {
		for i, t := range part.targets {
			pointer := fmt.Sprintf("/remoteTargetPolicy/%s/%d", part.name, i)
			rule := model.Rule{Kind: part.kind, Retention: r.retention(t.Retention, pointer), Lock: lock(t.Retention), Target: t.target()}
			if t.Schedule != nil {
				rule.Schedule = r.frequency(t.Schedule, pointer+"/schedule")
			}
			if t.Tier != nil {
				rule.Tier = t.Tier.Platform
			}
			if t.OnSuccess != nil {
				r.lose(pointer + "/copyOnRunSuccess")
			}
			if t.RunType != "" {
				r.lose(pointer + "/backupRunType")
			}
			r.drop(pointer+"/logRetention", t.LogKeep)
			r.drop(pointer+"/extendedRetention", t.Extended)
			rules = append(rules, rule)
		}
	}
	r.drop("/remoteTargetPolicy/cloudSpinTargets", w.Remote.CloudSpin)
	r.drop("/remoteTargetPolicy/onpremDeployTargets", w.Remote.OnpremDeploy)
	return rules
}

func (t wireRemote) target() string {
	switch {
	case t.TargetName != "":
		return t.TargetName
	case t.TargetID != 0:
		return number(t.TargetID)
	case t.Cluster != nil:
		return either(t.Cluster.Name, number(t.Cluster.ID))
	case t.AWS != nil:
		return t.AWS.Name
	case t.Azure != nil:
		return t.Azure.Name
	}
	return ""
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// schedule reads when something runs; nil is on demand, or lost.
func (r *policyReader) schedule(s *wireSchedule, pointer string) *model.Schedule {
	switch {
	case s == nil:
		return nil
	case s.Unit == "Minutes" && s.Minute != nil:
		return &model.Schedule{Every: model.Period{Clock: time.Duration(s.Minute.Frequency) * time.Minute}}
	case s.Unit == "Hours" && s.Hour != nil:
		return &model.Schedule{Every: model.Period{Clock: time.Duration(s.Hour.Frequency) * time.Hour}}
	case s.Unit == "Days" && s.Day != nil && s.Day.Frequency <= 1:
		return &model.Schedule{Daily: &model.Daily{}}
	case s.Unit == "Days" && s.Day != nil:
		return &model.Schedule{Every: model.Period{Days: s.Day.Frequency}}
	case s.Unit == "Weeks" && s.Week != nil:
		return &model.Schedule{Weekly: &model.Weekly{Days: lower(s.Week.Days)}}
	case s.Unit == "Months" && s.Month != nil:
		m := &model.Monthly{DayOfMonth: s.Month.OfDay, Week: strings.ToLower(s.Month.Week)}
		if len(s.Month.Days) > 0 {
			m.Day = strings.ToLower(s.Month.Days[0])
		}
		if len(s.Month.Days) > 1 {
			r.lose(pointer + "/monthSchedule/dayOfWeek")
		}
		return &model.Schedule{Monthly: m}
	case s.Unit == "Years" && s.Year != nil:
		return &model.Schedule{Yearly: &model.Yearly{Day: strings.ToLower(s.Year.Day)}}
	}
	r.lose(pointer) // ProtectOnce, or a unit that is newer than we are
	return nil
}

// frequency reads the simpler schedules of copies: every so many units, or with
// each run, which is what no schedule means here.
func (r *policyReader) frequency(s *wireSchedule, pointer string) *model.Schedule {
	every, ok := period(s.Unit, max(s.Frequency, 1))
	if !ok {
		if s.Unit != "Runs" || s.Frequency > 1 {
			r.lose(pointer)
		}
		return nil
	}
	return &model.Schedule{Every: every}
}

func (r *policyReader) extended(e wireExtended, pointer string) model.ExtendedRetention {
	out := model.ExtendedRetention{Lock: lock(e.Retention)}
	if keep := r.retention(e.Retention, pointer); keep != nil {
		out.Retention = *keep
	}
	if e.RunType != "" {
		r.lose(pointer + "/runType")
	}
	if e.Schedule == nil {
		return out
	}
	every, ok := period(e.Schedule.Unit, max(e.Schedule.Frequency, 1))
	switch {
	case ok:
		out.Every = every
	case e.Schedule.Unit == "Runs":
		out.Runs = max(e.Schedule.Frequency, 1)
	default:
		r.lose(pointer + "/schedule")
	}
	return out
}

func (r *policyReader) retention(w *wireRetention, pointer string) *model.Retention {
	if w == nil {
		return nil
	}
	keep, ok := period(w.Unit, w.Duration)
	if !ok {
		r.lose(pointer + "/retention")
		return nil
	}
	return &model.Retention{Keep: keep}
}

func lock(w *wireRetention) *model.Lock {
	if w == nil || w.Lock == nil {
		return nil
	}
	duration, _ := period(w.Lock.Unit, w.Lock.Duration)
	return &model.Lock{Mode: strings.ToLower(w.Lock.Mode), Duration: duration}
}

// period reads a number of units. The vendor counts a month as 30 days and a
// year as 365 (IBM NOTES section 9); the words are kept.
func period(unit string, n int) (model.Period, bool) {
	switch unit {
	case "Minutes":
		return model.Period{Clock: time.Duration(n) * time.Minute}, true
	case "Hours":
		return model.Period{Clock: time.Duration(n) * time.Hour}, true
	case "Days":
		return model.Period{Days: n}, true
	case "Weeks":
		return model.Period{Weeks: n}, true
	case "Months":
		return model.Period{Months: n}, true
	case "Years":
		return model.Period{Years: n}, true
	}
	return model.Period{}, false
}

func lower(days []string) []string {
	out := make([]string, len(days))
	for i, day := range days {
		out[i] = strings.ToLower(day)
	}
	return out
}

func (c wireClock) text() string { return fmt.Sprintf("%02d:%02d", c.Hour, c.Minute) }
