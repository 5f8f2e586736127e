package clouddownload

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"switchback/internal/fault"
)

// How a download is tied to its record.
//
//  1. A task that names its mounted backup names the record.
//  2. Otherwise the records of the same user and mode are listed before and
//     after the request. When as many new ones are seen as tasks were made, and
//     nobody else asked for a download of that user meanwhile, they are ours.
//  3. Otherwise (the new record did not show at once) the same comparison is
//     made whenever the download is looked at.
//
// With one record that is certain from the start the id of the download is the
// record's, as in lists. Else the id carries what 3 needs, in any process.
//
// A download of a user is refused while another one's record can not be seen
// yet, so that 3 has no second candidate. What remains: when somebody starts
// downloads of the same user past this gateway in the same moment, and the
// vendor's tasks do not name their records, the record stays unknown. A
// download then shows its state but never gives bytes: wrong ones are worse.

// downloadList lists downloads. The mode is always sent, because no document
// says whether the list hides other modes (NOTES section 7).
func (a *account) downloadList(op string, filters url.Values) *listing[recordWire] {
	return &listing[recordWire]{
		account: a, op: op, path: "/cloud-download", query: filters,
		guid: func(r *recordWire) string { return r.GUID },
		at:   func(*recordWire) time.Time { return time.Time{} }, // the record has no time of its own
	}
}

func (a *account) recordsOf(ctx context.Context, op, mode, entity string) ([]document[recordWire], error) {
	rows, err := a.downloadList(op, url.Values{"mode": {mode}, "protected-entity": {entity}}).all(ctx)
	return slices.DeleteFunc(rows, func(r document[recordWire]) bool { return string(r.Wire.Mode) != mode }), err
}

// downloadTasks lists the tasks of a user's downloads.
func (a *account) downloadTasks(ctx context.Context, op, entity string) ([]document[taskWire], error) {
	rows, err := a.taskList(op, url.Values{"mounted-backup-assigned": {"true"}, "protected-entity": {entity}}).all(ctx)
	return slices.DeleteFunc(rows, func(t document[taskWire]) bool { return t.Wire.Type == "UNMOUNT" }), err
}

// snapshot is what the vendor showed of a user's downloads before a request.
type snapshot struct {
	records []document[recordWire]
	tasks   []document[taskWire]
}

func (a *account) snapshotOf(ctx context.Context, op, mode, entity string) (snapshot, error) {
	records, err := a.recordsOf(ctx, op, mode, entity)
	if err != nil {
		return snapshot{}, err
	}
	tasks, err := a.downloadTasks(ctx, op, entity)
	return snapshot{records, tasks}, err
}

// hidden reports whether a download of the user is being prepared whose record
// can not be seen. Rows of tasks do not name records, so both are counted.
func (a *account) hidden(ctx context.Context, op, mode, entity string, before snapshot) (bool, error) {
	open := -unfinished(before.records)
	for i := range before.tasks {
		if !taskState(before.tasks[i].Wire.State).Terminal() {
			open++
		}
	}
	for _, other := range downloadModes() {
		if open <= 0 {
			break
		}
		if other != mode {
			records, err := a.recordsOf(ctx, op, other, entity)
			if err != nil {
				return false, err
			}
			open -= unfinished(records)
		}
	}
	return open > 0, nil
}

func unfinished(records []document[recordWire]) int {
	n := 0
	for i := range records {
		if !taskState(records[i].Wire.State).Terminal() {
			n++
		}
	}
	return n
}

// settlePending makes sure that no download of the user that was started here
// still waits for its record to show.
func (a *account) settlePending(ctx context.Context, op, entity string) error {
	for _, key := range a.found.waiting(entity) {
		tasks, vanished, err := a.tasksOf(ctx, op, key)
		if err != nil {
			return err
		}
		records, err := a.find(ctx, op, key, tasks, vanished)
		if err != nil {
			return err
		}
		over := true
		for i := range tasks {
			over = over && taskState(tasks[i].Wire.State).Terminal()
		}
		if len(records) == 0 && !over {
			return errHidden()
		}
		a.found.put(key, records)
	}
	return nil
}

// certain returns the records that a request has made, nil when that can not be
// told without guessing, and whether the tasks themselves say so.
func (a *account) certain(ctx context.Context, op string, key downloadKey, before snapshot, made submitted) (records []string, named bool) {
	if records = namedRecords(made); len(records) == len(made) {
		return records, true
	}
	// The download is started: a failed read leaves it to be tied later.
	if tasks, vanished, err := a.tasksOf(ctx, op, key); err == nil && vanished == 0 && len(tasks) == len(made) {
		if records = namedRecords(tasks); len(records) == len(made) {
			return records, true
		}
	}
	after, err := a.snapshotOf(ctx, op, key.Mode, key.Entity)
	if err != nil {
		return nil, false
	}
	ours := map[string]bool{}
	for _, list := range [][]document[taskWire]{before.tasks, made} {
		for i := range list {
			ours[list[i].Wire.GUID] = true
		}
	}
	for i := range after.tasks {
		if !ours[after.tasks[i].Wire.GUID] {
			return nil, false // somebody else's
		}
	}
	if records = unknownRecords(key, after.records); len(records) != len(made) {
		return nil, false
	}
	return records, false
}

func unknownRecords(key downloadKey, records []document[recordWire]) []string {
	var fresh []string
	for i := range records {
		if !key.knew(records[i].Wire.GUID) {
			fresh = append(fresh, records[i].Wire.GUID)
		}
	}
	return fresh
}

// namedRecords are the records that tasks name themselves.
func namedRecords(tasks []document[taskWire]) []string {
	var named []string
	for i := range tasks {
		if to := tasks[i].Wire.MountedBackup; to != nil && to.GUID != "" && !slices.Contains(named, to.GUID) {
			named = append(named, to.GUID)
		}
	}
	return named
}

// find returns the records of a download started here: those that are certain,
// none when they are not (yet).
func (a *account) find(ctx context.Context, op string, key downloadKey, tasks []document[taskWire], vanished int) ([]string, error) {
	if len(key.Records) > 0 {
		return key.Records, nil
	}
	want := len(tasks) + vanished
	if named := namedRecords(tasks); len(named) == want && want > 0 {
		return named, nil
	}
	if known := a.found.get(key); known != nil {
		return known, nil
	}
	records, err := a.recordsOf(ctx, op, key.Mode, key.Entity)
	if err != nil {
		return nil, err
	}
	fresh := unknownRecords(key, records)
	if len(fresh) != want {
		return nil, nil
	}
	others, err := a.downloadTasks(ctx, op, key.Entity)
	if err != nil {
		return nil, err
	}
	for i := range others {
		other := &others[i].Wire
		if !key.has(other) && !other.createdAt().Before(key.createdAt()) {
			return nil, nil // the record may be that one's
		}
	}
	a.found.put(key, fresh)
	return fresh, nil
}

func (k downloadKey) has(t *taskWire) bool {
	return slices.Contains(k.Tasks, t.GUID) ||
		k.Workflow != "" && t.WorkflowExecution != nil && t.WorkflowExecution.GUID == k.Workflow
}

// tasksOf reads the tasks of a download. The vendor cleans its queue, so some
// may have vanished.
func (a *account) tasksOf(ctx context.Context, op string, key downloadKey) (tasks []document[taskWire], vanished int, err error) {
	if key.Workflow != "" {
		tasks, err = a.taskList(op, url.Values{"workflow-execution": {key.Workflow}}).all(ctx)
		if len(tasks) == 0 {
			vanished = 1
		}
		return tasks, vanished, err
	}
	for _, guid := range key.Tasks {
		task, err := a.task(ctx, op, guid)
		switch {
		case err == nil:
			tasks = append(tasks, *task)
		case gone(err):
			vanished++
		default:
			return nil, 0, err
		}
	}
	return tasks, vanished, nil
}

// correlations remembers records that were found late: other downloads of the
// same user that come afterwards must not make them uncertain again.
type correlations struct {
	mu      sync.Mutex
	records map[string][]string
	tasks   map[string][]string // by record, of tasks that do not name it
	pending []downloadKey
}

// maxCorrelations bounds what is remembered; most downloads never need it.
const maxCorrelations = 1000

func (c *correlations) get(key downloadKey) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.records[key.first()]
}

func (c *correlations) put(key downloadKey, records []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.records == nil || len(c.records) >= maxCorrelations {
		c.records = map[string][]string{}
	}
	if len(records) > 0 {
		c.records[key.first()] = records
	}
	c.pending = slices.DeleteFunc(c.pending, func(k downloadKey) bool { return k.first() == key.first() })
}

// made notes the tasks of a record.
func (c *correlations) made(record string, tasks []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasks == nil || len(c.tasks) >= maxCorrelations {
		c.tasks = map[string][]string{}
	}
	c.tasks[record] = tasks
}

func (c *correlations) tasksFor(record string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tasks[record]
}

// wait notes a download whose record could not be told yet.
func (c *correlations) wait(key downloadKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending = append(c.pending, key); len(c.pending) > maxCorrelations {
		c.pending = c.pending[1:]
	}
}

func (c *correlations) waiting(entity string) []downloadKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []downloadKey
	for _, key := range c.pending {
		if key.Entity == entity {
			keys = append(keys, key)
		}
	}
	return keys
}

func (k downloadKey) first() string { return k.Workflow + " " + strings.Join(k.Tasks, " ") }

func errHidden() error {
	return fault.New(fault.Conflict, "storware.CreateCloudDownload",
		"a download of the same asset has begun and can not be told apart yet: try again shortly")
}
