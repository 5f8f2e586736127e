package clumiosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// defaultLease is how long an endpoint without expiry_timestamp lives
// (inferred).
const defaultLease = 7 * 24 * time.Hour

// instant is one S3 instant-access endpoint.
type instant struct {
	id, name         string
	bucket           *asset // the S3 asset of the protection group
	task             *task
	created, updated time.Time
	expiry           time.Time
	deleted          time.Time
	before, after    any // objects_created_before and _after
	roles            []role
	madeRoles        int
}

type role struct {
	id, arn, alias string
	changed        time.Time
}

// status is a function of the clock: preparing until its task ends, active
// until it expires, expiring for a moment after a delete. An endpoint whose
// task failed counts as expired (inferred).
func (e *instant) status(now time.Time) string {
	switch p := e.task.at(now); {
	case !e.deleted.IsZero() && now.Before(e.deleted.Add(e.task.length/8)):
		return "expiring"
	case !e.deleted.IsZero() || !now.Before(e.expiry):
		return "expired"
	case !p.ended():
		return "preparing"
	case p.status != "completed":
		return "expired"
	}
	return "active"
}

func (s *Sim) createInstant(c *call) (answer, error) {
	source := groupAt(c.body, "source")
	bucket := s.assetAt(c, pathS3Assets, textAt(source, "protection_group_s3_asset_id"))
	if bucket == nil {
		return answer{}, notFound()
	}
	expiry, err := expiryOf(c)
	if err != nil {
		return answer{}, err
	}
	s.serial++
	e := &instant{
		id: uuid(seeded(s.kit.Seed^0x1a5, s.serial)), name: textAt(c.body, "name"), bucket: bucket,
		created: c.now, updated: c.now, expiry: expiry,
	}
	if id := textAt(source, "backup_id"); id != "" {
		// The vendor's samples name a backup of the group; one of the bucket is
		// taken as well.
		b := s.backups[ListS3Assets].byID[id]
		if b == nil || b.asset != bucket {
			b = s.backups[ListGroups].byID[id]
		}
		if b == nil || (b.asset != bucket && b.asset != bucket.group) {
			return answer{}, notFound()
		}
		e.before = unixTime(b.start)
	} else {
		pitr := groupAt(source, "pitr")
		if textAt(pitr, "restore_end_timestamp") == "" {
			return answer{}, badRequest("source.pitr.restore_end_timestamp is required")
		}
		e.before, e.after = pitr["restore_end_timestamp"], pitr["restore_start_timestamp"]
	}
	e.task = s.restoreTask(c, bucket, bucket.environment, nil)
	e.task.abortable = false
	s.restores[len(s.restores)-1].EndpointID = e.id
	s.endpoints = append(s.endpoints, e)
	return s.taskAnswer(c, pathInstant, e.task, object{"id": e.id})
}

func expiryOf(c *call) (time.Time, error) {
	raw := textAt(c.body, "expiry_timestamp")
	if raw == "" {
		return c.now.Add(defaultLease), nil
	}
	expiry, err := time.Parse(time.RFC3339, raw)
	if err != nil || !expiry.After(c.now) {
		return expiry, badRequest("expiry_timestamp %q is not in the future", raw)
	}
	return expiry, nil
}

func instantFilters() filterRules {
	return filterRules{
		"protection_group_id": {"eq", textValue}, "protection_group_s3_asset_id": {"eq", textValue},
	}
}

func (s *Sim) listInstant(c *call) (answer, error) {
	conditions, err := parseFilter(c.query.Get("filter"), instantFilters())
	if err != nil {
		return answer{}, err
	}
	byField := func(name string) bool {
		return slices.ContainsFunc(conditions, func(c condition) bool { return c.field == name })
	}
	if byField("protection_group_s3_asset_id") && !byField("protection_group_id") {
		return answer{}, badRequest("protection_group_s3_asset_id needs protection_group_id")
	}
	var found []*instant
	for _, e := range s.endpoints {
		visible := !c.now.Before(e.created.Add(s.kit.Scenario.LateVisibility))
		if visible && c.sees(e.bucket.unit) && allHold(conditions, e.field) {
			found = append(found, e)
		}
	}
	return s.tokened(c, list{total: len(found), item: func(i int) object { return s.showInstant(found[i], c.now) }})
}

func (e *instant) field(name string) []string {
	if name == "protection_group_id" {
		return []string{e.bucket.group.id}
	}
	return []string{e.bucket.id}
}

// withInstant finds the endpoint that the path names.
func (s *Sim) withInstant(serve func(*call, *instant) (answer, error)) endpoint {
	return func(c *call) (answer, error) {
		for _, e := range s.endpoints {
			if e.id == c.params["endpoint_id"] && c.sees(e.bucket.unit) {
				return serve(c, e)
			}
		}
		return answer{}, notFound()
	}
}

func (s *Sim) readInstant(c *call, e *instant) (answer, error) {
	record := s.showInstant(e, c.now)
	roles := make([]object, 0, len(e.roles))
	for _, r := range e.roles {
		roles = append(roles, object{
			"id": r.id, "arn": r.arn, "alias": textOrNil(r.alias), "last_modified_timestamp": wireTime(r.changed),
		})
	}
	record["_embedded"] = nil
	record["_etag"] = `W/"` + e.id[:8] + wireText(e.updated) + `"`
	record["roles"] = roles
	record["stats"] = []object{{"name": "objects", "count": 1200, "unit": "count"}}
	return ok(record)
}

// updateInstant replaces: leaving the expiry out resets it, an empty name
// removes the name (NOTES section 9).
func (s *Sim) updateInstant(c *call, e *instant) (answer, error) {
	if e.status(c.now) == "expired" {
		return answer{}, conflict("The endpoint has expired.")
	}
	expiry, err := expiryOf(c)
	if err != nil {
		return answer{}, err
	}
	e.name, e.expiry, e.updated = textAt(c.body, "name"), expiry, c.now
	return ok(s.showInstant(e, c.now))
}

func (s *Sim) deleteInstant(c *call, e *instant) (answer, error) {
	if e.deleted.IsZero() {
		e.deleted, e.updated = c.now, c.now
	}
	return s.done()
}

// done is the answer of calls without a result: the documents leave 200 with
// anything and 204 open, so the hostile vendor sends the other one.
func (s *Sim) done() (answer, error) {
	if s.kit.Scenario.NullMembers {
		return answer{status: http.StatusNoContent}, nil
	}
	return ok(object{})
}

func (s *Sim) readInstantURI(c *call, e *instant) (answer, error) {
	if e.status(c.now) != "active" {
		return answer{}, &refusal{status: http.StatusPreconditionFailed, code: 412, message: "The endpoint is not active."}
	}
	region := e.bucket.environment.region
	alias := strings.ToLower(e.bucket.name) + "-ia-" + e.id[:8] + "--ol-s3"
	return ok(object{
		"_embedded": nil, "_links": object{"_self": link(pathInstant+"/"+e.id, "get")},
		"bucket_alias":                          alias,
		"cloudfront_distribution_origin_domain": alias + ".s3." + region + ".amazonaws.com",
		"endpoint_uri":                          fmt.Sprintf("arn:aws:s3-object-lambda:%s:999900001111:accesspoint/%s", region, alias),
		"region":                                region,
	})
}

func (s *Sim) addRole(c *call, e *instant) (answer, error) {
	e.madeRoles++
	r := role{
		id: fmt.Sprintf("r-%d", e.madeRoles), arn: textAt(c.body, "role_arn"), alias: textAt(c.body, "role_alias"),
		changed: c.now,
	}
	e.roles, e.updated = append(e.roles, r), c.now
	return ok(object{
		"_embedded": nil, "_links": object{"_self": link(pathInstant+"/"+e.id, "get")}, "role_id": r.id,
	})
}

func (s *Sim) updateRole(c *call, e *instant) (answer, error) {
	for i := range e.roles {
		r := &e.roles[i]
		if r.id != c.params["role_id"] {
			continue
		}
		if arn := textAt(c.body, "updated_role_arn"); arn != "" {
			r.arn = arn
		}
		if alias := textAt(c.body, "updated_role_alias"); alias != "" {
			r.alias = alias
		}
		r.changed, e.updated = c.now, c.now
		return s.done()
	}
	return answer{}, notFound()
}

func (s *Sim) deleteRole(c *call, e *instant) (answer, error) {
	at := slices.IndexFunc(e.roles, func(r role) bool { return r.id == c.params["role_id"] })
	if at < 0 {
		return answer{}, notFound()
	}
	e.roles, e.updated = slices.Delete(e.roles, at, at+1), c.now
	return s.done()
}

// readPermissions gives the IAM policy as JSON in a string.
func (s *Sim) readPermissions(_ *call, e *instant) (answer, error) {
	policy, err := json.Marshal(object{
		"Version": "2012-10-17",
		"Statement": []object{{
			"Effect": "Allow", "Action": []string{"s3:GetObject", "s3:ListBucket"},
			"Resource": "arn:aws:s3-object-lambda:*:999900001111:accesspoint/*" + e.id[:8] + "*",
		}},
	})
	if err != nil {
		return answer{}, err
	}
	return ok(object{
		"_embedded": nil, "_links": object{"_self": link(pathInstant+"/"+e.id+"/roles/permissions", "get")},
		"permissions": string(policy),
	})
}

func (s *Sim) showInstant(e *instant, now time.Time) object {
	self := pathInstant + "/" + e.id
	links := object{"_self": link(self, "get")}
	if e.status(now) == "active" {
		links["read-protection-group-instant-access-endpoint-uri"] = link(self+"/_get_uri", "get")
	}
	return object{
		"_embedded": nil, "_links": links, "aws_account_id": e.bucket.environment.account,
		"backup_region": e.bucket.environment.region, "bucket_name": e.bucket.name,
		"created_timestamp": wireTime(e.created), "endpoint_status": e.status(now),
		"expiry_timestamp": wireTime(e.expiry), "id": e.id, "name": textOrNil(e.name),
		"objects_created_after": e.after, "objects_created_before": e.before, "organizational_unit_id": e.bucket.unit,
		"protection_group_id": e.bucket.group.id, "protection_group_name": e.bucket.group.name,
		"protection_group_s3_asset_id": e.bucket.id, "region": e.bucket.environment.region,
		"restore_timestamp": nil, "updated_timestamp": wireTime(e.updated),
	}
}

func textOrNil(v string) any {
	if v == "" {
		return nil
	}
	return v
}

func wireText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
