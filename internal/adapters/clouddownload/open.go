package clouddownload

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// provider is the vendor's name in everything that leaves the adapter.
const provider = "storware"

// maxPage is the most rows asked for in one call. The vendor documents no limit.
const maxPage = 500

// Driver opens Storware accounts.
func Driver() adapters.Driver { return adapters.Typed(provider, Config{}, open) }

// account is what the capabilities share.
type account struct {
	env     adapters.Env
	config  Config
	client  *vendorhttp.Client
	session *session

	// starting keeps two downloads of one user from being started in the same
	// moment, when their records could not be told apart.
	starting sync.Mutex
	found    correlations
}

func open(_ context.Context, config Config, env adapters.Env) (*adapters.Adapter, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	a := &account{env: env, config: config}
	a.session = newSession(a)
	client, err := vendorhttp.New(vendorhttp.Options{
		BaseURL: config.apiURL(), AllowHTTP: config.AllowHTTP,
		Transport: cookieTransport{a.session, env.Transport}, Auth: a.session, Now: env.Now,
		ReadError: func(body []byte) (string, string) { return "", a.session.conceal(readError(body)) },
	})
	if err != nil {
		return nil, err
	}
	a.client = client
	return &adapters.Adapter{
		Provider:     provider,
		Traits:       adapters.Traits{MaxPageSize: maxPage},
		RestoreKinds: restoreKinds(),

		Session:          a.session,
		Backups:          backups{a},
		BackupStarts:     exports{a},
		Restores:         downloads{a},
		RestoreCancels:   downloads{a},
		RestorePatches:   downloads{a},
		RestoreRemovals:  downloads{a},
		Content:          content{a},
		Operations:       operations{a},
		OperationCancels: operations{a},
		Policies:         policies{a},
	}, nil
}

var (
	_ adapters.Session          = (*session)(nil)
	_ adapters.Backups          = backups{}
	_ adapters.BackupStarts     = exports{}
	_ adapters.Restores         = downloads{}
	_ adapters.RestoreCancels   = downloads{}
	_ adapters.RestorePatches   = downloads{}
	_ adapters.RestoreRemovals  = downloads{}
	_ adapters.Content          = content{}
	_ adapters.Operations       = operations{}
	_ adapters.OperationCancels = operations{}
	_ adapters.Policies         = policies{}
)

// get reads one JSON document.
func (a *account) get(ctx context.Context, op, path string, query url.Values, out any) error {
	_, err := a.client.JSON(ctx, vendorhttp.Request{Op: op, Path: path, Query: query, Accept: "application/json"}, out)
	return err
}

// item is the path of one thing below a collection. Keys come from ids that
// callers hold: what can not be a guid is not asked for.
func (a *account) item(op, collection, guid string) (string, error) {
	if !plausible(guid) {
		return "", fault.New(fault.NotFound, op, "there is no such thing at the vendor")
	}
	return collection + "/" + url.PathEscape(guid), nil
}

// plausible reports whether text can be one path segment that names a thing.
func plausible(guid string) bool {
	return guid != "" && len(guid) <= 200 && strings.Trim(guid, ".") != "" && !strings.ContainsAny(guid, "/\\?#%\x00\r\n")
}

// inProject limits a list that is shown to the configured project. Reads that
// only tie things together are not limited.
func (a *account) inProject(query url.Values) url.Values {
	if a.config.ProjectUUID != "" {
		query.Set("project-uuid", a.config.ProjectUUID)
	}
	return query
}
