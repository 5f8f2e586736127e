package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"switchback/internal/restores"
)

// Bolt keeps records in one file. A write is on disk when the call returns.
// Only one process can have the file open.
type Bolt struct{ db *bbolt.DB }

var _ restores.Store = (*Bolt)(nil)

var (
	bucketRecords   = []byte("records")    // key -> record
	bucketByRestore = []byte("by_restore") // restore id -> key
	bucketMeta      = []byte("meta")
	keySchema       = []byte("schema")
)

// schemaVersion of the file. A file of a later version is refused rather than
// read wrongly.
const schemaVersion = "1"

// OpenBolt opens or creates the file.
func OpenBolt(path string) (*Bolt, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("store: %s is held by another process", path)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketRecords, bucketByRestore, bucketMeta} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if version := meta.Get(keySchema); version != nil && string(version) != schemaVersion {
			return fmt.Errorf("the file has schema version %q, this release knows %s", version, schemaVersion)
		}
		return meta.Put(keySchema, []byte(schemaVersion))
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), db.Close())
	}
	return &Bolt{db}, nil
}

// Close closes the file.
func (b *Bolt) Close() error { return b.db.Close() }

// Begin implements restores.Store.
func (b *Bolt) Begin(_ context.Context, r restores.Record) (*restores.Record, error) {
	var existing *restores.Record
	err := b.db.Update(func(tx *bbolt.Tx) error {
		raw := tx.Bucket(bucketRecords).Get([]byte(r.Key))
		if raw == nil {
			return putRecord(tx, r)
		}
		var err error
		existing, err = decode(raw)
		return err
	})
	return existing, err
}

// Put implements restores.Store.
func (b *Bolt) Put(_ context.Context, r restores.Record) error {
	return b.db.Update(func(tx *bbolt.Tx) error { return putRecord(tx, r) })
}

func putRecord(tx *bbolt.Tx, r restores.Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if r.RestoreID != "" {
		if err := tx.Bucket(bucketByRestore).Put([]byte(r.RestoreID), []byte(r.Key)); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketRecords).Put([]byte(r.Key), raw)
}

// ByRestore implements restores.Store.
func (b *Bolt) ByRestore(_ context.Context, restoreID string) (*restores.Record, error) {
	var found *restores.Record
	err := b.db.View(func(tx *bbolt.Tx) error {
		key := tx.Bucket(bucketByRestore).Get([]byte(restoreID))
		if key == nil {
			return nil
		}
		raw := tx.Bucket(bucketRecords).Get(key)
		if raw == nil {
			return nil
		}
		var err error
		found, err = decode(raw)
		return err
	})
	return found, err
}
