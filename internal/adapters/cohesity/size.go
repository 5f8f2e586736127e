package cohesity

import (
	"context"
	"io"
	"net/http"
	"sync"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// maxPieces bounds the search for the end at two to the power of 50 bytes.
const maxPieces = int64(1) << 27

// Size implements adapters.Content. The vendor has no call for it: the last
// piece is searched for with requests for one byte, and its length is what it
// says of itself. A terabyte takes about forty small calls; the answer is kept.
func (c content) Size(ctx context.Context, restore model.ID) (int64, error) {
	const op = "ibm.DownloadSize"
	if _, err := c.prepared(ctx, op, restore); err != nil {
		return 0, err
	}
	if size, ok := c.sizes.get(restore.Key); ok {
		return size, nil
	}
	size, err := findSize(ctx, func(ctx context.Context, at, length int64) (*http.Response, error) {
		return c.piece(ctx, restore.Key, at, length)
	})
	if err != nil {
		return 0, err
	}
	c.sizes.put(restore.Key, size)
	return size, nil
}

func findSize(ctx context.Context, fetch fetchPiece) (int64, error) {
	there, err := probe(ctx, fetch, 0)
	if err != nil || !there {
		return 0, err
	}
	// Bytes are at low pieces and none at high ones.
	low, high := int64(0), int64(1)
	for {
		if there, err = probe(ctx, fetch, high*pieceSize); err != nil {
			return 0, err
		}
		if !there {
			break
		}
		if low, high = high, 2*high; high > maxPieces {
			return -1, nil
		}
	}
	if low, err = lastWith(ctx, fetch, low, high, pieceSize); err != nil {
		return 0, err
	}
	length, err := pieceLength(ctx, fetch, low*pieceSize)
	if err != nil {
		return 0, err
	}
	size := low*pieceSize + length
	// A server that gives shorter pieces than asked for is searched to the byte.
	if there, err = probe(ctx, fetch, size); err != nil {
		return 0, err
	}
	if there {
		last, err := lastWith(ctx, fetch, size, (low+1)*pieceSize, 1)
		if err != nil {
			return 0, err
		}
		size = last + 1
	}
	// Refusals were taken for the end all along; that they were is sure only when
	// the last byte is still given.
	if there, err = probe(ctx, fetch, size-1); err != nil {
		return 0, err
	}
	if !there {
		return 0, fault.New(fault.Upstream, "ibm.DownloadSize", "the download went away")
	}
	return size, nil
}

// lastWith finds the last of the places low to high-1, counted in units of
// step, that has a byte; low has one and high has none.
func lastWith(ctx context.Context, fetch fetchPiece, low, high, step int64) (int64, error) {
	for high-low > 1 {
		middle := low + (high-low)/2
		there, err := probe(ctx, fetch, middle*step)
		if err != nil {
			return 0, err
		}
		if there {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

// pieceLength is how much one request gives.
func pieceLength(ctx context.Context, fetch fetchPiece, at int64) (int64, error) {
	response, err := fetch(ctx, at, pieceSize)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	length := response.ContentLength
	if length < 0 {
		if length, err = io.Copy(io.Discard, io.LimitReader(response.Body, pieceSize+1)); err != nil {
			return 0, broken(ctx, err)
		}
	}
	if length > pieceSize {
		return 0, fault.New(fault.Upstream, "ibm.DownloadSize", "the vendor gave more than was asked for")
	}
	return length, nil
}

// maxSizes bounds what is remembered.
const maxSizes = 256

// sizes remembers how large finished downloads are. They never change.
type sizes struct {
	mu    sync.Mutex
	known map[string]int64
	order []string
}

func (s *sizes) get(recovery string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size, ok := s.known[recovery]
	return size, ok
}

func (s *sizes) put(recovery string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[recovery]; ok {
		return
	}
	if s.known == nil {
		s.known = map[string]int64{}
	}
	if len(s.order) >= maxSizes {
		delete(s.known, s.order[0])
		s.order = s.order[1:]
	}
	s.known[recovery] = size
	s.order = append(s.order, recovery)
}
