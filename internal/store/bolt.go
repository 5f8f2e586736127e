package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Bolt keeps values in one file. A write is on disk when the call returns.
// Only one process can have the file open.
type Bolt struct{ db *bbolt.DB }

var (
	bucketValues  = []byte("values")  // key -> value
	bucketAliases = []byte("aliases") // alias -> key
	bucketMeta    = []byte("meta")
	keySchema     = []byte("schema")
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
		for _, name := range [][]byte{bucketValues, bucketAliases, bucketMeta} {
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

// Begin stores a value under a new key and returns nil, or returns the value
// that the key has.
func (b *Bolt) Begin(_ context.Context, key string, value []byte) ([]byte, error) {
	var existing []byte
	err := b.db.Update(func(tx *bbolt.Tx) error {
		values := tx.Bucket(bucketValues)
		if existing = slices.Clone(values.Get([]byte(key))); existing != nil {
			return nil
		}
		return values.Put([]byte(key), value)
	})
	return existing, err
}

// Put replaces the value of a key and lets the alias lead to it.
func (b *Bolt) Put(_ context.Context, key string, value []byte, alias string) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		if alias != "" {
			if err := tx.Bucket(bucketAliases).Put([]byte(alias), []byte(key)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketValues).Put([]byte(key), value)
	})
}

// ByAlias returns the value an alias leads to, nil if there is none.
func (b *Bolt) ByAlias(_ context.Context, alias string) ([]byte, error) {
	var found []byte
	err := b.db.View(func(tx *bbolt.Tx) error {
		if key := tx.Bucket(bucketAliases).Get([]byte(alias)); key != nil {
			found = slices.Clone(tx.Bucket(bucketValues).Get(key))
		}
		return nil
	})
	return found, err
}
