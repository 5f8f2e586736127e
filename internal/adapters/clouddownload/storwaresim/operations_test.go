package storwaresim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

// operationCount is the number of operations that the vendor's contract has.
const operationCount = 148

// outOfScope names each operation that is not simulated, with the reason. None
// is at present.
var outOfScope = map[string]string{}

// TestEveryOperationKeepsTheContract calls every operation of the contract under
// every reading and holds a success answer of each against its schema.
func TestEveryOperationKeepsTheContract(t *testing.T) {
	for name, reading := range readings() {
		t.Run(name, func(t *testing.T) {
			c, clock := start(t, Options{Seed: 7, Reading: reading})
			k := &checker{client: c, doc: contract(t, reading), reading: reading, seen: map[string]bool{}}
			c.login()
			k.readEverything()
			k.changePolicies()
			k.changeInfrastructure()
			k.changeEverything(clock)
			k.browseMounts(clock)
			count := 0
			for path, item := range k.doc.Paths.Map() {
				for method := range item.Operations() {
					count++
					operation := method + " " + path
					switch reason, out := outOfScope[operation]; {
					case out && (reason == "" || k.seen[operation]):
						t.Errorf("%s is out of scope for no reason", operation)
					case !out && !k.seen[operation]:
						t.Errorf("%s was not served", operation)
					}
				}
			}
			if count != operationCount {
				t.Errorf("%d operations in the contract, want %d", count, operationCount)
			}
		})
	}
}

func (k *checker) readEverything() {
	k.t.Helper()
	s := k.sim
	user, backup := k.entityWith("CLOUD_USER")
	machine, _ := k.entityWith("VM")
	agent, _ := k.entityWith("OS_AGENT")
	first := map[string]string{
		"GET /backups/{guid}": backup, "GET /tasks/{guid}": s.tasks[0].guid, "GET /virtual-machines/{guid}": machine,
		"GET /cloud-users/{guid}": user, "GET /schedules/{guid}": s.schedules[0].guid,
		"GET /cloud-protected-objects/{objectGuid}": user, "GET /cloud-protected-objects/{objectGuid}/children": user,
		"GET /os-protected-objects/{objectGuid}/children": agent, "GET /os-protected-objects/{objectGuid}/all-versions": agent,
		"GET /cloud-protected-entities/{protectedEntityType}": "CLOUD_GROUP",
		"GET /os-protected-entities/{protectedEntityType}":    "OS_AGENT",
	}
	for _, p := range s.policies {
		first["GET /policies/"+p.kind+"/{guid}"], first["GET /rules/"+p.kind+"/{guid}"] = p.guid, p.rules[0].guid
	}
	for path, item := range k.doc.Paths.Map() {
		switch {
		case item.Get == nil:
		case !strings.Contains(path, "{"):
			k.call("GET", path+"?filter=&nameLike="+map[bool]string{true: "&peGuid=" + agent}[strings.HasSuffix(path, "root")], "")
		case first["GET "+path] != "":
			k.call("GET", path, "", first["GET "+path])
		}
	}
	k.call("GET", "/os-protected-entities/{protectedEntityType}/{guid}", "", "OS_AGENT", agent)
	k.call("GET", "/os-protected-entities/{protectedEntityType}/{guid}/storage-usage", "", "OS_AGENT", agent)
	k.call("GET", "/backup-locations?protected-entity="+user+"&location-status=PRESENT", "")
	k.call("GET", "/backups?status=SUCCESS&status=FAILED&orderBy=backup.snapshotTime&direction=desc&page=0&size=10", "")
}

func (k *checker) changeEverything(clock *simkit.Clock) {
	k.t.Helper()
	s := k.sim
	user, backup := k.entityWith("CLOUD_USER")
	machine, machineBackup := k.entityWith("VM")
	location := locationGUID(machineBackup, 0)
	finish := func() { clock.Advance(time.Minute) }

	k.call("PUT", "/backups/{guid}/description", `{"value":"kept for the audit"}`, backup)
	k.call("PUT", "/backups/{guid}/warnings-acknowledged", `{"value":true}`, backup)
	mark := fmt.Sprintf(`[{"guid":%q,"retentionHint":{"name":"ARCHIVE"},"archiveExpire":1798761600000}]`, backup)
	k.call("POST", "/retention/mark-backups/preview", mark)
	k.call("POST", "/retention/mark-backups", mark)

	create := func() string {
		k.call("POST", "/cloud-download", fmt.Sprintf(`{"protectedEntity":{"guid":%q},"mode":{"name":"CLOUD_DOWNLOAD"},
			"protectedObjects":[{"guid":%q},{"guid":%q}]}`, user, user, s.entityByGUID[user].objectGUID(5)))
		made := s.Downloads()
		return made[len(made)-1].Records[0]
	}
	record, second := create(), create()
	finish()
	k.call("GET", "/cloud-download", "")
	k.call("GET", "/mounted-backups", "")
	k.call("GET", "/mounted-backups/{guid}", "", record)
	k.call("PUT", "/cloud-download/{guid}", `{"state":{"name":"FINISHED"},"statusInfo":"downloaded"}`, record)
	k.call("GET", "/cloud-download/{guid}/content-download", "", record)
	if k.reading.Content == ContentByDownload {
		k.seen["GET /cloud-download/{guid}"] = k.do("GET", "/cloud-download/"+record, "").status == http.StatusNotAcceptable
	} else {
		k.call("GET", "/cloud-download/{guid}", "", record)
	}
	k.call("DELETE", "/cloud-download/{guid}", "", record)
	k.call("DELETE", "/mounted-backups/{guid}", "", second)
	finish()

	entities := fmt.Sprintf(`"protectedEntities":[{"guid":%q}]`, machine)
	k.call("POST", "/tasks/export", `{"backupType":{"name":"FULL"},`+entities+`}`)
	k.call("POST", "/tasks/vm-snapshot", `{`+entities+`}`)
	k.call("POST", "/tasks/delete", fmt.Sprintf(`{"value":%q}`, machine))
	k.call("POST", "/tasks/inventory-sync", `{}`)
	k.call("POST", "/tasks/restore", fmt.Sprintf(`{"backup":{"guid":%q}}`, machineBackup))
	k.call("POST", "/tasks/restore-and-import", fmt.Sprintf(`{"backupLocation":{"guid":%q},"hypervisor":{"guid":%q}}`, location, s.hypervisors[0].guid))
	k.call("POST", "/tasks/restore-and-mount", fmt.Sprintf(`{"backupLocation":{"guid":%q},"mode":{"name":"AUTO"}}`, location))
	mount := fmt.Sprintf(`{"mountedBackup":{"guid":%q}}`, s.downloads[len(s.downloads)-1].guid)
	k.call("POST", "/tasks/mount", mount)
	k.call("POST", "/tasks/unmount", mount)
	clock.Advance(4 * time.Second)
	k.call("GET", "/tasks", "")
	k.call("GET", "/tasks/{guid}", "", s.tasks[len(s.tasks)-1].guid)
	k.call("GET", "/restore-jobs", "")
	k.call("GET", "/workflow-executions", "")
	k.call("DELETE", "/workflow-executions/{guid}", "", s.tasks[0].workflow)
	k.call("PUT", "/tasks/{guid}/state", `{"state":{"name":"CANCELLED"}}`, s.tasks[len(s.tasks)-1].guid)
	k.call("DELETE", "/tasks/all-running", "")
	finish()
	k.call("DELETE", "/tasks/{guid}", "", s.tasks[0].guid)
	k.call("DELETE", "/tasks/all-finished", "")
	k.call("DELETE", "/tasks/all-finished-and-queued", "")

	k.call("POST", "/session/logout", "")
	k.call("POST", "/session/login", `{"login":"switchback","password":"test-storware-password"}`)
	k.call("POST", "/session/logout", "")
	k.call("POST", "/session/login-with-token", `{"token":"test-storware-token"}`)
}

// target is a backup destination in a rule's request.
func (k *checker) target() string {
	return fmt.Sprintf(`{"backupDestination":{"guid":%q},"roleType":{"name":"PRIMARY"},"daysToKeepRetentionLock":7,"active":true,
		"backupRetentionSettings":{"retentionKeepLastNFull":4,"retentionKeepFullNewerThan":2592000000}}`, k.sim.destinations[0].guid)
}

func (k *checker) ruleBody(kind, policy string) string {
	includes := ""
	if kind == "os-backup" {
		includes = `,"includes":[{"type":"INCLUDE","directory":"/"}]`
	}
	return fmt.Sprintf(`{"name":"weekly","active":true,"position":1,"policy":{"guid":%q},"ruleBackupDestinations":[%s]%s}`,
		policy, k.target(), includes)
}

func (k *checker) policyBody(kind, member string) string {
	rule := k.ruleBody(kind, "")
	if kind == "vm-snapshot" {
		rule = `{"name":"hourly","retentionVersions":3}`
	}
	return fmt.Sprintf(`{"name":"bronze","priority":40,"active":true,"backupRetryCount":1,"autoRemoveNonPresent":false,
		"autoAssignSettings":{"mode":{"name":"ASSIGN_ONLY"},"includeRegExps":["^V"],"excludeRegExps":[]},%s
		"rules":[%s],"visibleForAllProjects":true,"dailyReportEnabled":false,"executeAutoAssignmentAfterSavingPolicy":false,
		"disableCleanOldBackups":false,"quiesceBeforeSnapshot":false}`, member, rule)
}

func (k *checker) changePolicies() {
	k.t.Helper()
	s := k.sim
	made := func() *policy { return s.policies[len(s.policies)-1] }
	for _, kind := range policyKinds {
		k.call("POST", "/policies/"+kind, k.policyBody(kind, ""))
		if kind == "vm-snapshot" {
			continue
		}
		k.call("PUT", "/policies/"+kind+"/{guid}", k.policyBody(kind, ""), made().guid)
		k.call("POST", "/rules/"+kind, k.ruleBody(kind, made().guid))
		k.call("PUT", "/rules/"+kind+"/{guid}", k.ruleBody(kind, made().guid), made().rules[1].guid)
		k.call("DELETE", "/rules/"+kind+"/{guid}", "", made().rules[1].guid)
		k.call("DELETE", "/policies/"+kind+"/{guid}", "", made().guid)
	}
	k.call("POST", "/policies/vm-backup/auto-assignment-preview", k.policyBody("vm-backup", ""))
	k.call("POST", "/policies/cloud-backup/auto-assignment-preview", k.policyBody("cloud-backup", ""))
	machine, _ := k.entityWith("VM")
	k.call("POST", "/policies/vm-backup/list-by-entities", fmt.Sprintf(`{"protectedEntities":[%q]}`, machine))

	k.call("POST", "/schedules", `{"name":"weekly","active":true,"type":{"name":"VM_BACKUP"},"backupType":{"name":"FULL"},
		"executionType":{"name":"TIME"},"hour":36000000,"daysOfWeek":[{"name":"SUNDAY"}]}`)
	guid := s.schedules[len(s.schedules)-1].guid
	k.call("PUT", "/schedules/{guid}", `{"name":"often","type":{"name":"VM_BACKUP"},"executionType":{"name":"INTERVAL"},
		"interval":{"startHour":0,"endHour":86400000,"frequency":3600000}}`, guid)
	k.call("DELETE", "/schedules/{guid}", "", guid)

	for _, one := range assignable {
		entity, _ := k.entityWith(one.kind)
		at := map[bool]int{true: 4, false: 2}[one.kind == "OS_AGENT"]
		k.call("POST", "/"+one.path+"/assign-backup-policy",
			fmt.Sprintf(`{"backupPolicy":{"guid":%q},"protectedEntities":[{"guid":%q}]}`, s.policies[at].guid, entity))
	}
}

func (k *checker) changeInfrastructure() {
	k.t.Helper()
	s := k.sim
	machine, _ := k.entityWith("VM")
	k.call("POST", "/backup-destinations/usable-for-vms", fmt.Sprintf(`[{"guid":%q}]`, machine))
	k.call("POST", "/virtual-machines/incremental-not-possible", fmt.Sprintf(`[{"guid":%q}]`, machine))
	k.call("DELETE", "/virtual-machines/all-non-present", "")
	k.call("POST", "/nodes", `{"name":"node-3"}`)
	k.call("PUT", "/nodes/config", fmt.Sprintf(`{"nodes":[{"guid":%q}]}`, s.nodes[0].guid))
	k.call("POST", "/projects", fmt.Sprintf(`{"name":"red","uuid":"red-1","active":true,"hvManager":{"guid":%q},
		"backupDestinations":[{"guid":%q}],"authenticationDomains":[]}`, s.managers[0].guid, s.destinations[0].guid))
	k.call("POST", "/projects/delete", fmt.Sprintf(`{"projects":[{"guid":%q}]}`, s.projects[2].guid))
	k.call("POST", "/cloud-service-providers", `{"name":"Third tenant","cloudServiceProviderType":{"name":"MICROSOFT365"},
		"tenantId":"tenant-3","applications":[{"clientId":"app-1","clientSecret":"test-client-secret"}]}`)
}

func (k *checker) browseMounts(clock *simkit.Clock) {
	k.t.Helper()
	_, backup := k.entityWith("VM")
	for _, mode := range []string{"AUTO", "ISCSI"} {
		k.call("POST", "/tasks/restore-and-mount",
			fmt.Sprintf(`{"backupLocation":{"guid":%q},"mode":{"name":%q}}`, locationGUID(backup, 0), mode))
	}
	clock.Advance(time.Minute)
	mounts := k.sim.downloads
	auto, disks := mounts[len(mounts)-2].guid, mounts[len(mounts)-1].guid
	k.call("GET", "/mounted-file-systems/detailed?mounted-backup="+auto, "")
	k.call("GET", "/mounted-files?mounted-backup="+disks, "")
	k.call("GET", "/backup-files/detailed/for-restore?with-modified-configs=true&backup="+backup, "")
	k.call("GET", "/file-systems?backup="+backup, "")
	system := marked(auto, mountedSystemMark)
	k.call("POST", "/mounted-file-systems/{guid}/listing", `{"path":"/"}`, system)
	k.call("POST", "/mounted-file-systems/{guid}/download", `{"paths":["/etc/hosts"]}`, system)
}
