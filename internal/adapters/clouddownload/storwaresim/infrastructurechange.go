package storwaresim

import (
	"encoding/json"
	"net/http"
	"slices"
)

// placeRequest is what a project or provider was created with.
type placeRequest struct {
	UUID, Name            string
	HVManager             named
	Active                bool
	BackupDestinations    []named
	AuthenticationDomains []named

	CloudServiceProviderType named
	TenantID                 string
	Applications             []struct{ GUID, ClientID string } // the secret is not kept
	NodeConfig               named
	FilterUser               struct{ UsageLocation, Country, OfficeLocation []string }
}

func (c *call) createProject() answer {
	var request placeRequest
	if a, good := c.body(&request); !good {
		return a
	}
	manager := findPlace(c.sim.managers, request.HVManager.GUID)
	taken := func(p *place) bool { return request.UUID != "" && orElse(p.uuid, p.guid) == request.UUID }
	switch {
	case request.Name == "":
		return badRequest("name is required")
	case request.HVManager.GUID != "" && manager == nil:
		return notFound("hypervisor manager")
	case slices.ContainsFunc(c.sim.projects, taken):
		return fail(http.StatusConflict, "project exists")
	}
	for _, one := range request.BackupDestinations {
		if findPlace(c.sim.destinations, one.GUID) == nil {
			return notFound("backup destination")
		}
	}
	p := &place{guid: newGUID(c.sim.guids), name: request.Name, uuid: request.UUID, within: manager, request: &request}
	c.sim.projects = append(c.sim.projects, p)
	return c.created(c.projectRecord(p))
}

// deleteProjects takes any object whose arrays name projects: the members of
// the body are not documented.
func (c *call) deleteProjects() answer {
	var request map[string]json.RawMessage
	if a, good := c.body(&request); !good {
		return a
	}
	var doomed []*place
	for _, raw := range request {
		var list []named
		if json.Unmarshal(raw, &list) != nil {
			continue
		}
		for _, one := range list {
			p := findPlace(c.sim.projects, one.GUID)
			if p == nil {
				return notFound("project")
			}
			doomed = append(doomed, p)
		}
	}
	if len(doomed) == 0 {
		return badRequest("no projects are named")
	}
	for _, e := range c.sim.entities {
		if slices.Contains(doomed, e.project) {
			e.project = nil
		}
	}
	c.sim.projects = slices.DeleteFunc(c.sim.projects, func(p *place) bool { return slices.Contains(doomed, p) })
	return c.created(nil)
}

// registerNode answers the credentials that the node is to sign in with. With
// "existing" a known node registers anew (inferred).
func (c *call) registerNode() answer {
	p := &params{c: c}
	existing, _ := p.boolean("existing")
	var request struct{ Name string }
	if p.bad != "" {
		return badRequest(p.bad)
	}
	if a, good := c.body(&request); !good {
		return a
	}
	at := slices.IndexFunc(c.sim.nodes, func(n *place) bool { return n.name == request.Name })
	var node *place
	switch {
	case request.Name == "":
		return badRequest("name is required")
	case existing && at < 0:
		return notFound("node")
	case existing:
		node = c.sim.nodes[at]
	case at >= 0:
		return fail(http.StatusConflict, "node exists")
	default:
		node = &place{guid: newGUID(c.sim.guids), name: request.Name}
		c.sim.nodes = append(c.sim.nodes, node)
	}
	return c.created(object{"guid": node.guid, "password": "test-" + newGUID(c.sim.guids)})
}

// configureNodes moves nodes to another configuration. Only the nodes of the
// body are documented; nodeConfig is (inferred) from the member of a node.
func (c *call) configureNodes() answer {
	var request struct {
		Nodes      []named
		NodeConfig *named
	}
	if a, good := c.body(&request); !good {
		return a
	}
	for _, one := range request.Nodes {
		if findPlace(c.sim.nodes, one.GUID) == nil {
			return notFound("node")
		}
	}
	out := []object{}
	for _, one := range request.Nodes {
		node := findPlace(c.sim.nodes, one.GUID)
		if request.NodeConfig != nil {
			node.config = request.NodeConfig
		}
		out = append(out, c.nodeRecord(node))
	}
	return c.changed(out)
}

func (c *call) createProvider() answer {
	var request placeRequest
	if a, good := c.body(&request); !good {
		return a
	}
	if request.Name == "" || request.CloudServiceProviderType.Name == "" {
		return badRequest("name and cloudServiceProviderType are required")
	}
	p := &place{
		guid: newGUID(c.sim.guids), name: request.Name, kind: request.CloudServiceProviderType.Name, request: &request,
	}
	c.sim.providers = append(c.sim.providers, p)
	o := providerRecord(p)
	applications := []object{}
	for _, one := range request.Applications {
		applications = append(applications, object{
			"guid": orElse(one.GUID, newGUID(c.sim.guids)), "clientId": one.ClientID, "secretChanged": false,
		})
	}
	texts := func(values []string) []string { return append([]string{}, values...) }
	o["tenantId"], o["applications"] = request.TenantID, applications
	o["nodeConfig"] = ref(request.NodeConfig.GUID, request.NodeConfig.Name)
	o["filterUser"] = object{
		"usageLocation": texts(request.FilterUser.UsageLocation), "country": texts(request.FilterUser.Country),
		"officeLocation": texts(request.FilterUser.OfficeLocation),
	}
	return c.created(o)
}
