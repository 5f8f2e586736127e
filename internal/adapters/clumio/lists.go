package clumio

import (
	"context"
	"log/slog"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/model"
)

// backupList is one of the vendor's lists of backups: there is one for each
// type of asset.
type backupList struct {
	name   string
	op     string
	kind   model.AssetKind
	path   string
	accept string

	// assetField is the filter member for the asset, "" when none is known.
	assetField string

	// undocumented lists have no published filter and sort members
	// (NOTES section 4).
	undocumented bool

	// startField names the asset in the request that backs up now, "" where
	// there is no such request.
	startField string

	page func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (backupStretch, error)
	read func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (model.Backup, error)
}

type backupStretch struct {
	items []model.Backup
	next  string
}

// holding fills in how the documents of a list are read.
func holding[W wireBackup](l backupList) backupList { return holdingBoth[W, W](l) }

// holdingBoth is holding for a list whose documents are of another form than
// those that are read one by one.
func holdingBoth[W, R wireBackup](l backupList) backupList {
	l.page = func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (backupStretch, error) {
		got, err := list[W](ctx, c, r, native)
		if err != nil {
			return backupStretch{}, err
		}
		out := backupStretch{make([]model.Backup, 0, len(got.items)), got.next}
		for _, item := range got.items {
			b := item.wire.backup(c.env)
			// What has no name or no time can be neither shown nor placed.
			if b.Native.ID == "" || b.StartedAt.IsZero() {
				c.env.Logger.DebugContext(ctx, "clumio_backup_passed_over", slog.String("list", l.name))
				continue
			}
			b.NativeDocument = item.document
			out.items = append(out.items, b)
		}
		return out, nil
	}
	l.read = func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (model.Backup, error) {
		got, err := read[R](ctx, c, r, native)
		if err != nil {
			return model.Backup{}, err
		}
		b := got.wire.backup(c.env)
		b.NativeDocument = got.document
		return b, nil
	}
	return l
}

// backupLists is every list, in the order of the vendor's document.
func backupLists() []backupList {
	const media = "application/api.clumio."
	return []backupList{
		holding[wireDynamoDBBackup](backupList{
			name: "dynamodb-tables", op: "DynamoDBBackups", kind: model.AssetDynamoDBTable,
			path: "/backups/aws/dynamodb-tables", accept: media + "backup-aws-dynamodb-tables=v1+json",
			assetField: "table_id", startField: "table_id",
		}),
		holding[wireEBSBackup](backupList{
			name: "ebs-volumes", op: "EBSBackups", kind: model.AssetEBSVolume,
			path: "/backups/aws/ebs-volumes", accept: media + "backup-aws-ebs-volumes=v2+json",
			assetField: "volume_id", startField: "volume_id",
		}),
		holding[wireEC2Backup](backupList{
			name: "ec2-instances", op: "EC2Backups", kind: model.AssetEC2Instance,
			path: "/backups/aws/ec2-instances", accept: media + "backup-aws-ec2-instances=v1+json",
			assetField: "instance_id", startField: "instance_id",
		}),
		holding[wireMSSQLBackup](backupList{
			name: "ec2-mssql-databases", op: "MSSQLBackups", kind: model.AssetMSSQLDatabase,
			path: "/backups/aws/ec2-mssql/databases", accept: media + "backup-ec2-mssql-databases=v1+json",
			assetField: "database_id", startField: "asset_id",
		}),
		holding[wireIcebergBackup](backupList{
			name: "iceberg-tables", op: "IcebergBackups", kind: model.AssetIcebergTable,
			path: "/backups/aws/iceberg-tables", accept: media + "backup-aws-iceberg-tables=v1+json",
			undocumented: true, startField: "table_id",
		}),
		holdingBoth[wireRDSBackup, wireRDSBackupRead](backupList{
			name: "rds-resources", op: "RDSBackups", kind: model.AssetRDS,
			path: "/backups/aws/rds-resources", accept: media + "backup-aws-rds-resources=v1+json", assetField: "resource_id",
		}),
		holding[wireGCSGroupBackup](backupList{
			name: "gcp-protection-groups", op: "GCSGroupBackups", kind: model.AssetGCSProtectionGroup,
			path: "/backups/gcp/protection-groups", accept: media + "backup-gcp-protection-groups=v1+json", undocumented: true,
		}),
		holding[wireGCSAssetBackup](backupList{
			name: "gcs-assets", op: "GCSAssetBackups", kind: model.AssetGCSBucket, path: "/backups/gcp/protection-groups/assets",
			accept: media + "backup-gcp-protection-groups-gcs-assets=v1+json", undocumented: true,
		}),
		holding[wireGroupBackup](backupList{
			name: "protection-groups", op: "GroupBackups", kind: model.AssetS3ProtectionGroup,
			path: "/backups/protection-groups", accept: media + "backup-protection-groups=v1+json", assetField: "protection_group_id",
		}),
		holding[wireS3AssetBackup](backupList{
			name: "s3-assets", op: "S3AssetBackups", kind: model.AssetS3Bucket,
			path: "/backups/protection-groups/s3-assets", accept: media + "backup-protection-groups=v1+json",
			assetField: "protection_group_s3_asset_id",
		}),
	}
}

// listOf returns the list of a kind of asset.
func listOf(kind string) (backupList, bool) {
	for _, l := range backupLists() {
		if string(l.kind) == kind {
			return l, true
		}
	}
	return backupList{}, false
}
