package clumiosim

import (
	"encoding/hex"
	"slices"
	"strings"
)

// What the file systems in backups of EC2 instances and EBS volumes hold. Every
// backup of an asset has the same files; only sizes grow.

const (
	pathFileSearch = "/backups/files/search"
	pathFileSystem = "/backups/{backup_id}/filesystems"
	rootDirectory  = "root"
)

type file struct {
	path string
	size int
}

// filesOf are the files of an asset, in order of their paths.
func filesOf(a *asset) []file {
	draws := seeded(a.seed, 7)
	var out []file
	for _, path := range []string{
		"/etc/hosts", "/etc/ssh/sshd_config", "/home/app/config.yaml", "/home/app/data/ledger.db",
		"/home/app/data/ledger.db-wal", "/home/app/notes/readme.txt", "/var/log/app.log", "/var/log/syslog",
	} {
		out = append(out, file{path, 100 + draws.IntN(1_000_000)})
	}
	return out
}

// fileBackup finds a backup that has file systems.
func (s *Sim) fileBackup(c *call, id string) (*backup, error) {
	for _, list := range []string{ListEC2, ListEBS} {
		if b := s.backups[list].byID[id]; b != nil && c.sees(b.asset.unit) {
			return b, nil
		}
	}
	return nil, notFound()
}

// browsable is what the backup's own record says.
func (b *backup) browsable() bool {
	yes, _ := browsing(seeded(b.order, 2))
	return yes
}

// filesystemID is the same in all backups of an asset.
func filesystemID(a *asset) string { return uuid(seeded(a.seed, 8)) }

func filesystems() catalog {
	return catalog{
		path: pathFileSystem, resource: "backup-filesystems", param: "filesystem_id",
		entries: func(s *Sim, c *call) ([]entry, error) {
			b, err := s.fileBackup(c, c.params["backup_id"])
			if err != nil {
				return nil, err
			}
			indexed, reason, count := b.browsable(), any(nil), len(filesOf(b.asset))
			if !indexed {
				reason, count = "unsupported", 0
			}
			id := filesystemID(b.asset)
			return []entry{{self: "/backups/" + escape(b.id) + "/filesystems/" + id, record: object{
				"available": 30 * gib, "filesystem_native_id": "/dev/xvda1", "id": id, "indexing_failed_reason": reason,
				"is_encrypted": false, "is_indexed": indexed, "mount_path": "/", "num_files_indexed": count,
				"size": 40 * gib, "type": "xfs", "used": 10 * gib,
			}}}, nil
		},
	}
}

// directoryItems lists one directory; the topmost one is called root, the
// others by an id that only a listing tells (inferred).
func directoryItems() catalog {
	const path = pathFileSystem + "/{filesystem_id}/directories/{directory_id}/browse"
	return catalog{
		path: path, resource: "backup-filesystem-directories", tokens: true,
		entries: func(s *Sim, c *call) ([]entry, error) {
			b, err := s.fileBackup(c, c.params["backup_id"])
			if err != nil {
				return nil, err
			}
			directory, known := directoryPath(c.params["directory_id"])
			if !known || !b.browsable() || c.params["filesystem_id"] != filesystemID(b.asset) {
				return nil, notFound()
			}
			base := "/backups/" + escape(b.id) + "/filesystems/" + filesystemID(b.asset) + "/directories/"
			out := listDirectory(b, directory, base)
			if len(out) == 0 {
				return nil, notFound()
			}
			return out, nil
		},
	}
}

func listDirectory(b *backup, directory, base string) []entry {
	var out []entry
	seen := map[string]bool{}
	for _, f := range filesOf(b.asset) {
		rest, inside := strings.CutPrefix(f.path, directory+"/")
		if !inside {
			continue
		}
		name, _, isDirectory := strings.Cut(rest, "/")
		if seen[name] {
			continue
		}
		seen[name] = true
		record := object{
			"directory_id": nil, "is_directory": isDirectory, "modified_timestamp": unixTime(b.start - 600), "name": name,
			"size": f.size,
		}
		one := entry{record: record}
		if isDirectory {
			id := directoryID(directory + "/" + name)
			record["directory_id"], record["size"] = id, nil
			one.self = base + id + "/browse"
		}
		out = append(out, one)
	}
	return out
}

func directoryID(path string) string { return "d" + hex.EncodeToString([]byte(path)) }

func directoryPath(id string) (string, bool) {
	if id == rootDirectory {
		return "", true
	}
	text, isOurs := strings.CutPrefix(id, "d")
	path, err := hex.DecodeString(text)
	return string(path), isOurs && err == nil && len(path) > 0
}

// foundFiles searches all backups of an asset; what was found is named by its
// path.
func foundFiles() catalog {
	return catalog{
		path: pathFileSearch, resource: "backups-files", tokens: true, required: []string{"asset_id", "asset_type"},
		filters: filterRules{
			"asset_type": {"eq", textValue}, "asset_id": {"eq", textValue}, "name": {"regex", textValue},
		},
		members: map[string]string{"name": "path"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			var out []entry
			for _, path := range []string{pathInstances, pathVolumes} {
				for _, a := range s.assets[path] {
					if !c.sees(a.unit) {
						continue
					}
					for _, f := range filesOf(a) {
						id := searchID(a, f.path)
						out = append(out, entry{
							hidden: object{"asset_id": a.id, "asset_type": entityOf(a).kind},
							record: object{
								"path": f.path, "search_result_id": id, "_links": object{
									"list-file-versions": link(pathFileSearch+"/"+id+"/versions", "get"),
								},
							},
						})
					}
				}
			}
			return out, nil
		},
	}
}

func searchID(a *asset, path string) string { return a.id + "." + hex.EncodeToString([]byte(path)) }

// fileVersions are the file as each backup that was indexed has it, newest
// first.
func fileVersions() catalog {
	return catalog{
		path: pathFileSearch + "/{search_result_id}/versions", resource: "backups-files", tokens: true,
		entries: func(s *Sim, c *call) ([]entry, error) {
			id, text, _ := strings.Cut(c.params["search_result_id"], ".")
			path, err := hex.DecodeString(text)
			a := s.assetByID[id]
			if err != nil || a == nil || !c.sees(a.unit) || (a.backupList != ListEC2 && a.backupList != ListEBS) {
				return nil, notFound()
			}
			f, known := fileAt(a, string(path))
			if !known {
				return nil, notFound()
			}
			var out []entry
			for _, b := range slices.Backward(s.backups[a.backupList].ordered) {
				if b.asset != a || !b.browsable() {
					continue
				}
				out = append(out, entry{record: object{
					"_links":    object{"restore-files": link(pathRestoreFiles, "post")},
					"backup_id": b.id, "filesystem_id": filesystemID(a), "modified_timestamp": unixTime(b.start - 600),
					"path": f.path, "size": f.size, "start_timestamp": unixTime(b.start),
				}})
			}
			return out, nil
		},
	}
}

func fileAt(a *asset, path string) (file, bool) {
	for _, f := range filesOf(a) {
		if f.path == path {
			return f, true
		}
	}
	return file{}, false
}
