package cohesity

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// Start implements adapters.Restores. The vendor has no idempotency keys; the
// marker goes into the recovery's name.
func (r restores) Start(ctx context.Context, request model.RestoreRequest) (model.Restore, error) {
	const op = "ibm.CreateRecovery"
	order, err := readOrder(op, request)
	if err != nil {
		return model.Restore{}, err
	}
	from, err := r.snapshotOf(ctx, op, request.Source)
	if err != nil {
		return model.Restore{}, err
	}
	if !slices.Contains(kindsFor(from.asset), request.Kind) {
		return model.Restore{}, fault.InvalidField(op, "/kind", "not-possible", "this kind of restore does not work on such an asset")
	}
	path, body, err := order.body(op, from)
	if err != nil {
		return model.Restore{}, err
	}
	var raw json.RawMessage
	if err := r.post(ctx, op, path, body, &raw); err != nil {
		return model.Restore{}, err
	}
	recovery, err := readRecovery(op, raw)
	if err != nil {
		if e := fault.Of(err); e != nil {
			e.Ambiguous = true // it was accepted
		}
		return model.Restore{}, err
	}
	restore := r.view().restore(recovery)
	restore.Kind, restore.Source = request.Kind, &request.Source
	return restore, nil
}

// order is a request that has been read.
type order struct {
	kind    model.RestoreKind
	target  model.RestoreTarget
	sel     model.RestoreSelect
	options restoreOptions
	name    string // of the recovery
	host    int64  // 0 is the original place
}

// restoreOptions are the vendor's extras, of all kinds; a kind's schema admits
// its own only. Nil leaves it to the vendor.
type restoreOptions struct {
	ForceUnmountVolume *bool `json:"forceUnmountVolume"` // volume

	PreserveAttributes *bool  `json:"preserveAttributes"` // files
	PreserveTimestamps *bool  `json:"preserveTimestamps"`
	PreserveACLs       *bool  `json:"preserveAcls"`
	ContinueOnError    *bool  `json:"continueOnError"`
	SaveSuccessFiles   *bool  `json:"saveSuccessFiles"`
	RestoreEntityType  string `json:"restoreEntityType"`

	GlacierRetrievalType string `json:"glacierRetrievalType"` // download

	LogDirectory        string `json:"logDirectory"` // database
	CaptureTailLogs     *bool  `json:"captureTailLogs"`
	KeepCDC             *bool  `json:"keepCdc"`
	WithNoRecovery      *bool  `json:"withNoRecovery"`
	ReplayEntireLastLog *bool  `json:"replayEntireLastLog"`
}

// readOrder reads the members of a request. They have passed the schemas; what
// those can not say is checked here.
func readOrder(op string, request model.RestoreRequest) (order, error) {
	o := order{kind: request.Kind, name: "switchback-" + request.Marker}
	for _, member := range []struct {
		pointer string
		raw     json.RawMessage
		into    any
	}{{"/target", request.Target, &o.target}, {"/select", request.Select, &o.sel}, {"/options", request.Options, &o.options}} {
		if err := readObject(op, member.pointer, member.raw, member.into); err != nil {
			return o, err
		}
	}
	kinds := restoreTable()
	i := slices.IndexFunc(kinds, func(k adapters.RestoreKind) bool { return k.Kind == request.Kind })
	if i < 0 {
		return o, fault.New(fault.Unsupported, op, "this account has no such restore")
	}
	if !slices.Contains(kinds[i].Sources, request.Source.Form()) {
		return o, fault.InvalidField(op, "/source", "unsupported", "this kind of restore does not take such a source")
	}
	// The name of a database target is the database's.
	if o.target.Name != "" && o.kind != model.RestoreDatabase {
		o.name = o.target.Name + "-" + request.Marker
	}
	if o.target.Host != "" {
		id, err := strconv.ParseInt(o.target.Host, 10, 64)
		if err != nil || id <= 0 {
			return o, fault.InvalidField(op, "/target/host", "invalid", "a host is named by its number")
		}
		o.host = id
	}
	return o, o.check(op)
}

func (o order) check(op string) error {
	required := func(ok bool, pointer string) error {
		if ok {
			return nil
		}
		return fault.InvalidField(op, pointer, "missing", "the member is required for this restore")
	}
	switch o.kind {
	case model.RestoreVolume:
		if err := required(o.host != 0, "/target/host"); err != nil {
			return err
		}
		return required(len(o.target.Volumes) > 0, "/target/volumes")
	case model.RestoreMount:
		if o.host != 0 {
			return fault.InvalidField(op, "/target/host", "unsupported", "volumes are mounted on their own host only")
		}
		return nil
	case model.RestoreFiles, model.RestoreDownload:
		return required(len(o.sel.Paths) > 0, "/select/paths")
	case model.RestoreDatabase:
		switch {
		case o.options.WithNoRecovery != nil && *o.options.WithNoRecovery && o.options.KeepCDC != nil && *o.options.KeepCDC:
			return fault.InvalidField(op, "/options/keepCdc", "conflict", "keepCdc and withNoRecovery exclude each other")
		case o.host == 0 && o.target.Instance != "":
			return required(false, "/target/host")
		case o.host == 0:
			return nil
		case o.target.Instance == "":
			return required(false, "/target/instance")
		}
		return required(o.target.Path != "", "/target/path")
	case model.RestoreInstance, model.RestoreTable, model.RestoreObjects, model.RestoreInstantAccess, model.RestoreRecords,
		model.RestoreSystem, model.RestoreUnknown: // not in the table
	}
	return nil
}

// overwrite is the vendor's word for the policy of that name.
const overwrite = "Overwrite"

func overwriting(yes bool) string {
	if yes {
		return overwrite
	}
	return "FailIfExists"
}

// body builds what is sent, and where it goes.
func (o order) body(op string, from snapshot) (string, any, error) {
	objects := []sentSnapshot{{from.id}}
	physical := func(p sentPhysical) (string, any, error) {
		p.Objects = objects
		return segments("data-protect", "recoveries"), sentRecovery{Name: o.name, Environment: "kPhysical", Physical: &p}, nil
	}
	switch o.kind {
	case model.RestoreVolume:
		mappings := make([]wireVolumeMapping, len(o.target.Volumes))
		for i, v := range o.target.Volumes {
			mappings[i] = wireVolumeMapping{v.Source, v.Destination}
		}
		return physical(sentPhysical{Action: "RecoverPhysicalVolumes", Volumes: &sentVolumes{"kPhysical", sentVolumeTarget{
			wireRef{o.host}, mappings, o.options.ForceUnmountVolume,
		}}})
	case model.RestoreFiles:
		return physical(sentPhysical{Action: "RecoverFiles", Files: &sentFiles{o.paths(), "kPhysical", o.fileTarget(from)}})
	case model.RestoreMount:
		// Another host would need its password in the request, where it would be kept.
		return physical(sentPhysical{Action: "InstantVolumeMount", Mount: &sentMount{"kPhysical", sentMountTarget{
			Original: true, ReadOnly: o.target.ReadOnly, Volumes: o.sel.Volumes,
		}}})
	case model.RestoreDownload:
		return segments("data-protect", "recoveries", "download-files-folders"), sentDownload{
			Name: o.name, Object: objects[0], Files: o.paths(), Glacier: o.options.GlacierRetrievalType,
		}, nil
	case model.RestoreDatabase:
		return segments("data-protect", "recoveries"), sentRecovery{Name: o.name, Environment: "kSQL", SQL: &sentSQL{
			Action: "RecoverApps", Apps: []sentApp{{from.id, "kSQL", o.sqlTarget(from)}},
		}}, nil
	case model.RestoreInstance, model.RestoreTable, model.RestoreObjects, model.RestoreInstantAccess, model.RestoreRecords,
		model.RestoreSystem, model.RestoreUnknown: // not in the table
	}
	return "", nil, fault.New(fault.Unsupported, op, "this account has no such restore")
}

func (o order) paths() []sentPath {
	paths := make([]sentPath, len(o.sel.Paths))
	for i, path := range o.sel.Paths {
		paths[i] = sentPath{path, strings.HasSuffix(path, "/") || strings.HasSuffix(path, `\`)}
	}
	return paths
}

func (o order) fileTarget(from snapshot) sentFileTarget {
	t := sentFileTarget{
		Recover: wireRef{o.host}, OriginalPaths: o.target.Path == "", Directory: o.target.Path, Overwrite: o.target.Overwrite,
		Attributes: o.options.PreserveAttributes, Timestamps: o.options.PreserveTimestamps, ACLs: o.options.PreserveACLs,
		Continue: o.options.ContinueOnError, SaveList: o.options.SaveSuccessFiles, EntityType: o.options.RestoreEntityType,
	}
	if o.host == 0 {
		t.Recover.ID = from.object
	}
	return t
}

func (o order) sqlTarget(from snapshot) sentSQLTarget {
	common := sentSQLConfig{
		Overwriting: overwriting(o.target.Overwrite), KeepCDC: o.options.KeepCDC,
		NoRecovery: o.options.WithNoRecovery, ReplayLastLog: o.options.ReplayEntireLastLog,
		DataDirectory: o.target.Path, LogDirectory: o.options.LogDirectory,
	}
	if !from.at.IsZero() {
		common.RestoreAt = from.at.UnixMicro()
	}
	if o.host == 0 {
		return sentSQLTarget{Original: &sentSQLOriginal{
			sentSQLConfig: common, Database: o.target.Name, TailLogs: o.options.CaptureTailLogs,
		}}
	}
	common.LogDirectory = either(common.LogDirectory, common.DataDirectory)
	return sentSQLTarget{ToNew: true, New: &sentSQLNew{
		sentSQLConfig: common, Host: wireRef{o.host}, Instance: o.target.Instance, Database: o.target.Name,
	}}
}
