package clumiosim

import (
	"hash/fnv"
	"slices"
	"strings"
)

// tagName is what makes a tag of an environment: assets that carry the same
// key and value there share its id.
type tagName struct {
	environment *environment
	key, value  string
}

// register gives an asset's tags the ids that its environment knows them by.
func (s *Sim) register(a *asset) {
	if s.tagRegister == nil {
		s.tagRegister = map[tagName]tag{}
	}
	for i, t := range a.tags {
		name := tagName{a.environment, t.key, t.value}
		known, there := s.tagRegister[name]
		if !there {
			for other, t := range s.tagRegister {
				if other.environment == a.environment && other.key == name.key {
					a.tags[i].keyID = t.keyID
				}
			}
			known = a.tags[i]
			s.tagRegister[name] = known
		}
		a.tags[i] = known
	}
}

func tagEmbeds() []string {
	const stem, tail = "read-aws-environment-tag-", "-protection-stats"
	return []string{
		stem + "ebs-volumes" + tail, stem + "ec2-instances" + tail, stem + "rds-volumes" + tail,
		stem + "dynamodb-tables" + tail, stem + "protection-groups" + tail, stem + "backup-status-stats",
		"read-policy-definition",
	}
}

func environmentTags() catalog {
	one := filterRule{"eq", textValue}
	return catalog{
		path: pathEnvironments + "/{environment_id}/tags", resource: "aws-environment-tags", param: "tag_id",
		applied: true, embeds: tagEmbeds(), oneEmbeds: tagEmbeds(),
		filters: filterRules{
			"key_id": one, "value": {"contains", textValue}, "protection_status": one, "protection_info.policy_id": one,
			"id": {"in", textValue},
		},
		entries: func(s *Sim, c *call) ([]entry, error) {
			e := s.environmentByID(c, c.params["environment_id"])
			if e == nil {
				return nil, notFound()
			}
			var out []entry
			for name, t := range s.tagRegister {
				if name.environment == e {
					out = append(out, s.tagEntry(e, t))
				}
			}
			slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.key(), b.key()) })
			return out, nil
		},
	}
}

func (s *Sim) tagEntry(e *environment, t tag) entry {
	embeds := map[string]func() any{}
	for _, name := range tagEmbeds() {
		embeds[name] = func() any {
			return s.stats(name, func(a *asset) bool {
				return a.environment == e && slices.ContainsFunc(a.tags, func(other tag) bool { return other.id == t.id })
			})
		}
	}
	embeds["read-policy-definition"] = nil // no policy is assigned to a tag
	return entry{
		unit: e.unit, self: pathEnvironments + "/" + e.id + "/tags/" + t.id, embeds: embeds,
		record: object{
			"id": t.id, "key": t.key, "key_id": t.keyID, "organizational_unit_id": e.unit, "protection_info": nil,
			"protection_status": "unprotected", "value": t.value,
		},
	}
}

// stats are the figures that an embed asks for by its name.
func (s *Sim) stats(name string, of func(*asset) bool) object {
	path := ""
	for _, k := range []struct{ part, path string }{
		{"ebs-volumes", pathVolumes},
		{"ec2-instances", pathInstances},
		{"ec2-mssql", pathDatabases},
		{"rds", pathResources},
		{"dynamodb-tables", pathTables},
		{"iceberg-tables", pathIceberg},
		{"protection-groups", pathGroups},
	} {
		if strings.Contains(name, k.part) {
			path = k.path
		}
	}
	protection := object{"deactivated_count": 0, "protected_count": 0, "unprotected_count": 0}
	backups := object{"failure_count": 0, "no_backup_count": 0, "partial_success_count": 0, "success_count": 0}
	count := func(in object, member string) { n, _ := in[member].(int); in[member] = n + 1 }
	for _, a := range s.assetByID {
		if a.deleted || (path != "" && a.path != path) || !of(a) {
			continue
		}
		count(backups, a.backupStatus+"_count")
		switch {
		case a.policy == nil:
			count(protection, "unprotected_count")
		case a.deactivated:
			count(protection, "deactivated_count")
		default:
			count(protection, "protected_count")
		}
	}
	if strings.Contains(name, "backup-status") {
		return backups
	}
	return protection
}

// textSeed makes the same number of the same text.
func textSeed(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}
