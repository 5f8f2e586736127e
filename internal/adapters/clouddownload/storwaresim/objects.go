package storwaresim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Every cloud and OS entity has the same small tree of protected objects: a
// root, three folders in it, and two files in each folder. Guids are made from
// those of the entity and of the backup, so that no table is needed.
const (
	folderCount = 3
	fileCount   = 6
	objectCount = 1 + folderCount + fileCount
)

const (
	objectMark  = 0x20000000
	versionMark = 0x40000000
)

var folderNames = [...]string{"Inbox", "Documents", "Calendar"}

func objectRoutes() []route {
	return []route{
		{pattern: "GET /cloud-protected-objects/{objectGuid}", handle: (*call).getCloudObject},
		{pattern: "GET /cloud-protected-objects/{objectGuid}/children", handle: (*call).listCloudChildren},
		{pattern: "GET /os-protected-objects/root", handle: (*call).getOSRoot},
		{pattern: "GET /os-protected-objects/{objectGuid}/children", handle: (*call).listOSChildren},
		{pattern: "GET /os-protected-objects/{objectGuid}/all-versions", handle: (*call).listOSVersions},
	}
}

// marked changes a guid's first part by a mark; doing it again undoes it.
func marked(guid string, mark uint64) string {
	if len(guid) != 36 {
		return ""
	}
	first, err := strconv.ParseUint(guid[:8], 16, 32)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%08x%s", first^mark, guid[8:])
}

func (e *entity) objectGUID(index int) string { return marked(e.guid, objectMark+uint64(index)) }

func hasObjects(e *entity) bool {
	return e != nil && (strings.HasPrefix(e.kind, "CLOUD") || strings.HasPrefix(e.kind, "OS"))
}

// findObject resolves an object's guid. An entity's own guid stands for its
// root (inferred: how to get from the entity to its root is not documented).
func (s *Sim) findObject(guid string) (e *entity, index int, found bool) {
	if e := s.entityByGUID[guid]; e != nil {
		return e, 0, hasObjects(e)
	}
	for index := range objectCount {
		if e := s.entityByGUID[marked(guid, objectMark+uint64(index))]; hasObjects(e) {
			return e, index, true
		}
	}
	return nil, 0, false
}

func (s *Sim) backupOfVersion(objectGUID, versionGUID string) *backup {
	e, index, found := s.findObject(objectGUID)
	if !found {
		return nil
	}
	if b := s.backupByGUID[marked(versionGUID, versionMark+uint64(index))]; b != nil && b.entity == e {
		return b
	}
	return nil
}

func parentIndex(index int) int {
	if index > folderCount {
		return 1 + (index-1-folderCount)%folderCount
	}
	return 0
}

func (e *entity) objectName(index int) string {
	switch {
	case index == 0:
		return e.name
	case index <= folderCount:
		return folderNames[index-1]
	default:
		return fmt.Sprintf("file-%d.txt", index-folderCount)
	}
}

// versions are one for each usable backup whose snapshot lies in [from, to].
func (e *entity) versions(index int, from, to int64, build func(*backup) object) []object {
	out := []object{}
	for _, b := range e.backups {
		if b.usable() && b.snapshotTime >= from && b.snapshotTime <= to {
			v := build(b)
			v["guid"] = marked(b.guid, versionMark+uint64(index))
			v["fileSize"] = int64(index) * 4096
			v["deleted"] = false
			out = append(out, v)
		}
	}
	return out
}

func cloudVersion(b *backup) object {
	return object{
		"displayName": b.name(), "creationDate": b.entity.backups[0].snapshotTime, "lastWriteDate": b.snapshotTime,
		"verificationStatus": enum("OK"), "quickXorHash": nil, "spConfig": nil,
	}
}

func osVersion(b *backup) object {
	return object{"backupTime": b.backupTime, "modificationTime": b.snapshotTime}
}

func last(versions []object) any {
	if len(versions) == 0 {
		return nil
	}
	return maps.Clone(versions[len(versions)-1])
}

func cloudObject(e *entity, index int, from, to int64) object {
	kind, parent := "FILE", any(nil)
	if index <= folderCount {
		kind = "DIRECTORY"
	}
	if index > 0 {
		above := parentIndex(index)
		parent = ref(e.objectGUID(above), e.objectName(above))
	}
	versions := e.versions(index, from, to, cloudVersion)
	return object{
		"guid": e.objectGUID(index), "type": enum(kind), "deleted": false, "directory": e.objectPath(parentIndex(index)),
		"name": e.objectName(index), "displayName": e.objectName(index), "parent": parent,
		"protectedEntity": ref(e.guid, e.name), "protectedEntityType": enum(e.kind), "externalSourceId": e.objectGUID(index),
		"lastVersion": last(versions), "versions": versions,
	}
}

func (e *entity) objectPath(index int) string {
	if index == 0 {
		return "/"
	}
	return "/" + e.objectName(index)
}

func osObject(e *entity, index int, from, to int64) object {
	kind, parent := "FILE", any(nil)
	switch {
	case index == 0:
		kind = "ROOT"
	case index <= folderCount:
		kind = "DIRECTORY"
	}
	if index > 0 {
		parent = e.objectGUID(parentIndex(index))
	}
	versions := e.versions(index, from, to, osVersion)
	return object{
		"guid": e.objectGUID(index), "type": enum(kind), "name": e.objectName(index), "parentGuid": parent,
		"deleted": false, "lastVersion": last(versions), "versions": versions,
	}
}

// pathObject finds the object of the path among the entities that fit. The word
// "root" with the entity in a parameter is taken, too.
func (c *call) pathObject(p *params, entityParameter string, fits func(*entity) bool) (e *entity, index int, found bool) {
	guid := c.r.PathValue("objectGuid")
	if guid == "root" {
		guid = p.one(entityParameter)
	}
	e, index, found = c.sim.findObject(guid)
	return e, index, found && fits(e)
}

func isCloud(e *entity) bool { return strings.HasPrefix(e.kind, "CLOUD") }
func isOS(e *entity) bool    { return strings.HasPrefix(e.kind, "OS") }

func (c *call) getCloudObject() answer {
	e, index, found := c.pathObject(&params{c: c}, "guid", isCloud)
	if !found {
		return notFound("protected object")
	}
	return ok(cloudObject(e, index, math.MinInt64, math.MaxInt64))
}

func (c *call) listCloudChildren() answer {
	return c.listChildren("guid", "type", isCloud, cloudObject)
}

func (c *call) listOSChildren() answer {
	return c.listChildren("peGuid", "peType", isOS, osObject)
}

func (c *call) listChildren(
	entityParameter, typeParameter string, fits func(*entity) bool, build func(*entity, int, int64, int64) object,
) answer {
	p := &params{c: c}
	e, parent, found := c.pathObject(p, entityParameter, fits)
	if !found {
		return notFound("protected object")
	}
	from, hasFrom := p.integer("from")
	to, hasTo := p.integer("to")
	if !hasFrom {
		from = math.MinInt64
	}
	if !hasTo {
		to = math.MaxInt64
	}
	only := p.constant("filterObjects", "ONLY_DIRECTORIES", "ONLY_FILES")
	p.constant(typeParameter, entityTypes...)
	deleted, _ := p.boolean("deleted")
	var rows []int
	for index := 1; index < objectCount; index++ {
		folder := index <= folderCount
		if parentIndex(index) == parent && !deleted && (only == "" || folder == (only == "ONLY_DIRECTORIES")) {
			rows = append(rows, index)
		}
	}
	l := listing[int]{
		name:    e.objectName,
		columns: map[string]func(a, b int) int{"name": column(e.objectName), "guid": column(e.objectGUID)},
		build:   func(index int) object { return build(e, index, from, to) },
	}
	// What was not yet or no longer there in the range is left out.
	seen := slices.ContainsFunc(e.backups, func(b *backup) bool {
		return b.usable() && b.snapshotTime >= from && b.snapshotTime <= to
	})
	return l.answer(p, rows, func(int) bool { return seen || !hasFrom && !hasTo })
}

func (c *call) getOSRoot() answer {
	p := &params{c: c}
	p.constant("peType", entityTypes...)
	p.constant("roleType", "PRIMARY", "SECONDARY", "ARCHIVE")
	if p.bad != "" {
		return badRequest(p.bad)
	}
	e := c.sim.entityByGUID[p.one("peGuid")]
	if e == nil || !isOS(e) {
		return notFound("protected entity")
	}
	return ok(osObject(e, 0, math.MinInt64, math.MaxInt64))
}

func (c *call) listOSVersions() answer {
	e, index, found := c.pathObject(&params{c: c}, "peGuid", isOS)
	if !found {
		return notFound("protected object")
	}
	p := &params{c: c}
	l := listing[object]{
		name: func(object) string { return e.objectName(index) },
		columns: map[string]func(a, b object) int{
			"backupTime": column(func(o object) int64 { return o["backupTime"].(int64) }),
			"guid":       column(func(o object) string { return o["guid"].(string) }),
		},
		build: func(o object) object { return o },
	}
	return l.answer(p, e.versions(index, math.MinInt64, math.MaxInt64, osVersion), nil)
}
