package clumio

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// fileSearch finds files in the backups of an instance or a volume.
type fileSearch struct{ *client }

var _ adapters.FileSearch = fileSearch{}

const (
	searchPath   = "/backups/files/search"
	acceptSearch = "application/api.clumio.backups-files=v1+json"
)

// maxHits bounds a page: each hit takes a call of its own for its versions.
const maxHits = 20

// maxVersionPages bounds the reading of the versions of one file.
const maxVersionPages = 10

// wireFileHit is FileSearchResult: a file, in all backups that hold it.
type wireFileHit struct {
	Path           string `json:"path"`
	SearchResultID string `json:"search_result_id"`
}

// wireFileVersion is FileVersion: a file in one backup.
type wireFileVersion struct {
	BackupID          string    `json:"backup_id"`
	FilesystemID      string    `json:"filesystem_id"`
	ModifiedTimestamp timestamp `json:"modified_timestamp"`
	Path              string    `json:"path"`
	Size              *int64    `json:"size"`
	StartTimestamp    timestamp `json:"start_timestamp"`
}

// Search implements adapters.FileSearch. A hit is told as it is in the newest
// backup that holds it, with its path there; where the vendor does not tell the
// backups, with the path that it gives.
func (s fileSearch) Search(ctx context.Context, q model.FileQuery, token string, limit int) (adapters.TokenPage[model.FileHit], error) {
	const op = "clumio.SearchFiles"
	f, err := s.filter(op, q)
	if err != nil {
		return adapters.TokenPage[model.FileHit]{}, err
	}
	found, err := concat(ctx, s.client, op, []part[wireFileHit]{{
		request: vendorhttp.Request{Op: op, Path: searchPath, Accept: acceptSearch}, filter: f, must: true,
		page: reading(false, func(d documented[wireFileHit]) (wireFileHit, bool) {
			return d.wire, d.wire.SearchResultID != "" && named(baseName(d.wire.Path), q.Name)
		}),
	}}, token, min(limit, maxHits))
	if err != nil {
		return adapters.TokenPage[model.FileHit]{}, err
	}
	out := adapters.TokenPage[model.FileHit]{Items: make([]model.FileHit, len(found.Items)), Next: found.Next}
	for i, w := range found.Items {
		if out.Items[i], err = s.hit(ctx, op, q.Asset, w); err != nil {
			return adapters.TokenPage[model.FileHit]{}, err
		}
	}
	return out, nil
}

func (s fileSearch) filter(op string, q model.FileQuery) (filter, error) {
	l, ok := listOf(q.Asset.Kind)
	if !ok || q.Asset.Connection != s.env.Connection {
		return nil, fault.New(fault.NotFound, op, "there is no such asset")
	}
	word := ""
	switch l.kind { //nolint:exhaustive // the others can not be looked into
	case model.AssetEC2Instance:
		word = "aws_ec2_instance"
	case model.AssetEBSVolume:
		word = "aws_ebs_volume"
	default:
		return nil, fault.New(fault.Unsupported, op, "the vendor does not search in backups of this kind of asset")
	}
	f := filter{}
	f.set("asset_type", "$eq", word)
	f.set("asset_id", "$eq", q.Asset.Key)
	if strings.Trim(q.Name, "*") != "" {
		f.set("name", "$regex", namePattern(q.Name))
	}
	return f, nil
}

// namePattern is a regular expression for names that hold the parts between the
// stars. The vendor's dialect is not published, nor whether it matches the whole
// name or tells cases apart: what is written here means the same in all of them.
func namePattern(name string) string {
	var out strings.Builder
	out.WriteString(".*")
	for part := range strings.SplitSeq(name, "*") {
		if part == "" {
			continue
		}
		for _, r := range part {
			if unicode.SimpleFold(r) == r {
				out.WriteString(regexp.QuoteMeta(string(r)))
				continue
			}
			out.WriteByte('[')
			out.WriteRune(r)
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				out.WriteRune(other)
			}
			out.WriteByte(']')
		}
		out.WriteString(".*")
	}
	return out.String()
}

// named reports whether a name holds the parts between the stars in their
// order, whatever the case.
func named(name, pattern string) bool {
	name = strings.ToLower(name)
	for part := range strings.SplitSeq(strings.ToLower(pattern), "*") {
		var found bool
		if _, name, found = strings.Cut(name, part); !found {
			return false
		}
	}
	return true
}

// baseName takes a backslash for a separator only where there is no other: it
// may be in a name.
func baseName(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[i+1:]
	}
	return path[strings.LastIndexByte(path, '\\')+1:]
}

func (s fileSearch) hit(ctx context.Context, op string, asset model.ID, w wireFileHit) (model.FileHit, error) {
	hit := model.FileHit{
		Name: baseName(w.Path), Path: w.Path, Type: "file", Asset: &model.Ref{ID: asset}, Native: model.Native{ID: w.SearchResultID},
	}
	newest, count, err := s.versions(ctx, op, w.SearchResultID)
	if err != nil || newest == nil {
		return hit, err
	}
	hit.SizeBytes, hit.ModifiedAt, hit.Versions = bytesOf(newest.Size, inBytes), newest.ModifiedTimestamp.Time, count
	if newest.BackupID != "" {
		id := s.env.ID(asset.Kind, newest.BackupID)
		hit.Backup = &id
	}
	if newest.Path != "" {
		hit.Path = newest.Path
	}
	if pathElement(newest.FilesystemID) {
		hit.Path = "/" + newest.FilesystemID + "/" + strings.TrimPrefix(hit.Path, "/")
	}
	return hit, nil
}

// versions gives the newest version of a file and how many there are. Both are
// nil when there are more than are read, because their order is not published,
// and for a file that is gone since it was found.
func (s fileSearch) versions(ctx context.Context, op, id string) (*wireFileVersion, *int, error) {
	if !pathElement(id) {
		return nil, nil, nil
	}
	var newest *wireFileVersion
	count, token := 0, ""
	for range maxVersionPages {
		got, err := list[wireFileVersion](ctx, s.client, vendorhttp.Request{
			Op: op, Path: searchPath + "/" + url.PathEscape(id) + "/versions", Accept: acceptSearch,
			Query: listQuery(nil, maxLimit, token, ""),
		}, false)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			return nil, nil, nil
		case err != nil:
			return nil, nil, err
		}
		for _, item := range got.items {
			count++
			if newest == nil || item.wire.StartTimestamp.After(newest.StartTimestamp.Time) {
				newest = &item.wire
			}
		}
		if token = got.next; token == "" {
			return newest, &count, nil
		}
	}
	return nil, nil, nil
}
