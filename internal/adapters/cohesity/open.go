package cohesity

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// provider is the name of the vendor in all that the adapter gives.
const provider = "ibm"

// maxAnswer bounds one answer. Runs come with all their objects; a group may
// have thousands.
const maxAnswer = 32 << 20

// maxPage is the largest page that one vendor call serves. The vendor documents
// no upper bound of numRuns, only 100 as the default (IBM NOTES section 6).
const maxPage = 500

// clockMargin is how far the vendor's clock may be ahead of ours before its
// newest work falls out of our windows.
const clockMargin = 24 * time.Hour

// Driver opens service instances.
func Driver() adapters.Driver { return adapters.Typed(provider, defaults(), open) }

// account is one open instance. The capabilities are its views.
type account struct {
	env      adapters.Env
	client   *vendorhttp.Client
	login    *vendorhttp.Login
	history  model.Period
	prefetch int
	rootPath string // what stands before /v2, for the calls outside of it
	sizes    sizes
}

func open(_ context.Context, config Config, env adapters.Env) (*adapters.Adapter, error) {
	config, err := config.normal()
	if err != nil {
		return nil, err
	}
	login, err := newLogin(config, env)
	if err != nil {
		return nil, err
	}
	client, err := vendorhttp.New(vendorhttp.Options{
		BaseURL: config.BaseURL, AllowHTTP: config.AllowHTTP, Transport: env.Transport, Auth: bearer{login},
		Header: http.Header{"X-Ibm-Tenant-Id": {config.TenantID}}, MaxBody: maxAnswer, Now: env.Now,
		ReadError: readError, Classify: classify,
	})
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(config.BaseURL)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "ibm.Open", err)
	}
	a := &account{
		env: env, client: client, login: login, history: config.History, prefetch: config.Prefetch,
		rootPath: strings.TrimSuffix(base.EscapedPath(), "/v2"),
	}
	return &adapters.Adapter{
		Provider: provider,
		Traits: adapters.Traits{
			MaxPageSize: maxPage, RangeReads: true, MarkerPlaces: markerPlaces(),
		},
		RestoreKinds:     restoreKinds(),
		Session:          session{a},
		Backups:          backups{a},
		BackupStarts:     backupStarts{a},
		Restores:         restores{a},
		RestoreCancels:   restoreCancels{a},
		Content:          content{a},
		Operations:       operations{a},
		OperationCancels: operationCancels{a},
		Policies:         policies{a},
	}, nil
}

// The capabilities of an account.
var (
	_ adapters.Session          = session{}
	_ adapters.Backups          = backups{}
	_ adapters.BackupStarts     = backupStarts{}
	_ adapters.Restores         = restores{}
	_ adapters.RestoreCancels   = restoreCancels{}
	_ adapters.Content          = content{}
	_ adapters.Operations       = operations{}
	_ adapters.OperationCancels = operationCancels{}
	_ adapters.Policies         = policies{}
)

type session struct{ *account }

// Check lists the policies: one small answer on every instance (a new one has
// four, IBM NOTES section 9).
func (s session) Check(ctx context.Context) error {
	var answer policiesAnswer
	return s.get(ctx, "ibm.ListPolicies", segments("data-protect", "policies"), url.Values{"types": {"Regular"}}, &answer)
}

// Close forgets the token; IAM has no sign-out for it.
func (s session) Close(context.Context) error {
	s.login.Drop(s.login.Current())
	return nil
}
