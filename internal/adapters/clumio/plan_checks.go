package clumio

import (
	"context"
	"net/url"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// soon is how near the end of a backup is worth a note.
const soon = 24 * time.Hour

// checkEnvironment reads the environment of the target.
func (r restores) checkEnvironment(ctx context.Context, op string, p *prepared) error {
	id := p.asked.target.Environment
	if id == "" {
		return nil
	}
	key, err := segment(op, "/target/environment", id)
	if err != nil {
		return err
	}
	got, err := read[struct {
		ConnectionStatus string `json:"connection_status"`
	}](ctx, r.client, vendorhttp.Request{
		Op: op, Path: "/datasources/aws/environments/" + key, Accept: "application/api.clumio.aws-environments=v1+json",
	}, false)
	if err != nil {
		return missing(op, "/target/environment", "there is no such environment", err)
	}
	// The sources do not agree on the word for a working connection (NOTES
	// section 4).
	if s := got.wire.ConnectionStatus; s != "" && s != "connected" && s != "installed" {
		p.notes = append(p.notes, "the environment is not connected: the vendor may not be able to write there")
	}
	return nil
}

// checkBucket reads the bucket that objects go to.
func (r restores) checkBucket(ctx context.Context, op string, p *prepared) error {
	t := p.asked.target
	if p.bucket == "" {
		return nil
	}
	key, err := segment(op, "/target/bucket", p.bucket)
	if err != nil {
		return err
	}
	got, err := read[wireBucketPlace](ctx, r.client, bucketRequest(op, key), false)
	if err != nil {
		return missing(op, "/target/bucket", "there is no such bucket", err)
	}
	if t.Bucket == p.bucket && got.wire.EnvironmentID != "" && got.wire.EnvironmentID != t.Environment {
		return fault.InvalidField(op, "/target/environment", "conflicting-member", "the bucket is in another environment")
	}
	return nil
}

// checkName looks whether a name that must be unique is taken.
func (r restores) checkName(ctx context.Context, op string, p *prepared) error {
	if p.makes == nil || !p.makes.unique || p.asked.target.Name == "" || p.asked.target.Overwrite {
		return nil
	}
	if p.makes.kind == model.AssetMSSQLDatabase && p.asked.target.Instance == "" {
		return nil // names are unique on an instance
	}
	look := *p
	look.asked.marker = "" // whoever has made it
	found, err := r.inventory(ctx, op, look)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fault.InvalidField(op, "/target/name", "taken", "there is one of this name already")
	}
	return nil
}

// segment makes a key that a client gave one segment of a path.
func segment(op, pointer, key string) (string, error) {
	if key == "." || key == ".." {
		return "", fault.InvalidField(op, pointer, "not-found", "the vendor has no such id")
	}
	return url.PathEscape(key), nil
}

// missing turns what the vendor does not know into a fault of the request.
func missing(op, pointer, detail string, err error) error {
	if fault.KindOf(notFoundIfRefused(op, err)) != fault.NotFound {
		return err
	}
	return fault.InvalidField(op, pointer, "not-found", detail)
}
