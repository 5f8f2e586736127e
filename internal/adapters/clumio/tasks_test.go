package clumio_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func listOperations(t *testing.T, a *adapters.Adapter, q model.OperationQuery, limit int) []model.Operation {
	t.Helper()
	streams, err := a.Operations.Streams(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var all []model.Operation
	for _, s := range streams {
		all = append(all, walk(t.Context(), t, s, model.Operation.Position, limit)...)
	}
	return all
}

func TestEveryTaskIsARestoreOrAnOperation(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": simkit.Friendly(), "hostile": simkit.Hostile()} {
		t.Run(name, func(t *testing.T) {
			a := openAccount(t, clumiosim.Options{Scenario: scenario})
			want := []string{}
			for _, task := range a.sim.Tasks() {
				if !task.Created.Before(testStart.AddDate(0, -6, 0)) {
					want = append(want, task.ID+" "+task.Status)
				}
			}
			got := []string{}
			for _, o := range listOperations(t, a.Adapter, model.OperationQuery{}, 4) {
				got = append(got, o.ID.Key+" "+o.Native.Status)
			}
			for _, r := range listRestores(t, a, model.RestoreQuery{}, 4) {
				if r.Kind != model.RestoreInstantAccess {
					got = append(got, r.ID.Key+" "+r.Native.Status)
				}
			}
			if slices.Sort(want); len(want) == 0 {
				t.Fatal("the vendor has no tasks")
			}
			slices.Sort(got)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// disorder is a vendor whose list of tasks has no order at all, as its
// documents allow.
type disorder struct {
	tasks    []disordered
	pageSize int
	requests int
}

type disordered struct {
	ID       string    `json:"id"`
	Created  time.Time `json:"created_timestamp"`
	Status   string    `json:"status"`
	Category string    `json:"category"`
}

func (d *disorder) RoundTrip(r *http.Request) (*http.Response, error) {
	d.requests++
	var filter struct {
		Created struct {
			From time.Time `json:"$gte"`
			To   time.Time `json:"$lte"`
		} `json:"created_timestamp"`
	}
	if text := r.URL.Query().Get("filter"); text != "" {
		if err := json.Unmarshal([]byte(text), &filter); err != nil {
			return nil, err
		}
	}
	var kept []disordered
	for _, task := range d.tasks {
		if !task.Created.Before(filter.Created.From) && (filter.Created.To.IsZero() || !task.Created.After(filter.Created.To)) {
			kept = append(kept, task)
		}
	}
	start := 1
	if text := r.URL.Query().Get("start"); text != "" {
		start, _ = strconv.Atoi(text)
	}
	total := len(kept)
	kept = kept[min(total, (start-1)*d.pageSize):min(total, start*d.pageSize)]
	links := map[string]any{}
	if start*d.pageSize < total {
		links["_next"] = map[string]string{"href": "/tasks?start=" + strconv.Itoa(start+1)}
	}
	w := newAnswer()
	err := json.NewEncoder(w).Encode(map[string]any{"_embedded": map[string]any{"items": kept}, "_links": links, "total_count": total})
	return w.response(r), err
}

func (d *disorder) open(t *testing.T) *adapters.Adapter {
	t.Helper()
	env := adaptertest.Env(t, "acme")
	env.Transport, env.Now = d, func() time.Time { return testStart }
	a, err := clumio.Driver().Open(t.Context(), json.RawMessage(`{"region":"us-west-2","token":{"value":"test-token"}}`), env)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTasksWithoutAnOrderAreSorted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := &disorder{pageSize: rapid.IntRange(1, 40).Draw(rt, "page")}
		n := rapid.IntRange(0, 100).Draw(rt, "tasks")
		spread := time.Duration(rapid.SampledFrom([]int64{1, 60, 3600, 86400, 150 * 86400}).Draw(rt, "spread")) * time.Second
		grain := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Hour}).Draw(rt, "grain")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		var want []model.Position
		for i := range n {
			at := testStart.Add(-time.Duration(random.Int64N(int64(spread)))).Truncate(grain)
			id := strconv.Itoa(i)
			d.tasks = append(d.tasks, disordered{id, at, "completed", "backup"})
			want = append(want, model.Position{At: at, ID: "acme~task~" + id})
		}
		slices.SortFunc(want, model.Position.Compare)
		a := d.open(t)
		got := []model.Position{}
		for _, o := range listOperations(t, a, model.OperationQuery{}, rapid.IntRange(1, 60).Draw(rt, "limit")) {
			got = append(got, o.Position())
		}
		if diff := gocmp.Diff(append([]model.Position{}, want...), got); diff != "" {
			rt.Error(diff)
		}
	})
}

func TestAPageOfManyTasksCostsFewRequests(t *testing.T) {
	d := &disorder{pageSize: 100}
	for i := range 50_000 {
		d.tasks = append(d.tasks, disordered{strconv.Itoa(i), testStart.Add(-time.Duration(i) * 5 * time.Minute), "completed", "backup"})
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(d.tasks), func(i, j int) { d.tasks[i], d.tasks[j] = d.tasks[j], d.tasks[i] })
	streams, err := d.open(t).Operations.Streams(t.Context(), model.OperationQuery{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := streams[0].Page(t.Context(), model.Position{}, 50)
	if err != nil || len(page.Items) != 50 || page.Items[49].ID.Key != "49" {
		t.Fatalf("got %d items, %v", len(page.Items), err)
	}
	if d.requests > 3 {
		t.Errorf("it cost %d requests", d.requests)
	}
}

func TestStatesArePushedDown(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for states, want := range map[string]string{
		"succeeded failed": `"status":{"$in":["completed","failed"]}`,
		"queued unknown":   ``,
		"paused":           `none`,
	} {
		var q model.OperationQuery
		for _, s := range fields(states) {
			q.States = append(q.States, model.State(s))
		}
		q.CreatedAfter = testStart.AddDate(0, -1, 0)
		a.sim.Kit().ResetRequests()
		listOperations(t, a.Adapter, q, 50)
		requests := a.sim.Kit().Requests("GET /tasks")
		if want == "none" {
			if len(requests) != 0 {
				t.Errorf("%s: asked %d times", states, len(requests))
			}
			continue
		}
		filter := fmt.Sprintf(`{"created_timestamp":{"$gte":"2026-02-14T09:26:53Z"}%s}`, prefixed(",", want))
		if len(requests) == 0 || requests[0].Query.Get("filter") != filter {
			t.Errorf("%s: asked %v, want %s", states, requests, filter)
		}
	}
}

func TestOperationsAreFoundAndCancelled(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	began, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{
		Subject: a.env.ID("aws-ebs-volume", a.sim.Assets("/datasources/aws/ebs-volumes")[0]),
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.Operations.Get(t.Context(), began.ID, true)
	if err != nil || !json.Valid(found.NativeDocument) || !found.Cancellable {
		t.Fatalf("got %+v, %v", found, err)
	}
	if err := a.OperationCancels.Cancel(t.Context(), began.ID); err != nil {
		t.Fatal(err)
	}
	a.clock.Advance(time.Hour)
	if found, err = a.Operations.Get(t.Context(), began.ID, false); err != nil || found.State != model.StateCanceled {
		t.Errorf("got %+v, %v", found, err)
	}
	if err := a.OperationCancels.Cancel(t.Context(), began.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("cancel again: got %v", err)
	}
	if _, err := a.Restores.Get(t.Context(), a.env.ID("restore", began.ID.Key), false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a backup as a restore: got %v", err)
	}
}

func TestPoliciesAreListedAndFound(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Scenario: simkit.Hostile()})
	for _, limit := range []int{1, 2, 500} {
		var all []model.Policy
		token := ""
		for {
			page, err := a.Policies.List(t.Context(), token, limit, true)
			if err != nil || len(page.Items) > limit {
				t.Fatalf("%d items, %v", len(page.Items), err)
			}
			if all = append(all, page.Items...); page.Next == "" {
				break
			}
			token = page.Next
		}
		if len(all) == 0 {
			t.Fatal("there are no policies")
		}
		for _, p := range all {
			found, err := a.Policies.Get(t.Context(), p.ID, true)
			if err != nil {
				t.Fatal(err)
			}
			p.NativeDocument, found.NativeDocument = nil, nil
			p.Version, found.Version = "", ""
			if diff := gocmp.Diff(p, found); diff != "" {
				t.Error(diff)
			}
		}
	}
	if _, err := a.Policies.List(t.Context(), "garbage", 1, false); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
	if _, err := a.Policies.Get(t.Context(), a.env.ID("policy", "no-such-policy"), false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}
