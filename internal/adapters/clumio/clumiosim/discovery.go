package clumiosim

import (
	"slices"
	"strconv"
	"strings"
)

// discover answers what the service offers: for each resource its versions, and
// for each version the operations by the vendor's link names (NOTES section 2).
func (s *Sim) discover(*call) (answer, error) {
	out := object{}
	for _, routes := range s.routes {
		for _, r := range routes {
			if r.resource == anyResource {
				continue
			}
			resource, _ := out[r.resource].(object)
			if resource == nil {
				resource = object{"supported_versions": []string{}}
				out[r.resource] = resource
			}
			known, _ := resource["supported_versions"].([]string)
			for _, number := range r.versions {
				version := "v" + strconv.Itoa(number)
				if !slices.Contains(known, version) {
					known = append(known, version)
				}
				operations, _ := resource[version].(object)
				if operations == nil {
					operations = object{}
					resource[version] = operations
				}
				href := "/" + strings.Join(r.segments, "/")
				operations[r.name] = object{
					"href": href, "type": strings.ToLower(r.method), "templated": strings.Contains(href, "{"),
				}
			}
			slices.Sort(known)
			resource["supported_versions"] = known
		}
	}
	return ok(out)
}
