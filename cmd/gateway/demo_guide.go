package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/model"
)

// demoGuide prints calls to try, with ids that the demo's own API gives.
func demoGuide(ctx context.Context, out io.Writer, base, admin, token string, served []*running) error {
	g := guide{ctx: ctx, base: base, token: token, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}}
	total := 0
	for _, s := range served {
		total += s.facts()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nReady: %d connections, %d backups. API document: %s/docs, metrics: %s/metrics\n\n", len(served), total, base, admin)
	fmt.Fprintf(&b, "export URL=%s\nexport TOKEN=%s\n\n", base, token)
	call := func(why, path string) {
		fmt.Fprintf(&b, "# %s\ncurl -s -H \"Authorization: Bearer $TOKEN\" \"$URL%s\"\n\n", why, path)
	}
	call("the accounts, and what each can do", "/v1/connections")
	call("all backups, newest first", "/v1/backups?pageSize=5")
	call("only what can be restored of one kind", "/v1/backups?assetKind=aws-dynamodb-table&status=available&pageSize=5")
	for _, r := range g.restores(served) {
		fmt.Fprintf(&b, "# %s\ncurl -s -X POST -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: %s\" -H \"Content-Type: application/json\" \"$URL/v1/restores\" -d '%s'\n\n",
			r.why, r.key, r.body)
	}
	b.WriteString("# wait for a restore; ID is the id in the answer above\ncurl -s -H \"Authorization: Bearer $TOKEN\" -H \"Prefer: wait=30\" \"$URL/v1/restores/ID\"\n\n")
	for _, s := range served {
		if s.name == "ibm-eu" {
			fmt.Fprintf(&b, "# take one vendor away, list again, and bring it back\ncurl -X POST %s/-/down\ncurl -X POST %s/-/up\n\n", s.url, s.url)
		}
	}
	b.WriteString("Stop with Ctrl-C.\n")
	_, err := io.WriteString(out, b.String())
	return err
}

type guide struct {
	ctx         context.Context
	base, token string
	client      *http.Client
}

type exampleRestore struct{ why, key, body string }

// restores returns one request of each kind for which the fleet has a backup.
func (g guide) restores(served []*running) []exampleRestore {
	var out []exampleRestore
	add := func(why, key string, body map[string]any) {
		raw, err := json.Marshal(body)
		if err == nil {
			out = append(out, exampleRestore{why, key, string(raw)})
		}
	}
	backup := func(b *model.Backup) map[string]any { return map[string]any{"backup": b.ID} }
	if b := g.backup("clumio-prod", model.AssetDynamoDBTable, model.RestoreTable); b != nil {
		add("Clumio: a table as it is now, under a new name", "try-table", map[string]any{
			"kind": "table", "source": map[string]any{"asset": b.Asset.ID, "at": "latest"},
			"target": map[string]any{"name": "orders-restored", "environment": b.Asset.Account + "/" + b.Asset.Region},
		})
	}
	if b := g.backup("clumio-prod", model.AssetS3Bucket, model.RestoreInstantAccess); b != nil {
		add("Clumio: a bucket's backup to look into at once", "try-instant-access", map[string]any{
			"kind": "instant-access", "source": backup(b),
			"target": map[string]any{"name": "forensics", "expiresAt": time.Now().AddDate(0, 0, 7).UTC().Format(time.RFC3339)},
			"select": map[string]any{"keyPrefix": "logs/", "latestVersionOnly": true},
		})
	}
	if b := g.backup("ibm-eu", model.AssetPhysicalHost, model.RestoreVolume); b != nil {
		if host, from, to := volumesOf(served, "ibm-eu", b.Asset.ID.Key); host != "" {
			add("IBM: a volume onto another host", "try-volume", map[string]any{
				"kind": "volume", "source": backup(b),
				"target": map[string]any{"host": host, "volumes": []any{map[string]any{"source": from, "destination": to}}},
			})
		}
		add("IBM: files to download", "try-ibm-download", map[string]any{
			"kind": "download", "source": backup(b), "select": map[string]any{"paths": []string{"/etc/hosts"}},
		})
	}
	if b := g.backup("storware-dc1", model.AssetCloudUser, model.RestoreDownload); b != nil {
		add("Storware: a mailbox to download", "try-storware-download", map[string]any{
			"kind": "download", "source": backup(b), "select": map[string]any{"objects": []string{b.Asset.ID.Key}},
		})
	}
	return out
}

func volumesOf(served []*running, name, source string) (host, from, to string) {
	for _, s := range served {
		if sim, ok := s.handler.(*cohesitysim.Sim); ok && s.name == name {
			return volumeExample(sim, source)
		}
	}
	return "", "", ""
}

// backup returns a backup of a kind that can be restored so, nil if none is
// found.
func (g guide) backup(connection string, kind model.AssetKind, restore model.RestoreKind) *model.Backup {
	query := url.Values{"connection": {connection}, "assetKind": {string(kind)}, "status": {string(model.BackupAvailable)}, "pageSize": {"50"}}
	request, err := http.NewRequestWithContext(g.ctx, http.MethodGet, g.base+"/v1/backups?"+query.Encode(), nil)
	if err != nil {
		return nil
	}
	request.Header.Set("Authorization", "Bearer "+g.token)
	response, err := g.client.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	var list struct{ Items []model.Backup }
	if json.NewDecoder(io.LimitReader(response.Body, 4<<20)).Decode(&list) != nil {
		return nil
	}
	for i := range list.Items {
		if slices.Contains(list.Items[i].RestoreKinds, restore) {
			return &list.Items[i]
		}
	}
	return nil
}
