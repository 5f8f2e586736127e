package model

import (
	"strings"
	"time"
)

// Position is a place in the total order of everything that has a time: newest
// first, and among equal times the greater id text first. An item is after the
// position when it comes strictly later in that order. The zero Position is
// before the first item.
type Position struct {
	At time.Time
	ID string
}

// LastID sorts after every id text, so that Position{t, LastID} is just before
// all items at t, and Position{t, ""} just after them.
const LastID = "\x7f"

// IsZero reports whether the position is the very start.
func (p Position) IsZero() bool { return p.At.IsZero() && p.ID == "" }

// Compare orders two places: negative when p comes first (is newer), zero when
// they are the same place. The zero Position comes before all others.
func (p Position) Compare(q Position) int {
	switch {
	case p.IsZero() || q.IsZero():
		if p.IsZero() && q.IsZero() {
			return 0
		}
		if p.IsZero() {
			return -1
		}
		return 1
	case p.At.After(q.At):
		return -1
	case p.At.Before(q.At):
		return 1
	}
	return strings.Compare(q.ID, p.ID)
}

// Before reports whether p comes strictly earlier in the order than q: an item
// at q belongs to a page that continues at p.
func (p Position) Before(q Position) bool { return p.Compare(q) < 0 }
