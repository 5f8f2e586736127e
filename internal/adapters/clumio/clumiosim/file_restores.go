package clumiosim

import (
	"net/http"
	"strings"
	"time"
)

const (
	pathRestoreFiles = "/restores/files"
	fileRestoreTask  = "file_restore"
)

// fileSet is one restore of files, fetched directly or with a passcode that
// goes by mail.
type fileSet struct {
	id, name, passcode string
	size               int
	backup             *backup
	task               *task
	direct             bool
	shares             []share
}

type share struct{ address, message string }

func fileRestore() shape {
	return group(map[string]shape{
		"source": need(group(map[string]shape{
			"backup_id": need(text()),
			"files": need(filled(listOf(group(map[string]shape{
				"filesystem_id": need(text()), "path": need(text()),
			})))),
		})),
		"target": need(group(map[string]shape{
			"direct_download": anything(),
			"email":           group(map[string]shape{"email_address": need(text()), "message": text()}),
		})),
	})
}

func (s *Sim) restoreFiles(c *call) (answer, error) {
	b, err := s.fileBackup(c, textAt(c.body, "source", "backup_id"))
	if err != nil {
		return answer{}, err
	}
	target := groupAt(c.body, "target")
	if (target["email"] == nil) == (target["direct_download"] == nil) {
		return answer{}, badRequest("body.target must have exactly one of email, direct_download")
	}
	if !b.browsable() {
		return answer{}, badRequest("the backup can not be browsed")
	}
	set := &fileSet{id: s.newID(), backup: b, passcode: s.passcode(), direct: target["email"] == nil}
	for _, asked := range listAt(c.body, "source", "files") {
		f, known := fileAt(b.asset, textAt(asked, "path"))
		if !known || textAt(asked, "filesystem_id") != filesystemID(b.asset) {
			return answer{}, notFound()
		}
		set.size += f.size
		set.name = f.path[strings.LastIndex(f.path, "/")+1:]
	}
	if len(listAt(c.body, "source", "files")) > 1 {
		set.name = "files.zip"
	}
	if !set.direct {
		set.shares = append(set.shares, share{textAt(target, "email", "email_address"), textAt(target, "email", "message")})
	}
	set.task = s.restoreTask(c, b.asset, b.asset.environment, func(end time.Time) {
		s.arriveAfter(end, func() { s.files = append(s.files, set) })
	})
	set.task.kind = fileRestoreTask
	return s.taskAnswer(c, pathRestoreFiles, set.task, object{"id": set.id, "passcode": set.passcode})
}

func restoredFiles() catalog {
	return catalog{
		path: pathRestoreFiles, resource: "restored-files", required: []string{"asset_id", "asset_type"},
		filters: filterRules{"asset_type": {"eq", textValue}, "asset_id": {"eq", textValue}},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, set := range s.files {
				out = append(out, set.entry())
			}
			return out, nil
		},
	}
}

func (f *fileSet) link() string { return "https://files.clumio.example/" + f.id }

func (f *fileSet) entry() entry {
	a := f.backup.asset
	methods := []object{}
	if f.direct {
		methods = append(methods, object{
			"direct_download": object{"download_link": f.link(), "retrieved_by": auditUser}, "email": nil,
		})
	}
	for _, to := range f.shares {
		methods = append(methods, object{"direct_download": nil, "email": object{
			"email_message": textOrNil(to.message), "retrieved_by": auditUser, "retrieved_for": to.address,
		}})
	}
	return entry{
		unit: a.unit, hidden: object{"asset_id": a.id, "asset_type": entityOf(a).kind},
		record: object{
			"access_methods": methods, "backup_id": f.backup.id, "backup_timestamp": unixTime(f.backup.start),
			"expiration_timestamp": wireTime(f.task.created.AddDate(0, 0, 7)), "id": f.id, "name": f.name, "size": f.size,
			"task_id": f.task.id,
		},
	}
}

func (s *Sim) fileSetOf(c *call) *fileSet {
	for _, f := range s.files {
		if f.id == c.params["restored_file_id"] && c.sees(f.backup.asset.unit) {
			c.subject = entity{f.id, "restored_file", f.name}
			return f
		}
	}
	return nil
}

func (s *Sim) newPasscode(c *call) (answer, error) {
	f := s.fileSetOf(c)
	if f == nil {
		return answer{}, notFound()
	}
	f.passcode = s.passcode()
	return ok(object{
		"_links":   object{"_self": link(c.request.URL.EscapedPath(), "post")},
		"passcode": f.passcode,
	})
}

func (s *Sim) shareFile(c *call) (answer, error) {
	f := s.fileSetOf(c)
	if f == nil {
		return answer{}, notFound()
	}
	f.shares = append(f.shares, share{textAt(c.body, "email_address"), textAt(c.body, "message")})
	return s.done()
}

// downloadShared is for the one who got the mail: the link names the files, the
// passcode opens them.
func (s *Sim) downloadShared(c *call) (answer, error) {
	for _, f := range s.files {
		if f.link() != textAt(c.body, "email_link") {
			continue
		}
		c.subject = entity{f.id, "restored_file", f.name}
		if f.passcode != textAt(c.body, "passcode") {
			return answer{}, &refusal{status: http.StatusForbidden, code: 403, message: "The passcode is wrong."}
		}
		return ok(object{
			"_links":       object{"_self": link(pathRestoreFiles+"/_download", "post")},
			"download_url": f.link() + "/content",
		})
	}
	return answer{}, notFound()
}
