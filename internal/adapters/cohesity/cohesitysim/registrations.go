package cohesitysim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

const registrations = int64(10_000_000) // registration ids of seeded hosts differ from source ids by this

var (
	registrationMembers = []string{
		"environment", "name", "connectionId", "connections", "connectorGroupId", "dataSourceConnectionId",
		"advancedConfigs", "physicalParams", "kubernetesParams",
	}
	registrationBlocks = map[string]string{"kPhysical": "physicalParams", "kSQL": "physicalParams", "kKubernetes": "kubernetesParams"}
	registrationSteps  = []string{"Pending", "Scheduled", "RefreshInProgress"}
)

// registration is a registered source: one of the estate, computed, or one that
// a client made or changed.
type registration struct {
	id, source int64
	body       obj
	registered int64 // usecs; authentication and discovery go on from here
	settled    bool  // registered before the simulator was born
	refreshed  int64 // the last refresh a client asked for
	removed    int64 // clean-up goes on from here
}

// registration finds a stored registration, or computes that of a seeded host.
func (s *Sim) registration(id int64) (*registration, bool) {
	if r, found := s.registered[id]; found {
		return r, true
	}
	e, found := s.entity(id - registrations)
	if !found || e.objectType != "kHost" {
		return nil, false
	}
	return &registration{
		id: id, source: e.id, registered: s.born.UnixMicro() - day, settled: true,
		body: obj{
			"environment": "kPhysical", "name": e.name, "dataSourceConnectionId": strconv.FormatInt(connectionID, 10),
			"physicalParams": obj{
				"endpoint": fmt.Sprintf("10.20.%d.%d", e.id>>8&255, e.id&255), "hostType": e.os, "physicalType": "kHost",
			},
		},
	}, true
}

// changed returns a registration for writing.
func (s *Sim) changed(r *registration) *registration {
	s.registered[r.id] = r
	return r
}

// gone says whether the clean-up of an unregistered source is over.
func (s *Sim) gone(r *registration, now int64) bool {
	return r.removed != 0 && now >= r.removed+s.taskTime()
}

// allRegistrations lists those of the estate, then those that clients made.
func (s *Sim) allRegistrations(now int64) []*registration {
	var out []*registration
	add := func(id int64) {
		if r, found := s.registration(id); found && !s.gone(r, now) {
			out = append(out, r)
		}
	}
	for _, e := range s.seededHosts() {
		add(e.id + registrations)
	}
	for _, id := range s.newRegistrations {
		add(id)
	}
	return out
}

// progressOfRegistration is the authentication status and the moment of the
// last finished refresh, 0 before the first (IBM NOTES section 14).
func (s *Sim) progressOfRegistration(r *registration, now int64) (status string, refreshed int64) {
	step := max(1, s.taskTime()/4)
	if !r.settled {
		// Pending, Scheduled and twice as long RefreshInProgress.
		if n := (now - r.registered) / step; n < 4 {
			return registrationSteps[min(n, 2)], 0
		}
		refreshed = r.registered + 4*step
	} else {
		refreshed = r.registered + day - hour
	}
	switch {
	case r.refreshed == 0:
		return "Finished", refreshed
	case now < r.refreshed+2*step:
		return "RefreshInProgress", refreshed
	default:
		return "Finished", max(refreshed, r.refreshed+2*step)
	}
}

func (s *Sim) registrationJSON(r *registration, now int64) obj {
	e, _ := s.entity(r.source)
	status, refreshed := s.progressOfRegistration(r, now)
	out := clone(r.body).(obj)
	if params := member(out, "kubernetesParams"); params != nil {
		params["clientPrivateKey"] = "" // required by the contract, and never sent back (inferred)
	}
	out["id"], out["sourceId"], out["sourceInfo"] = r.id, r.source, s.summary(e, "")
	out["authenticationStatus"], out["registrationTimeMsecs"] = status, r.registered/1000
	out["lastRefreshedTimeMsecs"] = when(refreshed / 1000)
	out["externalMetadata"] = nil
	if _, given := out["advancedConfigs"]; !given {
		out["advancedConfigs"] = nil
	}
	// A connection is told both ways, as a number above 2^53 and as text.
	if n := s.connection(connectionIn(r.body)); n != nil {
		out["connectionId"], out["dataSourceConnectionId"] = n.id, strconv.FormatInt(n.id, 10)
	}
	return out
}

// connectionIn is the connection that a registration names.
func connectionIn(body obj) string {
	if id := text(body, "dataSourceConnectionId"); id != "" {
		return id
	}
	if id, given := integer(body, "connectionId"); given {
		return strconv.FormatInt(id, 10)
	}
	return ""
}

func (s *Sim) getSourceRegistrations(c *call) (reply, error) {
	ids := c.ints("ids")
	out := []any{}
	for _, r := range s.allRegistrations(c.now) {
		if among(ids, r.id) {
			out = append(out, s.registrationJSON(r, c.now))
		}
	}
	return ok(obj{"registrations": out})
}

func (c *call) id64(name string) (int64, error) {
	id, err := strconv.ParseInt(c.path(name), 10, 64)
	if err != nil {
		return 0, invalid("%s in path must be of type int64: %q", name, c.path(name))
	}
	return id, nil
}

func (s *Sim) registrationOf(c *call) (*registration, error) {
	id, err := c.id64("id")
	if err != nil {
		return nil, err
	}
	r, found := s.registration(id)
	if !found || s.gone(r, c.now) {
		return nil, notFound()
	}
	return r, nil
}

func (s *Sim) getProtectionSourceRegistration(c *call) (reply, error) {
	r, err := s.registrationOf(c)
	if err != nil {
		return reply{}, err
	}
	return ok(s.registrationJSON(r, c.now))
}

// checkRegistration refuses what cannot be registered. That a source which is
// there already gives 500 is documented (IBM NOTES section 5).
func (s *Sim) checkRegistration(body obj, own int64, now int64) error {
	environment := text(body, "environment")
	block, known := registrationBlocks[environment]
	if !known {
		return invalid("environment in body should be one of %v", groupEnvironments)
	}
	params := member(body, block)
	endpoint := text(params, "endpoint")
	if endpoint == "" {
		return invalid("Parameters '%s' with an endpoint must be specified for environment %s", block, environment)
	}
	if environment == "kKubernetes" && (text(params, "clientPrivateKey") == "" || text(params, "kubernetesDistribution") == "") {
		return invalid("kubernetesParams.clientPrivateKey and kubernetesDistribution in body are required")
	}
	if id := connectionIn(body); id != "" && s.connection(id) == nil {
		return invalid("connection %s does not exist", id)
	}
	for _, other := range s.allRegistrations(now) {
		if other.id != own && text(member(other.body, registrationBlocks[text(other.body, "environment")]), "endpoint") == endpoint {
			return internal("Source with endpoint %s already exists for tenant %s", endpoint, s.options.TenantID)
		}
	}
	return nil
}

func (s *Sim) registerProtectionSource(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	if err := s.checkRegistration(body, 0, c.now); err != nil {
		return reply{}, err
	}
	s.lastID += 2
	r := s.changed(&registration{id: s.lastID - 1, source: s.lastID, body: keepMembers(body, registrationMembers), registered: c.now})
	s.newRegistrations = append(s.newRegistrations, r.id)
	s.madeEntities[r.source] = entityOf(r)
	return reply{status: http.StatusCreated, json: s.registrationJSON(r, c.now)}, nil
}

// entityOf is the host or cluster that a new registration stands for.
func entityOf(r *registration) entity {
	params := member(r.body, registrationBlocks[text(r.body, "environment")])
	e := entity{
		id: r.source, host: r.source, name: text(r.body, "name"), environment: "kPhysical", objectType: "kHost",
		os: text(params, "hostType"),
	}
	if e.name == "" {
		e.name = text(params, "endpoint")
	}
	if text(r.body, "environment") == "kKubernetes" {
		e.environment, e.objectType = "kKubernetes", "kCluster"
	}
	if e.os == "" {
		e.os = "kLinux"
	}
	return e
}

// updateProtectionSourceRegistration replaces a registration. Its stale-write
// member is taken as it comes, since no answer returns the value to compare
// with (IBM NOTES section 14).
func (s *Sim) updateProtectionSourceRegistration(c *call) (reply, error) {
	r, err := s.registrationOf(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	if text(body, "environment") != text(r.body, "environment") {
		return reply{}, invalid("environment of a registration cannot change")
	}
	if err := s.checkRegistration(body, r.id, c.now); err != nil {
		return reply{}, err
	}
	s.changed(r).body = keepMembers(body, registrationMembers)
	if _, made := s.madeEntities[r.source]; made {
		s.madeEntities[r.source] = entityOf(r)
	}
	return ok(s.registrationJSON(r, c.now))
}

// patchProtectionSourceRegistration accepts only environment (IBM NOTES section
// 14); that another one is refused is inferred.
func (s *Sim) patchProtectionSourceRegistration(c *call) (reply, error) {
	r, err := s.registrationOf(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	for name := range body {
		if name != "environment" {
			return reply{}, invalid("%s in body is a forbidden property", name)
		}
	}
	if !slices.Contains(groupEnvironments, text(body, "environment")) {
		return reply{}, invalid("environment in body should be one of %v", groupEnvironments)
	}
	if body["environment"] != r.body["environment"] {
		return reply{}, invalid("environment of a registration cannot change")
	}
	return ok(s.registrationJSON(r, c.now))
}

// deleteProtectionSourceRegistration starts the clean-up: the source stays
// listed until that is over, and a repeat gives 404 at once (inferred).
func (s *Sim) deleteProtectionSourceRegistration(c *call) (reply, error) {
	r, err := s.registrationOf(c)
	if err != nil {
		return reply{}, err
	}
	if r.removed != 0 {
		return reply{}, notFound()
	}
	s.changed(r).removed = c.now
	return noContent()
}

// refreshProtectionSourceByID takes a source id, not that of the registration.
func (s *Sim) refreshProtectionSourceByID(c *call) (reply, error) {
	source, err := c.id64("id")
	if err != nil {
		return reply{}, err
	}
	for _, r := range s.allRegistrations(c.now) {
		if r.source == source && r.removed == 0 {
			s.changed(r).refreshed = c.now
			return noContent()
		}
	}
	return reply{}, notFound()
}
