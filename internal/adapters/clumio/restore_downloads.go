package clumio

import (
	"context"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/model"
)

// Records of RDS and files are the restores whose results the vendor lists with
// the task that made them (NOTES section 9). Nothing lists those of DynamoDB.

// wireRestoredRecord is RestoredRecord.
type wireRestoredRecord struct {
	DownloadLink        string    `json:"download_link"`
	ExpirationTimestamp timestamp `json:"expiration_timestamp"`
	TaskID              string    `json:"task_id"`
}

// wireRestoredFile is RestoredFileInfo.
type wireRestoredFile struct {
	AccessMethods []struct {
		DirectDownload *struct {
			DownloadLink string `json:"download_link"`
		} `json:"direct_download"`
	} `json:"access_methods"`
	ExpirationTimestamp timestamp `json:"expiration_timestamp"`
	Name                string    `json:"name"`
	TaskID              string    `json:"task_id"`
}

// collected adds to a restore that has succeeded what the vendor lists of it.
func (r restores) collected(ctx context.Context, op string, w wireTask, restore model.Restore) (model.Restore, error) {
	one := []model.Restore{restore}
	err := r.tellRecords(ctx, op, one)
	if restore = one[0]; err == nil && restore.Kind == model.RestoreFiles && restore.State == model.StateSucceeded {
		restore, err = r.collectedFiles(ctx, op, w, restore)
	}
	if err != nil && !noSuchList(err) {
		return model.Restore{}, err
	}
	return restore, nil
}

// tellRecords finds the restores of records among those of databases and adds
// what the vendor lists of them. That a restore was one of records shows only
// there: the types of tasks are not published (NOTES section 5).
func (r restores) tellRecords(ctx context.Context, op string, shown []model.Restore) error {
	var tasks []string
	for _, restore := range shown {
		if restore.State == model.StateSucceeded && (restore.Kind == model.RestoreDatabase || restore.Kind == model.RestoreRecords) {
			tasks = append(tasks, restore.ID.Key)
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	f := filter{}
	f.set("task_id", "$in", tasks)
	token := ""
	for range maxInventoryPages {
		got, err := list[wireRestoredRecord](ctx, r.client, vendorhttp.Request{
			Op: op, Path: recordsPath, Accept: "application/api.clumio.aws-rds-resource-restored-records=v1+json",
			Query: listQuery(f, maxLimit, token, ""),
		}, false)
		if err != nil {
			return err
		}
		for _, item := range got.items {
			item.wire.onto(shown)
		}
		if token = got.next; token == "" {
			break
		}
	}
	return nil
}

func (w wireRestoredRecord) onto(shown []model.Restore) {
	for i := range shown {
		if shown[i].ID.Key == w.TaskID {
			shown[i].Kind = model.RestoreRecords
			shown[i].Outputs.Link, shown[i].ExpiresAt = w.DownloadLink, w.ExpirationTimestamp.Time
		}
	}
}

// collectedFiles needs the asset, which the list can not do without. It is the
// primary entity, if that is the source (inferred; NOTES section 12).
func (r restores) collectedFiles(ctx context.Context, op string, w wireTask, restore model.Restore) (model.Restore, error) {
	kind := w.PrimaryEntity.Type
	if (kind != "aws_ebs_volume" && kind != "aws_ec2_instance") || w.PrimaryEntity.ID == "" {
		return restore, nil
	}
	f := filter{}
	f.set("asset_type", "$eq", kind)
	f.set("asset_id", "$eq", w.PrimaryEntity.ID)
	token := ""
	for range maxInventoryPages {
		got, err := list[wireRestoredFile](ctx, r.client, vendorhttp.Request{
			Op: op, Path: filesPath, Accept: "application/api.clumio.restored-files=v1+json", Query: listQuery(f, maxLimit, token, ""),
		}, false)
		if err != nil {
			return restore, err
		}
		for _, item := range got.items {
			if item.wire.TaskID == w.ID {
				return item.wire.onto(restore), nil
			}
		}
		if token = got.next; token == "" {
			break
		}
	}
	return restore, nil
}

func (w wireRestoredFile) onto(restore model.Restore) model.Restore {
	restore.Outputs.Name, restore.ExpiresAt = w.Name, w.ExpirationTimestamp.Time
	for _, method := range w.AccessMethods {
		if method.DirectDownload != nil && method.DirectDownload.DownloadLink != "" {
			restore.Outputs.Link = method.DirectDownload.DownloadLink
		}
	}
	return restore
}
