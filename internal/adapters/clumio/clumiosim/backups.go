package clumiosim

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Paths of the backup lists.
const (
	ListEC2       = "/backups/aws/ec2-instances"
	ListEBS       = "/backups/aws/ebs-volumes"
	ListRDS       = "/backups/aws/rds-resources"
	ListDynamoDB  = "/backups/aws/dynamodb-tables"
	ListMSSQL     = "/backups/aws/ec2-mssql/databases"
	ListIceberg   = "/backups/aws/iceberg-tables"
	ListGroups    = "/backups/protection-groups"
	ListS3Assets  = "/backups/protection-groups/s3-assets"
	ListGCPGroups = "/backups/gcp/protection-groups"
	ListGCSAssets = "/backups/gcp/protection-groups/assets"
)

// backup is the part of a record that lists are ordered and filtered by; the
// rest is drawn from its seed when it is shown.
type backup struct {
	id     string
	start  int64 // unix seconds
	order  uint64
	asset  *asset
	parent *backup // of an S3 asset's backup: its protection group's
	kind   string
}

// shelf holds the backups of one list, oldest first.
type shelf struct {
	spec    backupSpec
	ordered []*backup
	byID    map[string]*backup
	newest  map[*asset]int64 // start of each asset's newest backup
}

func newShelf(spec backupSpec) *shelf {
	return &shelf{spec: spec, byID: map[string]*backup{}, newest: map[*asset]int64{}}
}

// compareBackups orders by start; ties come in an order that looks arbitrary
// but stays, since the vendor promises none.
func compareBackups(a, b *backup) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.order, b.order))
}

func (s *shelf) insert(b *backup) {
	at, _ := slices.BinarySearchFunc(s.ordered, b, compareBackups)
	s.ordered = slices.Insert(s.ordered, at, b)
	s.know(b)
}

func (s *shelf) know(b *backup) {
	s.byID[b.id] = b
	s.newest[b.asset] = max(s.newest[b.asset], b.start)
}

func (s *shelf) remove(id string) bool {
	b := s.byID[id]
	if b == nil {
		return false
	}
	delete(s.byID, id)
	delete(s.newest, b.asset)
	s.ordered = slices.DeleteFunc(s.ordered, func(other *backup) bool {
		if other != b && other.asset == b.asset {
			s.newest[b.asset] = max(s.newest[b.asset], other.start)
		}
		return other == b
	})
	return true
}

// buildBackups spreads the backups over the lists by the number of their
// assets. Backups start when a window opens: half of them in the same second.
func (s *Sim) buildBackups() {
	assets := 0
	for _, p := range portions() {
		if p.backupList != "" {
			assets += len(s.assets[p.path])
		}
	}
	left := max(s.options.Backups, 0)
	for _, p := range portions() {
		if p.backupList == "" {
			continue
		}
		of := s.assets[p.path]
		count := left * len(of) / assets
		left, assets = left-count, assets-len(of)
		s.fill(s.backups[p.backupList], of, count)
	}
}

func (s *Sim) fill(to *shelf, assets []*asset, count int) {
	const every = 6 * time.Hour
	draws := s.kit.Rand("backups " + to.spec.path)
	groups := s.parents(to)
	to.ordered = make([]*backup, 0, count)
	window := s.born.Truncate(every).Add(2 * time.Minute)
	if window.After(s.born) {
		window = window.Add(-every)
	}
	for i := range count {
		a, round := assets[i%len(assets)], i/len(assets)
		start := window.Add(-time.Duration(round) * every)
		switch draws.IntN(4) {
		case 0:
			start = start.Add(-time.Duration(draws.IntN(7200)) * time.Second)
		case 1:
			start = start.Add(-11 * time.Second)
		}
		var parent *backup
		if of := groups[a.group]; len(of) > 0 {
			parent = of[len(of)-1-round%len(of)]
			start = time.Unix(parent.start, 0)
		}
		b := s.newBackup(to, a, start, pick(draws, to.spec.kinds...))
		b.parent = parent
		to.ordered = append(to.ordered, b)
		to.know(b)
	}
	slices.SortFunc(to.ordered, compareBackups)
}

// parents returns, for the lists of single buckets, the backups of each group.
func (s *Sim) parents(of *shelf) map[*asset][]*backup {
	if of.spec.path != ListS3Assets {
		return nil
	}
	out := map[*asset][]*backup{}
	for _, b := range s.backups[ListGroups].ordered {
		out[b.asset] = append(out[b.asset], b)
	}
	return out
}

// newBackup gives a backup its id. Those of protection groups look like
// <uuid>_2022-01-01T00:02:00Z.13753 (NOTES section 7).
func (s *Sim) newBackup(to *shelf, a *asset, start time.Time, kind string) *backup {
	s.serial++
	draws := seeded(s.kit.Seed^0xb4c2, s.serial)
	b := &backup{start: start.Unix(), asset: a, kind: kind, order: draws.Uint64()}
	b.id = uuid(draws)
	if to.spec.longID {
		b.id = fmt.Sprintf("%s_%s.%d", a.id, unixTime(b.start), 10_000+s.serial)
	}
	return b
}

// selection is the backups of a list that a call asks for, in its order.
type selection struct {
	window     []*backup
	chosen     []int // nil is the whole window
	descending bool
}

func (s selection) len() int {
	if s.chosen != nil {
		return len(s.chosen)
	}
	return len(s.window)
}

func (s selection) at(i int) *backup {
	if s.descending {
		i = s.len() - 1 - i
	}
	if s.chosen != nil {
		i = s.chosen[i]
	}
	return s.window[i]
}

// choose cuts the time window by binary search and looks at single backups only
// when the filter or the scope needs it.
func (s *shelf) choose(c *call, conditions []condition) (selection, error) {
	out := selection{window: s.ordered, descending: true}
	switch order := c.query.Get("sort"); order {
	case "", "-start_timestamp":
	case "start_timestamp":
		out.descending = false
	default:
		return out, badRequest("sort %q is not supported", order)
	}
	var rest []condition
	for _, condition := range conditions {
		if condition.field != "start_timestamp" {
			rest = append(rest, condition)
			continue
		}
		// Starts have whole seconds, so both bounds are the first backup later
		// than the time given.
		edge := sort.Search(len(out.window), func(i int) bool {
			return time.Unix(out.window[i].start, 0).After(condition.at)
		})
		if condition.operator == "gt" {
			out.window = out.window[edge:]
		} else {
			out.window = out.window[:edge]
		}
	}
	if len(rest) == 0 && c.unit == "" {
		return out, nil
	}
	out.chosen = []int{}
	for i, b := range out.window {
		if c.sees(b.asset.unit) && allHold(rest, func(field string) []string { return s.spec.field(b, field) }) {
			out.chosen = append(out.chosen, i)
		}
	}
	return out, nil
}

func (spec backupSpec) field(b *backup, name string) []string {
	switch name {
	case spec.assetFilter:
		return []string{b.asset.id}
	case "type":
		return []string{b.kind}
	case "bucket_region":
		return []string{b.asset.environment.region}
	case "parent_protection_group_backup_id":
		if b.parent != nil {
			return []string{b.parent.id}
		}
	}
	return nil
}

// listBackups serves one list of backups.
func (s *Sim) listBackups(spec backupSpec) endpoint {
	return func(c *call) (answer, error) {
		raw := c.query.Get("filter")
		conditions, err := parseFilter(raw, spec.filters)
		if err != nil {
			return answer{}, err
		}
		found, err := s.backups[spec.path].choose(c, conditions)
		if err != nil {
			return answer{}, err
		}
		return s.numbered(c, list{
			total: found.len(), applied: echo(raw, nil),
			item: func(i int) object { return s.showBackup(c, spec, found.at(i)) },
		})
	}
}

func (s *Sim) readBackup(spec backupSpec) endpoint {
	return func(c *call) (answer, error) {
		b := s.backups[spec.path].byID[c.params["backup_id"]]
		if b == nil || !c.sees(b.asset.unit) {
			return answer{}, notFound()
		}
		if spec.wireOne != nil {
			spec.wire = spec.wireOne
		}
		return ok(s.showBackup(c, spec, b))
	}
}

// showBackup draws the record. On a bad day some members that no document
// promises are missing.
func (s *Sim) showBackup(c *call, spec backupSpec, b *backup) object {
	draws := seeded(b.order, 2)
	record := spec.wire(s, b, c.version, draws)
	record["id"] = b.id
	record["start_timestamp"] = unixTime(b.start)
	record["expiration_timestamp"] = unixTime(b.start + 86_400*int64(7+draws.IntN(90)))
	links := object{"_self": link(spec.path+"/"+escape(b.id), "get")}
	if spec.restoreLink != "" && !(spec.path == ListEBS && c.version == 1) {
		links[spec.restoreLink] = link(spec.restorePath, "post")
	}
	record["_links"] = links
	if c.embed != "" {
		record["_embedded"] = object{c.embed: s.showEnvironment(b.asset.environment)}
	}
	if s.kit.Scenario.NullMembers {
		for _, name := range []string{
			"size", "utilized_size_in_bytes", "expiration_timestamp", "tags", "account_native_id",
			"backup_tier", "table_name", "engine", "backed_up_size_bytes", "_links",
		} {
			if _, there := record[name]; there && draws.IntN(12) == 0 {
				record[name] = nil
			}
		}
	}
	return record
}

// escape makes an id one path segment; colons and dots stay as they are.
func escape(id string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F", "?", "%3F", "#", "%23").Replace(id)
}
