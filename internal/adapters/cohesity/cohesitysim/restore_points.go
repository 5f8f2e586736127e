package cohesitysim

import "net/http"

// getRestorePointsInTimeRange answers 201 though it only reads (IBM NOTES
// section 15).
func (s *Sim) getRestorePointsInTimeRange(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	from, hasFrom := integer(body, "startTimeUsecs")
	to, hasTo := integer(body, "endTimeUsecs")
	groupIDs := texts(body, "protectionGroupIds")
	if text(body, "environment") == "" || !hasFrom || !hasTo || len(groupIDs) == 0 {
		return reply{}, invalid("environment, protectionGroupIds, startTimeUsecs and endTimeUsecs in body are required")
	}
	if from > to {
		return reply{}, invalid("startTimeUsecs in body is after endTimeUsecs")
	}
	source, hasSource := integer(body, "sourceId")
	full, ranges := []any{}, []any{}
	for _, groupID := range groupIDs {
		g, found := s.groupByID[groupID]
		if !found || s.isGone(g, c.now) {
			return reply{}, notFound()
		}
		if k := s.kindOf(g); text(body, "environment") != k.environment && text(body, "environment") != snapshotEnvironment(k) {
			continue
		}
		for _, id := range s.objectIDs(g) {
			if e, _ := s.entity(id); hasSource && id != source && e.host != source {
				continue
			}
			points := s.snapshotsOf(id, c.now, []*group{g}, func(r run) bool { return r.start >= from && r.start <= to })
			for x := range points {
				full = append(full, s.restorePointJSON(x))
			}
			for _, logged := range s.logRanges(g, id, from, min(to, c.now), c.now) {
				ranges = append(ranges, logged)
			}
		}
	}
	return reply{status: http.StatusCreated, json: obj{
		"fullSnapshotInfo": full, "timeRangeInfo": obj{"timeRanges": ranges, "errorMessage": nil, "userMessage": nil},
	}}, nil
}

// logRanges are the spans of a database that its log covers, oldest first: each
// begins at a snapshot, goes on over the runs that took the log along, and
// breaks at one that did not (inferred).
func (s *Sim) logRanges(g *group, id, from, to, now int64) []obj {
	if s.kindOf(g).environment != "kSQL" {
		return nil
	}
	var out []obj
	begin := int64(0)
	end := func(at int64) {
		if low, high := max(begin, from), min(at, to); begin != 0 && low < high {
			out = append(out, obj{"protectionGroupId": g.id, "startTimeUsecs": low, "endTimeUsecs": high})
		}
		begin = 0
	}
	last := int64(0)
	for k := range g.total() {
		r := s.run(g, k, now)
		if r.visible > now || r.open() || r.expired(now) {
			continue
		}
		switch o, found := s.objectOf(r, id); {
		case !found:
		case o.snapshotID == "":
			end(last)
		case begin == 0:
			begin, last = snapshotTime(r), r.end
		default:
			last = r.end
		}
	}
	end(last)
	return out
}

func (s *Sim) restorePointJSON(x snapshot) obj {
	info := obj{
		"protectionGroupId": x.run.g.id, "runStartTimeUsecs": x.run.start, "attemptNumber": 1,
		"objectInfo": s.summary(x.object.entity, ""), "archivalTargetInfo": archivalTarget(),
	}
	if x.run.local {
		info["archivalTargetInfo"] = nil
	}
	return obj{"restoreInfo": info}
}
