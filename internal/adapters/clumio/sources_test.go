package clumio_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func listSources(tb testing.TB, a *adapters.Adapter, limit int, native bool) []model.Source {
	tb.Helper()
	return pages(tb, limit, func(token string, limit int) (adapters.TokenPage[model.Source], error) {
		return a.Sources.List(tb.Context(), token, limit, native)
	})
}

func sourceLine(s model.Source) string {
	return s.ID.Kind + " " + s.ID.Key + " " + s.Account + " " + s.Region
}

func TestSourcesAreListedOnce(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{
		"friendly": simkit.Friendly(), "hostile": simkit.Hostile(), "tiny pages": {PageCap: 1},
	} {
		for _, limit := range []int{1, 2, 1000} {
			t.Run(fmt.Sprintf("%s limit %d", name, limit), func(t *testing.T) {
				a := openAccount(t, clumiosim.Options{Scenario: scenario})
				want := []string{}
				for kind, path := range map[string]string{
					"aws-connection": "/connections/aws", "gcp-connection": "/connections/gcp",
					"aws-environment": "/datasources/aws/environments",
				} {
					found := vendorItems(t, a.sim, path)
					if len(found) == 0 {
						t.Errorf("the vendor shows no %s", kind)
					}
					for _, item := range found {
						if kind == "gcp-connection" {
							item.ID, item.AccountNativeID = item.ProjectID, item.ProjectID
						}
						want = append(want, kind+" "+item.ID+" "+item.AccountNativeID+" "+item.AWSRegion)
					}
				}
				slices.Sort(want)
				got := lines(listSources(t, a.Adapter, limit, false), func(s model.Source) string {
					if s.ID.Kind == "gcp-connection" {
						s.Region = ""
					}
					return sourceLine(s)
				}, nil)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestSourcesAreReadOneByOne(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for _, listed := range listSources(t, a.Adapter, 96, true) {
		got, err := a.Sources.Get(t.Context(), listed.ID, true)
		if err != nil || len(got.NativeDocument) == 0 || len(listed.NativeDocument) == 0 {
			t.Errorf("%s: documents of %d and %d bytes, %v", listed.ID, len(listed.NativeDocument), len(got.NativeDocument), err)
		}
		if strings.Contains(string(got.NativeDocument)+string(listed.NativeDocument), `"token"`) {
			t.Errorf("%s: the document shows the installation token", listed.ID)
		}
		got.NativeDocument, listed.NativeDocument = nil, nil
		if diff := gocmp.Diff(listed, got); diff != "" {
			t.Errorf("%s: %s", listed.ID, diff)
		}
		if got.Kind == "aws-environment" && got.Name != got.Account+"/"+got.Region {
			t.Errorf("%s: it is named %s", got.ID, got.Name)
		}
	}
}

func TestSourcesThatAreNoneAreNotFound(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	first := listSources(t, a.Adapter, 1, false)[0].ID
	for _, id := range []model.ID{
		{Connection: "other", Kind: first.Kind, Key: first.Key},
		{Connection: "acme", Kind: "aws-environment", Key: first.Key},
		{Connection: "acme", Kind: "nonsense", Key: first.Key},
		{Connection: "acme", Kind: first.Kind, Key: ".."},
		{Connection: "acme", Kind: first.Kind, Key: "regions"},
		{Connection: "acme", Kind: "gcp-connection", Key: "no-such-project"},
	} {
		if _, err := a.Sources.Get(t.Context(), id, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v: got %v", id, err)
		}
	}
	if _, err := a.Sources.List(t.Context(), "3.0.", 5, false); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

// A token of the vendor's that has expired is a bad cursor, not a bad vendor.
func TestSourceTokensThatTheVendorRefusesAreInvalid(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	a.sim.Kit().Inject("GET /connections/aws", simkit.Response{
		Status: http.StatusBadRequest, Body: `{"errors":[{"error_code":1,"error_message":"bad start"}]}`,
	})
	if _, err := a.Sources.List(t.Context(), "0.0.YWJj", 5, false); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}
