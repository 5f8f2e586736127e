package clumiosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const pathRules = "/policies/rules"

// rule assigns a policy to what its condition matches.
type rule struct {
	id, name, condition, policy, unit string
}

// ruleBody is that of making a rule and of changing one, where the priority may
// stay.
func ruleBody(priority bool) shape {
	place := group(map[string]shape{"before_rule_id": text()})
	place.need = priority
	return group(map[string]shape{
		"name": need(text()), "condition": need(text()),
		"action": need(group(map[string]shape{
			"assign_policy": need(group(map[string]shape{"policy_id": need(text())})),
		})),
		"priority": place,
	})
}

func (s *Sim) buildRules() {
	for _, r := range []struct{ name, condition string }{
		{"Gold for production", `{"entity_type":{"$in":["aws_ebs_volume","aws_ec2_instance"]},"aws_tag":{"$eq":{"key":"env","value":"prod"}}}`},
		{"Tables", `{"entity_type":{"$eq":"aws_dynamodb_table"}}`},
	} {
		s.rules = append(s.rules, &rule{s.newID(), r.name, r.condition, s.policies[0].id, globalUnit})
	}
}

func policyRules() catalog {
	return catalog{
		path: pathRules, resource: "policy-rules", param: "rule_id", tokens: true,
		filters: filterRules{"id": {"in", textValue}}, sorts: []string{"-priority"}, members: map[string]string{"priority": "rank"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			var out []entry
			for i := range s.rules {
				if unit := c.query.Get("organizational_unit_id"); unit == "" || unit == s.rules[i].unit {
					out = append(out, s.ruleEntry(i))
				}
			}
			return out, nil
		},
		links: func(*Sim, *call) object { return object{"create-policy-rule": link(pathRules, "post")} },
	}
}

// ruleEntry shows a rule; before_rule_id names the next lower one.
func (s *Sim) ruleEntry(i int) entry {
	r := s.rules[i]
	self := pathRules + "/" + r.id
	var before any
	if i+1 < len(s.rules) {
		before = s.rules[i+1].id
	}
	return entry{
		unit: r.unit, self: self, hidden: object{"rank": rankText(len(s.rules) - i)},
		links: object{
			"update-policy-rule": link(self, "put"), "delete-policy-rule": link(self, "delete"),
			"read-policy-definition": link(pathPolicies+"/"+r.policy, "get"),
		},
		record: object{
			"_embedded": nil, "action": object{"assign_policy": object{"policy_id": r.policy}}, "condition": r.condition,
			"id": r.id, "name": r.name, "organizational_unit_id": r.unit, "priority": object{"before_rule_id": before},
		},
	}
}

// checkRule refuses a condition that is not JSON or names no entity type, and
// policies and rules that are not there.
func (s *Sim) checkRule(c *call) error {
	var condition map[string]any
	if json.Unmarshal([]byte(textAt(c.body, "condition")), &condition) != nil || condition["entity_type"] == nil {
		return badRequest("the condition is not a JSON object with an entity_type")
	}
	for field := range condition {
		if !slices.Contains([]string{"entity_type", "aws_tag", "aws_region", "aws_account_native_id", "asset_name"}, field) {
			return badRequest("the condition has an unknown field %q", field)
		}
	}
	p := s.policyByID(c, textAt(c.body, "action", "assign_policy", "policy_id"))
	if p == nil {
		return notFound()
	}
	if p.lockedAs(c.now) == "deleting" {
		return conflict("The policy is being deleted.")
	}
	before := textAt(c.body, "priority", "before_rule_id")
	if before != "" && s.ruleAt(c, before) < 0 {
		return notFound()
	}
	return nil
}

func (s *Sim) ruleAt(c *call, id string) int {
	return slices.IndexFunc(s.rules, func(r *rule) bool { return r.id == id && c.sees(r.unit) })
}

// put places a rule: where the body says, or else where it was; a new one that
// comes before no other has the lowest priority.
func (s *Sim) put(c *call, r *rule, was int) int {
	at := was
	if groupAt(c.body, "priority") != nil {
		at = s.ruleAt(c, textAt(c.body, "priority", "before_rule_id"))
	}
	if at < 0 {
		at = len(s.rules)
	}
	s.rules = slices.Insert(s.rules, at, r)
	return at
}

func (s *Sim) createRule(c *call) (answer, error) {
	if err := s.checkRule(c); err != nil {
		return answer{}, err
	}
	r := &rule{id: s.newID(), unit: globalUnit}
	if c.unit != "" {
		r.unit = c.unit
	}
	return s.writeRule(c, r, -1)
}

func (s *Sim) updateRule(c *call) (answer, error) {
	at := s.ruleAt(c, c.params["rule_id"])
	if at < 0 {
		return answer{}, notFound()
	}
	r := s.rules[at]
	if textAt(c.body, "priority", "before_rule_id") == r.id {
		return answer{}, badRequest("a rule can not come before itself")
	}
	if err := s.checkRule(c); err != nil {
		return answer{}, err
	}
	s.rules = slices.Delete(s.rules, at, at+1)
	return s.writeRule(c, r, at)
}

// writeRule shows at once; the task is that of applying it to the assets, which
// is not simulated.
func (s *Sim) writeRule(c *call, r *rule, was int) (answer, error) {
	r.name, r.condition = textAt(c.body, "name"), textAt(c.body, "condition")
	r.policy = textAt(c.body, "action", "assign_policy", "policy_id")
	at := s.put(c, r, was)
	plain := *c
	plain.embed = ""
	shown := s.showEntry(&plain, s.ruleEntry(at))
	return s.ruleTask(c, r, "policy_rule_apply", object{"rule": shown})
}

func (s *Sim) deleteRule(c *call) (answer, error) {
	at := s.ruleAt(c, c.params["rule_id"])
	if at < 0 {
		return answer{}, notFound()
	}
	r := s.rules[at]
	s.rules = slices.Delete(s.rules, at, at+1)
	return s.ruleTask(c, r, "policy_rule_delete", object{"preview_id": nil})
}

// ruleTask answers 200, not 202, though it carries a task (NOTES section 8).
func (s *Sim) ruleTask(c *call, r *rule, kind string, more object) (answer, error) {
	t := s.startTask(c.now, &task{
		kind: kind, category: "management", genre: "administrative", unit: r.unit,
		primary: entity{r.id, "policy_rule", r.name}, done: func(time.Time) {},
	})
	out, err := s.taskAnswer(c, pathRules+"/"+r.id, t, more)
	out.status = http.StatusOK
	return out, err
}

// rankText sorts as text in the order of the numbers.
func rankText(n int) string { return fmt.Sprintf("%09d", n) }
