package cohesitysim

import (
	"net/http"
	"slices"
)

// createRecovery starts a restore after the checks of IBM NOTES section 12.
func (s *Sim) createRecovery(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	environment := text(body, "snapshotEnvironment")
	if text(body, "name") == "" || !slices.Contains(groupEnvironments, environment) {
		return reply{}, invalid("name and snapshotEnvironment in body are required")
	}
	blocks := map[string]string{"kPhysical": "physicalParams", "kSQL": "mssqlParams", "kKubernetes": "kubernetesParams"}
	for other, name := range blocks {
		if (member(body, name) != nil) != (other == environment) {
			return reply{}, invalid("Parameters '%s' must be specified for environment %s and no others", blocks[environment], environment)
		}
	}
	var r *recovery
	switch environment {
	case "kPhysical":
		r, err = s.createPhysical(body, c.now)
	case "kSQL":
		r, err = s.createSQL(body, c.now)
	default:
		err = invalid("no Kubernetes source is registered")
	}
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, json: s.recoveryJSON(r, c.now)}, nil
}

func (s *Sim) createPhysical(body obj, now int64) (*recovery, error) {
	block := member(body, "physicalParams")
	action, objects := text(block, "recoveryAction"), list(block, "objects")
	if len(objects) == 0 {
		return nil, invalid("physicalParams.objects in body is required")
	}
	var snapshots []snapshot
	for _, item := range objects {
		x, err := s.snapshot(text(item, "snapshotId"), now)
		if err != nil {
			return nil, err
		}
		if k := s.kindOf(x.run.g); k.environment != "kPhysical" || !slices.Contains(actionsOf(k), action) {
			return nil, invalid("snapshot does not support %s", action)
		}
		snapshots = append(snapshots, x)
	}
	check := map[string]func(obj, []snapshot) error{
		"RecoverPhysicalVolumes": s.checkVolumes, "InstantVolumeMount": s.checkMount,
		"RecoverFiles": s.checkFiles, "RecoverSystem": checkSystem,
	}[action]
	if check == nil {
		return nil, invalid("physicalParams.recoveryAction in body is not known: %q", action)
	}
	if err := check(block, snapshots); err != nil {
		return nil, err
	}
	return s.addRecovery(body, "kPhysical", action, snapshots), nil
}

// knownHost is the host that a target names.
func (s *Sim) knownHost(target obj) (int64, error) {
	id, given := integer(target, "id")
	e, found := s.entity(id)
	if !given || !found || e.objectType != "kHost" {
		return 0, invalid("target host does not exist")
	}
	return id, nil
}

func targetParams(block obj, name string) (params, target obj, err error) {
	params = member(block, name)
	target = member(params, "physicalTargetParams")
	if text(params, "targetEnvironment") != "kPhysical" || target == nil {
		return nil, nil, invalid("%s with targetEnvironment kPhysical and physicalTargetParams is required", name)
	}
	return params, target, nil
}

func (s *Sim) checkVolumes(block obj, snapshots []snapshot) error {
	_, target, err := targetParams(block, "recoverVolumeParams")
	if err != nil {
		return err
	}
	host, err := s.knownHost(member(target, "mountTarget"))
	if err != nil {
		return err
	}
	mapping := list(target, "volumeMapping")
	if len(mapping) == 0 {
		return invalid("volumeMapping is required")
	}
	for _, pair := range mapping {
		if !slices.Contains(s.volumeGUIDs(host), text(pair, "destinationVolumeGuid")) {
			return invalid("destination volume is not on the target host")
		}
		if !slices.ContainsFunc(snapshots, func(x snapshot) bool {
			return slices.Contains(s.volumeGUIDs(x.object.entity.host), text(pair, "sourceVolumeGuid"))
		}) {
			return invalid("source volume is not in the snapshot")
		}
	}
	return nil
}

func (s *Sim) checkMount(block obj, _ []snapshot) error {
	_, target, err := targetParams(block, "mountVolumeParams")
	if err != nil {
		return err
	}
	original, given := target["mountToOriginalTarget"].(bool)
	if !given {
		return invalid("mountToOriginalTarget is required")
	}
	if original {
		return nil
	}
	config := member(target, "newTargetConfig")
	credentials := member(config, "serverCredentials")
	if text(credentials, "username") == "" || text(credentials, "password") == "" {
		return invalid("serverCredentials are required for another target")
	}
	_, err = s.knownHost(member(config, "mountTarget"))
	return err
}

func (s *Sim) checkFiles(block obj, _ []snapshot) error {
	params, target, err := targetParams(block, "recoverFileAndFolderParams")
	if err != nil {
		return err
	}
	if err := checkPaths(params); err != nil {
		return err
	}
	if !truth(target, "restoreToOriginalPaths") && text(target, "alternateRestoreDirectory") == "" {
		return invalid("alternateRestoreDirectory is required unless restoreToOriginalPaths is set")
	}
	_, err = s.knownHost(member(target, "recoverTarget"))
	return err
}

func checkPaths(params obj) error {
	files := list(params, "filesAndFolders")
	if len(files) == 0 {
		return invalid("filesAndFolders in body is required")
	}
	for _, file := range files {
		if text(file, "absolutePath") == "" {
			return invalid("absolutePath is required")
		}
	}
	return nil
}

func checkSystem(block obj, _ []snapshot) error {
	if text(member(block, "systemRecoveryParams"), "fullNasPath") == "" {
		return invalid("systemRecoveryParams.fullNasPath is required")
	}
	return nil
}

// createSQL makes a parent with one child, as SQL restores may be (IBM NOTES
// section 12).
func (s *Sim) createSQL(body obj, now int64) (*recovery, error) {
	block := member(body, "mssqlParams")
	action, items := text(block, "recoveryAction"), list(block, "recoverAppParams")
	if (action != "RecoverApps" && action != "CloneApps") || len(items) == 0 {
		return nil, invalid("recoveryAction and recoverAppParams in body are required")
	}
	var snapshots []snapshot
	for _, item := range items {
		x, err := s.snapshot(text(item, "snapshotId"), now)
		if err != nil {
			return nil, err
		}
		if s.kindOf(x.run.g).environment != "kSQL" {
			return nil, invalid("snapshot does not support %s", action)
		}
		if err := s.checkSQLTarget(item); err != nil {
			return nil, err
		}
		snapshots = append(snapshots, x)
	}
	r := s.addRecovery(body, "kSQL", action, snapshots)
	child := s.addRecovery(obj{"name": body["name"]}, "kSQL", action, nil)
	child.parent, child.fails = r.id, r.fails
	r.child = child.id
	return r, nil
}

func (s *Sim) checkSQLTarget(item obj) error {
	params := member(item, "sqlTargetParams")
	elsewhere, given := params["recoverToNewSource"].(bool)
	if text(item, "targetEnvironment") != "kSQL" || !given {
		return invalid("targetEnvironment kSQL and sqlTargetParams.recoverToNewSource are required")
	}
	config := member(params, "originalSourceConfig")
	if elsewhere {
		config = member(params, "newSourceConfig")
		for _, name := range []string{"instanceName", "dataFileDirectoryLocation", "logFileDirectoryLocation"} {
			if text(config, name) == "" {
				return invalid("newSourceConfig.%s is required", name)
			}
		}
		if _, err := s.knownHost(member(config, "host")); err != nil {
			return err
		}
	}
	if truth(config, "withNoRecovery") && truth(config, "keepCdc") {
		return invalid("keepCdc cannot be set with withNoRecovery")
	}
	return nil
}

// createDownloadRecovery prepares an archive; names of downloads are unique (IBM
// NOTES section 13).
func (s *Sim) createDownloadRecovery(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	name := text(body, "name")
	if name == "" || member(body, "object") == nil {
		return reply{}, invalid("name and object in body are required")
	}
	if err := checkPaths(body); err != nil {
		return reply{}, err
	}
	x, err := s.snapshot(text(member(body, "object"), "snapshotId"), c.now)
	if err != nil {
		return reply{}, err
	}
	if !slices.Contains(actionsOf(s.kindOf(x.run.g)), archiveAction) {
		return reply{}, invalid("snapshot does not support %s", archiveAction)
	}
	for _, other := range s.recoveries {
		if other.action == archiveAction && other.body["name"] == name {
			return reply{}, duplicate("Recovery with name %s already exists in organization", name)
		}
	}
	r := s.addRecovery(body, "kPhysical", archiveAction, []snapshot{x})
	r.content.Seed, r.content.Size = mix(s.kit.Seed, 20, uint64(r.number)), s.options.DownloadSize
	return reply{status: http.StatusCreated, json: s.recoveryJSON(r, c.now)}, nil
}
