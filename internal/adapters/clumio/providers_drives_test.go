package clumio_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// drive uses the capability behind one of our routes in every way that leads to
// another operation of the vendor.
type drive struct {
	route string
	run   func(t *testing.T, a *driven)
}

func drives() []drive {
	return slices.Concat(readDrives(), restoreDrives(), policyDrives())
}

func readDrives() []drive {
	return []drive{
		{"POST /v1/connections/{id}/check", func(t *testing.T, a *driven) { must(t, a.Session.Check(t.Context())) }},
		{"GET /v1/backups", func(t *testing.T, a *driven) { listBackups(t, a.Adapter, model.BackupQuery{}, 96) }},
		{"GET /v1/backups/{id}", func(t *testing.T, a *driven) {
			for _, kind := range backupKinds() {
				backup := a.prepared.backups[kind]
				_, err := a.Backups.Get(t.Context(), backup.ID, false)
				must(t, err)
			}
		}},
		{"POST /v1/backups", func(t *testing.T, a *driven) {
			for _, kind := range []model.AssetKind{
				model.AssetEC2Instance, model.AssetEBSVolume, model.AssetDynamoDBTable, model.AssetIcebergTable, model.AssetMSSQLDatabase,
			} {
				_, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: a.prepared.assets[string(kind)].ID})
				must(t, err)
			}
		}},
		{"GET /v1/backups/{id}/files", func(t *testing.T, a *driven) {
			id := a.prepared.backups[model.AssetEBSVolume].ID
			roots, err := a.Files.List(t.Context(), id, "/", "", 10)
			must(t, err)
			_, err = a.Files.List(t.Context(), id, roots.Items[0].Path, "", 10)
			must(t, err)
		}},
		{"GET /v1/assets", func(t *testing.T, a *driven) { allAssets(t, a.account) }},
		{"GET /v1/assets/{id}", func(t *testing.T, a *driven) {
			for _, asset := range a.prepared.assets {
				_, err := a.Assets.Get(t.Context(), asset.ID, false)
				must(t, err)
			}
		}},
		{"GET /v1/assets/{id}/restore-points", func(t *testing.T, a *driven) {
			for _, asset := range a.prepared.assets {
				_, err := a.RestorePoints.RestorePoints(t.Context(), asset.ID, testStart.AddDate(0, 0, -7), testStart)
				must(t, err)
			}
		}},
		{"GET /v1/sources", func(t *testing.T, a *driven) { allSources(t, a.account) }},
		{"GET /v1/sources/{id}", func(t *testing.T, a *driven) {
			for _, source := range a.prepared.sources {
				_, err := a.Sources.Get(t.Context(), source.ID, false)
				must(t, err)
			}
		}},
		{"GET /v1/search/files", func(t *testing.T, a *driven) {
			_, err := a.FileSearch.Search(t.Context(), model.FileQuery{Asset: a.prepared.backups[model.AssetEBSVolume].Asset.ID, Name: "*"}, "", 10)
			must(t, err)
		}},
		{"GET /v1/operations", func(t *testing.T, a *driven) {
			streams, err := a.Operations.Streams(t.Context(), model.OperationQuery{})
			must(t, err)
			for _, s := range streams {
				_, err := s.Page(t.Context(), model.Position{}, 10)
				must(t, err)
			}
		}},
		{"GET /v1/operations/{id}", func(t *testing.T, a *driven) {
			_, err := a.Operations.Get(t.Context(), a.prepared.operation, false)
			must(t, err)
		}},
		{"POST /v1/operations/{id}/cancel", func(t *testing.T, a *driven) {
			must(t, a.OperationCancels.Cancel(t.Context(), a.prepared.operation))
		}},
	}
}

func policyDrives() []drive {
	rule := model.Rule{
		Kind: "incremental", AssetKind: model.AssetEBSVolume, Schedule: &model.Schedule{Daily: &model.Daily{}},
		Retention: &model.Retention{Keep: model.Period{Days: 7}},
	}
	return []drive{
		{"GET /v1/policies", func(t *testing.T, a *driven) {
			_, err := a.Policies.List(t.Context(), "", 10, false)
			must(t, err)
		}},
		{"GET /v1/policies/{id}", func(t *testing.T, a *driven) {
			_, err := a.Policies.Get(t.Context(), a.prepared.policy.ID, false)
			must(t, err)
		}},
		{"POST /v1/policies", func(t *testing.T, a *driven) {
			_, err := a.PolicyWrites.Create(t.Context(), model.Policy{Name: "Bronze 2", Rules: []model.Rule{rule}}, false)
			must(t, err)
		}},
		{"PUT /v1/policies/{id}", func(t *testing.T, a *driven) {
			policy := a.prepared.policy
			policy.Name += " 2"
			_, err := a.PolicyWrites.Update(t.Context(), policy.ID, policy.Version, policy, false)
			must(t, err)
		}},
		{"DELETE /v1/policies/{id}", func(t *testing.T, a *driven) {
			_, err := a.PolicyWrites.Delete(t.Context(), a.prepared.policy.ID, a.prepared.policy.Version)
			must(t, err)
		}},
		{"GET /v1/policies/{id}/assignments", func(t *testing.T, a *driven) { assigned(t, a.account, a.prepared.policy.ID, 100) }},
		{"POST /v1/policies/{id}/assignments", func(t *testing.T, a *driven) {
			_, err := a.PolicyAssignments.Assign(t.Context(), a.prepared.policy.ID, a.assignables())
			must(t, err)
		}},
		{"DELETE /v1/policies/{id}/assignments", func(t *testing.T, a *driven) {
			_, err := a.PolicyAssignments.Assign(t.Context(), a.prepared.policy.ID, a.assignables())
			must(t, err)
			a.clock.Advance(time.Hour)
			a.contract.forget()
			_, err = a.PolicyAssignments.Unassign(t.Context(), a.prepared.policy.ID, a.assignables())
			must(t, err)
		}},
	}
}

func restoreDrives() []drive {
	endpoint := func(f func(t *testing.T, a *driven, id model.ID)) func(t *testing.T, a *driven) {
		return func(t *testing.T, a *driven) {
			id := serveEndpoint(t, a.account).ID
			a.contract.forget()
			f(t, a, id)
		}
	}
	role := adapters.AccessRole{ARN: "arn:aws:iam::111122223333:role/ir", Alias: "ir"}
	return []drive{
		{"POST /v1/restores", func(t *testing.T, a *driven) {
			for _, r := range a.restoreRequests() {
				_, err := a.Restores.Start(t.Context(), r)
				must(t, err)
			}
		}},
		{"POST /v1/restores/plan", func(t *testing.T, a *driven) {
			for _, r := range a.restoreRequests() {
				_, err := a.Plans.Plan(t.Context(), r)
				must(t, err)
			}
		}},
		{"GET /v1/restores", func(t *testing.T, a *driven) { listRestores(t, a.account, model.RestoreQuery{}, 50) }},
		{"GET /v1/restores/{id}", func(t *testing.T, a *driven) {
			endpoint(func(t *testing.T, a *driven, id model.ID) {
				_, err := a.Restores.Get(t.Context(), id, false)
				must(t, err)
			})(t, a)
			for _, r := range a.restoreRequests() {
				before := a.contract.reached()
				began, err := a.Restores.Start(t.Context(), r)
				a.contract.recall(before)
				must(t, err)
				for range 3 {
					a.clock.Advance(time.Hour)
					_, err = a.Restores.Get(t.Context(), began.ID, false)
					must(t, err)
				}
			}
		}},
		{"PATCH /v1/restores/{id}", endpoint(func(t *testing.T, a *driven, id model.ID) {
			name := "renamed"
			_, err := a.RestorePatches.Patch(t.Context(), id, model.RestorePatch{Name: &name})
			must(t, err)
		})},
		{"DELETE /v1/restores/{id}", endpoint(func(t *testing.T, a *driven, id model.ID) {
			_, err := a.RestoreRemovals.Remove(t.Context(), id)
			must(t, err)
		})},
		{"POST /v1/restores/{id}/cancel", func(t *testing.T, a *driven) {
			from := a.prepared.backups[model.AssetDynamoDBTable].ID
			began, err := a.Restores.Start(t.Context(), model.RestoreRequest{
				Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &from}, Marker: "m", Target: json.RawMessage(`{"name":"stopped"}`),
			})
			must(t, err)
			a.contract.forget()
			must(t, a.RestoreCancels.Cancel(t.Context(), began.ID))
		}},
		{"GET /v1/restores/{id}/access", endpoint(func(t *testing.T, a *driven, id model.ID) {
			_, err := a.Access.Get(t.Context(), id)
			must(t, err)
		})},
		{"POST /v1/restores/{id}/access/roles", endpoint(func(t *testing.T, a *driven, id model.ID) {
			_, err := a.Access.AddRole(t.Context(), id, role)
			must(t, err)
		})},
		{"PUT /v1/restores/{id}/access/roles/{role}", endpoint(func(t *testing.T, a *driven, id model.ID) {
			added, err := a.Access.AddRole(t.Context(), id, role)
			must(t, err)
			a.contract.forget()
			_, err = a.Access.UpdateRole(t.Context(), id, added)
			must(t, err)
		})},
		{"DELETE /v1/restores/{id}/access/roles/{role}", endpoint(func(t *testing.T, a *driven, id model.ID) {
			added, err := a.Access.AddRole(t.Context(), id, role)
			must(t, err)
			a.contract.forget()
			must(t, a.Access.RemoveRole(t.Context(), id, added.ID))
		})},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// driven is an account with what drives work on.
type driven struct {
	*account
	prepared prepared
}

// ungrouped stands for the kind of a bucket that is in no protection group, which
// is another thing at the vendor.
const ungrouped = "ungrouped"

// prepared is found before anything is counted.
type prepared struct {
	backups   map[model.AssetKind]model.Backup
	granular  model.Backup                    // of RDS
	assets    map[string]model.ProtectedAsset // by kind
	sources   []model.Source
	policy    model.Policy
	operation model.ID

	environment, bucket, googleBucket, project string

	file                 string // in the newest backup of a volume
	cookie, googleCookie string // of objects that the vendor's previews show
}

func backupKinds() []model.AssetKind {
	return []model.AssetKind{
		model.AssetEC2Instance, model.AssetEBSVolume, model.AssetRDS, model.AssetDynamoDBTable, model.AssetS3Bucket, model.AssetS3ProtectionGroup,
		model.AssetIcebergTable, model.AssetGCSBucket, model.AssetGCSProtectionGroup, model.AssetMSSQLDatabase,
	}
}

func (a *driven) prepare(t *testing.T) {
	t.Helper()
	p := prepared{backups: map[model.AssetKind]model.Backup{}, assets: map[string]model.ProtectedAsset{}}
	for _, b := range listBackups(t, a.Adapter, model.BackupQuery{}, 96) {
		if strings.HasSuffix(b.Native.Type, "granular_backup") {
			if p.granular.ID.IsZero() {
				p.granular = b
			}
			continue
		}
		if _, ok := p.backups[b.Kind]; !ok {
			p.backups[b.Kind] = b
		}
	}
	buckets := a.sim.Assets("/datasources/aws/s3-buckets")
	for _, asset := range allAssets(t, a.account) {
		kind := string(asset.Kind)
		if slices.Contains(buckets, asset.ID.Key) {
			kind = ungrouped
		}
		if _, ok := p.assets[kind]; !ok && !asset.Deleted && asset.Protection != model.ProtectionUnsupported {
			p.assets[kind] = asset
		}
	}
	p.sources = allSources(t, a.account)
	p.policy = policyNamed(t, a.account, "Gold")
	p.environment, p.bucket = firstID(t, a.sim, "/datasources/aws/environments"), firstID(t, a.sim, "/datasources/aws/s3-buckets")
	p.googleBucket = firstID(t, a.sim, "/datasources/gcp/gcs-buckets")
	var bucket struct {
		ProjectID string `json:"project_id"`
	}
	a.pass(t, http.MethodGet, "/datasources/gcp/gcs-buckets/"+p.googleBucket, "", &bucket)
	p.project = bucket.ProjectID
	p.file = a.someFile(t, p.backups[model.AssetEBSVolume].ID)
	p.cookie = a.previewed(t, "/restores/protection-groups/", p.backups[model.AssetS3ProtectionGroup])
	p.googleCookie = a.previewed(t, "/restores/gcp/protection-groups/", p.backups[model.AssetGCSProtectionGroup])
	began, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: p.assets[string(model.AssetEBSVolume)].ID})
	must(t, err)
	p.operation = began.ID
	a.prepared = p
}

// someFile finds a file in a backup.
func (a *driven) someFile(t *testing.T, backup model.ID) string {
	t.Helper()
	path := "/"
	for range 10 {
		page, err := a.Files.List(t.Context(), backup, path, "", 100)
		must(t, err)
		for _, entry := range page.Items {
			if entry.Type == "file" {
				return entry.Path
			}
			path = entry.Path
		}
	}
	t.Fatal("there is no file")
	return ""
}

// previewed finds an object in the vendor's preview of a backup of a group,
// beside the neutral routes.
func (a *driven) previewed(t *testing.T, path string, backup model.Backup) string {
	t.Helper()
	path += backup.Asset.ID.Key + "/previews"
	var reply struct {
		PreviewID string `json:"preview_id"`
		Objects   []struct {
			RestoreCookie string `json:"restore_cookie"`
		} `json:"objects"`
	}
	a.pass(t, http.MethodPost, path, fmt.Sprintf(`{"backup_id":%q}`, backup.ID.Key), &reply)
	if reply.PreviewID != "" {
		a.clock.Advance(time.Hour)
		a.pass(t, http.MethodGet, path+"/"+reply.PreviewID, "", &reply)
	}
	if len(reply.Objects) == 0 {
		t.Fatalf("the preview at %s shows nothing", path)
	}
	return reply.Objects[0].RestoreCookie
}

func (a *driven) pass(t *testing.T, method, path, body string, into any) {
	t.Helper()
	reply, err := a.Native.Do(t.Context(), adapters.NativeRequest{Method: method, Path: path, Body: json.RawMessage(body)})
	must(t, err)
	defer reply.Body.Close()
	must(t, json.NewDecoder(reply.Body).Decode(into))
}

func allSources(t *testing.T, a *account) (out []model.Source) {
	t.Helper()
	token := ""
	for range 1000 {
		page, err := a.Sources.List(t.Context(), token, 100, false)
		must(t, err)
		out = append(out, page.Items...)
		if token = page.Next; token == "" {
			return out
		}
	}
	t.Fatal("the list does not end")
	return nil
}

// assignables are one asset of each kind that policies are assigned to.
func (a *driven) assignables() (out []model.ID) {
	for _, kind := range []model.AssetKind{
		model.AssetEBSVolume, model.AssetEC2Instance, model.AssetDynamoDBTable, model.AssetS3ProtectionGroup, model.AssetRDS, model.AssetIcebergTable,
	} {
		out = append(out, a.prepared.assets[string(kind)].ID)
	}
	return out
}

// restoreRequests are requests for each of the vendor's restores.
func (a *driven) restoreRequests() []model.RestoreRequest {
	p := a.prepared
	bucket, google := fmt.Sprintf(`{"bucket":%q,"environment":%q}`, p.bucket, p.environment), fmt.Sprintf(`{"bucket":%q}`, p.googleBucket)
	project := fmt.Sprintf(`{"project_id":%q}`, p.project)
	var out []model.RestoreRequest
	add := func(kind model.RestoreKind, from model.Backup, target, selected, options string) {
		raw := func(text string) json.RawMessage {
			if text == "" {
				return nil
			}
			return json.RawMessage(text)
		}
		id := from.ID
		out = append(out, model.RestoreRequest{
			Kind: kind, Source: model.RestoreSource{Backup: &id}, Marker: fmt.Sprintf("m-%d", len(out)),
			Target: raw(target), Select: raw(selected), Options: raw(options),
		})
	}
	of := func(kind model.AssetKind) model.Backup { return p.backups[kind] }
	add(model.RestoreTable, of(model.AssetDynamoDBTable), `{"name":"orders-restored"}`, "", "")
	add(model.RestoreTable, of(model.AssetIcebergTable), `{"name":"events_restored"}`, "", `{"catalog":"AwsDataCatalog","catalog_type":"glue","namespace":"events"}`)
	add(model.RestoreInstantAccess, of(model.AssetS3Bucket), `{"name":"forensics"}`, "", "")
	add(model.RestoreObjects, of(model.AssetS3ProtectionGroup), bucket, "", "")
	add(model.RestoreObjects, of(model.AssetS3Bucket), bucket, "", "")
	add(model.RestoreObjects, of(model.AssetGCSProtectionGroup), google, "", project)
	add(model.RestoreObjects, of(model.AssetGCSBucket), google, "", project)
	add(model.RestoreObjects, of(model.AssetS3ProtectionGroup), bucket, fmt.Sprintf(`{"objects":[%q]}`, p.cookie), "")
	add(model.RestoreObjects, of(model.AssetGCSProtectionGroup), google, fmt.Sprintf(`{"objects":[%q]}`, p.googleCookie), project)
	add(model.RestoreVolume, of(model.AssetEBSVolume), `{"zone":"us-west-2a"}`, "", "")
	add(model.RestoreInstance, of(model.AssetEC2Instance), `{"name":"web-restored"}`, "", "")
	add(model.RestoreDatabase, of(model.AssetRDS), `{"name":"crm-restored"}`, "", "")
	add(model.RestoreDatabase, of(model.AssetMSSQLDatabase), `{"name":"crm-restored"}`, "", "")
	add(model.RestoreRecords, p.granular, "", "", `{"database_name":"crm","query_statement":"select 1"}`)
	add(model.RestoreRecords, of(model.AssetDynamoDBTable), "", "",
		`{"query_filter":{"partition_key":"id","partition_key_filter":{"condition":"EqualTo","values":["1"]}}}`)
	add(model.RestoreFiles, of(model.AssetEBSVolume), "", fmt.Sprintf(`{"paths":[%q]}`, p.file), "")
	for _, kind := range []string{string(model.AssetS3Bucket), ungrouped} {
		back := p.assets[kind].ID
		out = append(out, model.RestoreRequest{
			Kind: model.RestoreObjects, Source: model.RestoreSource{Asset: &back, At: testStart.Add(-time.Hour).Format(time.RFC3339)},
			Marker: "m-back-" + kind, Options: json.RawMessage(`{"point_in_time_recovery":{}}`),
		})
	}
	return out
}
