package clouddownload

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// exports starts backups (NOTES section 8).
type exports struct{ *account }

// exportOptions is what BackupStart.Options may say.
type exportOptions struct {
	Destination string `json:"destination"` // guid of a backup destination
	Rule        string `json:"rule"`        // guid of a backup rule
	Priority    *int   `json:"priority"`    // 0 to 100, higher goes first
}

// Start implements adapters.BackupStarts. The vendor requires a type; without
// one in the request it is FULL, which needs no earlier backup.
func (a exports) Start(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
	const op = "storware.Export"
	body, err := exportBody(op, r)
	if err != nil {
		return model.Operation{}, err
	}
	tasks, err := a.submit(ctx, vendorhttp.Request{Op: op, Method: http.MethodPost, Path: "/tasks/export", Body: body})
	if err != nil {
		return model.Operation{}, err
	}
	item := toOperation(a.env, &tasks[0].Wire, nil)
	if item.State.Terminal() && tasks[0].Wire.State == taskFinished { // its STORE is still to come
		item.State = model.StateRunning
	}
	return item, nil
}

func exportBody(op string, r adapters.BackupStart) (exportRequest, error) {
	body := exportRequest{BackupType: "FULL", ProtectedEntities: []guid{{r.Subject.Key}}}
	body.ProtectedEntityType = entityTypeOf(model.AssetKind(r.Subject.Kind))
	if body.ProtectedEntityType == "" || !plausible(r.Subject.Key) {
		return body, fault.InvalidField(op, "/subject", "unsupported", "only an asset can be backed up on demand")
	}
	if r.Type != "" {
		word := vendorBackupType(r.Type)
		if word != "FULL" && word != "INCREMENTAL" {
			return body, fault.InvalidField(op, "/type", "unsupported", "a backup on demand is full or incremental")
		}
		body.BackupType = enum(word)
	}
	if !r.Keep.IsZero() {
		return body, fault.InvalidField(op, "/keep", "unsupported", "how long a backup is kept is said by its policy")
	}
	if len(bytes.TrimSpace(r.Options)) == 0 {
		return body, nil
	}
	var options exportOptions
	decoder := json.NewDecoder(bytes.NewReader(r.Options))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&options); err != nil {
		return body, fault.InvalidField(op, "/options", "invalid", "the options are destination, rule and priority")
	}
	if options.Priority != nil && (*options.Priority < 0 || *options.Priority > 100) {
		return body, fault.InvalidField(op, "/options/priority", "out-of-range", "the priority is 0 to 100")
	}
	body.Priority = options.Priority
	if options.Destination != "" {
		body.BackupDestination = &guid{options.Destination}
	}
	if options.Rule != "" {
		body.Rules = []guid{{options.Rule}}
	}
	return body, nil
}

// submit sends a request that makes tasks and returns at least one.
func (a *account) submit(ctx context.Context, r vendorhttp.Request) (submitted, error) {
	r.Accept = "application/json"
	var tasks submitted
	if _, err := a.client.JSON(ctx, r, &tasks); err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, &fault.Error{Kind: fault.Upstream, Op: r.Op, Detail: "the vendor's answer names no task", Ambiguous: true}
	}
	return tasks, nil
}
