package simkit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"switchback/internal/adapters/simkit"
)

func TestRandomAccessEqualsSequentialReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := simkit.Content{Seed: rapid.Uint64().Draw(t, "seed"), Size: rapid.Int64Range(0, 5000).Draw(t, "size")}
		whole, err := io.ReadAll(content.Reader(0, -1))
		if err != nil || int64(len(whole)) != content.Size {
			t.Fatalf("%d bytes, %v", len(whole), err)
		}
		offset := rapid.Int64Range(-10, content.Size+10).Draw(t, "offset")
		length := rapid.Int64Range(-1, content.Size+10).Draw(t, "length")
		part, err := io.ReadAll(content.Reader(offset, length))
		if err != nil {
			t.Fatal(err)
		}
		from := min(max(offset, 0), content.Size)
		to := content.Size
		if length >= 0 {
			to = min(from+length, content.Size)
		}
		if !bytes.Equal(part, whole[from:to]) {
			t.Fatalf("%d bytes from %d are not those of the whole", length, offset)
		}
	})
}

func TestContentIsAReaderAt(t *testing.T) {
	content := simkit.Content{Seed: 5, Size: 1000}
	whole, _ := io.ReadAll(content.Reader(0, -1))
	if err := iotest.TestReader(content.Reader(0, -1), whole); err != nil {
		t.Error(err)
	}
	buffer := make([]byte, 20)
	if n, err := content.ReadAt(buffer, 990); n != 10 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if n, err := content.ReadAt(buffer, 1000); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d, %v", n, err)
	}
}

func TestContentDependsOnItsSeed(t *testing.T) {
	one, other := simkit.Content{Seed: 1, Size: 64}, simkit.Content{Seed: 2, Size: 64}
	if one.SHA256() == other.SHA256() {
		t.Error("two seeds, one content")
	}
	whole, _ := io.ReadAll(one.Reader(0, -1))
	sum := sha256.Sum256(whole)
	if one.SHA256() != hex.EncodeToString(sum[:]) {
		t.Error("SHA256 is not the checksum of the bytes")
	}
	// Pinned: a stored checksum stays right over releases of the simulators.
	const pinned = "9af052069fb5105f88b556d36dc028073658f15f793fdb093ea9133d6c66f62c"
	if got := one.SHA256(); got != pinned {
		t.Errorf("content of seed 1 has changed: %s", got)
	}
}

func TestHugeContentIsReadInPlace(t *testing.T) {
	huge := simkit.Content{Seed: 1, Size: 1 << 50}
	end, err := io.ReadAll(huge.Reader(huge.Size-3, -1))
	if err != nil || len(end) != 3 {
		t.Errorf("last bytes: %x, %v", end, err)
	}
}

func BenchmarkContent(b *testing.B) {
	content := simkit.Content{Seed: 1, Size: 1 << 40}
	buffer := make([]byte, 256<<10)
	b.SetBytes(int64(len(buffer)))
	for b.Loop() {
		_, _ = content.ReadAt(buffer, 4096)
	}
}
