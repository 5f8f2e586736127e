package clumio

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// assets lists and reads what the vendor has in its inventory.
type assets struct{ *client }

var _ adapters.Assets = assets{}

// lookbackDays is the window in which the vendor judges the last backups; it
// does so only when it is told one (NOTES section 8).
const lookbackDays = "7"

// assetList is one of the vendor's lists of assets.
type assetList struct {
	op     string
	kind   model.AssetKind
	path   string
	accept string

	// besides are the names of other resources that stand where an id would.
	besides []string

	// ungrouped is the list of the buckets that are in no protection group.
	ungrouped bool

	// What the list filters by (NOTES section 4): the member for a part of the
	// name, the state of protection, and whether it is deleted.
	nameField   string
	protections bool
	deletions   bool

	// Whether the list, and the document alone, take a window to judge backups in.
	lookback, lookbackAlone bool

	page func(native bool) func(context.Context, *client, vendorhttp.Request) (partPage[model.ProtectedAsset], error)
	read func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (model.ProtectedAsset, error)
}

// wireProtected is an asset document of one list.
type wireProtected interface {
	protected(env adapters.Env) model.ProtectedAsset
}

// showing fills in how the documents of a list are read. shown may be nil.
func showing[W wireProtected](l assetList, shown func(W) bool) assetList {
	l.page = func(native bool) func(context.Context, *client, vendorhttp.Request) (partPage[model.ProtectedAsset], error) {
		return func(ctx context.Context, c *client, r vendorhttp.Request) (partPage[model.ProtectedAsset], error) {
			return reading(native, func(d documented[W]) (model.ProtectedAsset, bool) {
				a := d.wire.protected(c.env)
				a.NativeDocument = d.document
				return a, a.Native.ID != "" && (shown == nil || shown(d.wire))
			})(ctx, c, r)
		}
	}
	l.read = func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (model.ProtectedAsset, error) {
		got, err := read[W](ctx, c, r, native)
		if err != nil {
			return model.ProtectedAsset{}, err
		}
		a := got.wire.protected(c.env)
		a.NativeDocument = got.document
		return a, nil
	}
	return l
}

// assetLists is every list, in the order of a concatenation. Tokens count in it.
// The members of an SQL Server estate that are no databases, and the buckets of
// GCP, whose filters are not published and which are protected in groups only,
// are not among them.
func assetLists() []assetList {
	const media = "application/api.clumio."
	return []assetList{
		showing[wireEC2](assetList{
			op: "EC2Instances", kind: model.AssetEC2Instance, path: "/datasources/aws/ec2-instances",
			accept:    media + "aws-ec2-instances=v1+json",
			nameField: "name", protections: true, deletions: true, lookback: true, lookbackAlone: true,
		}, nil),
		showing[wireEBS](assetList{
			op: "EBSVolumes", kind: model.AssetEBSVolume, path: "/datasources/aws/ebs-volumes",
			accept:    media + "aws-ebs-volumes=v1+json",
			nameField: "name", protections: true, deletions: true, lookback: true, lookbackAlone: true,
		}, nil),
		showing[wireRDS](assetList{
			op: "RDSResources", kind: model.AssetRDS, path: "/datasources/aws/rds-resources",
			accept:    media + "aws-rds-resources=v1+json",
			nameField: "name", protections: true, deletions: true, lookback: true, lookbackAlone: true,
		}, nil),
		showing[wireDynamoDB](assetList{
			op: "DynamoDBTables", kind: model.AssetDynamoDBTable, path: "/datasources/aws/dynamodb-tables",
			accept:    media + "aws-dynamodb-tables=v1+json",
			nameField: "name", protections: true, deletions: true, lookback: true, lookbackAlone: true,
		}, nil),
		showing[wireS3Asset](assetList{
			op: "S3Assets", kind: model.AssetS3Bucket, path: "/datasources/protection-groups/s3-assets",
			accept:    media + "protection-groups-s3-assets=v1+json",
			nameField: "bucket_name", protections: true, deletions: true, lookback: true, lookbackAlone: true,
		}, nil),
		// What is backed up and assigned is a bucket in a group, which has an id of
		// its own; one bucket may be in several. Those in none are shown by their
		// own id, the others were shown once for each group.
		showing(assetList{
			op: "S3Buckets", kind: model.AssetS3Bucket, path: "/datasources/aws/s3-buckets", ungrouped: true,
			accept: media + "aws-s3-buckets=v1+json", nameField: "name", lookback: true,
		}, wireBucket.inNoGroup),
		showing[wireS3Group](assetList{
			op: "S3ProtectionGroups", kind: model.AssetS3ProtectionGroup, path: "/datasources/protection-groups",
			accept: media + "protection-groups=v1+json", besides: []string{"s3-assets"},
			nameField: "name", protections: true, deletions: true, lookback: true, lookbackAlone: true,
		}, nil),
		// Its filter has protection_status, but its documents have not: what the
		// filter leaves out can not be told.
		showing[wireMSSQL](assetList{
			op: "MSSQLDatabases", kind: model.AssetMSSQLDatabase, path: "/datasources/aws/ec2-mssql/databases",
			accept: media + "ec2-mssql-databases=v1+json", nameField: "name", lookback: true, lookbackAlone: true,
		}, nil),
		showing[wireIceberg](assetList{
			op: "IcebergTables", kind: model.AssetIcebergTable, path: "/datasources/aws/iceberg-tables",
			accept: media + "aws-iceberg-tables=v1+json", lookback: true, lookbackAlone: true,
		}, nil),
		showing[wireGCSAsset](assetList{
			op: "GCSAssets", kind: model.AssetGCSBucket, path: "/datasources/gcp/gcs-assets", accept: media + "gcp-gcs-assets=v1+json",
		}, nil),
		showing[wireGCSGroup](assetList{
			op: "GCSProtectionGroups", kind: model.AssetGCSProtectionGroup, path: "/datasources/gcp/protection-groups",
			accept: media + "gcp-protection-groups=v1+json", lookback: true, lookbackAlone: true,
		}, nil),
	}
}

// List implements adapters.Assets. Assets that are gone at their platform are
// listed where the vendor can be asked for them, because what is left of them
// can be restored.
func (a assets) List(ctx context.Context, q model.AssetQuery, token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
	lists := assetLists()
	parts := make([]part[model.ProtectedAsset], len(lists))
	for i, l := range lists {
		parts[i] = part[model.ProtectedAsset]{
			request: vendorhttp.Request{Op: "clumio." + l.op, Path: l.path, Accept: l.accept, Query: lookback(l.lookback)},
			filter:  l.filter(q),
			left:    len(q.Kinds) > 0 && !slices.Contains(q.Kinds, l.kind),
			page:    l.page(q.Native),
		}
	}
	return concat(ctx, a.client, "clumio.Assets", parts, token, limit)
}

func lookback(taken bool) url.Values {
	if !taken {
		return nil
	}
	return url.Values{"lookback_days": {lookbackDays}}
}

// filter is what of the query the list can be asked for without losing what
// matches.
func (l assetList) filter(q model.AssetQuery) filter {
	f := filter{}
	if text := caseless(q.Search); text != "" && l.nameField != "" {
		f.set(l.nameField, "$contains", text)
	}
	if l.protections && len(q.Protection) > 0 && !slices.Contains(q.Protection, model.ProtectionUnknown) {
		f.set("protection_status", "$in", q.Protection) // the vendor's words
	} else if l.deletions {
		f.set("is_deleted", "$in", []string{"true", "false"})
	}
	return f
}

// caseless is the longest stretch of a text that has no letters of two cases.
// Whether the vendor tells cases apart is not published, and the query does not.
func caseless(text string) string {
	longest := ""
	for _, run := range strings.FieldsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || unicode.IsLetter(r) || unicode.SimpleFold(r) != r
	}) {
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}

// Get implements adapters.Assets.
func (a assets) Get(ctx context.Context, id model.ID, native bool) (model.ProtectedAsset, error) {
	const op = "clumio.GetAsset"
	for _, l := range assetLists() {
		if string(l.kind) != id.Kind || slices.Contains(l.besides, id.Key) {
			continue
		}
		key, err := a.key(op, id, id.Kind)
		if err != nil {
			return model.ProtectedAsset{}, err
		}
		got, err := l.read(ctx, a.client, vendorhttp.Request{
			Op: op, Path: l.path + "/" + key, Accept: l.accept, Query: lookback(l.lookbackAlone),
		}, native)
		switch err = notFoundIfRefused(op, err); {
		case fault.KindOf(err) == fault.NotFound: // another list may be of the kind
		case err != nil:
			return model.ProtectedAsset{}, err
		case got.Native.ID == id.Key:
			return got, nil
		}
	}
	return model.ProtectedAsset{}, fault.New(fault.NotFound, op, "there is no such asset")
}
