package clumio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

const acceptPolicies = "application/api.clumio.policy-definitions=v1+json"

// wirePolicy is Policy. The contract gives it no _etag; one is read if it comes,
// and a mark of our own stands in for it if not.
type wirePolicy struct {
	ETag             string              `json:"_etag"`
	ActivationStatus string              `json:"activation_status"`
	ID               string              `json:"id"`
	LockStatus       string              `json:"lock_status"`
	Name             string              `json:"name"`
	Operations       []wirePolicyOperate `json:"operations"`
	Timezone         string              `json:"timezone"`
}

// wirePolicyOperate is PolicyOperation.
type wirePolicyOperate struct {
	ActionSetting    string                     `json:"action_setting"`
	AdvancedSettings map[string]json.RawMessage `json:"advanced_settings"`
	BackupAWSRegion  string                     `json:"backup_aws_region"`
	BackupWindow     *wireWindow                `json:"backup_window"` // deprecated
	BackupWindowTZ   *wireWindow                `json:"backup_window_tz"`
	SLAs             []wireSLA                  `json:"slas"`
	Timezone         string                     `json:"timezone"`
	Type             string                     `json:"type"`
}

// wireWindow is BackupWindow.
type wireWindow struct {
	EndTime   string `json:"end_time"`
	StartTime string `json:"start_time"`
}

// wireSLA is BackupSLA.
type wireSLA struct {
	RetentionDuration *wireRetention `json:"retention_duration"`
	RPOFrequency      *wireFrequency `json:"rpo_frequency"`
}

// wireFrequency is RPOBackupSLAParam. Offsets are days of the week, 0 is
// Sunday.
type wireFrequency struct {
	Offsets []int64 `json:"offsets"`
	Unit    string  `json:"unit"`
	Value   *int64  `json:"value"`
}

// policy makes one rule of each operation and SLA. Lossy names the members of
// rules that the vendor's words could not be brought into.
func (w wirePolicy) policy(env adapters.Env) model.Policy {
	p := model.Policy{
		ID: env.ID(kindPolicy, w.ID), Connection: env.Connection, Provider: Provider, Name: w.Name, Status: w.status(),
		AssetKinds: []model.AssetKind{}, Rules: []model.Rule{}, Version: w.version(),
		Native: model.Native{ID: w.ID, Status: w.nativeStatus()}, Lossy: []string{},
	}
	for _, o := range w.Operations {
		kind := o.assetKind()
		if !slices.Contains(p.AssetKinds, kind) {
			p.AssetKinds = append(p.AssetKinds, kind)
		}
		windows := o.windows(w.Timezone)
		for _, sla := range o.SLAs {
			rule := model.Rule{Kind: o.ruleKind(), Tier: o.tier(), Target: o.BackupAWSRegion, AssetKind: kind}
			at := fmt.Sprintf("rules/%d/", len(p.Rules))
			if sla.RPOFrequency != nil {
				schedule, ok := sla.RPOFrequency.schedule()
				if ok {
					schedule.Windows = windows
					rule.Schedule = &schedule
				} else {
					p.Lossy = append(p.Lossy, at+"schedule")
				}
			}
			if sla.RetentionDuration != nil {
				keep, ok := sla.RetentionDuration.period()
				if ok {
					rule.Retention = &model.Retention{Keep: keep}
				} else {
					p.Lossy = append(p.Lossy, at+"retention")
				}
			}
			p.Rules = append(p.Rules, rule)
		}
	}
	return p
}

// status puts the lock first: a locked policy refuses changes (NOTES section 8).
func (w wirePolicy) status() string {
	switch {
	case w.locked():
		return "locked"
	case w.ActivationStatus == "activated":
		return "active"
	case w.ActivationStatus == "deactivated":
		return "inactive"
	}
	return "unknown"
}

func (w wirePolicy) nativeStatus() string {
	if !w.locked() {
		return w.ActivationStatus
	}
	return w.ActivationStatus + ", " + w.LockStatus
}

func (o wirePolicyOperate) assetKind() model.AssetKind {
	for _, sign := range []struct {
		word string
		kind model.AssetKind
	}{
		{"mssql", model.AssetMSSQLDatabase},
		{"ebs_volume", model.AssetEBSVolume},
		{"ec2_instance", model.AssetEC2Instance},
		{"rds_resource", model.AssetRDS},
		{"rds_config", model.AssetRDS},
		{"dynamodb", model.AssetDynamoDBTable},
		{"iceberg", model.AssetIcebergTable},
		{"gcp_protection_group", model.AssetGCSProtectionGroup},
		{"protection_group", model.AssetS3ProtectionGroup},
		{"s3", model.AssetS3Bucket},
	} {
		if strings.Contains(o.Type, sign.word) {
			return sign.kind
		}
	}
	return model.AssetOther
}

// ruleKind is the nearest of the portable kinds; continuous protection is kept
// as a log of changes.
func (o wirePolicyOperate) ruleKind() string {
	switch {
	case strings.Contains(o.Type, "snapshot"):
		return "snapshot"
	case strings.Contains(o.Type, "log"), strings.Contains(o.Type, "pitr"), strings.Contains(o.Type, "continuous"),
		strings.Contains(o.Type, "backtrack"):
		return "log"
	}
	return "incremental"
}

// tier is in the settings under the operation's own type.
func (o wirePolicyOperate) tier() string {
	var settings struct {
		BackupTier string `json:"backup_tier"`
	}
	if raw := o.AdvancedSettings[o.Type]; len(raw) > 0 && json.Unmarshal(raw, &settings) != nil {
		return ""
	}
	return settings.BackupTier
}

// windows is when the operation may run, if it waits for its window at all.
func (o wirePolicyOperate) windows(policyZone string) []model.Window {
	w := o.BackupWindowTZ
	if w == nil {
		w = o.BackupWindow
	}
	if w == nil || o.ActionSetting == "immediate" || (w.StartTime == "" && w.EndTime == "") {
		return nil
	}
	zone := o.Timezone
	if zone == "" {
		zone = policyZone
	}
	return []model.Window{{Start: w.StartTime, End: w.EndTime, TimeZone: zone}}
}

// schedule is false when the vendor's word can not be told in our terms.
func (f wireFrequency) schedule() (model.Schedule, bool) {
	if f.Unit == "on_demand" {
		return model.Schedule{}, true
	}
	if f.Value == nil || *f.Value < 1 || *f.Value > maxPeriod {
		return model.Schedule{}, false
	}
	n := int(*f.Value)
	switch f.Unit {
	case "minutes":
		return model.Schedule{Every: model.Period{Clock: time.Duration(n) * time.Minute}}, true
	case "hours":
		return model.Schedule{Every: model.Period{Clock: time.Duration(n) * time.Hour}}, true
	case "days":
		if n == 1 {
			return model.Schedule{Daily: &model.Daily{}}, true
		}
		return model.Schedule{Every: model.Period{Days: n}}, true
	case "weeks", "weekly":
		if days := f.weekdays(); n == 1 && len(days) > 0 {
			return model.Schedule{Weekly: &model.Weekly{Days: days}}, true
		}
		return model.Schedule{Every: model.Period{Weeks: n}}, len(f.Offsets) == 0
	case "months":
		return model.Schedule{Every: model.Period{Months: n}}, len(f.Offsets) == 0
	case "years":
		return model.Schedule{Every: model.Period{Years: n}}, len(f.Offsets) == 0
	}
	return model.Schedule{}, false
}

// maxPeriod bounds numbers of units to what a Period's text can carry.
const maxPeriod = 1 << 20

func (f wireFrequency) weekdays() []string {
	var days []string
	for _, offset := range f.Offsets {
		if offset >= 0 && offset <= 6 {
			days = append(days, strings.ToLower(time.Weekday(offset).String()))
		}
	}
	return days
}

func (r wireRetention) period() (model.Period, bool) {
	if r.Value < 1 || r.Value > maxPeriod {
		return model.Period{}, false
	}
	n := int(r.Value)
	switch r.Unit {
	case "hours":
		return model.Period{Clock: time.Duration(n) * time.Hour}, true
	case "days":
		return model.Period{Days: n}, true
	case "weeks", "weekly":
		return model.Period{Weeks: n}, true
	case "months":
		return model.Period{Months: n}, true
	case "years":
		return model.Period{Years: n}, true
	}
	return model.Period{}, false
}
