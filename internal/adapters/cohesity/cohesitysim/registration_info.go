package cohesitysim

// agentRegistration is what the v1 tree tells of a registered host; the words
// of the status have a k in front there.
func (s *Sim) agentRegistration(e entity) obj {
	out := obj{"authenticationStatus": "kFinished", "environments": []any{"kPhysical"}}
	if r, found := s.registrationOfSource(e.id); found {
		status, _ := s.progressOfRegistration(r, s.now())
		out["authenticationStatus"] = "k" + status
	}
	return out
}

func (s *Sim) registrationOfSource(source int64) (*registration, bool) {
	if source > firstMadeID {
		return s.registration(source - 1)
	}
	return s.registration(source + registrations)
}

// protection counts what below a source is protected and what is not.
type protection struct{ protected, protectedSize, unprotected, unprotectedSize int64 }

func (p *protection) add(size int64, protected bool) {
	if protected {
		p.protected++
		p.protectedSize += size
		return
	}
	p.unprotected++
	p.unprotectedSize += size
}

func (p *protection) json() obj {
	return obj{
		"protectedCount": p.protected, "protectedSize": p.protectedSize,
		"unprotectedCount": p.unprotected, "unprotectedSize": p.unprotectedSize,
	}
}

func (p *protection) ofEnvironment(environment string) obj {
	out := p.json()
	out["environment"] = environment
	return out
}

// listRegistrationInfo is the older list of registered sources, with their
// protection; ids are source ids. Kubernetes sources are outside its words.
func (s *Sim) listRegistrationInfo(c *call) (reply, error) {
	ids := c.ints("ids")
	environments := c.list("environments")
	var physical, sql protection
	roots := []any{}
	for _, r := range s.allRegistrations(c.now) {
		e, _ := s.entity(r.source)
		if !among(ids, e.id) || e.objectType != "kHost" {
			continue
		}
		databases := s.databasesOf(e)
		if !among(environments, "kPhysical") && (len(databases) == 0 || !among(environments, "kSQL")) {
			continue
		}
		var own, below protection
		own.add(s.logicalSize(e), s.isProtected(e.id))
		for _, db := range databases {
			below.add(s.logicalSize(db), s.isProtected(db.id))
		}
		physical.add(s.logicalSize(e), own.protected > 0)
		addTo(&sql, below)
		roots = append(roots, s.registrationInfoJSON(r, e, own, below, c.now))
	}
	total := physical
	addTo(&total, sql)
	return ok(obj{
		"rootNodes": roots, "stats": total.json(),
		"statsByEnv": []any{physical.ofEnvironment("kPhysical"), sql.ofEnvironment("kSQL")},
	})
}

func addTo(sum *protection, p protection) {
	sum.protected += p.protected
	sum.protectedSize += p.protectedSize
	sum.unprotected += p.unprotected
	sum.unprotectedSize += p.unprotectedSize
}

func (s *Sim) registrationInfoJSON(r *registration, e entity, own, below protection, now int64) obj {
	status, refreshed := s.progressOfRegistration(r, now)
	all := own
	addTo(&all, below)
	out := obj{
		"rootNode": obj{
			"id": e.id, "name": e.name, "environment": "kPhysical", "parentId": physicalRoot,
			"physicalProtectionSource": obj{
				"id": s.uniqueID(e.id), "name": e.name, "hostName": e.name, "hostType": e.os, "type": "kHost",
			},
		},
		"registrationInfo": obj{
			"authenticationStatus": "k" + status, "environments": []any{"kPhysical"}, "registrationTimeUsecs": r.registered,
			"refreshTimeUsecs": when(refreshed), "refreshErrorMessage": nil, "authenticationErrorMessage": nil,
		},
		"logicalSizeBytes": s.logicalSize(e), "stats": all.json(), "applications": nil, "maintenanceModeConfig": nil,
		"statsByEnv": []any{own.ofEnvironment("kPhysical")},
	}
	if below.protected+below.unprotected > 0 {
		out["applications"] = []any{obj{"environment": "kSQL", "applicationTreeInfo": nil}}
		out["statsByEnv"] = []any{own.ofEnvironment("kPhysical"), below.ofEnvironment("kSQL")}
	}
	return out
}

// databasesOf are the databases below a host.
func (s *Sim) databasesOf(host entity) []entity {
	if instance, found := s.entity(host.id + 1); !found || instance.objectType != "kInstance" {
		return nil
	}
	var out []entity
	for i := range int64(s.options.ObjectsPerGroup) {
		if db, found := s.entity(host.id - sqlHostOffset + i); found {
			out = append(out, db)
		}
	}
	return out
}
