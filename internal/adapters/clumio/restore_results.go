package clumio

import (
	"context"
	"slices"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// A finished task does not name what it made (NOTES section 5). It is looked
// for in the inventory by what the request put there: a name, and the marker
// among the tags (NOTES section 9, "Finding results"). The task alone has
// neither, and an id with them in it would not be the id that the vendor's list
// of tasks gives the same restore; so the request is needed beside the restore.

// making is what to look for in the inventory once a restore is done.
type making struct {
	list string // below /datasources/aws/
	kind model.AssetKind

	unique       bool // names are unique where it is made
	tagged       bool // it carries the marker
	undocumented bool // the list has no published filter
	namespace    string

	existing string // the vendor's key when it is written into and not made
}

// The words about what a restore has made.
const (
	notYetLocated   = "what was made is not in the vendor's inventory yet"
	severalLocated  = "more than one thing in the vendor's inventory fits what was made"
	goneFromRequest = "what was made can not be looked for: the source of the request is not readable any more"
)

// maxInventoryPages bounds one look into the inventory.
const maxInventoryPages = 20

// wireInventory is what all assets of AWS have.
type wireInventory struct {
	placement
	ID        string    `json:"id"`
	IsDeleted bool      `json:"is_deleted"`
	Name      string    `json:"name"`
	Namespace string    `json:"namespace"`
	Tags      []wireTag `json:"tags"`
}

// Locate adds to a restore that Get gave what it has made; request is the one
// that started it, with its marker. There are two phases: the task, and that
// its outcome is in the inventory, which may lag. The state stays that of the
// task.
func (r restores) Locate(ctx context.Context, restore model.Restore, request model.RestoreRequest) (model.Restore, error) {
	const op = "clumio.LocateRestored"
	if restore.State != model.StateSucceeded || restore.ID.Kind != kindRestore {
		return restore, nil
	}
	p, err := r.prepare(ctx, op, request)
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.NotFound && kind != fault.Invalid {
			return restore, err
		}
		restore.Warnings = append(restore.Warnings, goneFromRequest)
		return restore, nil
	}
	restore.Outputs.Name = p.asked.target.Name
	if p.makes == nil {
		return restore, nil
	}
	found, err := r.inventory(ctx, op, p)
	if err != nil {
		return restore, err
	}
	return located(restore, r.shown(p, found)), nil
}

// shown are the assets as other documents name them.
func (r restores) shown(p prepared, found []wireInventory) []model.Ref {
	out := make([]model.Ref, len(found))
	for i, w := range found {
		out[i] = model.Ref{ID: r.env.ID(string(p.makes.kind), w.ID), Name: w.Name}
	}
	return out
}

// located says of a finished restore what was found.
func located(restore model.Restore, found []model.Ref) model.Restore {
	percent := 100.0
	switch len(found) {
	case 0:
		percent = 50
		restore.Warnings = append(restore.Warnings, notYetLocated)
	case 1:
		restore.Outputs.Asset = &found[0]
		if restore.Outputs.Name == "" {
			restore.Outputs.Name = found[0].Name
		}
	default:
		restore.Warnings = append(restore.Warnings, severalLocated)
	}
	restore.Progress = model.Progress{Percent: &percent, Basis: model.ProgressPhases}
	return restore
}

// inventory finds what a restore has made, or what its name would clash with.
func (r restores) inventory(ctx context.Context, op string, p prepared) ([]wireInventory, error) {
	m := p.makes
	if m.existing != "" {
		return []wireInventory{{ID: m.existing}}, nil
	}
	if p.asked.target.Name == "" && !(m.tagged && p.asked.marker != "") {
		return nil, nil
	}
	var found []wireInventory
	token := ""
	for range maxInventoryPages {
		got, err := list[wireInventory](ctx, r.client, vendorhttp.Request{
			Op: op, Path: "/datasources/aws/" + m.list, Accept: m.accept(), Query: listQuery(p.inventoryFilter(), maxLimit, token, ""),
		}, false)
		if err != nil {
			return nil, err
		}
		for _, item := range got.items {
			if w := item.wire; p.fitsInventory(w) {
				found = append(found, w)
			}
		}
		if token = got.next; token == "" {
			break
		}
	}
	return p.ofMarker(found), nil
}

func (m making) accept() string {
	name := "aws-" + m.list
	if m.kind == model.AssetMSSQLDatabase {
		name = "ec2-mssql-databases"
	}
	return "application/api.clumio." + name + "=v1+json"
}

// inventoryFilter narrows the list (NOTES section 4).
func (p prepared) inventoryFilter() filter {
	if p.makes.undocumented {
		return nil
	}
	f := filter{}
	if p.asked.target.Environment != "" {
		f.set("environment_id", "$eq", p.asked.target.Environment)
	}
	if p.asked.target.Name != "" {
		f.set("name", "$contains", p.asked.target.Name)
	}
	if p.makes.kind == model.AssetMSSQLDatabase && p.asked.target.Instance != "" {
		f.set("instance_id", "$eq", p.asked.target.Instance)
	}
	return f
}

// fitsInventory holds an asset against the request once more: names are
// filtered by their parts.
func (p prepared) fitsInventory(w wireInventory) bool {
	t := p.asked.target
	return w.ID != "" && !w.IsDeleted && (t.Name == "" || w.Name == t.Name) &&
		(t.Environment == "" || w.EnvironmentID == "" || w.EnvironmentID == t.Environment) &&
		(p.makes.namespace == "" || w.Namespace == "" || w.Namespace == p.makes.namespace)
}

// ofMarker keeps those with the marker. Where a unique name has led to one, a
// missing tag is taken for an inventory that lags behind in tags; another
// restore's marker is not.
func (p prepared) ofMarker(found []wireInventory) []wireInventory {
	if !p.makes.tagged || p.asked.marker == "" {
		return found
	}
	marked := slices.DeleteFunc(slices.Clone(found), func(w wireInventory) bool { return markerOf(w.Tags) != p.asked.marker })
	if len(marked) > 0 || !p.makes.unique {
		return marked
	}
	return slices.DeleteFunc(found, func(w wireInventory) bool { return markerOf(w.Tags) != "" })
}

func markerOf(tags []wireTag) string {
	i := slices.IndexFunc(tags, func(t wireTag) bool { return t.Key == markerTag })
	if i < 0 {
		return ""
	}
	return tags[i].Value
}
