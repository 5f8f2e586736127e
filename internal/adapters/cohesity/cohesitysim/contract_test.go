package cohesitysim

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const api = "/v2/data-protect"

// allOperations calls every operation that is served with success; client.send
// checks each exchange against the contract.
func (c *client) allOperations() {
	c.t.Helper()
	c.readEstate()
	c.changePolicies()
	c.changeGroups()
	c.changeRuns()
	c.recoverThings()
	c.changeConnections()
	c.changeAgents()
	c.changeRegistrations()
}

func (c *client) readEstate() {
	file := c.restorable("kPhysical", "kFile")
	sql := c.restorable("kSQL", "kNative")
	c.get(api + "/policies?includeStats=true&types=Regular")
	c.get(api + "/protection-groups?includeLastRunInfo=true&environments=kPhysical%2CkSQL")
	c.get(api + "/protection-groups?isDeleted=true")
	wide := fmt.Sprintf("?startTimeUsecs=1&endTimeUsecs=%d&includeObjectDetails=true", c.sim.now())
	for _, id := range c.sim.GroupIDs() {
		c.get(api + "/protection-groups/" + id + "?includeLastRunInfo=true")
		c.get(api + "/protection-groups/" + id + "/runs" + wide)
		c.get(api + "/protection-groups/" + id + "/runs")
	}
	c.get(api + "/protection-groups/" + file.GroupID + "/runs/" + file.RunID + "?includeObjectDetails=true")
	c.get(api + "/runs/" + file.RunID + "/progress?includeFinishedTasks=true")
	for _, f := range []Fact{file, sql} {
		c.get(fmt.Sprintf("%s/objects/%d/snapshots", api, f.ObjectID))
	}
	c.get(api + "/search/protected-objects")
	c.get(api + "/search/objects?count=4")
	c.want(http.StatusOK, http.MethodPost, api+"/search/indexed-objects", obj{"objectType": "Files", "count": 5, "fileParams": obj{"searchString": "2025*"}})
	c.want(http.StatusCreated, http.MethodPost, api+"/snapshots/restore-points", obj{
		"environment": "kSQL", "protectionGroupIds": []string{sql.GroupID}, "sourceId": sql.ObjectID,
		"startTimeUsecs": 1, "endTimeUsecs": c.sim.now(),
	})
	registration := items(c.get(api+"/sources/registrations"), "registrations")[0]
	c.get(fmt.Sprintf("%s/sources/registrations/%d", api, number(registration, "id")))
	c.get("/v2/data-source-connections")
	c.get("/v2/data-source-connectors?connectionId=730118844556677123")
	c.get("/v2/data-source-connectors/metadata")
	c.get("/irisservices/api/v1/public/protectionSources/registrationInfo?environments=kPhysical%2CkSQL")
	c.want(http.StatusOK, http.MethodGet, "/irisservices/api/v1/public/protectionSources", nil)
	path := url.PathEscape(file.SnapshotID)
	c.want(http.StatusOK, http.MethodGet, api+"/snapshots/"+path+"/download-file?filePath=%2Fdata%2Forders%2F2025.db&startOffset=0&length=8388608", nil)
	c.want(http.StatusOK, http.MethodPost, api+"/snapshots/"+path+"/meta-info", obj{"environment": "kPhysical"})
	c.want(http.StatusBadRequest, http.MethodPost, api+"/snapshots/"+path+"/meta-info", obj{"environment": "kSQL"})
}

func aPolicy(name string) obj {
	return obj{"name": name, "backupPolicy": obj{"regular": obj{
		"incremental":         obj{"schedule": obj{"unit": "Days", "daySchedule": obj{"frequency": 1}}},
		"retention":           obj{"unit": "Days", "duration": 14},
		"primaryBackupTarget": obj{"useDefaultBackupTarget": true},
	}}}
}

func (c *client) changePolicies() {
	c.t.Helper()
	made := c.want(http.StatusCreated, http.MethodPost, api+"/policies", aPolicy("daily")).json(c.t)
	path := fmt.Sprint(api, "/policies/", made["id"])
	change := aPolicy("daily-2")
	change["lastModificationTimeUsecs"] = made["lastModificationTimeUsecs"]
	c.clock.Advance(time.Second)
	c.want(http.StatusOK, http.MethodPut, path, change)
	c.want(http.StatusConflict, http.MethodPut, path, change)
	if got := c.get(path)["name"]; got != "daily-2" {
		c.t.Errorf("policy is called %v after the update", got)
	}
	c.want(http.StatusNoContent, http.MethodDelete, path, nil)
	c.want(http.StatusNotFound, http.MethodDelete, path, nil)
}

func (c *client) changeGroups() {
	c.t.Helper()
	file := c.restorable("kPhysical", "kFile")
	policy := items(c.get(api+"/policies"), "policies")[0]["id"]
	body := obj{
		"name": "new-hosts", "policyId": policy, "environment": "kPhysical",
		"physicalParams": obj{"protectionType": "kFile", "fileProtectionTypeParams": obj{"objects": []obj{{"id": file.ObjectID}}}},
	}
	made := c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body).json(c.t)
	c.want(http.StatusConflict, http.MethodPost, api+"/protection-groups", body)
	path := fmt.Sprint(api, "/protection-groups/", made["id"])
	// The first run started by itself and keeps a second one from starting.
	c.want(http.StatusConflict, http.MethodPost, path+"/runs", obj{"runType": "kRegular"})
	body["isPaused"], body["lastModifiedTimestampUsecs"] = true, made["lastModifiedTimestampUsecs"]
	c.clock.Advance(time.Second)
	if got := c.want(http.StatusOK, http.MethodPut, path, body).json(c.t)["isPaused"]; got != true {
		c.t.Errorf("isPaused is %v after the update", got)
	}
	c.want(http.StatusConflict, http.MethodPut, path, body)
	c.want(http.StatusNoContent, http.MethodDelete, path, nil)
	if got := c.get(path)["isDeleted"]; got != true {
		c.t.Errorf("isDeleted is %v after deletion without the snapshots", got)
	}
	c.want(http.StatusNoContent, http.MethodDelete, path+"?deleteSnapshots=true", nil)
	c.want(http.StatusNotFound, http.MethodGet, path, nil)
}

func (c *client) recoverThings() {
	c.t.Helper()
	file, volume := c.restorable("kPhysical", "kFile"), c.restorable("kPhysical", "kVolume")
	sql := c.restorable("kSQL", "kNative")
	e, _ := c.sim.entity(sql.ObjectID)
	guids := func(f Fact) string { return c.sim.VolumeGUIDs(f.ObjectID)[0] }
	physical := func(f Fact, action, block string, params obj) obj {
		params["targetEnvironment"] = "kPhysical"
		return obj{"name": action, "snapshotEnvironment": "kPhysical", "physicalParams": obj{
			"objects": []obj{{"snapshotId": f.SnapshotID}}, "recoveryAction": action, block: params,
		}}
	}
	requests := []obj{
		physical(volume, "RecoverPhysicalVolumes", "recoverVolumeParams", obj{"physicalTargetParams": obj{
			"mountTarget":   obj{"id": file.ObjectID},
			"volumeMapping": []obj{{"sourceVolumeGuid": guids(volume), "destinationVolumeGuid": guids(file)}},
		}}),
		physical(volume, "InstantVolumeMount", "mountVolumeParams", obj{"physicalTargetParams": obj{
			"mountToOriginalTarget": false, "newTargetConfig": obj{
				"mountTarget": obj{"id": file.ObjectID}, "serverCredentials": obj{"username": "test", "password": "test-password"},
			},
		}}),
		physical(file, "RecoverFiles", "recoverFileAndFolderParams", obj{
			"filesAndFolders": []obj{{"absolutePath": "/data/orders/2025.db", "isDirectory": false}},
			"physicalTargetParams": obj{
				"recoverTarget": obj{"id": file.ObjectID}, "restoreToOriginalPaths": false, "alternateRestoreDirectory": "/restore/",
			},
		}),
		{"name": "db", "snapshotEnvironment": "kSQL", "mssqlParams": obj{
			"recoveryAction": "RecoverApps", "recoverAppParams": []obj{{
				"snapshotId": sql.SnapshotID, "targetEnvironment": "kSQL", "sqlTargetParams": obj{
					"recoverToNewSource": true, "newSourceConfig": obj{
						"host": obj{"id": e.host}, "instanceName": "MSSQLSERVER", "databaseName": "restored",
						"dataFileDirectoryLocation": `D:\data`, "logFileDirectoryLocation": `D:\log`,
					},
				},
			}},
		}},
	}
	var paths []string
	for _, body := range requests {
		made := c.want(http.StatusCreated, http.MethodPost, api+"/recoveries", body).json(c.t)
		paths = append(paths, fmt.Sprint(api, "/recoveries/", made["id"]))
	}
	parent := c.sim.Recoveries()[len(requests)-1].ID
	if got := items(c.get(api+"/recoveries?returnOnlyChildRecoveries=true&ids="+parent), "recoveries"); len(got) != 1 || got[0]["parentRecoveryId"] != parent {
		c.t.Errorf("children of the SQL recovery: %v", got)
	}
	made := c.want(http.StatusCreated, http.MethodPost, api+"/recoveries/download-files-folders", download(file, "bundle")).json(c.t)
	archive := fmt.Sprint(api, "/recoveries/", made["id"])
	c.want(http.StatusBadRequest, http.MethodGet, archive+"/download-files?startOffset=0&length=10", nil)
	c.want(http.StatusNoContent, http.MethodPost, paths[0]+"/cancel", nil)
	for range 3 {
		c.clock.Advance(3 * time.Second)
		for _, path := range paths {
			c.get(path)
		}
		c.get("/irisservices/api/v1/progressMonitors?includeFinishedTasks=true&taskPathVec=restore_7101_1")
		c.get(api + "/recoveries?status=Running,Succeeded,Canceled,Canceling")
	}
	c.want(http.StatusOK, http.MethodGet, archive+"/download-files?startOffset=0&length=10", nil)
}

func download(f Fact, name string) obj {
	return obj{
		"name": name, "object": obj{"snapshotId": f.SnapshotID},
		"filesAndFolders": []obj{{"absolutePath": "/data/reports/", "isDirectory": true}},
	}
}
