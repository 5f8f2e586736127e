package store

import (
	"context"
	"encoding/json"
	"sync"

	"switchback/internal/restores"
)

// Memory keeps records until the process ends.
type Memory struct {
	mu        sync.Mutex
	records   map[string][]byte // by key, encoded so that nobody shares memory with the store
	byRestore map[string]string
}

var _ restores.Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{records: map[string][]byte{}, byRestore: map[string]string{}}
}

// Begin implements restores.Store.
func (m *Memory) Begin(_ context.Context, r restores.Record) (*restores.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if raw, there := m.records[r.Key]; there {
		return decode(raw)
	}
	return nil, m.put(r)
}

// Put implements restores.Store.
func (m *Memory) Put(_ context.Context, r restores.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.put(r)
}

func (m *Memory) put(r restores.Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	m.records[r.Key] = raw
	if r.RestoreID != "" {
		m.byRestore[r.RestoreID] = r.Key
	}
	return nil
}

// ByRestore implements restores.Store.
func (m *Memory) ByRestore(_ context.Context, restoreID string) (*restores.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key, there := m.byRestore[restoreID]
	if !there {
		return nil, nil
	}
	return decode(m.records[key])
}

func decode(raw []byte) (*restores.Record, error) {
	var r restores.Record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	return &r, nil
}
