package cohesitysim

import "maps"

const (
	v1   = "/irisservices/api/v1" // hangs off the host root (IBM NOTES section 1)
	data = "/v2/data-protect"
)

// operations is the table of what is served, by method and path.
func (s *Sim) operations() map[string]operation {
	all := s.platformOperations()
	maps.Copy(all, map[string]operation{
		"GET " + data + "/policies":         s.getProtectionPolicies,
		"POST " + data + "/policies":        s.createProtectionPolicy,
		"GET " + data + "/policies/{id}":    s.getProtectionPolicyByID,
		"PUT " + data + "/policies/{id}":    s.updateProtectionPolicy,
		"DELETE " + data + "/policies/{id}": s.deleteProtectionPolicy,

		"GET " + data + "/protection-groups":                    s.getProtectionGroups,
		"POST " + data + "/protection-groups":                   s.createProtectionGroup,
		"GET " + data + "/protection-groups/{id}":               s.getProtectionGroupByID,
		"PUT " + data + "/protection-groups/{id}":               s.updateProtectionGroup,
		"DELETE " + data + "/protection-groups/{id}":            s.deleteProtectionGroup,
		"GET " + data + "/protection-groups/{id}/runs":          s.getProtectionGroupRuns,
		"PUT " + data + "/protection-groups/{id}/runs":          s.updateProtectionGroupRun,
		"POST " + data + "/protection-groups/{id}/runs":         s.createProtectionGroupRun,
		"POST " + data + "/protection-groups/{id}/runs/actions": s.performActionOnProtectionGroupRun,
		"GET " + data + "/protection-groups/{id}/runs/{runId}":  s.getProtectionGroupRun,
		"GET " + data + "/runs/{runId}/progress":                s.getProtectionRunProgress,

		"GET " + data + "/objects/{id}/snapshots":                s.getObjectSnapshots,
		"GET " + data + "/search/objects":                        s.searchObjects,
		"GET " + data + "/search/protected-objects":              s.searchProtectedObjects,
		"POST " + data + "/search/indexed-objects":               s.searchIndexedObjects,
		"POST " + data + "/snapshots/restore-points":             s.getRestorePointsInTimeRange,
		"GET " + data + "/snapshots/{snapshotsId}/download-file": s.downloadIndexedFile,
		"POST " + data + "/snapshots/{snapshotId}/meta-info":     s.constructMetaInfo,

		"GET " + data + "/recoveries":                         s.getRecoveries,
		"POST " + data + "/recoveries":                        s.createRecovery,
		"POST " + data + "/recoveries/download-files-folders": s.createDownloadRecovery,
		"GET " + data + "/recoveries/{id}":                    s.getRecoveryByID,
		"POST " + data + "/recoveries/{id}/cancel":            s.cancelRecoveryByID,
		"GET " + data + "/recoveries/{id}/download-files":     s.downloadFilesFromRecovery,

		"GET " + data + "/sources/registrations":         s.getSourceRegistrations,
		"GET " + data + "/sources/registrations/{id}":    s.getProtectionSourceRegistration,
		"POST " + data + "/sources/registrations":        s.registerProtectionSource,
		"PUT " + data + "/sources/registrations/{id}":    s.updateProtectionSourceRegistration,
		"PATCH " + data + "/sources/registrations/{id}":  s.patchProtectionSourceRegistration,
		"DELETE " + data + "/sources/registrations/{id}": s.deleteProtectionSourceRegistration,
		"POST " + data + "/sources/{id}/refresh":         s.refreshProtectionSourceByID,
	})
	return all
}

// platformOperations are those around the backups: the older routes, connections
// and agents.
func (s *Sim) platformOperations() map[string]operation {
	return map[string]operation{
		"GET " + v1 + "/progressMonitors":                          s.getProgressMonitors,
		"GET " + v1 + "/public/protectionSources":                  s.listProtectionSources,
		"GET " + v1 + "/public/protectionSources/registrationInfo": s.listRegistrationInfo,

		"GET /v2/data-source-connections":                                   s.getDataSourceConnections,
		"POST /v2/data-source-connections":                                  s.createDataSourceConnection,
		"PATCH /v2/data-source-connections/{connectionId}":                  s.patchDataSourceConnection,
		"DELETE /v2/data-source-connections/{connectionId}":                 s.deleteDataSourceConnection,
		"POST /v2/data-source-connections/{connectionId}/registrationToken": s.generateRegistrationToken,
		"GET /v2/data-source-connectors":                                    s.getDataSourceConnectors,
		"GET /v2/data-source-connectors/metadata":                           s.getConnectorMetadata,
		"PATCH /v2/data-source-connectors/{connectorId}":                    s.patchDataSourceConnector,
		"DELETE /v2/data-source-connectors/{connectorId}":                   s.deleteDataSourceConnector,

		"POST " + data + "/agents/download":      s.downloadAgent,
		"GET " + data + "/agents/upgrade-tasks":  s.getUpgradeTasks,
		"POST " + data + "/agents/upgrade-tasks": s.createUpgradeTask,
	}
}
