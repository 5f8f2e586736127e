package api

import (
	"context"
	"strconv"
	"strings"

	"switchback/internal/fault"
	"switchback/internal/fleet"
)

// siftPage is how many items a vendor is asked for when a filter may leave few
// of them.
const siftPage = 200

// lister is a list of one connection, from a token on.
type lister[T any] = func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[T], error)

// sifted lists what matches. Room for one more item must not make a vendor be
// asked item by item, so it is asked for large pages; of one that gives more
// than there is room for, the token says how many matches are used up, and it
// is read again.
func sifted[T any](list lister[T], matches func(T) bool) lister[T] {
	return func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[T], error) {
		used, vendorToken := 0, ""
		if token != "" {
			count, rest, ok := strings.Cut(token, " ")
			n, err := strconv.Atoi(count)
			if !ok || err != nil || n < 0 {
				return fleet.TokenPage[T]{}, fault.New(fault.Internal, "api.sift", "")
			}
			used, vendorToken = n, rest
		}
		given, err := list(ctx, c, vendorToken, max(limit, siftPage))
		if err != nil {
			return fleet.TokenPage[T]{}, err
		}
		var found []T
		for _, item := range given.Items {
			if matches(item) {
				found = append(found, item)
			}
		}
		found = found[min(used, len(found)):]
		if len(found) > limit {
			return fleet.TokenPage[T]{Items: found[:limit], Next: strconv.Itoa(used+limit) + " " + vendorToken}, nil
		}
		next := ""
		if given.Next != "" {
			next = "0 " + given.Next
		}
		return fleet.TokenPage[T]{Items: found, Next: next}, nil
	}
}
