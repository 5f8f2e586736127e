package identity

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// maxVerified bounds the memory that holders of valid tokens can take.
	maxVerified = 4096
	// recheckAfter bounds for how long a key that the issuer has withdrawn, or a
	// changed secret, is still believed.
	recheckAfter = time.Minute
)

type tokenKey [sha256.Size]byte

// keyOf hashes a token, so that a memory dump of the cache holds no tokens.
func keyOf(token string) tokenKey { return sha256.Sum256([]byte(token)) }

// verifiedTokens remembers who sent a token whose signature has been checked,
// so that a busy client pays for it once a minute and not with every request.
// The least recently used entry makes room.
type verifiedTokens struct {
	mu      sync.Mutex
	entries map[tokenKey]*list.Element
	recent  *list.List // of *verifiedToken, newest first
}

type verifiedToken struct {
	key         tokenKey
	principal   *Principal
	from, until time.Time // until is excluded and never after exp
}

func newVerifiedTokens() *verifiedTokens {
	return &verifiedTokens{entries: map[tokenKey]*list.Element{}, recent: list.New()}
}

func (v *verifiedTokens) get(key tokenKey, now time.Time) *Principal {
	v.mu.Lock()
	defer v.mu.Unlock()
	element, ok := v.entries[key]
	if !ok {
		return nil
	}
	entry := element.Value.(*verifiedToken)
	if now.Before(entry.from) || !now.Before(entry.until) { // before: the clock was set back
		v.remove(element)
		return nil
	}
	v.recent.MoveToFront(element)
	return entry.principal
}

func (v *verifiedTokens) put(key tokenKey, p *Principal, now, expires time.Time) {
	until := now.Add(recheckAfter)
	if expires.Before(until) {
		until = expires
	}
	if !now.Before(until) {
		return // within the leeway after exp: checked every time
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if element, ok := v.entries[key]; ok {
		v.remove(element)
	}
	v.entries[key] = v.recent.PushFront(&verifiedToken{key: key, principal: p, from: now, until: until})
	if v.recent.Len() > maxVerified {
		v.remove(v.recent.Back())
	}
}

func (v *verifiedTokens) remove(element *list.Element) {
	v.recent.Remove(element)
	delete(v.entries, element.Value.(*verifiedToken).key)
}
