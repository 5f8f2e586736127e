package clumio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// plans finds out what restores would do.
type plans struct{ *client }

var _ adapters.Plans = plans{}

const markerNote = "what is made gets the tag " + markerTag + ", by which it is found again"

func costNote(what string) string {
	return "a new " + what + " is made in AWS, and charged for there"
}

// Plan implements adapters.Plans. The request is the one that Start would send:
// both have it from prepare.
func (l plans) Plan(ctx context.Context, request model.RestoreRequest) (model.RestorePlan, error) {
	const op = "clumio.PlanRestore"
	r := restores(l)
	p, err := r.prepare(ctx, op, request)
	if err != nil {
		return model.RestorePlan{}, err
	}
	body, err := json.Marshal(p.body)
	if err != nil {
		return model.RestorePlan{}, fault.Wrap(fault.Internal, op, err)
	}
	for _, check := range []func(context.Context, string, *prepared) error{
		r.checkSource, r.checkEnvironment, r.checkBucket, r.checkName,
	} {
		if err := check(ctx, op, &p); err != nil {
			return model.RestorePlan{}, err
		}
	}
	plan := model.RestorePlan{
		Connection: r.env.Connection, Kind: p.asked.kind, Source: p.asked.source,
		Request: &model.VendorRequest{Method: http.MethodPost, Path: p.path, Body: body},
	}
	if plan.Preview, err = r.previewOf(ctx, op, &p); err != nil {
		return model.RestorePlan{}, err
	}
	plan.Notes = append(slices.Clone(p.warnings), p.notes...)
	if plan.Notes == nil {
		plan.Notes = []string{}
	}
	return plan, nil
}

// previewOf asks the vendor what the restore would do, unless the request says
// not to. A vendor that can not tell is no reason to have no plan.
func (r restores) previewOf(ctx context.Context, op string, p *prepared) (json.RawMessage, error) {
	wanted := true
	if err := p.asked.option(op, optionPreview, &wanted); err != nil {
		return nil, err
	}
	if p.preview == nil || !wanted {
		return nil, nil
	}
	request, err := p.preview(ctx)
	if err != nil {
		return nil, err
	}
	request.Safe = true
	var reply map[string]json.RawMessage
	if err := r.json(ctx, request, &reply); err != nil {
		if errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Credentials {
			return nil, err
		}
		p.notes = append(p.notes, "the vendor gave no preview: "+fault.KindOf(err).Error())
		return nil, nil
	}
	delete(reply, "_links")
	delete(reply, "_embedded")
	if _, async := reply["task_id"]; async {
		p.notes = append(p.notes, "the vendor prepares the preview as a task of its own")
	}
	return tidy(op, reply)
}

// tidy leaves out the members that are null, so that what a preview tells of an
// object can be sent back as it is.
func tidy(op string, reply map[string]json.RawMessage) (json.RawMessage, error) {
	raw, err := json.Marshal(reply)
	if err != nil {
		return nil, fault.Wrap(fault.Upstream, op, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		return nil, fault.Wrap(fault.Upstream, op, err)
	}
	return json.Marshal(withoutNulls(all))
}

// checkSource reads the source: the backup, or the asset.
func (r restores) checkSource(ctx context.Context, op string, p *prepared) error {
	a := p.asked
	if a.form != model.SourceBackup {
		_, err := assets(r).Get(ctx, *a.source.Asset, false)
		return err
	}
	b, err := backups(r).Get(ctx, *a.source.Backup, false)
	if err != nil {
		return err
	}
	now := r.env.Now()
	switch {
	case b.Status == model.BackupExpired || !b.ExpiresAt.IsZero() && !b.ExpiresAt.After(now):
		return fault.InvalidField(op, "/source/backup", "expired", "the backup has expired")
	case b.Status == model.BackupFailed:
		return fault.InvalidField(op, "/source/backup", "failed", "the backup has failed")
	case !slices.Contains(b.RestoreKinds, a.kind):
		return fault.InvalidField(op, "/source/backup", "unsupported", "a backup of this type does not take this kind of restore")
	case b.Status == model.BackupPartial:
		p.notes = append(p.notes, "the backup is partial: what failed to be backed up does not come back")
	}
	if !b.ExpiresAt.IsZero() && b.ExpiresAt.Sub(now) < soon {
		p.notes = append(p.notes, "the backup expires at "+wireTime(b.ExpiresAt))
	}
	return nil
}
