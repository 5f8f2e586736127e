package clumio_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

var policyID = model.ID{Connection: "acme", Kind: "policy", Key: "p1"}

const goldPolicy = `{"_embedded":null,"_links":{"_self":{"href":"/policies/definitions/p1","type":"get","templated":false}},
 "activation_status":"activated","created_time":1767225600,"id":"p1","lock_status":"unlocked","name":"Gold",
 "operations":[
  {"action_setting":"window","advanced_settings":{"aws_ebs_volume_backup":{"backup_tier":"standard","ransomware_analysis":false}},
   "backup_aws_region":null,"backup_window_tz":{"start_time":"01:00","end_time":"05:00"},
   "slas":[{"retention_duration":{"unit":"days","value":30},"rpo_frequency":{"unit":"days","value":1,"offsets":null}},
           {"retention_duration":{"unit":"years","value":1},"rpo_frequency":{"unit":"months","value":1,"offsets":null}}],
   "timezone":"America/New_York","type":"aws_ebs_volume_backup","backup_window":null,"next_start_time":1767506400},
  {"action_setting":"immediate","advanced_settings":null,"backup_aws_region":"us-east-1",
   "slas":[{"retention_duration":{"unit":"days","value":7},"rpo_frequency":{"unit":"hours","value":12,"offsets":null}}],
   "timezone":"UTC","type":"aws_dynamodb_table_backup","next_start_time":null,"previous_start_time":null}],
 "organizational_unit_id":"00000000-0000-0000-0000-000000000000","timezone":null,"updated_time":1767225600}`

func readPolicy(t interface {
	Fatal(...any)
}, ctx testing.TB, a *adapters.Adapter,
) model.Policy {
	got, err := a.Policies.Get(ctx.Context(), policyID, false)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAPolicyIsWrittenFromThePortableForm(t *testing.T) {
	vendor := &policyVendor{}
	adapter := vendor.open(t, true)
	change, err := adapter.PolicyWrites.Create(t.Context(), model.Policy{
		Name: "Gold", Status: "inactive",
		Rules: []model.Rule{
			{
				Kind: "incremental", AssetKind: model.AssetEBSVolume, Tier: "lite", Target: "us-east-1",
				Schedule: &model.Schedule{
					Daily: &model.Daily{}, Windows: []model.Window{{Start: "22:00", End: "04:30", TimeZone: "Europe/Berlin"}},
				},
				Retention: &model.Retention{Keep: model.Period{Days: 30}},
			},
			{
				Kind: "incremental", AssetKind: model.AssetEBSVolume, Tier: "lite", Target: "us-east-1",
				Schedule: &model.Schedule{
					Weekly:  &model.Weekly{Days: []string{"sunday", "wednesday"}},
					Windows: []model.Window{{Start: "22:00", End: "04:30", TimeZone: "Europe/Berlin"}},
				},
				Retention: &model.Retention{Keep: model.Period{Years: 7}},
			},
			{
				Kind: "log", AssetKind: model.AssetMSSQLDatabase, Schedule: &model.Schedule{Every: model.Period{Clock: 15 * time.Minute}},
				Retention: &model.Retention{Keep: model.Period{Weeks: 2}},
			},
			{
				Kind: "snapshot", AssetKind: model.AssetRDS, Schedule: &model.Schedule{}, Retention: &model.Retention{Keep: model.Period{Months: 3}},
			},
		},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	want := object(t, `{"name":"Gold","activation_status":"deactivated","operations":[
	 {"type":"aws_ebs_volume_backup","action_setting":"window","backup_window_tz":{"start_time":"22:00","end_time":"04:30"},
	  "timezone":"Europe/Berlin","backup_aws_region":"us-east-1","advanced_settings":{"aws_ebs_volume_backup":{"backup_tier":"lite"}},
	  "slas":[{"rpo_frequency":{"unit":"days","value":1},"retention_duration":{"unit":"days","value":30}},
	          {"rpo_frequency":{"unit":"weeks","value":1,"offsets":[0,3]},"retention_duration":{"unit":"years","value":7}}]},
	 {"type":"ec2_mssql_log_backup","action_setting":"immediate",
	  "slas":[{"rpo_frequency":{"unit":"minutes","value":15},"retention_duration":{"unit":"weeks","value":2}}]},
	 {"type":"aws_rds_resource_aws_snapshot","action_setting":"immediate",
	  "slas":[{"rpo_frequency":{"unit":"on_demand"},"retention_duration":{"unit":"months","value":3}}]}]}`)
	if diff := cmp.Diff(want, vendor.writes()[0].body); diff != "" {
		t.Error(diff)
	}
	if change.Operation != nil || change.Policy.ID.Key != "p-new" || len(change.Policy.Rules) != 4 || change.Policy.Version == "" {
		t.Errorf("got %+v", change)
	}
}

func TestWhatTheVendorCanNotHoldIsNamed(t *testing.T) {
	keep := &model.Retention{Keep: model.Period{Days: 7}}
	rule := func(change func(*model.Rule)) []model.Rule {
		r := model.Rule{
			Kind: "incremental", AssetKind: model.AssetEC2Instance, Schedule: &model.Schedule{Daily: &model.Daily{}},
			Retention: &model.Retention{Keep: model.Period{Days: 7}},
		}
		change(&r)
		return []model.Rule{r}
	}
	good := rule(func(*model.Rule) {})
	for name, test := range map[string]struct {
		policy model.Policy
		want   string // pointers
		spared bool   // lossy leaves it out
	}{
		"description": {model.Policy{Description: "d", Rules: good}, "/description", true},
		"extended retention": {
			model.Policy{ExtendedRetention: []model.ExtendedRetention{{Retention: *keep}}, Rules: good}, "/extendedRetention", true,
		},
		"blackouts":    {model.Policy{Blackouts: []model.Window{{Start: "01:00"}}, Rules: good}, "/blackouts", true},
		"retry":        {model.Policy{Retry: &model.Retry{Attempts: 1}, Rules: good}, "/retry", true},
		"asset kind":   {model.Policy{AssetKinds: []model.AssetKind{model.AssetEC2Instance, model.AssetVM}, Rules: good}, "/assetKinds/1", true},
		"lock":         {model.Policy{Rules: rule(func(r *model.Rule) { r.Lock = &model.Lock{Mode: "compliance"} })}, "/rules/0/lock", true},
		"copies":       {model.Policy{Rules: rule(func(r *model.Rule) { r.Retention.Copies = 3 })}, "/rules/0/retention/copies", true},
		"only copies":  {model.Policy{Rules: rule(func(r *model.Rule) { r.Retention = &model.Retention{Copies: 3} })}, "/rules/0/retention/copies /rules/0/retention/keep", false},
		"no retention": {model.Policy{Rules: rule(func(r *model.Rule) { r.Retention = nil })}, "/rules/0/retention", false},
		"keep of two units": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Retention.Keep = model.Period{Years: 1, Days: 1} })}, "/rules/0/retention/keep", false,
		},
		"keep of hours": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Retention.Keep = model.Period{Clock: time.Hour} })}, "/rules/0/retention/keep", false,
		},
		"no schedule": {model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule = nil })}, "/rules/0/schedule", false},
		"two schedules": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule.Weekly = &model.Weekly{} })}, "/rules/0/schedule", false,
		},
		"seconds": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule = &model.Schedule{Every: model.Period{Clock: time.Second}} })},
			"/rules/0/schedule/every", false,
		},
		"a time of day": {model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule.Daily.At = "02:00" })}, "/rules/0/schedule/daily/at", true},
		"a day of the month": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule = &model.Schedule{Monthly: &model.Monthly{DayOfMonth: 3}} })},
			"/rules/0/schedule/monthly/dayOfMonth", true,
		},
		"a day of the year": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule = &model.Schedule{Yearly: &model.Yearly{Day: "last"}} })},
			"/rules/0/schedule/yearly/day", true,
		},
		"a strange day": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule = &model.Schedule{Weekly: &model.Weekly{Days: []string{"doomsday"}}} })},
			"/rules/0/schedule/weekly/days", false,
		},
		"two windows": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule.Windows = []model.Window{{Start: "01:00"}, {Start: "02:00"}} })},
			"/rules/0/schedule/windows", true,
		},
		"days of a window": {
			model.Policy{Rules: rule(func(r *model.Rule) {
				r.Schedule.Windows = []model.Window{{Start: "01:00", Days: []string{"monday"}}}
			})}, "/rules/0/schedule/windows/0/days", true,
		},
		"a window without times": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.Schedule.Windows = []model.Window{{Start: "1 am", End: "25:00"}} })},
			"/rules/0/schedule/windows/0/end /rules/0/schedule/windows/0/start", false,
		},
		"a tier": {
			model.Policy{Rules: rule(func(r *model.Rule) { r.AssetKind, r.Tier = model.AssetDynamoDBTable, "cold" })}, "/rules/0/tier", true,
		},
		"a kind": {
			model.Policy{Rules: append(slices.Clone(good), rule(func(r *model.Rule) { r.Kind = "archive" })...)}, "/rules/1/kind", true,
		},
		"only kinds": {model.Policy{Rules: rule(func(r *model.Rule) { r.Kind = "archive" })}, "/rules/0/kind", false},
		"any asset":  {model.Policy{Rules: rule(func(r *model.Rule) { r.AssetKind = "" })}, "/rules/0/assetKind", false},
		"two windows of a kind": {
			model.Policy{Rules: append(slices.Clone(good), rule(func(r *model.Rule) { r.Schedule.Windows = []model.Window{{Start: "01:00"}} })...)},
			"/rules/1/schedule/windows", true,
		},
		"two targets of a kind": {
			model.Policy{Rules: append(slices.Clone(good), rule(func(r *model.Rule) { r.Target = "us-east-1" })...)}, "/rules/1/target", true,
		},
		"a status": {model.Policy{Status: "asleep", Rules: good}, "/status", false},
		"no rules": {model.Policy{}, "/rules", false},
	} {
		t.Run(name, func(t *testing.T) {
			vendor := &policyVendor{}
			adapter := vendor.open(t, true)
			test.policy.Name = "Gold"
			_, err := adapter.PolicyWrites.Create(t.Context(), test.policy, false)
			if got := pointers(err); fault.KindOf(err) != fault.Invalid || got != test.want {
				t.Errorf("got %q: %v", got, err)
			}
			change, err := adapter.PolicyWrites.Create(t.Context(), test.policy, true)
			switch {
			case !test.spared:
				if fault.KindOf(err) != fault.Invalid {
					t.Errorf("with lossy: %v", err)
				}
			case err != nil:
				t.Errorf("with lossy: %v", err)
			case strings.Join(change.Policy.Lossy, " ") != strings.ReplaceAll(test.want[1:], " /", " "):
				t.Errorf("lossy lists %v", change.Policy.Lossy)
			}
			if n := len(vendor.writes()); (n == 1) != test.spared {
				t.Errorf("the vendor got %d writes", n)
			}
		})
	}
}

func pointers(err error) string {
	e := fault.Of(err)
	if e == nil {
		return ""
	}
	out := []string{}
	for _, f := range e.Fields {
		out = append(out, f.Pointer)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAPolicyIsChangedOnlyAsItWasRead(t *testing.T) {
	for _, etags := range []bool{false, true} {
		vendor := &policyVendor{document: object(t, goldPolicy), etags: etags}
		if etags {
			vendor.document["_etag"] = `"1"`
		}
		adapter := vendor.open(t, true)
		policy := readPolicy(t, t, adapter)
		policy.Name = "Platinum"
		for what, version := range map[string]string{"another": policy.Version + "x", "none": ""} {
			if _, err := adapter.PolicyWrites.Update(t.Context(), policyID, version, policy, false); fault.KindOf(err) != fault.Stale {
				t.Errorf("version %s: %v", what, err)
			}
			if _, err := adapter.PolicyWrites.Delete(t.Context(), policyID, version); fault.KindOf(err) != fault.Stale {
				t.Errorf("version %s: %v", what, err)
			}
		}
		if n := len(vendor.writes()); n != 0 {
			t.Fatalf("the vendor got %d writes", n)
		}
		change, err := adapter.PolicyWrites.Update(t.Context(), policyID, policy.Version, policy, false)
		if err != nil {
			t.Fatal(err)
		}
		if o := change.Operation; o == nil || o.ID.String() != "acme~task~4711" || o.Action != "update" || o.Subject.ID != policyID {
			t.Errorf("the operation is %+v", o)
		}
		if change.Policy.Name != "Platinum" || change.Policy.Status != "active" || change.Policy.Version == policy.Version {
			t.Errorf("the policy will be %+v", change.Policy)
		}
		if now := readPolicy(t, t, adapter); now.Version != change.Policy.Version {
			t.Errorf("the version was to be %q and is %q", change.Policy.Version, now.Version)
		}
		write := vendor.writes()[0]
		if mark := write.header.Get("If-Match"); (mark == `"1"`) != etags || (mark != "") != etags {
			t.Errorf("If-Match is %q", mark)
		}
		// Somebody who has the old version is too late.
		if _, err := adapter.PolicyWrites.Delete(t.Context(), policyID, policy.Version); fault.KindOf(err) != fault.Stale {
			t.Errorf("got %v", err)
		}
		gone, err := adapter.PolicyWrites.Delete(t.Context(), policyID, change.Policy.Version)
		if err != nil || gone.Policy != nil || gone.Operation.ID.Key != "4712" || gone.Operation.Action != "delete" {
			t.Errorf("got %+v, %v", gone, err)
		}
	}
}

func TestTheMarkOfAPolicyIsOfWhatItSays(t *testing.T) {
	vendor := &policyVendor{document: object(t, goldPolicy)}
	adapter := vendor.open(t, false)
	version := readPolicy(t, t, adapter).Version
	for name, change := range map[string]struct {
		change func(map[string]any)
		same   bool
	}{
		"lock":       {func(d map[string]any) { d["lock_status"] = "updating" }, false},
		"updated":    {func(d map[string]any) { d["updated_time"] = 1 }, true},
		"next start": {func(d map[string]any) { d["operations"].([]any)[1].(map[string]any)["next_start_time"] = 5 }, true},
		"links":      {func(d map[string]any) { delete(d, "_links") }, true},
		"null":       {func(d map[string]any) { delete(d, "timezone") }, true},
		"name":       {func(d map[string]any) { d["name"] = "x" }, false},
		"a setting": {func(d map[string]any) {
			d["operations"].([]any)[1].(map[string]any)["advanced_settings"] = map[string]any{"a": 1}
		}, false},
		"a new member": {func(d map[string]any) { d["surprise"] = true }, false},
	} {
		vendor.document = object(t, goldPolicy)
		change.change(vendor.document)
		if got := readPolicy(t, t, adapter).Version; (got == version) != change.same {
			t.Errorf("%s: the mark is %q, was %q", name, got, version)
		}
	}
}

func TestALockedPolicyIsNotChanged(t *testing.T) {
	for _, lock := range []string{"updating", "deleting", "pondering"} {
		vendor := &policyVendor{document: object(t, goldPolicy)}
		vendor.document["lock_status"] = lock
		adapter := vendor.open(t, true)
		policy := readPolicy(t, t, adapter)
		_, err := adapter.PolicyWrites.Update(t.Context(), policyID, policy.Version, policy, false)
		_, errDelete := adapter.PolicyWrites.Delete(t.Context(), policyID, policy.Version)
		for _, err := range []error{err, errDelete} {
			if e := fault.Of(err); e == nil || e.Kind != fault.Conflict || !strings.HasPrefix(e.Detail, "the policy is locked while ") {
				t.Errorf("%s: %v", lock, err)
			}
		}
		if n := len(vendor.writes()); n != 0 {
			t.Errorf("the vendor got %d writes", n)
		}
	}
}

func TestAPolicyThatSaysItAlreadyIsNotWritten(t *testing.T) {
	vendor := &policyVendor{document: object(t, goldPolicy)}
	adapter := vendor.open(t, true)
	policy := readPolicy(t, t, adapter)
	change, err := adapter.PolicyWrites.Update(t.Context(), policyID, policy.Version, policy, false)
	if err != nil || change.Operation != nil || change.Policy.Version != policy.Version || len(vendor.writes()) != 0 {
		t.Errorf("got %+v, %v and %d writes", change, err, len(vendor.writes()))
	}
}

func TestRulesComeAndGo(t *testing.T) {
	vendor := &policyVendor{document: object(t, goldPolicy), bare: true}
	adapter := vendor.open(t, true)
	policy := readPolicy(t, t, adapter)
	version := policy.Version
	// The first rule goes, the second becomes the first, one more is added to its
	// operation, one for another kind of asset; the table's rule goes with its
	// operation.
	added := policy.Rules[1]
	added.Schedule = &model.Schedule{Every: model.Period{Days: 2}, Windows: added.Schedule.Windows}
	policy.Rules = []model.Rule{policy.Rules[1], added, {
		Kind: "log", AssetKind: model.AssetS3Bucket, Schedule: &model.Schedule{Every: model.Period{Clock: time.Hour}},
		Retention: &model.Retention{Keep: model.Period{Days: 7}},
	}}
	change, err := adapter.PolicyWrites.Update(t.Context(), policyID, version, policy, false)
	if err != nil {
		t.Fatal(err)
	}
	want := object(t, `{"operations":[
	  {"action_setting":"window","advanced_settings":{"aws_ebs_volume_backup":{"backup_tier":"standard","ransomware_analysis":false}},
	   "backup_window_tz":{"start_time":"01:00","end_time":"05:00"},"timezone":"America/New_York","type":"aws_ebs_volume_backup",
	   "slas":[{"retention_duration":{"unit":"years","value":1},"rpo_frequency":{"unit":"months","value":1}},
	           {"retention_duration":{"unit":"years","value":1},"rpo_frequency":{"unit":"days","value":2}}]},
	  {"action_setting":"immediate","type":"aws_s3_continuous_backup",
	   "slas":[{"retention_duration":{"unit":"days","value":7},"rpo_frequency":{"unit":"hours","value":1}}]}],
	  "name":"Gold","activation_status":"activated","organizational_unit_id":"00000000-0000-0000-0000-000000000000"}`)
	if diff := cmp.Diff(want, vendor.writes()[0].body); diff != "" {
		t.Error(diff)
	}
	// The answer did not show the policy: it is told from what was sent.
	if diff := cmp.Diff(policy.Rules, change.Policy.Rules); diff != "" || change.Policy.ID != policyID {
		t.Errorf("%s: %s", change.Policy.ID, diff)
	}
	if now := readPolicy(t, t, adapter); now.Version != change.Policy.Version {
		t.Errorf("the version was to be %q and is %q", change.Policy.Version, now.Version)
	}
}

func TestWritesOfPoliciesThatAreNotThere(t *testing.T) {
	vendor := &policyVendor{document: object(t, goldPolicy)}
	adapter := vendor.open(t, true)
	for _, id := range []model.ID{{Connection: "other", Kind: "policy", Key: "p1"}, {Connection: "acme", Kind: "task", Key: "p1"}, {Connection: "acme", Kind: "policy", Key: "p2"}, {Connection: "acme", Kind: "policy", Key: ".."}} {
		if _, err := adapter.PolicyWrites.Update(t.Context(), id, "v", model.Policy{Name: "x"}, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := adapter.PolicyWrites.Delete(t.Context(), id, "v"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
	if n := len(vendor.writes()); n != 0 {
		t.Errorf("the vendor got %d writes", n)
	}
}

// TestOneChangeIsOneDifference changes one field of the portable form of any
// policy, with members and operations that the form does not know, and looks
// for what else has changed at the vendor.
func TestOneChangeIsOneDifference(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		vendor := &policyVendor{document: drawPolicy(r)}
		adapter := vendor.open(t, false)
		before := writable(vendor.document)
		policy := readPolicy(r, t, adapter)
		allowed := changeOne(r, &policy, vendor.document)
		if _, err := adapter.PolicyWrites.Update(t.Context(), policyID, policy.Version, policy, false); err != nil {
			r.Fatal(err)
		}
		writes := vendor.writes()
		if len(writes) != 1 || writes[0].method != http.MethodPut {
			r.Fatalf("the vendor got %v", writes)
		}
		differs := differences(before, leaves(writes[0].body, "", nil))
		if len(differs) == 0 {
			r.Fatal("nothing has changed")
		}
		for pointer := range differs {
			if !strings.HasPrefix(pointer, allowed) {
				r.Fatalf("%s has changed, and %s was to", pointer, allowed)
			}
		}
		again, err := adapter.Policies.Get(t.Context(), policyID, false)
		if err != nil {
			r.Fatal(err)
		}
		for _, p := range []*model.Policy{&policy, &again} {
			p.Version, p.Native, p.Lossy = "", model.Native{}, nil
		}
		if diff := cmp.Diff(policy, again); diff != "" {
			r.Fatalf("it does not read as it was written:\n%s", diff)
		}
	})
}

// changeOne changes one field and returns where the vendor holds it.
func changeOne(r *rapid.T, p *model.Policy, document map[string]any) string {
	places := []string{}
	operations := []int{}
	for i, o := range document["operations"].([]any) {
		slas, _ := o.(map[string]any)["slas"].([]any)
		for j := range slas {
			places = append(places, fmt.Sprintf("/operations/%d/slas/%d", i, j))
			operations = append(operations, i)
		}
	}
	which := rapid.IntRange(0, len(places)-1).Draw(r, "rule")
	rule := &p.Rules[which]
	operation := fmt.Sprintf("/operations/%d", operations[which])
	// Settings that the vendor has once are changed on all rules that share them.
	all := func(change func(*model.Rule)) {
		for i := range p.Rules {
			if operations[i] == operations[which] {
				change(&p.Rules[i])
			}
		}
	}
	switch rapid.SampledFrom([]string{"name", "status", "keep", "every", "weekly", "target", "tier", "start", "no window"}).Draw(r, "field") {
	case "status":
		p.Status = map[string]string{"active": "inactive", "inactive": "active"}[p.Status]
		return "/activation_status"
	case "keep":
		rule.Retention = &model.Retention{Keep: model.Period{Days: 4711}}
		return places[which] + "/retention_duration/"
	case "every":
		rule.Schedule.Every = model.Period{Days: 4711}
		rule.Schedule.Daily, rule.Schedule.Weekly = nil, nil
		return places[which] + "/rpo_frequency/"
	case "weekly":
		rule.Schedule.Weekly = &model.Weekly{Days: []string{"tuesday", "friday"}}
		rule.Schedule.Every, rule.Schedule.Daily = model.Period{}, nil
		return places[which] + "/rpo_frequency/"
	case "target":
		all(func(r *model.Rule) { r.Target = "mars-1" })
		return operation + "/backup_aws_region"
	case "tier":
		wire := document["operations"].([]any)[operations[which]].(map[string]any)["type"].(string)
		if slices.Contains([]string{"aws_ebs_volume_backup", "aws_ec2_instance_backup", "protection_group_backup", "aws_rds_resource_granular_backup"}, wire) {
			all(func(r *model.Rule) { r.Tier = "frosty" })
			return operation + "/advanced_settings/" + wire + "/backup_tier"
		}
	case "start":
		if len(rule.Schedule.Windows) > 0 {
			all(func(r *model.Rule) {
				windows := slices.Clone(r.Schedule.Windows)
				windows[0].Start = "23:59"
				r.Schedule.Windows = windows
			})
			return operation + "/backup_window"
		}
	case "no window":
		if len(rule.Schedule.Windows) > 0 {
			all(func(r *model.Rule) { r.Schedule.Windows = nil })
			return operation
		}
	}
	p.Name += " changed"
	return "/name"
}

// drawPolicy makes a document with at least one rule; every rule has a schedule.
func drawPolicy(r *rapid.T) map[string]any {
	extra := func(object map[string]any, name string) {
		if rapid.Bool().Draw(r, name) {
			object["x_"+name] = map[string]any{"deep": []any{1, "two", map[string]any{"three": true}}}
		}
	}
	pick := func(label string, values ...any) any { return values[rapid.IntRange(0, len(values)-1).Draw(r, label)] }
	operations := []any{}
	for i := range rapid.IntRange(1, 4).Draw(r, "operations") {
		kind := pick("type", "aws_ebs_volume_backup", "aws_ec2_instance_backup", "aws_rds_resource_granular_backup", "aws_rds_config_sync",
			"aws_rds_resource_rolling_backup", "protection_group_backup", "aws_s3_backtrack", "aws_s3_continuous_backup", "quantum_backup")
		operation := map[string]any{"type": kind, "action_setting": pick("action", "immediate", "window"), "next_start_time": 1767506400}
		if window := map[string]any{"start_time": "01:00", "end_time": pick("end", "", "05:00", nil)}; rapid.Bool().Draw(r, "window") {
			extra(window, "window")
			operation[pick("which window", "backup_window", "backup_window_tz").(string)] = window
			operation["timezone"] = pick("zone", "UTC", "America/New_York", nil)
		}
		if rapid.Bool().Draw(r, "settings") {
			settings := map[string]any{"backup_tier": pick("tier", "standard", nil), "malware_scan": true}
			extra(settings, "settings")
			operation["advanced_settings"] = map[string]any{kind.(string): settings, "other_backup": map[string]any{"a": 1}}
		}
		operation["backup_aws_region"] = pick("region", nil, "us-east-1")
		slas := []any{}
		for range rapid.IntRange(map[bool]int{true: 1, false: 0}[i == 0], 3).Draw(r, "slas") {
			frequency := map[string]any{"unit": pick("unit", "days", "hours", "weeks"), "value": rapid.IntRange(1, 9).Draw(r, "every")}
			extra(frequency, "frequency")
			sla := map[string]any{"rpo_frequency": frequency}
			if rapid.Bool().Draw(r, "retention") {
				sla["retention_duration"] = map[string]any{"unit": pick("keep", "days", "years", "moons"), "value": rapid.IntRange(1, 9).Draw(r, "for")}
			}
			extra(sla, "sla")
			slas = append(slas, sla)
		}
		if len(slas) > 0 || rapid.Bool().Draw(r, "no slas") {
			operation["slas"] = slas
		}
		extra(operation, "operation")
		operations = append(operations, operation)
	}
	out := map[string]any{
		"id": "p1", "name": "Gold", "lock_status": "unlocked", "activation_status": pick("status", "activated", "deactivated"),
		"operations": operations, "organizational_unit_id": "ou-1", "timezone": pick("policy zone", nil, "UTC"), "updated_time": 1767225600,
		"_links": map[string]any{"_self": map[string]any{"href": "/policies/definitions/p1"}},
	}
	extra(out, "policy")
	raw, _ := json.Marshal(out)
	return object(r, string(raw))
}
