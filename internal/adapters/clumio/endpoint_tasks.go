package clumio

import (
	"context"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// An endpoint has no status for having failed, only its task has (NOTES
// sections 5 and 9); and nothing but the time and the asset leads from one to
// the other. Without a look at the tasks, an endpoint that was never made could
// pass for one that has expired.

// sameRequest is how far apart the creations of an endpoint and its task may be
// said to be.
const sameRequest = 10 * time.Second

// doubtful reports whether the endpoint may be one whose task came to nothing.
func (w wireEndpoint) doubtful() bool {
	return w.EndpointStatus != "active" && w.EndpointStatus != "expiring"
}

// madeBy reports whether the task can be the endpoint's.
func (w wireEndpoint) madeBy(t wireTask) bool {
	apart := t.CreatedTimestamp.Sub(w.CreatedTimestamp.Time).Abs()
	return apart <= sameRequest && t.isRestore() && t.PrimaryEntity.ID != "" &&
		(t.PrimaryEntity.ID == w.ID || t.PrimaryEntity.ID == w.ProtectionGroupS3AssetID)
}

// settle gives the endpoints whose tasks failed or were aborted the state of
// their task. It asks the vendor only when one of them is in doubt.
func (c *client) settle(ctx context.Context, op string, endpoints []wireEndpoint, shown []model.Restore) error {
	var from, to time.Time
	for _, w := range endpoints {
		if !w.doubtful() {
			continue
		}
		if at := w.CreatedTimestamp.Time; from.IsZero() || at.Before(from) {
			from = at
		}
		if at := w.CreatedTimestamp.Time; at.After(to) {
			to = at
		}
	}
	history := historyStart(c.env.Now())
	if to.Before(history) {
		return nil
	}
	f := filter{}
	f.set("category", "$in", []string{"restore", "snapshot_restore"})
	f.set("status", "$in", []string{"failed", "aborted"})
	f.set("created_timestamp", "$lte", wireTime(ceilSecond(to.Add(sameRequest))))
	if from = from.Add(-sameRequest); from.After(history) {
		f.set("created_timestamp", "$gte", wireTime(floorSecond(from)))
	}
	token := ""
	for range maxWindowPages {
		got, err := list[wireTask](ctx, c, vendorhttp.Request{
			Op: op, Path: "/tasks", Accept: acceptTasks, Query: listQuery(f, maxLimit, token, ""),
		}, false)
		if err != nil {
			return err
		}
		for _, item := range got.items {
			for i, w := range endpoints {
				if w.doubtful() && w.madeBy(item.wire) && item.wire.state().Terminal() {
					shown[i].State, shown[i].Error = item.wire.state(), item.wire.failure("restore-failed")
					shown[i].EndedAt = item.wire.EndTimestamp.Time
				}
			}
		}
		if token = got.next; token == "" {
			return nil
		}
	}
	return fault.New(fault.Upstream, op, "the vendor's list does not end")
}
