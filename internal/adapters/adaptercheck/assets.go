package adaptercheck

import (
	"context"
	"reflect"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func assetChecks() []Check {
	has := func(a *adapters.Adapter) bool { return a.Assets != nil }
	return []Check{
		{
			Name: "assets/pages-lose-nothing", Why: "assets page by token at any size, also in another instance; a bad token is Invalid",
			Needs: has, Run: func(t T, s Subject) { tokensLoseNothing(t, s, assetKind(model.AssetQuery{})) },
		},
		{
			Name: "assets/words-are-known", Why: "assets have ids of their kind and of the connection, known words, and times in UTC",
			Needs: has, Run: func(t T, s Subject) { tokensSayWhatTheyMean(t, s, assetKind(model.AssetQuery{Native: true})) },
		},
		{
			Name: "assets/get-finds-what-is-listed", Why: "every listed asset can be asked for and says the same; unknown ones are NotFound",
			Needs: has, Run: func(t T, s Subject) { tokensAreFound(t, s, assetKind(model.AssetQuery{})) },
		},
		{
			Name: "assets/filters-drop-no-match", Why: "what is pushed down to the vendor never drops an asset that the query matches",
			Needs: has, Run: assetFilters,
		},
		{
			Name: "assets/of-backups-are-found", Why: "an asset that a backup names can be asked for, or is NotFound, and is of the same kind",
			Needs: has, Run: assetsOfBackups,
		},
		{
			Name: "restore-points/are-in-the-window", Why: "points and ranges lie in the window, newest first, in UTC, and every point's backup exists",
			Needs: func(a *adapters.Adapter) bool { return a.RestorePoints != nil }, Run: pointsAreInTheWindow,
		},
		{
			Name: "sources/list-and-get", Why: "sources page by token, say known words, and can be asked for one by one",
			Needs: func(a *adapters.Adapter) bool { return a.Sources != nil },
			Run: func(t T, s Subject) {
				tokensLoseNothing(t, s, sourceKind())
				tokensSayWhatTheyMean(t, s, sourceKind())
				tokensAreFound(t, s, sourceKind())
			},
		},
	}
}

func assetKind(q model.AssetQuery) tokenKind[model.ProtectedAsset] {
	return tokenKind[model.ProtectedAsset]{
		name: "assets",
		list: func(ctx context.Context, a *adapters.Adapter, token string, limit int, native bool) (adapters.TokenPage[model.ProtectedAsset], error) {
			q := q
			q.Native = q.Native || native
			return a.Assets.List(ctx, q, token, limit)
		},
		get: func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (model.ProtectedAsset, error) {
			return a.Assets.Get(ctx, id, native)
		},
		id:     func(a model.ProtectedAsset) model.ID { return a.ID },
		origin: func(a model.ProtectedAsset) (string, string) { return a.Connection, a.Provider },
		lively: []string{"lastBackupAt", "lastBackupStatus", "continuous", "sizeBytes", "protection", "native"},
		words: func(t T, _ Subject, a model.ProtectedAsset) {
			assetWords(t, a)
			if q.Native && len(a.NativeDocument) == 0 {
				t.Errorf("%s has no native document although the query asks for it", a.ID)
			}
		},
	}
}

func assetWords(t T, a model.ProtectedAsset) {
	known(t, a.ID, a.Kind, model.AssetKinds())
	known(t, a.ID, a.ID.Kind, []string{string(a.Kind)})
	known(t, a.ID, a.Protection, []model.Protection{
		model.Protected, model.Unprotected, model.ProtectionUnsupported, model.ProtectionUnknown,
	})
	known(t, a.ID, a.LastBackupStatus, []string{"", "success", "partial", "failed", "none", "unknown"})
	if a.Policy != nil && (a.Policy.ID.Connection != a.Connection || a.Policy.ID.Key == "") {
		t.Errorf("%s: its policy has the id %q", a.ID, a.Policy.ID)
	}
	if r := a.Continuous; r != nil && !r.From.Before(r.To) {
		t.Errorf("%s: it can be restored to any point from %v to %v", a.ID, r.From, r.To)
	}
}

func assetFilters(t T, s Subject) {
	list := func(q model.AssetQuery) []model.ProtectedAsset {
		return tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, assetKind(q).of(t, s.Adapter))
	}
	all := list(model.AssetQuery{})
	if len(all) == 0 {
		return
	}
	var queries []model.AssetQuery
	for _, a := range []model.ProtectedAsset{all[0], all[len(all)/2], all[len(all)-1]} {
		middle := []rune(a.Name)
		middle = middle[len(middle)/4 : max(len(middle)*3/4, len(middle)/4)]
		queries = append(queries,
			model.AssetQuery{Search: a.Name}, model.AssetQuery{Search: strings.ToUpper(string(middle))},
			model.AssetQuery{Kinds: []model.AssetKind{a.Kind}}, model.AssetQuery{Kinds: []model.AssetKind{a.Kind, model.AssetOther}},
			model.AssetQuery{Protection: []model.Protection{a.Protection}},
			model.AssetQuery{Protection: []model.Protection{model.Protected, model.Unprotected}},
			model.AssetQuery{Search: a.Name, Kinds: []model.AssetKind{a.Kind}, Protection: []model.Protection{a.Protection}},
		)
	}
	queries = append(queries, model.AssetQuery{Kinds: model.AssetKinds()})
	for _, q := range queries {
		found := map[model.ID]bool{}
		got := list(q)
		for _, a := range got {
			found[a.ID] = true
		}
		if s.MaxItems > 0 && len(got) >= s.MaxItems {
			continue // cut off by the bounds of the subject
		}
		for _, a := range all {
			if q.Matches(a) && !found[a.ID] {
				t.Errorf("assets: %+v drops %s (%s)", q, a.ID, a.Name)
				return
			}
		}
	}
}

// backedUp gives a few assets that listed backups are of, and their newest backup.
func backedUp(t T, s Subject) []model.Backup {
	var out []model.Backup
	seen := map[model.ID]bool{}
	k := backupKind(s)
	for _, w := range read(t, s, k, k.all) {
		some := 0
		for _, b := range w.items {
			if !seen[b.Asset.ID] && some < 3 {
				seen[b.Asset.ID] = true
				some++
				out = append(out, b)
			}
		}
	}
	return out
}

func assetsOfBackups(t T, s Subject) {
	found := 0
	backups := backedUp(t, s)
	for _, b := range backups {
		got, err := s.Adapter.Assets.Get(t.Context(), b.Asset.ID, false)
		switch kind := fault.KindOf(err); {
		case err != nil && kind != fault.NotFound && kind != fault.Unsupported: // its record may be gone
			t.Errorf("%s, of the backup %s: %v", b.Asset.ID, b.ID, err)
		case err == nil && (got.ID != b.Asset.ID || got.Kind != b.Kind):
			t.Errorf("%s of kind %s is found as %s of kind %s", b.Asset.ID, b.Kind, got.ID, got.Kind)
		case err == nil:
			found++
		}
	}
	if found == 0 && len(backups) > 0 {
		t.Errorf("none of the %d assets that backups name is found", len(backups))
	}
}

func pointsAreInTheWindow(t T, s Subject) {
	told, points := 0, 0
	backups := backedUp(t, s)
	for _, b := range backups {
		asset := b.Asset.ID
		to := s.Env.Now().UTC().Add(time.Second)
		from := to.Add(-90 * 24 * time.Hour)
		got, err := s.Adapter.RestorePoints.RestorePoints(t.Context(), asset, from, to)
		if fault.KindOf(err) == fault.Unsupported && err != nil {
			continue // assets of this kind have none
		}
		if err != nil {
			t.Errorf("%s: %v", asset, err)
			continue
		}
		told++
		points += len(got.Points)
		pointsAreRight(t, s, asset, got, from, to)
		if len(got.Points) > 1 {
			at := got.Points[len(got.Points)/2].At
			narrow, err := s.Adapter.RestorePoints.RestorePoints(t.Context(), asset, at.Add(-time.Second), at.Add(time.Second))
			if err != nil || !hasPoint(narrow.Points, got.Points[len(got.Points)/2]) {
				t.Errorf("%s: a second around %v there are %d points without it, error %v", asset, at, len(narrow.Points), err)
			}
			pointsAreRight(t, s, asset, narrow, at.Add(-time.Second), at.Add(time.Second))
		}
	}
	if len(backups) > 0 && (told == 0 || points == 0) && s.MaxItems == 0 {
		t.Errorf("%d assets with backups have %d points; %d of them were answered", len(backups), points, told)
	}
	nobody := s.Env.ID("nonsense", "no-such-asset")
	if _, err := s.Adapter.RestorePoints.RestorePoints(t.Context(), nobody, s.Env.Now().Add(-time.Hour), s.Env.Now()); fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Unsupported {
		t.Errorf("an asset that names nothing: want not_found, got %v", err)
	}
}

func hasPoint(points []model.RestorePoint, p model.RestorePoint) bool {
	for _, other := range points {
		if reflect.DeepEqual(other, p) {
			return true
		}
	}
	return false
}

func pointsAreRight(t T, s Subject, asset model.ID, got model.RestorePoints, from, to time.Time) {
	last := time.Time{}
	for i, p := range got.Points {
		if p.At.Before(from) || p.At.After(to) {
			t.Errorf("%s: the point %v is not within %v and %v", asset, p.At, from, to)
		}
		if i > 0 && p.At.After(last) {
			t.Errorf("%s: the point %v comes after %v", asset, p.At, last)
		}
		last = p.At
		known(t, asset, p.Status, []model.BackupStatus{model.BackupAvailable, model.BackupPartial, model.BackupUnknown})
		if p.Backup == nil || i >= lookups {
			continue
		}
		if b, err := s.Adapter.Backups.Get(t.Context(), *p.Backup, false); err != nil || b.ID != *p.Backup || b.Asset.ID != asset {
			t.Errorf("%s: the backup %s of the point %v is found as %s of %s, error %v", asset, p.Backup, p.At, b.ID, b.Asset.ID, err)
		}
	}
	for i, r := range got.Ranges {
		if r.From.Before(from) || r.To.After(to) || r.To.Before(r.From) || i > 0 && r.To.After(got.Ranges[i-1].From) {
			t.Errorf("%s: the range from %v to %v is not within %v and %v, or not older than the one before", asset, r.From, r.To, from, to)
		}
	}
	if got.Points == nil || got.Ranges == nil {
		t.Errorf("%s: points or ranges are nil, which is not an empty list in JSON", asset)
	}
	eachTime(reflect.ValueOf(got), func(at time.Time) {
		if !at.IsZero() && at.Location() != time.UTC {
			t.Errorf("%s: the time %v is not in UTC", asset, at)
		}
	})
}

func sourceKind() tokenKind[model.Source] {
	return tokenKind[model.Source]{
		name: "sources",
		list: func(ctx context.Context, a *adapters.Adapter, token string, limit int, native bool) (adapters.TokenPage[model.Source], error) {
			return a.Sources.List(ctx, token, limit, native)
		},
		get: func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (model.Source, error) {
			return a.Sources.Get(ctx, id, native)
		},
		id:     func(s model.Source) model.ID { return s.ID },
		origin: func(s model.Source) (string, string) { return s.Connection, s.Provider },
		lively: []string{"status", "refreshedAt", "native"},
		words: func(t T, _ Subject, s model.Source) {
			known(t, s.ID, s.Kind, []string{
				"aws-account", "aws-environment", "gcp-project", "physical-host", "mssql", "hypervisor", "cloud-provider", "other",
			})
			known(t, s.ID, s.Status, []string{"connected", "disconnected", "pending", "failed", "unknown"})
		},
	}
}
