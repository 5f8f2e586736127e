package clumio

import (
	"context"
	"net/http"
	"sync"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// Provider is the provider of everything that this package gives.
const Provider = "clumio"

// maxLimit is the most that one list call asks for: the vendor's own samples
// use it, a maximum is not documented (NOTES section 3).
const maxLimit = 100

// maxPageSize leaves room in one call for the end of a group of equal times.
const maxPageSize = maxLimit - 4

// Driver opens Clumio accounts.
func Driver() adapters.Driver { return adapters.Typed(Provider, Config{}, open) }

// client is one open account. It is every capability of the adapter that has
// no clash of method names; the others are small types around it.
type client struct {
	env  adapters.Env
	http *vendorhttp.Client
	auth *bearer

	// plain holds the names of lists that refused a filter which the vendor
	// does not document, and are read whole since.
	plain sync.Map
}

func open(_ context.Context, config Config, env adapters.Env) (*adapters.Adapter, error) {
	base, err := config.check()
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if config.OrganizationalUnit != "" {
		header.Set("X-Clumio-OrganizationalUnit-Context", config.OrganizationalUnit)
	}
	c := &client{env: env, auth: &bearer{secret: config.Token}}
	c.http, err = vendorhttp.New(vendorhttp.Options{
		BaseURL: base, AllowHTTP: config.AllowHTTP, Transport: env.Transport, Auth: c.auth, Header: header, Now: env.Now,
		ReadError: readError, Classify: classify,
		// Reading the file again costs the vendor nothing, and the token may have
		// been rotated for the other callers once more.
		Renewals: 3,
	})
	if err != nil {
		return nil, err
	}
	routes, err := loadNativeRoutes(nativeTable)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Internal, Op: "clumio.Open", Err: err}
	}
	return &adapters.Adapter{
		Provider: Provider,
		Traits: adapters.Traits{
			MaxPageSize: maxPageSize,
			MarkerPlaces: map[model.RestoreKind]string{
				model.RestoreTable:    "tag " + markerTag + " of the new table",
				model.RestoreVolume:   "tag " + markerTag + " of the new volume",
				model.RestoreInstance: "tag " + markerTag + " of the new instance",
				model.RestoreDatabase: "tag " + markerTag + " of the new database",
			},
		},
		RestoreKinds:      restoreKinds(),
		Session:           session{c},
		Backups:           backups{c},
		BackupStarts:      backupStarts{c},
		Restores:          restores{c},
		RestoreCancels:    restores{c},
		RestorePatches:    restores{c},
		RestoreRemovals:   restores{c},
		Access:            access{c},
		Operations:        operations{c},
		OperationCancels:  operations{c},
		Policies:          policies{c},
		Assets:            assets{c},
		RestorePoints:     points{c},
		Sources:           sources{c},
		Files:             files{c},
		FileSearch:        fileSearch{c},
		PolicyWrites:      policyWrites{c},
		PolicyAssignments: policyAssignments{c},
		Native:            native{c, routes},
		Plans:             plans{c},
		RestoreResults:    restores{c},
	}, nil
}

// session is the account's sign-in, of which there is none.
type session struct{ *client }

var _ adapters.Session = session{}

// Check implements adapters.Session.
func (s session) Check(ctx context.Context) error {
	var out page[wireTask]
	return s.json(ctx, vendorhttp.Request{
		Op: "clumio.Check", Path: "/tasks", Query: map[string][]string{"limit": {"1"}}, Accept: acceptTasks,
	}, &out)
}

// Close implements adapters.Session.
func (s session) Close(context.Context) error {
	s.auth.forget()
	return nil
}
