package cohesitysim

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// snapshotParts is what a snapshot id carries (IBM NOTES section 3).
type snapshotParts struct {
	ClusterID   int64 `json:"a_clusterId"`
	Incarnation int64 `json:"b_clusterIncarnationId"`
	JobID       int64 `json:"c_jobId"`
	Instance    int64 `json:"e_jobInstanceId"`
	Start       int64 `json:"f_runStartTimeUsecs"`
	Object      int64 `json:"g_objectId"`
	Vault       int64 `json:"h_vaultId"`
}

func (s *Sim) snapshotID(r run, object int64) string {
	parts := snapshotParts{s.clusterID(), incarnation, jobNumber(r.g), r.instance, r.start, object, vaultID}
	if r.local {
		parts.Vault = 0
	}
	plain, _ := json.Marshal(parts)
	return base64.StdEncoding.EncodeToString(plain)
}

func jobNumber(g *group) int64 {
	n, _ := strconv.ParseInt(g.id[strings.LastIndexByte(g.id, ':')+1:], 10, 64)
	return n
}

// snapshot is a restorable object of a run.
type snapshot struct {
	run    run
	object runObject
}

// snapshot finds a snapshot that can be recovered now.
func (s *Sim) snapshot(id string, now int64) (snapshot, error) {
	plain, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return snapshot{}, notFound()
	}
	var parts snapshotParts
	if json.Unmarshal(plain, &parts) != nil {
		return snapshot{}, notFound()
	}
	g, found := s.groupByID[s.uid(parts.JobID)]
	if !found || s.isGone(g, now) {
		return snapshot{}, notFound()
	}
	r, found := s.runByInstance(g, parts.Instance, now)
	if !found || r.expired(now) {
		return snapshot{}, notFound()
	}
	if o, found := s.objectOf(r, parts.Object); found && o.snapshotID == id {
		return snapshot{r, o}, nil
	}
	return snapshot{}, notFound()
}
