package clumio

import (
	"context"
	"encoding/json"
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// sources lists and reads the accounts that are connected, and the environments
// of AWS: an account in a region, which has assets and which restores go to.
type sources struct{ *client }

var _ adapters.Sources = sources{}

// The kinds of ids of sources.
const (
	kindAWSConnection  = "aws-connection"
	kindGCPConnection  = "gcp-connection"
	kindAWSEnvironment = "aws-environment"
)

type sourceList struct {
	op     string
	kind   string
	path   string
	accept string

	// besides are the names of other resources that stand where an id would.
	besides []string

	page func(native bool) func(context.Context, *client, vendorhttp.Request) (partPage[model.Source], error)
	read func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (model.Source, error)
}

type wireSource interface {
	source(env adapters.Env) model.Source
}

// connecting fills in how the documents of a list are read.
func connecting[W wireSource](l sourceList) sourceList {
	l.page = func(native bool) func(context.Context, *client, vendorhttp.Request) (partPage[model.Source], error) {
		return func(ctx context.Context, c *client, r vendorhttp.Request) (partPage[model.Source], error) {
			return reading(native, func(d documented[W]) (model.Source, bool) {
				s := d.wire.source(c.env)
				s.NativeDocument = withoutToken(d.document)
				return s, s.Native.ID != ""
			})(ctx, c, r)
		}
	}
	l.read = func(ctx context.Context, c *client, r vendorhttp.Request, native bool) (model.Source, error) {
		got, err := read[W](ctx, c, r, native)
		if err != nil {
			return model.Source{}, err
		}
		s := got.wire.source(c.env)
		s.NativeDocument = withoutToken(got.document)
		return s, nil
	}
	return l
}

// withoutToken leaves out what the vendor's templates are installed with: who
// may see a connection need not be who may install one.
func withoutToken(document json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(document, &members) != nil {
		return nil
	}
	if _, has := members["token"]; !has {
		return document
	}
	delete(members, "token")
	out, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return out
}

func sourceLists() []sourceList {
	const media = "application/api.clumio."
	return []sourceList{
		connecting[wireAWSConnection](sourceList{
			op: "AWSConnections", kind: kindAWSConnection, path: "/connections/aws", accept: media + "aws-connections=v1+json",
			besides: []string{"connection-groups", "regions", "templates"},
		}),
		connecting[wireGCPConnection](sourceList{
			op: "GCPConnections", kind: kindGCPConnection, path: "/connections/gcp", accept: media + "gcp-connections=v1+json",
		}),
		connecting[wireAWSEnvironment](sourceList{
			op: "AWSEnvironments", kind: kindAWSEnvironment, path: "/datasources/aws/environments",
			accept: media + "aws-environments=v1+json",
		}),
	}
}

// List implements adapters.Lister.
func (s sources) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Source], error) {
	lists := sourceLists()
	parts := make([]part[model.Source], len(lists))
	for i, l := range lists {
		parts[i] = part[model.Source]{
			request: vendorhttp.Request{Op: "clumio." + l.op, Path: l.path, Accept: l.accept}, page: l.page(native),
		}
	}
	return concat(ctx, s.client, "clumio.Sources", parts, token, limit)
}

// Get implements adapters.Sources.
func (s sources) Get(ctx context.Context, id model.ID, native bool) (model.Source, error) {
	const op = "clumio.GetSource"
	for _, l := range sourceLists() {
		if l.kind != id.Kind || slices.Contains(l.besides, id.Key) {
			continue
		}
		key, err := s.key(op, id, l.kind)
		if err != nil {
			return model.Source{}, err
		}
		got, err := l.read(ctx, s.client, vendorhttp.Request{Op: op, Path: l.path + "/" + key, Accept: l.accept}, native)
		if err != nil {
			return model.Source{}, notFoundIfRefused(op, err)
		}
		if got.Native.ID != id.Key {
			break
		}
		return got, nil
	}
	return model.Source{}, fault.New(fault.NotFound, op, "there is no such source")
}

// wireAWSConnection is AWSConnection: one account in one region.
type wireAWSConnection struct {
	AccountName      string `json:"account_name"`
	AccountNativeID  string `json:"account_native_id"`
	AWSRegion        string `json:"aws_region"`
	ConnectionStatus string `json:"connection_status"`
	DeploymentType   string `json:"deployment_type"`
	ID               string `json:"id"`
}

func (w wireAWSConnection) source(env adapters.Env) model.Source {
	name := w.AccountName
	if name == "" {
		name = w.AccountNativeID
	}
	return model.Source{
		ID: env.ID(kindAWSConnection, w.ID), Connection: env.Connection, Provider: Provider, Kind: "aws-account", Name: name,
		Account: w.AccountNativeID, Region: w.AWSRegion, Status: connectionStatus(w.ConnectionStatus),
		Native: model.Native{ID: w.ID, Status: w.ConnectionStatus, Type: w.DeploymentType},
	}
}

// wireGCPConnection is GCPConnection, which is named by its project. The member
// regions is of where it is set up, which may be several.
type wireGCPConnection struct {
	ConnectionStatus string   `json:"connection_status"`
	ConnectionType   string   `json:"connection_type"`
	ProjectID        string   `json:"project_id"`
	ProjectName      string   `json:"project_name"`
	Regions          []string `json:"regions"`
}

func (w wireGCPConnection) source(env adapters.Env) model.Source {
	s := model.Source{
		ID: env.ID(kindGCPConnection, w.ProjectID), Connection: env.Connection, Provider: Provider, Kind: "gcp-project",
		Name: w.ProjectName, Account: w.ProjectID, Status: connectionStatus(w.ConnectionStatus),
		Native: model.Native{ID: w.ProjectID, Status: w.ConnectionStatus, Type: w.ConnectionType},
	}
	if s.Name == "" {
		s.Name = w.ProjectID
	}
	if len(w.Regions) == 1 {
		s.Region = w.Regions[0]
	}
	return s
}

// wireAWSEnvironment is AWSEnvironment.
type wireAWSEnvironment struct {
	AccountNativeID  string `json:"account_native_id"`
	AWSRegion        string `json:"aws_region"`
	ConnectionStatus string `json:"connection_status"`
	ID               string `json:"id"`
}

// source is named as restores name the environment of a target.
func (w wireAWSEnvironment) source(env adapters.Env) model.Source {
	s := model.Source{
		ID: env.ID(kindAWSEnvironment, w.ID), Connection: env.Connection, Provider: Provider, Kind: "aws-environment",
		Account: w.AccountNativeID, Region: w.AWSRegion, Status: connectionStatus(w.ConnectionStatus),
		Native: model.Native{ID: w.ID, Status: w.ConnectionStatus},
	}
	if w.AccountNativeID != "" && w.AWSRegion != "" {
		s.Name = w.AccountNativeID + "/" + w.AWSRegion
	}
	return s
}

// connectionStatus reads the vendor's word; of an environment the guide says
// installed where the service says connected (NOTES section 4).
func connectionStatus(word string) string {
	switch word {
	case "connected", "installed":
		return "connected"
	case "connecting":
		return "pending"
	case "unlinked":
		return "disconnected"
	}
	return "unknown"
}
