package store

import (
	"context"
	"slices"
	"sync"
)

// Memory keeps values until the process ends.
type Memory struct {
	mu      sync.Mutex
	values  map[string][]byte
	aliases map[string]string // alias -> key
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{values: map[string][]byte{}, aliases: map[string]string{}}
}

// Begin stores a value under a new key and returns nil, or returns the value
// that the key has.
func (m *Memory) Begin(_ context.Context, key string, value []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if existing, there := m.values[key]; there {
		return slices.Clone(existing), nil
	}
	m.values[key] = slices.Clone(value)
	return nil, nil
}

// Put replaces the value of a key and lets the alias lead to it.
func (m *Memory) Put(_ context.Context, key string, value []byte, alias string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = slices.Clone(value)
	if alias != "" {
		m.aliases[alias] = key
	}
	return nil
}

// ByAlias returns the value an alias leads to, nil if there is none.
func (m *Memory) ByAlias(_ context.Context, alias string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key, there := m.aliases[alias]
	if !there {
		return nil, nil
	}
	return slices.Clone(m.values[key]), nil
}
