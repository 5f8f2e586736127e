package clumio

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// policyEdit collects what stands in the way of writing a policy.
type policyEdit struct {
	lossy    bool
	lost     []string // members left out, as in Policy.Lossy
	problems []fault.Field
}

// refuse names a member that can not be right.
func (e *policyEdit) refuse(pointer, code, detail string) {
	e.problems = append(e.problems, fault.Field{Pointer: pointer, Code: code, Detail: detail})
}

// leaveOut names a member that the vendor has no place for.
func (e *policyEdit) leaveOut(pointer, detail string) {
	if e.lossy {
		e.lost = append(e.lost, strings.TrimPrefix(pointer, "/"))
		return
	}
	e.refuse(pointer, "unsupported-member", detail)
}

func (e *policyEdit) err(op string) error {
	if len(e.problems) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Op: op, Detail: "the vendor can not hold this policy as it is", Fields: e.problems}
}

// operationType is the vendor's operation for a portable kind of rule
// (NOTES section 8). The vendor has more of them that read as the same rule:
// those stay as they are in policies that have them.
func operationType(rule model.Rule) string {
	type key struct {
		asset model.AssetKind
		kind  string
	}
	if rule.AssetKind == model.AssetRDS && rule.Kind == "incremental" && rule.Tier != "" {
		return "aws_rds_resource_granular_backup" // the only one of RDS that has tiers
	}
	return map[key]string{
		{model.AssetEBSVolume, "incremental"}:          "aws_ebs_volume_backup",
		{model.AssetEBSVolume, "snapshot"}:             "aws_ebs_volume_snapshot",
		{model.AssetEC2Instance, "incremental"}:        "aws_ec2_instance_backup",
		{model.AssetEC2Instance, "snapshot"}:           "aws_ec2_instance_snapshot",
		{model.AssetMSSQLDatabase, "incremental"}:      "ec2_mssql_database_backup",
		{model.AssetMSSQLDatabase, "log"}:              "ec2_mssql_log_backup",
		{model.AssetRDS, "incremental"}:                "aws_rds_resource_rolling_backup",
		{model.AssetRDS, "snapshot"}:                   "aws_rds_resource_aws_snapshot",
		{model.AssetDynamoDBTable, "incremental"}:      "aws_dynamodb_table_backup",
		{model.AssetDynamoDBTable, "snapshot"}:         "aws_dynamodb_table_snapshot",
		{model.AssetDynamoDBTable, "log"}:              "aws_dynamodb_table_pitr",
		{model.AssetIcebergTable, "incremental"}:       "aws_iceberg_table_backup",
		{model.AssetS3ProtectionGroup, "incremental"}:  "protection_group_backup",
		{model.AssetS3Bucket, "log"}:                   "aws_s3_continuous_backup",
		{model.AssetGCSProtectionGroup, "incremental"}: "gcp_protection_group_backup",
	}[key{rule.AssetKind, rule.Kind}]
}

// hasTiers reports whether the settings of an operation have a backup_tier.
func hasTiers(operation string) bool {
	return slices.Contains([]string{
		"aws_ebs_volume_backup", "aws_ec2_instance_backup", "aws_iceberg_table_backup", "aws_rds_resource_granular_backup",
		"gcp_protection_group_backup", "protection_group_backup",
	}, operation)
}

// setFrequency writes a schedule, apart from its windows, into an SLA.
func (e *policyEdit) setFrequency(sla map[string]any, at string, s *model.Schedule) {
	if s == nil {
		e.refuse(at+"/schedule", "missing-member", "the vendor needs to know how often; an empty schedule is on demand")
		return
	}
	ways := 0
	for _, set := range []bool{!s.Every.IsZero(), s.Daily != nil, s.Weekly != nil, s.Monthly != nil, s.Yearly != nil} {
		if set {
			ways++
		}
	}
	if ways > 1 {
		e.refuse(at+"/schedule", "conflicting-member", "a schedule is one of every, daily, weekly, monthly and yearly")
		return
	}
	frequency := member(sla, "rpo_frequency")
	delete(frequency, "offsets")
	put := func(unit string, value int64) {
		frequency["unit"], frequency["value"] = unit, value
	}
	switch {
	case ways == 0:
		frequency["unit"] = "on_demand"
		delete(frequency, "value")
	case s.Daily != nil:
		put("days", 1)
		e.spare(at+"/schedule/daily/at", s.Daily.At != "")
		e.spare(at+"/schedule/daily/timeZone", s.Daily.TimeZone != "")
	case s.Weekly != nil:
		put("weeks", 1)
		if offsets, ok := weekOffsets(s.Weekly.Days); !ok {
			e.refuse(at+"/schedule/weekly/days", "unknown-value", "days are monday to sunday")
		} else if len(offsets) > 0 {
			frequency["offsets"] = offsets
		}
	case s.Monthly != nil:
		put("months", 1)
		e.spare(at+"/schedule/monthly/dayOfMonth", s.Monthly.DayOfMonth != 0)
		e.spare(at+"/schedule/monthly/week", s.Monthly.Week != "")
		e.spare(at+"/schedule/monthly/day", s.Monthly.Day != "")
	case s.Yearly != nil:
		put("years", 1)
		e.spare(at+"/schedule/yearly/day", s.Yearly.Day != "")
	default:
		unit, value, ok := wireEvery(s.Every)
		if !ok {
			e.refuse(at+"/schedule/every", "invalid-value", "the vendor counts whole minutes, hours, days, weeks, months or years, of one unit")
			return
		}
		put(unit, value)
	}
}

// spare leaves out when a run begins: the vendor decides that within windows.
func (e *policyEdit) spare(pointer string, set bool) {
	if set {
		e.leaveOut(pointer, "the vendor takes no point in time for a run, only windows")
	}
}

func wireEvery(p model.Period) (unit string, value int64, ok bool) {
	if p.Clock > 0 && p == (model.Period{Clock: p.Clock}) {
		switch {
		case p.Clock%time.Hour == 0:
			return "hours", int64(p.Clock / time.Hour), true
		case p.Clock%time.Minute == 0:
			return "minutes", int64(p.Clock / time.Minute), true
		}
		return "", 0, false
	}
	w, ok := wireRetentionOf(p)
	return w.Unit, w.Value, ok && w.Value > 0
}

// weekOffsets are days of the week as the vendor counts them, 0 is Sunday.
func weekOffsets(days []string) ([]int, bool) {
	out := make([]int, 0, len(days))
	for _, day := range days {
		offset := slices.IndexFunc([]time.Weekday{0, 1, 2, 3, 4, 5, 6}, func(w time.Weekday) bool {
			return strings.EqualFold(w.String(), day)
		})
		if offset < 0 {
			return nil, false
		}
		if !slices.Contains(out, offset) {
			out = append(out, offset)
		}
	}
	return out, true
}

// setRetention writes how long backups are kept into an SLA.
func (e *policyEdit) setRetention(sla map[string]any, at string, r *model.Retention) {
	if r == nil || *r == (model.Retention{}) {
		e.refuse(at+"/retention", "missing-member", "the vendor needs to know how long backups are kept")
		return
	}
	if r.Copies != 0 {
		e.leaveOut(at+"/retention/copies", "the vendor keeps backups for a time, not a number of them")
	}
	keep, ok := wireRetentionOf(r.Keep)
	switch {
	case r.Keep.IsZero():
		e.refuse(at+"/retention/keep", "missing-member", "the vendor needs to know how long backups are kept")
	case !ok || keep.Value < 1:
		e.refuse(at+"/retention/keep", "invalid-value", "the vendor keeps for whole days, weeks, months or years, of one unit")
	default:
		duration := member(sla, "retention_duration")
		duration["unit"], duration["value"] = keep.Unit, keep.Value
	}
}

// setWindows writes when an operation may run. zone is the time zone that held
// so far, policyZone the deprecated one of the whole policy.
func (e *policyEdit) setWindows(operation map[string]any, at string, windows []model.Window, zone, policyZone string) {
	at += "/schedule/windows"
	if len(windows) == 0 {
		operation["action_setting"] = "immediate"
		delete(operation, "backup_window_tz")
		delete(operation, "backup_window")
		return
	}
	if len(windows) > 1 {
		e.leaveOut(at, "the vendor has one window; the first would hold")
	}
	w := windows[0]
	if len(w.Days) > 0 {
		e.leaveOut(at+"/0/days", "the vendor's window is the same on every day")
	}
	if !timeOfDay(w.Start) {
		e.refuse(at+"/0/start", "invalid-value", "a window starts at a time of day, HH:MM")
	}
	if w.End != "" && !timeOfDay(w.End) {
		e.refuse(at+"/0/end", "invalid-value", "a window ends at a time of day, HH:MM")
	}
	operation["action_setting"] = "window"
	name := "backup_window_tz"
	if operation[name] == nil && operation["backup_window"] != nil {
		name = "backup_window"
	}
	wire := member(operation, name)
	setText(wire, "start_time", w.Start)
	setText(wire, "end_time", w.End)
	switch {
	case w.TimeZone == zone:
	case w.TimeZone == "" && policyZone != "":
		e.leaveOut(at+"/0/timeZone", "the time zone of the whole policy would hold")
	case !plainText(w.TimeZone) || len(w.TimeZone) > 64:
		e.refuse(at+"/0/timeZone", "invalid-value", "a time zone is a name of the IANA database")
	default:
		setText(operation, "timezone", w.TimeZone)
	}
}

func timeOfDay(text string) bool {
	_, err := time.Parse("15:04", text)
	return err == nil && len(text) == len("15:04")
}

// setText sets a member, or takes an empty one away. A member that says the same
// already is left as it is.
func setText(object map[string]any, name, value string) {
	switch old, _ := object[name].(string); {
	case old == value:
	case value == "":
		delete(object, name)
	default:
		object[name] = value
	}
}

// setTier writes a tier into the settings that an operation has under its type.
func (e *policyEdit) setTier(operation map[string]any, at, tier string) {
	kind, _ := operation["type"].(string)
	switch {
	case hasTiers(kind):
		settings := member(member(operation, "advanced_settings"), kind)
		setText(settings, "backup_tier", tier)
	case tier != "":
		e.leaveOut(at+"/tier", "the vendor has no tiers for this rule")
	}
}

// member returns an object within an object and makes it if need be.
func member(object map[string]any, name string) map[string]any {
	inner, ok := object[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		object[name] = inner
	}
	return inner
}

// alike reports whether two values are the same JSON.
func alike(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
