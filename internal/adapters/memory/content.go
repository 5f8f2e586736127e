package memory

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type content struct{ account }

func (s content) Open(ctx context.Context, restore model.ID, offset int64) (*adapters.Body, error) {
	if err := s.enter(ctx, "Content.Open", restore.Key); err != nil {
		return nil, err
	}
	size, err := s.ready(restore)
	if err != nil {
		return nil, err
	}
	return s.body(ctx, restore.Key, size, offset), nil
}

func (s content) Size(ctx context.Context, restore model.ID) (int64, error) {
	if err := s.enter(ctx, "Content.Size", restore.Key); err != nil {
		return 0, err
	}
	return s.ready(restore)
}

// ready returns the size of what a finished download gives.
func (s content) ready(restore model.ID) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(restore, "restore")
	switch {
	case err != nil:
		return 0, err
	case j.request.Kind != model.RestoreDownload:
		return 0, fault.New(fault.Unsupported, "memory.Content", "this restore gives no bytes")
	case j.removed || j.state(s.now()) != model.StateSucceeded:
		return 0, fault.New(fault.Conflict, "memory.Content", "there are no bytes now")
	}
	return j.bytes, nil
}

func (s account) body(ctx context.Context, name string, size, offset int64) *adapters.Body {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset = max(offset, 0)
	from := min(offset, size)
	return &adapters.Body{
		ReadCloser: &transfer{ctx: ctx, Reader: io.NewSectionReader(s.generated(name, size), from, size-from), cutAt: s.cutAt},
		Offset:     offset, Size: size, ContentType: "application/octet-stream", FileName: "content.bin",
	}
}

// transfer ends with its context, as a connection would.
type transfer struct {
	ctx context.Context // a body is bound to the call that opened it, as in net/http
	io.Reader
	cutAt, done int64
	closed      bool
}

func (t *transfer) Read(p []byte) (int, error) {
	switch {
	case t.ctx.Err() != nil:
		return 0, t.ctx.Err()
	case t.closed:
		return 0, io.ErrClosedPipe
	case t.cutAt > 0 && t.done >= t.cutAt:
		return 0, &fault.Error{Kind: fault.Unavailable, Op: "memory.Content", Err: io.ErrUnexpectedEOF}
	case t.cutAt > 0:
		p = p[:min(int64(len(p)), t.cutAt-t.done)]
	}
	n, err := t.Reader.Read(p)
	t.done += int64(n)
	return n, err
}

func (t *transfer) Close() error {
	t.closed = true
	return nil
}

// generated is a file that is computed wherever it is read.
type generated struct {
	seed uint64
	size int64
}

func (w *World) generated(name string, size int64) generated {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return generated{w.seed ^ h.Sum64(), size}
}

// ReadAt gives every 8 bytes as the splitmix64 of where they stand.
func (g generated) ReadAt(p []byte, offset int64) (int, error) {
	var word [8]byte
	for n := range p {
		at := offset + int64(n)
		if at >= g.size {
			return n, io.EOF
		}
		if n == 0 || at%8 == 0 {
			z := g.seed + uint64(at/8+1)*0x9e3779b97f4a7c15 //nolint:gosec // never negative
			z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
			z = (z ^ (z >> 27)) * 0x94d049bb133111eb
			binary.LittleEndian.PutUint64(word[:], z^(z>>31))
		}
		p[n] = word[at%8]
	}
	return len(p), nil
}

type files struct{ account }

// List shows the same small tree in every backup.
func (s files) List(ctx context.Context, backup model.ID, path, token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
	if err := s.enter(ctx, "Files.List", path); err != nil {
		return adapters.TokenPage[adapters.FileEntry]{}, err
	}
	b, err := s.find(backup)
	if err != nil {
		return adapters.TokenPage[adapters.FileEntry]{}, err
	}
	var entries []adapters.FileEntry
	switch path {
	case "/":
		entries = []adapters.FileEntry{{Name: "data", Path: "/data", Type: "directory"}}
	case "/data":
		entries = tree(b)
	default:
		return adapters.TokenPage[adapters.FileEntry]{}, fault.New(fault.NotFound, "memory.Files", "no such directory")
	}
	return tokenPage(entries, token, limit)
}

// tree is what the one directory of a backup holds.
func tree(b Backup) []adapters.FileEntry {
	entries := make([]adapters.FileEntry, 0, 12)
	for i := range 12 {
		size := b.Bytes + int64(i)
		name := fmt.Sprintf("part-%02d.bin", i)
		entries = append(entries, adapters.FileEntry{
			Name: name, Path: "/data/" + name, Type: "file", SizeBytes: &size, ModifiedAt: b.StartedAt,
		})
	}
	return entries
}

func (s files) Open(ctx context.Context, backup model.ID, path string, offset int64) (*adapters.Body, error) {
	if err := s.enter(ctx, "Files.Open", path); err != nil {
		return nil, err
	}
	page, err := s.List(ctx, backup, "/data", "", maxPageSize)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(page.Items, func(e adapters.FileEntry) bool { return e.Path == path })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "memory.Files", "no such file")
	}
	return s.body(ctx, backup.Key+path, *page.Items[i].SizeBytes, offset), nil
}

type access struct{ account }

func (s access) Get(ctx context.Context, restore model.ID) (adapters.AccessInfo, error) {
	info := adapters.AccessInfo{Roles: []adapters.AccessRole{}}
	err := s.endpoint(ctx, "Access.Get", restore, func(j *job) error {
		info.URI, info.BucketAlias = "memory://"+j.key, j.name
		info.Roles = append(info.Roles, j.roles...)
		return nil
	})
	if err != nil {
		return adapters.AccessInfo{}, err
	}
	return info, nil
}

func (s access) AddRole(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	err := s.endpoint(ctx, "Access.AddRole", restore, func(j *job) error {
		role.ID = s.nextKey("role")
		j.roles = append(j.roles, role)
		return nil
	})
	if err != nil {
		return adapters.AccessRole{}, err
	}
	return role, nil
}

func (s access) UpdateRole(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	err := s.endpoint(ctx, "Access.UpdateRole", restore, func(j *job) error {
		i, err := indexRole(j, role.ID)
		if err == nil {
			j.roles[i] = role
		}
		return err
	})
	if err != nil {
		return adapters.AccessRole{}, err
	}
	return role, nil
}

func (s access) RemoveRole(ctx context.Context, restore model.ID, roleID string) error {
	return s.endpoint(ctx, "Access.RemoveRole", restore, func(j *job) error {
		i, err := indexRole(j, roleID)
		if err == nil {
			j.roles = slices.Delete(j.roles, i, i+1)
		}
		return err
	})
}

func indexRole(j *job, id string) (int, error) {
	i := slices.IndexFunc(j.roles, func(r adapters.AccessRole) bool { return r.ID == id })
	if i < 0 {
		return i, fault.New(fault.NotFound, "memory.Access", "no such role")
	}
	return i, nil
}

// endpoint calls act with the job of an instant access that is ready.
func (s access) endpoint(ctx context.Context, op string, restore model.ID, act func(*job) error) error {
	if err := s.enter(ctx, op, ""); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(restore, "restore")
	switch {
	case err != nil:
		return err
	case j.request.Kind != model.RestoreInstantAccess:
		return fault.New(fault.Unsupported, "memory.Access", "this restore gives no access")
	case j.removed || j.state(s.now()) != model.StateSucceeded:
		return fault.New(fault.Conflict, "memory.Access", "there is no endpoint now")
	}
	return act(j)
}
