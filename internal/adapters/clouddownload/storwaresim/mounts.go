package storwaresim

import (
	"slices"
	"time"
)

// mount files a record and the task that prepares it. The record is there from
// the creation on and finished with its task (NOTES section 7).
func (s *Sim) mount(at time.Time, d *download, t *task) *download {
	d.guid, d.made, d.node = newGUID(s.guids), at, s.nodes[0]
	if d.entity != nil {
		d.node = d.entity.node
	}
	if d.life <= 0 {
		d.life = downloadLife
	}
	t.entity, t.backup, t.download, t.objects = d.entity, d.backup, d, d.objects
	if d.backup != nil {
		t.backupType = d.backup.kind
	}
	follow := t.then
	t.then = func(t *task) {
		d.expires = t.end.Add(d.life)
		if follow != nil {
			follow(t)
		}
	}
	d.task = s.queueTask(at, t)
	s.downloads = append(s.downloads, d)
	return d
}

// dismount queues the task at whose end the record is gone. When that fails the
// record stays for one more life, at least an hour: a client that asks for a
// millisecond must not make the server try that often.
func (s *Sim) dismount(at time.Time, d *download) *task {
	if !d.task.settled {
		d.task.stop(at, "CANCELLED", "download was deleted")
	}
	d.unmount = s.queueTask(at, &task{
		kind: "UNMOUNT", entity: d.entity, backup: d.backup, download: d, workflow: d.task.workflow,
		then: func(t *task) {
			if t.outcome == "FINISHED" {
				s.forget(d)
			} else {
				d.unmount, d.expires = nil, t.end.Add(max(d.life, time.Hour))
			}
		},
	})
	return d.unmount
}

func (s *Sim) forget(d *download) {
	s.downloads = slices.DeleteFunc(s.downloads, func(other *download) bool { return other == d })
}

// nextExpired is the record whose life was over first, nil when none is over:
// finished downloads vanish by themselves (NOTES section 7).
func (s *Sim) nextExpired(now time.Time) *download {
	var due *download
	for _, d := range s.downloads {
		if !d.expires.IsZero() && d.unmount == nil && !d.expires.After(now) && (due == nil || d.expires.Before(due.expires)) {
			due = d
		}
	}
	return due
}

// expire ends the life of a record, at once or by a task like a deletion.
func (s *Sim) expire(d *download) {
	if s.options.Reading.ExpiryUnmounts {
		s.dismount(d.expires, d)
	} else {
		s.forget(d)
	}
}
