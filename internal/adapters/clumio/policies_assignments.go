package clumio

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// policyAssignments says what policies protect and changes it.
type policyAssignments struct{ *client }

var _ adapters.PolicyAssignments = policyAssignments{}

const (
	acceptAssignments = "application/api.clumio.policy-assignments=v1+json"

	// maxAssignments is the most that the vendor takes in one request
	// (NOTES section 8). More would be several writes, of which some may fail.
	maxAssignments = 100

	// assignmentReads are made at a time; the vendor allows 100 a second for all
	// users together (NOTES section 6).
	assignmentReads = 8
)

// policyField is the filter member of the lists of assets.
const policyField = "protection_info.policy_id"

// List implements adapters.PolicyAssignments. An asset has one policy at most,
// which its own document names, also where a tag or a group brought it.
func (p policyAssignments) List(
	ctx context.Context, policy model.ID, token string, limit int,
) (adapters.TokenPage[model.ProtectedAsset], error) {
	const op = "clumio.PolicyAssignments"
	if token == "" {
		// No asset has a policy that does not exist, which is not the same as a
		// policy without assets.
		if _, err := policies(p).Get(ctx, policy, false); err != nil {
			return adapters.TokenPage[model.ProtectedAsset]{}, err
		}
	} else if _, err := p.key(op, policy, kindPolicy); err != nil {
		return adapters.TokenPage[model.ProtectedAsset]{}, err
	}
	lists := assetLists()
	parts := make([]part[model.ProtectedAsset], len(lists))
	for i, l := range lists {
		f := filter{}
		if l.filtersPolicies() {
			f.set(policyField, "$eq", policy.Key)
		}
		parts[i] = part[model.ProtectedAsset]{
			request: vendorhttp.Request{Op: op + "." + l.op, Path: l.path, Accept: l.accept, Query: lookback(l.lookback)},
			filter:  f,
			left:    !l.hasPolicies(),
			page:    assignedOnly(policy, l.page(false)),
		}
	}
	return concat(ctx, p.client, op, parts, token, limit)
}

// hasPolicies reports whether the documents of a list name a policy. Buckets do
// in groups only, and those of GCP not even there.
func (l assetList) hasPolicies() bool {
	return !l.ungrouped && l.kind != model.AssetGCSBucket
}

// filtersPolicies reports whether a list is known to filter by policy; the
// filters of the others are not published (NOTES section 4).
func (l assetList) filtersPolicies() bool {
	return l.hasPolicies() && l.kind != model.AssetIcebergTable && l.kind != model.AssetGCSProtectionGroup
}

// assetPage is how a list is read.
type assetPage = func(context.Context, *client, vendorhttp.Request) (partPage[model.ProtectedAsset], error)

// assignedOnly drops what has another policy or none.
func assignedOnly(policy model.ID, page assetPage) assetPage {
	return func(ctx context.Context, c *client, r vendorhttp.Request) (partPage[model.ProtectedAsset], error) {
		got, err := page(ctx, c, r)
		got.items = slices.DeleteFunc(got.items, func(a model.ProtectedAsset) bool { return a.Policy == nil || a.Policy.ID != policy })
		return got, err
	}
}

// wireAssignment is AssignmentInputModel. Taking away names no policy: the
// vendor's guide forbids it (NOTES section 8).
type wireAssignment struct {
	Action   string           `json:"action"`
	Entity   assignmentEntity `json:"entity"`
	PolicyID string           `json:"policy_id,omitempty"`
}

type assignmentEntity struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Assign implements adapters.PolicyAssignments. An asset that has another policy
// changes over, as it does at the vendor.
func (p policyAssignments) Assign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	const op = "clumio.AssignPolicy"
	if _, err := p.key(op, policy, kindPolicy); err != nil {
		return nil, err
	}
	entities, err := p.entities(ctx, op, assets, nil)
	if err != nil {
		return nil, err
	}
	items := make([]wireAssignment, 0, len(entities))
	for _, entity := range entities {
		items = append(items, wireAssignment{"assign", entity, policy.Key})
	}
	return p.set(ctx, op, policy, items)
}

// Unassign implements adapters.PolicyAssignments. The vendor takes away whatever
// policy an asset has, so each is looked at first: one that has another policy
// gives Conflict, one that has none is passed over.
func (p policyAssignments) Unassign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	const op = "clumio.UnassignPolicy"
	if _, err := p.key(op, policy, kindPolicy); err != nil {
		return nil, err
	}
	entities, err := p.entities(ctx, op, assets, &policy)
	if err != nil {
		return nil, err
	}
	items := make([]wireAssignment, 0, len(entities))
	for _, entity := range entities {
		items = append(items, wireAssignment{Action: "unassign", Entity: entity})
	}
	if len(items) == 0 {
		return nil, nil //nolint:nilnil // no operation is what the contract has for done at once
	}
	return p.set(ctx, op, policy, items)
}

func (p policyAssignments) set(ctx context.Context, op string, policy model.ID, items []wireAssignment) (*model.Operation, error) {
	var reply struct {
		TaskID string `json:"task_id"`
	}
	err := p.json(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/policies/assignments", Accept: acceptAssignments, Body: map[string]any{"items": items},
	}, &reply)
	if err != nil {
		return nil, err
	}
	if reply.TaskID == "" {
		return nil, unnamed(op)
	}
	return p.policyTask(reply.TaskID, "update", policy, ""), nil
}

// entities names assets in the vendor's words, each once. It reads those whose
// word is in their documents only, and all of them when they must have the
// policy from; those that have none are then left out.
func (p policyAssignments) entities(ctx context.Context, op string, assets []model.ID, from *model.ID) ([]assignmentEntity, error) {
	if len(assets) == 0 || len(assets) > maxAssignments {
		return nil, fault.InvalidField(op, "/assets", "invalid-value", "the vendor takes from 1 to "+strconv.Itoa(maxAssignments)+" assets at once")
	}
	out := make([]assignmentEntity, len(assets))
	var fields []fault.Field
	for i, id := range assets {
		if _, ok := assignable(id.Kind); !ok || id.Connection != p.env.Connection {
			fields = append(fields, fault.Field{
				Pointer: "/assets/" + strconv.Itoa(i), Code: "invalid-subject", Detail: "the vendor assigns no policy to this kind of asset",
			})
		}
	}
	if len(fields) > 0 {
		return nil, &fault.Error{Kind: fault.Invalid, Op: op, Detail: fields[0].Detail, Fields: fields}
	}
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(assignmentReads)
	for i, id := range assets {
		if slices.Contains(assets[:i], id) {
			continue
		}
		group.Go(func() error {
			entity, err := p.entity(reading, op, id, i, from)
			out[i] = entity
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(e assignmentEntity) bool { return e.ID == "" }), nil
}

// entity is the zero one for an asset that has no policy, when it must be from one.
func (p policyAssignments) entity(ctx context.Context, op string, id model.ID, i int, from *model.ID) (assignmentEntity, error) {
	word, _ := assignable(id.Kind)
	if word != "" && from == nil {
		return assignmentEntity{id.Key, word}, nil
	}
	at := func(kind fault.Kind, code, detail string) error {
		return &fault.Error{
			Kind: kind, Op: op, Detail: detail, Fields: []fault.Field{{Pointer: "/assets/" + strconv.Itoa(i), Code: code, Detail: detail}},
		}
	}
	asset, err := assets(p).Get(ctx, id, true)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return assignmentEntity{}, at(fault.Invalid, "not-found", "there is no such asset")
	case err != nil:
		return assignmentEntity{}, err
	case from != nil && asset.Policy == nil:
		return assignmentEntity{}, nil
	case from != nil && asset.Policy.ID != *from:
		return assignmentEntity{}, at(fault.Conflict, "other-policy", "the asset has another policy")
	}
	if word == "" {
		word = wordOf(asset)
	}
	if word == "" {
		return assignmentEntity{}, at(fault.Invalid, "invalid-subject", "the vendor does not tell which form of this kind of asset it is")
	}
	return assignmentEntity{id.Key, word}, nil
}

// assignable is the vendor's word for a kind of asset that policies are assigned
// to, "" where each asset has to say it.
func assignable(kind string) (word string, ok bool) {
	word, ok = map[string]string{
		string(model.AssetEBSVolume):         "aws_ebs_volume",
		string(model.AssetEC2Instance):       "aws_ec2_instance",
		string(model.AssetDynamoDBTable):     "aws_dynamodb_table",
		string(model.AssetS3ProtectionGroup): "protection_group",
		string(model.AssetRDS):               "",
		string(model.AssetIcebergTable):      "",
	}[kind]
	return word, ok
}

// wordOf reads the word from a document: the type of an RDS resource is one, the
// catalog of an Iceberg table tells of one (inferred).
func wordOf(asset model.ProtectedAsset) string {
	var wire struct {
		Type        string `json:"type"`
		CatalogType string `json:"catalog_type"`
	}
	if json.Unmarshal(asset.NativeDocument, &wire) != nil {
		return ""
	}
	catalog := strings.ToLower(wire.CatalogType)
	switch {
	case asset.Kind == model.AssetRDS && (wire.Type == "aws_rds_cluster" || wire.Type == "aws_rds_instance"):
		return wire.Type
	case asset.Kind == model.AssetIcebergTable && strings.Contains(catalog, "glue"):
		return "aws_iceberg_glue_table"
	case asset.Kind == model.AssetIcebergTable && strings.Contains(catalog, "s3"):
		return "aws_iceberg_s3_table"
	}
	return ""
}
