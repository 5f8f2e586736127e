package cohesitysim

import (
	"fmt"
	"slices"
	"strconv"
)

const connectorVersion = "7.2.15"

func (s *Sim) connectorJSON(x *connector, now int64) obj {
	return obj{
		"connectorId": strconv.FormatInt(x.id, 10), "connectorName": x.name,
		"connectionId":  strconv.FormatInt(x.connection, 10),
		"connectorType": "kIBMRigelVSI", "clusterSideIp": "192.0.2.10", "tenantSideIp": fmt.Sprintf("10.20.0.%d", 1+x.id%250),
		"softwareVersion": connectorVersion, "patchSoftwareVersion": nil,
		"connectivityStatus": obj{"isConnected": true, "lastConnectedTimestampSecs": now / second, "message": nil},
		"upgradeStatus": obj{
			"status": "Succeeded", "startTimestampMSecs": x.joined / 1000, "lastStatusFetchedTimestampMsecs": x.joined / 1000,
			"message": nil,
		},
	}
}

// getDataSourceConnectors answers 400 for a connection that is not there (IBM
// NOTES section 5).
func (s *Sim) getDataSourceConnectors(c *call) (reply, error) {
	within := c.text("connectionId")
	if within != "" && s.connection(within) == nil {
		return reply{}, invalid("connection %s does not exist", within)
	}
	ids, names := c.list("connectorIds"), c.list("connectorNames")
	out := []any{}
	for _, x := range s.connectors {
		if among(ids, strconv.FormatInt(x.id, 10)) && among(names, x.name) &&
			(within == "" || strconv.FormatInt(x.connection, 10) == within) {
			out = append(out, s.connectorJSON(x, c.now))
		}
	}
	return ok(obj{"connectors": out})
}

func (s *Sim) connectorOf(c *call) (*connector, error) {
	for _, x := range s.connectors {
		if strconv.FormatInt(x.id, 10) == c.path("connectorId") {
			return x, nil
		}
	}
	return nil, notFound()
}

func (s *Sim) patchDataSourceConnector(c *call) (reply, error) {
	x, err := s.connectorOf(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	// The name is optional here, unlike that of a connection.
	if name := text(body, "connectorName"); name != "" {
		x.name = name
	}
	return ok(s.connectorJSON(x, c.now))
}

func (s *Sim) deleteDataSourceConnector(c *call) (reply, error) {
	x, err := s.connectorOf(c)
	if err != nil {
		return reply{}, err
	}
	s.connectors = slices.DeleteFunc(s.connectors, func(other *connector) bool { return other == x })
	return noContent()
}

// getConnectorMetadata lists what can be installed.
func (s *Sim) getConnectorMetadata(*call) (reply, error) {
	image := func(kind, suffix string) obj {
		return obj{"imageType": kind, "url": "https://images.example.net/connector/" + connectorVersion + "." + suffix}
	}
	return ok(obj{
		"connectorImageMetadata": obj{"connectorImageFileList": []any{image("VSI", "qcow2"), image("VMware", "ova")}},
		"k8sConnectorInfoList": []any{obj{
			"k8sPlatformType": "kRoksVpc", "helmInstallCmd": "helm install data-source-connector oci://registry.example.net/charts/connector",
			"helmChartOciRef": obj{
				"registryHost": "registry.example.net", "repository": "connector", "namespace": "charts", "tag": connectorVersion,
				"digest": fmt.Sprintf("sha256:%016x%016x%016x%016x", mix(s.kit.Seed, 41), mix(s.kit.Seed, 42), mix(s.kit.Seed, 43), mix(s.kit.Seed, 44)),
			},
			"ugradeDocUrl": "https://docs.example.net/connector/upgrade", // spelt so by the vendor
		}},
	})
}
