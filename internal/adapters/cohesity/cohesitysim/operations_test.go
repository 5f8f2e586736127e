package cohesitysim

import (
	"net/http"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// documentedOperation is a row of the vendor's operation list.
type documentedOperation struct {
	id, method, path string
	status           int // of success
}

// referenceOperations are the 44 of the vendor's API reference page.
var referenceOperations = []documentedOperation{
	{"downloadAgent", http.MethodPost, "/v2/data-protect/agents/download", http.StatusOK},
	{"getUpgradeTasks", http.MethodGet, "/v2/data-protect/agents/upgrade-tasks", http.StatusOK},
	{"createUpgradeTask", http.MethodPost, "/v2/data-protect/agents/upgrade-tasks", http.StatusCreated},
	{"getObjectSnapshots", http.MethodGet, "/v2/data-protect/objects/{id}/snapshots", http.StatusOK},
	{"getProtectionPolicies", http.MethodGet, "/v2/data-protect/policies", http.StatusOK},
	{"createProtectionPolicy", http.MethodPost, "/v2/data-protect/policies", http.StatusCreated},
	{"getProtectionPolicyById", http.MethodGet, "/v2/data-protect/policies/{id}", http.StatusOK},
	{"updateProtectionPolicy", http.MethodPut, "/v2/data-protect/policies/{id}", http.StatusOK},
	{"deleteProtectionPolicy", http.MethodDelete, "/v2/data-protect/policies/{id}", http.StatusNoContent},
	{"getProtectionGroups", http.MethodGet, "/v2/data-protect/protection-groups", http.StatusOK},
	{"createProtectionGroup", http.MethodPost, "/v2/data-protect/protection-groups", http.StatusCreated},
	{"getProtectionGroupById", http.MethodGet, "/v2/data-protect/protection-groups/{id}", http.StatusOK},
	{"updateProtectionGroup", http.MethodPut, "/v2/data-protect/protection-groups/{id}", http.StatusOK},
	{"deleteProtectionGroup", http.MethodDelete, "/v2/data-protect/protection-groups/{id}", http.StatusNoContent},
	{"getProtectionGroupRuns", http.MethodGet, "/v2/data-protect/protection-groups/{id}/runs", http.StatusOK},
	{"updateProtectionGroupRun", http.MethodPut, "/v2/data-protect/protection-groups/{id}/runs", http.StatusMultiStatus},
	{"createProtectionGroupRun", http.MethodPost, "/v2/data-protect/protection-groups/{id}/runs", http.StatusAccepted},
	{"performActionOnProtectionGroupRun", http.MethodPost, "/v2/data-protect/protection-groups/{id}/runs/actions", http.StatusAccepted},
	{"getRecoveries", http.MethodGet, "/v2/data-protect/recoveries", http.StatusOK},
	{"createRecovery", http.MethodPost, "/v2/data-protect/recoveries", http.StatusCreated},
	{"createDownloadFilesAndFoldersRecovery", http.MethodPost, "/v2/data-protect/recoveries/download-files-folders", http.StatusCreated},
	{"getRecoveryById", http.MethodGet, "/v2/data-protect/recoveries/{id}", http.StatusOK},
	{"downloadFilesFromRecovery", http.MethodGet, "/v2/data-protect/recoveries/{id}/download-files", http.StatusOK},
	{"getRestorePointsInTimeRange", http.MethodPost, "/v2/data-protect/snapshots/restore-points", http.StatusCreated},
	{"downloadIndexedFile", http.MethodGet, "/v2/data-protect/snapshots/{snapshotsId}/download-file", http.StatusOK},
	{"searchIndexedObjects", http.MethodPost, "/v2/data-protect/search/indexed-objects", http.StatusOK},
	{"searchObjects", http.MethodGet, "/v2/data-protect/search/objects", http.StatusOK},
	{"searchProtectedObjects", http.MethodGet, "/v2/data-protect/search/protected-objects", http.StatusOK},
	{"getSourceRegistrations", http.MethodGet, "/v2/data-protect/sources/registrations", http.StatusOK},
	{"registerProtectionSource", http.MethodPost, "/v2/data-protect/sources/registrations", http.StatusCreated},
	{"getProtectionSourceRegistration", http.MethodGet, "/v2/data-protect/sources/registrations/{id}", http.StatusOK},
	{"updateProtectionSourceRegistration", http.MethodPut, "/v2/data-protect/sources/registrations/{id}", http.StatusOK},
	{"patchProtectionSourceRegistration", http.MethodPatch, "/v2/data-protect/sources/registrations/{id}", http.StatusOK},
	{"deleteProtectionSourceRegistration", http.MethodDelete, "/v2/data-protect/sources/registrations/{id}", http.StatusNoContent},
	{"refreshProtectionSourceById", http.MethodPost, "/v2/data-protect/sources/{id}/refresh", http.StatusNoContent},
	{"getDataSourceConnections", http.MethodGet, "/v2/data-source-connections", http.StatusOK},
	{"createDataSourceConnection", http.MethodPost, "/v2/data-source-connections", http.StatusCreated},
	{"deleteDataSourceConnection", http.MethodDelete, "/v2/data-source-connections/{connectionId}", http.StatusNoContent},
	{"patchDataSourceConnection", http.MethodPatch, "/v2/data-source-connections/{connectionId}", http.StatusOK},
	{"generateDataSourceConnectionRegistrationToken", http.MethodPost, "/v2/data-source-connections/{connectionId}/registrationToken", http.StatusOK},
	{"getDataSourceConnectors", http.MethodGet, "/v2/data-source-connectors", http.StatusOK},
	{"getConnectorMetadata", http.MethodGet, "/v2/data-source-connectors/metadata", http.StatusOK},
	{"deleteDataSourceConnector", http.MethodDelete, "/v2/data-source-connectors/{connectorId}", http.StatusNoContent},
	{"patchDataSourceConnector", http.MethodPatch, "/v2/data-source-connectors/{connectorId}", http.StatusOK},
}

// furtherOperations are those that only the vendor's SDK has, and the token route.
var furtherOperations = []documentedOperation{
	{"getProtectionGroupRun", http.MethodGet, "/v2/data-protect/protection-groups/{id}/runs/{runId}", http.StatusOK},
	{"getProtectionRunProgress", http.MethodGet, "/v2/data-protect/runs/{runId}/progress", http.StatusOK},
	{"getProgressMonitors", http.MethodGet, "/irisservices/api/v1/progressMonitors", http.StatusOK},
	{"cancelRecoveryById", http.MethodPost, "/v2/data-protect/recoveries/{id}/cancel", http.StatusNoContent},
	{"constructMetaInfo", http.MethodPost, "/v2/data-protect/snapshots/{snapshotId}/meta-info", http.StatusOK},
	{"listProtectionSources", http.MethodGet, "/irisservices/api/v1/public/protectionSources", http.StatusOK},
	{"listProtectionSourcesRegistrationInfo", http.MethodGet, "/irisservices/api/v1/public/protectionSources/registrationInfo", http.StatusOK},
	{"iamToken", http.MethodPost, "/identity/token", http.StatusOK},
}

func TestEveryDocumentedOperationIsServed(t *testing.T) {
	if a, b := len(referenceOperations), len(furtherOperations); a != 44 || b != 8 {
		t.Fatalf("%d and %d operations are listed, want 44 and 8", a, b)
	}
	for name, scenario := range scenarios() {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, Options{Seed: 5, Scenario: scenario})
			c.allOperations()
			for _, o := range slices.Concat(referenceOperations, furtherOperations) {
				if got := c.reached[o.id]; got != o.status {
					t.Errorf("%s: %s %s succeeded with %d, want %d", o.id, o.method, o.path, got, o.status)
				}
			}
		})
	}
}

// The contract that answers are checked against, the routes and the list of
// operations name the same.
func TestContractAndRoutesAreTheDocumentedOperations(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/contract.json")
	if err != nil {
		t.Fatal(err)
	}
	served := []string{"POST /identity/token"}
	for pattern := range New(Options{}).operations() {
		served = append(served, pattern)
	}
	var documented, inContract []string
	for _, o := range slices.Concat(referenceOperations, furtherOperations) {
		documented = append(documented, o.method+" "+o.path)
		if item := doc.Paths.Value(o.path); item == nil || item.GetOperation(o.method) == nil || item.GetOperation(o.method).OperationID != o.id {
			t.Errorf("the contract has no %s as %s %s", o.id, o.method, o.path)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			inContract = append(inContract, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(documented)
	slices.Sort(inContract)
	if !slices.Equal(served, documented) || !slices.Equal(inContract, documented) {
		t.Errorf("documented %v\nserved %v\ncontract %v", documented, served, inContract)
	}
}
