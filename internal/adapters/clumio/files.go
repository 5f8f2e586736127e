package clumio

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// files looks into the backups of instances and volumes. Their root lists the
// file systems, each a directory of the name of its id.
type files struct{ *client }

var _ adapters.Files = files{}

const (
	acceptFileSystems = "application/api.clumio.backup-filesystems=v1+json"
	acceptDirectories = "application/api.clumio.backup-filesystem-directories=v1+json"
)

// rootDirectory is the id of a file system's own directory. The vendor's
// documents name no way to learn it (inferred).
const rootDirectory = "root"

// Bounds of one walk from the root to a directory.
const (
	maxDepth          = 128
	maxDirectoryPages = 500
)

// wireFileSystem is FileSystem.
type wireFileSystem struct {
	ID                 string `json:"id"`
	FilesystemNativeID string `json:"filesystem_native_id"`
	MountPath          string `json:"mount_path"`
}

func (w wireFileSystem) entry() (adapters.FileEntry, bool) {
	e := adapters.FileEntry{Name: w.MountPath, Path: "/" + w.ID, Type: "directory"}
	if e.Name == "" {
		e.Name = w.FilesystemNativeID
	}
	if e.Name == "" {
		e.Name = w.ID
	}
	return e, pathElement(w.ID)
}

// wireDirectoryEntry is Directory: a file too.
type wireDirectoryEntry struct {
	DirectoryID       string    `json:"directory_id"`
	IsDirectory       bool      `json:"is_directory"`
	ModifiedTimestamp timestamp `json:"modified_timestamp"`
	Name              string    `json:"name"`
	Size              *int64    `json:"size"`
}

func (w wireDirectoryEntry) entry(parent string) (adapters.FileEntry, bool) {
	e := adapters.FileEntry{Name: w.Name, Path: parent + "/" + w.Name, Type: "file", ModifiedAt: w.ModifiedTimestamp.Time}
	if w.IsDirectory {
		e.Type = "directory"
	} else {
		e.SizeBytes = bytesOf(w.Size, inBytes)
	}
	return e, pathElement(w.Name)
}

// pathElement reports whether a name can stand in a path.
func pathElement(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// List implements adapters.Files.
func (f files) List(ctx context.Context, backup model.ID, path, token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
	const op = "clumio.Files"
	none := adapters.TokenPage[adapters.FileEntry]{}
	base, err := f.base(op, backup)
	if err != nil {
		return none, err
	}
	elements, ok := split(path)
	if !ok {
		return none, fault.New(fault.NotFound, op, "there is no such directory")
	}
	if len(elements) == 0 {
		return f.page(ctx, op, part[adapters.FileEntry]{
			request: vendorhttp.Request{Op: op, Path: base, Accept: acceptFileSystems},
			page:    reading(false, func(d documented[wireFileSystem]) (adapters.FileEntry, bool) { return d.wire.entry() }),
		}, token, limit)
	}
	base += "/" + url.PathEscape(elements[0]) + "/directories/"
	directory, place, ok := readDirectoryToken(token)
	if !ok {
		return none, badToken(op)
	}
	if token == "" {
		if directory, err = f.walk(ctx, op, base, elements[1:]); err != nil {
			return none, err
		}
	}
	parent := "/" + strings.Join(elements, "/")
	got, err := f.page(ctx, op, part[adapters.FileEntry]{
		request: vendorhttp.Request{Op: op, Path: base + url.PathEscape(directory) + "/browse", Accept: acceptDirectories},
		page:    reading(false, func(d documented[wireDirectoryEntry]) (adapters.FileEntry, bool) { return d.wire.entry(parent) }),
	}, place, limit)
	if got.Next != "" {
		got.Next = base64.RawURLEncoding.EncodeToString([]byte(directory)) + ":" + got.Next
	}
	return got, err
}

func (f files) page(ctx context.Context, op string, p part[adapters.FileEntry], token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
	p.must = true
	got, err := concat(ctx, f.client, op, []part[adapters.FileEntry]{p}, token, limit)
	return got, notFoundIfRefused(op, err)
}

// base is the path of the file systems of a backup.
func (f files) base(op string, backup model.ID) (string, error) {
	l, ok := listOf(backup.Kind)
	if !ok {
		return "", fault.New(fault.NotFound, op, "there is no such backup")
	}
	key, err := f.key(op, backup, string(l.kind))
	if err != nil {
		return "", err
	}
	if l.kind != model.AssetEC2Instance && l.kind != model.AssetEBSVolume {
		return "", fault.New(fault.Unsupported, op, "the vendor does not look into backups of this kind of asset")
	}
	return "/backups/" + key + "/filesystems", nil
}

// split gives the elements of a path from the root; false when it can be none.
func split(path string) ([]string, bool) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok || rest == "" {
		return nil, ok
	}
	elements := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	return elements, len(elements) <= maxDepth && !slices.ContainsFunc(elements, func(e string) bool { return !pathElement(e) })
}

// readDirectoryToken reads the directory that a token leads on in, so that it
// need not be looked for again.
func readDirectoryToken(token string) (directory, place string, ok bool) {
	if token == "" {
		return "", "", true
	}
	encoded, place, found := strings.Cut(token, ":")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return string(raw), place, found && err == nil && place != "" && pathElement(string(raw))
}

// walk finds the id of a directory by the names on the way to it.
func (f files) walk(ctx context.Context, op, base string, names []string) (string, error) {
	at := rootDirectory
	for _, name := range names {
		next, err := f.child(ctx, op, base+url.PathEscape(at)+"/browse", name)
		if err != nil {
			return "", err
		}
		at = next
	}
	return at, nil
}

func (f files) child(ctx context.Context, op, path, name string) (string, error) {
	token := ""
	for range maxDirectoryPages {
		got, err := list[wireDirectoryEntry](ctx, f.client, vendorhttp.Request{
			Op: op, Path: path, Accept: acceptDirectories, Query: listQuery(nil, maxLimit, token, ""),
		}, false)
		if err != nil {
			return "", notFoundIfRefused(op, err)
		}
		for _, item := range got.items {
			if w := item.wire; w.Name == name && w.IsDirectory && w.DirectoryID != "" && w.DirectoryID != "." && w.DirectoryID != ".." {
				return w.DirectoryID, nil
			}
		}
		if token = got.next; token == "" {
			return "", fault.New(fault.NotFound, op, "there is no such directory")
		}
	}
	return "", fault.New(fault.Upstream, op, "the vendor's directory does not end")
}

// Open implements adapters.Files. What the vendor gives of a file is a mail or
// a download in a browser (NOTES section 9).
func (f files) Open(context.Context, model.ID, string, int64) (*adapters.Body, error) {
	return nil, fault.New(fault.Unsupported, "clumio.OpenFile", "the vendor does not give the bytes of files")
}
