package clumiosim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

const pathAudit = "/audit-trails"

// auditRecord is one entry of the audit trail.
type auditRecord struct {
	id, action, category, status, unit string
	at                                 time.Time
	primary, parent                    entity
	url                                string
	body                               map[string]any
}

// auditCategory gives the category of a call by the beginning of its path.
func auditCategory(path string) string {
	for _, c := range []struct{ prefix, category string }{
		{"/alerts", "alerts"},
		{"/policies/assignments", "protection"},
		{"/policies", "policy"},
		{"/restores", "restore"},
		{"/tasks", "tasks"},
		{"/backups", "backup"},
		{"/reports", "reports"},
		{"/datasources/gcp/report", "reports"},
	} {
		if strings.HasPrefix(path, c.prefix) {
			return c.category
		}
	}
	return "data_source"
}

func auditAction(method, path string) string {
	switch {
	case strings.HasPrefix(path, "/policies/assignments"):
		return "apply"
	case strings.HasSuffix(path, "/_download"):
		return "download"
	case strings.HasSuffix(path, "/_generate_passcode"):
		return "regenerate_tda_passcode"
	case strings.HasSuffix(path, "/_share"):
		return "grant_email_access"
	case strings.HasSuffix(path, "/records"), path == "/restores/files":
		return "granular_retrieval"
	case strings.HasPrefix(path, "/restores") && method == http.MethodPost:
		return "full_restore"
	}
	return map[string]string{
		http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "update", http.MethodDelete: "delete",
	}[method]
}

// audit records a call that changes something, and whether it was let through.
func (s *Sim) audit(c *call, r route, err error) {
	if r.method == http.MethodGet {
		return
	}
	path := "/" + strings.Join(r.segments, "/")
	record := &auditRecord{
		id: s.newID(), action: auditAction(r.method, path), category: auditCategory(path), status: "success",
		unit: cmp.Or(c.unit, globalUnit), at: c.now, primary: c.subject, parent: c.parent, url: c.request.URL.EscapedPath(), body: c.body,
	}
	if err != nil {
		record.status = "failure"
	}
	s.trail = append(s.trail, record)
}

// buildAudit makes a history: the sign-ins of a week.
func (s *Sim) buildAudit() {
	for day := range 7 {
		at := s.born.Add(-time.Duration(7-day) * 24 * time.Hour)
		who := entity{s.newID(), "user", auditUser}
		s.trail = append(s.trail, &auditRecord{
			id: s.newID(), action: "login", category: "authentication", status: "success", unit: globalUnit, at: at,
			primary: who, parent: entity{globalUnit, "organizational_unit", "Global"}, url: "/",
		})
	}
}

const auditUser = "test-operator@acme.example"

func auditTrails() catalog {
	one, some := filterRule{"eq", textValue}, filterRule{"in", textValue}
	return catalog{
		path: pathAudit, resource: "audit-trails", applied: true,
		filters: filterRules{
			"start_timestamp": {"gte lt eq", timeValue}, "category": some, "action": some, "status": some,
			"user_email": some, "ip_address": one, "primary_entity.id": some, "primary_entity.type": one,
			"primary_entity.value": some, "parent_entity.type": some, "parent_entity.value": some,
			"parent_entity.id": some, "organizational_unit_id": one,
		},
		members: map[string]string{"start_timestamp": "timestamp"},
		sorts:   []string{"-timestamp"},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			out := make([]entry, 0, len(s.trail))
			for _, r := range slices.Backward(s.trail) {
				out = append(out, r.entry())
			}
			return out, nil
		},
	}
}

func (r *auditRecord) entry() entry {
	var body any
	if len(r.body) > 0 {
		body = r.body
	}
	origin := "API"
	if r.action == "login" {
		origin = "UI"
	}
	return entry{
		unit: r.unit, hidden: object{"organizational_unit_id": r.unit},
		record: object{
			"action": r.action, "category": r.category, "details": r.action + " " + r.url,
			"details_json": object{"request_body": body, "request_url": r.url, "tags": []object{}},
			"id":           r.id, "interface": origin, "ip_address": "192.0.2.17",
			"parent_entity": r.parent.wire(), "primary_entity": r.primary.wire(), "status": r.status,
			"timestamp": wireTime(r.at), "user_email": auditUser,
		},
	}
}
