package clumio

import (
	"context"
	"strings"

	"switchback/internal/fault"
)

const filesPath = "/restores/files"

func fileRestore() recipe {
	return recipe{
		op: "clumio.RestoreFiles", path: filesPath, accept: "restored-files=v1", sel: "paths",
		options: optionEmail + " " + optionDownload, forms: fromBackup(), fill: restores.fillFiles,
	}
}

// wireFile is FileDescriptor.
type wireFile struct {
	FilesystemID string `json:"filesystem_id"`
	Path         string `json:"path"`
}

// wireFilesSource is FileRestoreSource.
type wireFilesSource struct {
	BackupID string     `json:"backup_id"`
	Files    []wireFile `json:"files"`
}

func (r restores) fillFiles(_ context.Context, p *prepared) error {
	a := p.asked
	if len(a.sel.Paths) == 0 {
		return fault.InvalidField(p.op, "/select/paths", "missing-member", "the files must be named")
	}
	from := wireFilesSource{BackupID: a.source.Backup.Key}
	for _, path := range a.sel.Paths {
		// Files shows the file system as the first element of a path.
		rest, rooted := strings.CutPrefix(path, "/")
		filesystem, inside, deep := strings.Cut(rest, "/")
		if !rooted || !deep || filesystem == "" {
			return fault.InvalidField(p.op, "/select/paths", "invalid-value", "a path begins with the id of its file system: /<id>/<path>")
		}
		if inside = strings.TrimRight(inside, "/"); strings.ContainsRune(inside, 0) {
			return fault.InvalidField(p.op, "/select/paths", "invalid-value", "a path holds no zero bytes")
		}
		from.Files = append(from.Files, wireFile{filesystem, "/" + inside})
	}
	target, err := p.handedOver()
	if err != nil {
		return err
	}
	p.body = wireRestore{Source: from, Target: target}
	return nil
}
