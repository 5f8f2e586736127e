package clumio

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// recipe is one of the vendor's restores (NOTES section 9): which members of a
// request it takes, and how the vendor's request is made of them. Several
// recipes share a kind, and with it the published schemas; so what the schemas
// let through is held against the recipe once more.
type recipe struct {
	op     string
	path   string // "" when fill sets it
	accept string // resource and version of the media type

	// Names of members, separated by spaces. A target member with ! must be
	// there.
	target, sel string
	settings    string // options that go into the vendor's target as they are
	options     string // options that fill reads

	forms []model.SourceForm
	fill  func(r restores, ctx context.Context, p *prepared) error
}

// prepared is a restore that is ready: Start sends it, Plan shows it.
type prepared struct {
	asked  asked
	op     string
	path   string
	accept string
	body   any

	settings []string
	bucket   string   // the vendor's key of a bucket that must be there, "" when there is none
	endpoint bool     // the reply names an endpoint
	warnings []string // for whoever starts it
	notes    []string // for whoever plans it
	makes    *making  // what to look for when it is done, nil when nothing

	// preview builds the request that asks the vendor what this would do; nil
	// where the vendor can not tell.
	preview func(ctx context.Context) (vendorhttp.Request, error)
}

// prepare makes the vendor's request. It reads only.
func (r restores) prepare(ctx context.Context, op string, request model.RestoreRequest) (prepared, error) {
	if source := request.Source.ID(); source.Connection != r.env.Connection {
		return prepared{}, fault.InvalidField(op, "/source", "invalid-source", "the source is not of this connection")
	}
	a, err := readAsked(op, request)
	if err != nil {
		return prepared{}, err
	}
	if !slices.ContainsFunc(restoreKinds(), offers(a.kind)) {
		return prepared{}, fault.New(fault.Unsupported, op, "this account has no such kind of restore")
	}
	rec, ok := a.recipe()
	if !ok {
		return prepared{}, fault.InvalidField(op, "/source", "invalid-source", "this kind of restore does not work on the source")
	}
	if err := a.fits(rec); err != nil {
		return prepared{}, err
	}
	p := prepared{asked: a, op: rec.op, path: rec.path, accept: "application/api.clumio." + rec.accept + "+json", settings: strings.Fields(rec.settings)}
	if err := rec.fill(r, ctx, &p); err != nil {
		return prepared{}, err
	}
	return p, nil
}

// fits holds the request against what the recipe takes.
func (a asked) fits(rec recipe) error {
	if !slices.Contains(rec.forms, a.form) {
		pointer := "/source"
		if a.form == model.SourceAt || a.form == model.SourceLatest {
			pointer = "/source/at"
		}
		return fault.InvalidField(rec.op, pointer, "invalid-source", "this restore does not start from such a form of source")
	}
	for _, part := range []struct {
		at    string
		given []string
		takes string
	}{
		{"/target", a.given.target, rec.target},
		{"/select", a.given.sel, rec.sel},
		{"/options", slices.Sorted(maps.Keys(a.options)), rec.settings + " " + rec.options},
	} {
		takes := strings.Fields(strings.ReplaceAll(part.takes, "!", ""))
		for _, name := range part.given {
			if !slices.Contains(takes, name) {
				return fault.InvalidField(rec.op, part.at+"/"+name, "unsupported-member", "the restore of such a source does not take it")
			}
		}
	}
	for name := range strings.FieldsSeq(rec.target) {
		if needed, must := strings.CutSuffix(name, "!"); must && !slices.Contains(a.given.target, needed) {
			return fault.InvalidField(rec.op, "/target/"+needed, "missing-member", "the restore of such a source needs it")
		}
	}
	return nil
}

// request is the one write.
func (p prepared) request() vendorhttp.Request {
	return vendorhttp.Request{Op: p.op, Method: http.MethodPost, Path: p.path, Accept: p.accept, Body: p.body}
}

// send sends the one write. The word for the state is not in the reply; new
// tasks are queued and new endpoints preparing (NOTES sections 5 and 9).
func (r restores) send(ctx context.Context, p prepared) (model.Restore, error) {
	var reply struct {
		ID       string `json:"id"`
		Passcode string `json:"passcode"`
		TaskID   string `json:"task_id"`
	}
	if err := r.json(ctx, p.request(), &reply); err != nil {
		return model.Restore{}, err
	}
	id, word, state := r.env.ID(kindRestore, reply.TaskID), "queued", model.StateQueued
	if p.endpoint {
		id, word, state = r.env.ID(kindEndpoint, reply.ID), "preparing", model.StateRunning
	}
	if id.Key == "" {
		return model.Restore{}, unnamed(p.op)
	}
	a := p.asked
	return model.Restore{
		ID: id, Connection: r.env.Connection, Provider: Provider, Kind: a.kind, State: state,
		Progress: model.Progress{Basis: model.ProgressNone}, Source: &a.source, Target: a.target,
		CreatedAt: r.env.Now().UTC(), ExpiresAt: a.target.ExpiresAt, Warnings: p.warnings,
		Outputs: model.Outputs{Name: a.target.Name, Passcode: reply.Passcode},
		Native:  model.Native{ID: id.Key, Status: word},
	}, nil
}

// vendorTarget is the vendor's target: the options that it takes, and over them
// the members given. Members that are "" are left out: the vendor reads null
// and "" as settings in places.
func (p *prepared) vendorTarget(members map[string]any) map[string]any {
	target := make(map[string]any, len(p.settings)+len(members))
	for _, name := range p.settings {
		if value, given := p.asked.options[name]; given {
			target[name] = value
		}
	}
	for name, value := range members {
		if value != "" {
			target[name] = value
		}
	}
	return target
}

// option reads an option; absent leaves into as it is.
func (a asked) option(op, name string, into any) error {
	raw, given := a.options[name]
	if !given {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.InvalidField(op, "/options/"+name, "invalid-value", "it does not fit the schema")
	}
	return nil
}

// has reports whether an option is given.
func (a asked) has(name string) bool {
	_, given := a.options[name]
	return given
}
