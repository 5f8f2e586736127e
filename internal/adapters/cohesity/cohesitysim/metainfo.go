package cohesitysim

import "fmt"

// constructMetaInfo tells more of a snapshot where an environment needs it:
// Kubernetes here; for others the answer carries the environment only. That
// another environment than that of the snapshot is refused is inferred.
func (s *Sim) constructMetaInfo(c *call) (reply, error) {
	x, err := s.snapshot(c.path("snapshotId"), c.now)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	environment, own := text(body, "environment"), s.kindOf(x.run.g)
	switch environment {
	case own.environment, snapshotEnvironment(own):
	case "":
		return reply{}, invalid("environment in body is required")
	default:
		return reply{}, invalid("snapshot is not of environment %s", environment)
	}
	out := obj{"environment": environment, "kubernetesParams": nil, "oracleParams": nil}
	if environment != "kKubernetes" {
		return ok(out)
	}
	params := member(body, "kubernetesParams")
	if id, given := integer(params, "objectId"); !given || id != x.object.entity.id {
		return reply{}, invalid("kubernetesParams.objectId in body is not the object of the snapshot")
	}
	out["kubernetesParams"] = kubernetesMetaInfo(x.object.entity)
	return ok(out)
}

func kubernetesMetaInfo(e entity) obj {
	claims := []any{}
	for i := range int64(1 + e.id%3) {
		claims = append(claims, obj{"id": e.id*10 + i, "name": fmt.Sprintf("data-%d", i)})
	}
	return obj{
		"backedUpPvcs": claims, "backedUpResourceCount": int64(2), "includesClusterScopedResources": false,
		"backedUpResources": []any{obj{
			"apiGroup": "apps", "kind": "StatefulSet", "name": "statefulsets", "version": "v1", "isClusterScoped": false,
			"resourceList": nil,
		}},
		"excludedResources": nil, "includedResources": nil, "quiesceRuleStatus": nil,
	}
}
