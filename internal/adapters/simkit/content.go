package simkit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
)

// Content is a file of Size bytes that is computed from Seed: any part can be
// read at any time without the rest, and equal seeds give equal bytes.
type Content struct {
	Seed uint64
	Size int64
}

// Reader returns the bytes from offset on, at most length of them (negative is
// to the end).
func (c Content) Reader(offset, length int64) *io.SectionReader {
	offset = min(max(offset, 0), c.Size)
	if length < 0 || length > c.Size-offset {
		length = c.Size - offset
	}
	return io.NewSectionReader(c, offset, length)
}

// ReadAt implements io.ReaderAt.
func (c Content) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= c.Size {
		return 0, io.EOF
	}
	n := len(p)
	if rest := c.Size - offset; int64(n) > rest {
		n = int(rest)
	}
	for i := 0; i < n; {
		position := offset + int64(i)
		if position%8 == 0 && n-i >= 8 {
			binary.LittleEndian.PutUint64(p[i:], c.word(uint64(position/8)))
			i += 8
			continue
		}
		p[i] = byte(c.word(uint64(position/8)) >> (8 * uint(position%8)))
		i++
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// word is splitmix64 at a position: every word on its own, no state.
func (c Content) word(i uint64) uint64 {
	z := c.Seed + (i+1)*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// SHA256 returns the checksum of the whole content in lower-case hex. It costs
// one pass over the bytes.
func (c Content) SHA256() string {
	h := sha256.New()
	_, _ = io.Copy(h, c.Reader(0, -1))
	return hex.EncodeToString(h.Sum(nil))
}
