package restores

import (
	"context"
	"encoding/json"
	"fmt"

	"switchback/internal/model"
)

// begin stores a new record, or returns the one that has its key.
func (j *Journal) begin(ctx context.Context, r Record) (*Record, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	existing, err := j.store.Begin(ctx, r.Key, raw)
	if err != nil || existing == nil {
		return nil, err
	}
	return decode(existing)
}

func (j *Journal) put(ctx context.Context, r Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return j.store.Put(ctx, r.Key, raw, r.RestoreID)
}

// byRestore returns the record of a restore, nil if the journal has none.
func (j *Journal) byRestore(ctx context.Context, id model.ID) (*Record, error) {
	raw, err := j.store.ByAlias(ctx, id.String())
	if err != nil || raw == nil {
		return nil, err
	}
	return decode(raw)
}

func decode(raw []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("journal record: %w", err)
	}
	return &r, nil
}
