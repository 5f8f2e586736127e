package adaptertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// largeContent is more than an adapter may hold of one transfer.
const largeContent = 24 << 20

// heldContent is what an adapter may read ahead: one piece of 8 MiB and some.
const heldContent = 12 << 20

func contentChecks() []check {
	row := func(name, why string, wire bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, wire: wire, run: run,
			applies: func(b *bench) bool { return b.adapter.Content != nil },
			lacks: func(s Sim) string {
				if s.Content == nil {
					return "Content"
				}
				return lacksRestores(s)
			},
		}
	}
	bounded := row("content/memory-is-bounded", "a transfer is read as it is asked for, not held", true, memoryIsBounded)
	cancelled := row("content/cancelled-stops", "a transfer ends with its context, and not as if it were whole", false, cancelledTransfer)
	bounded.content, cancelled.content = largeContent, largeContent
	return []check{
		row("content/whole-is-exact", "the bytes, the size and the checksum are the vendor's", false, wholeIsExact),
		row("content/offsets-are-exact", "from any offset the bytes to the end come, past the end none", false, offsetsAreExact),
		row("content/early-close-frees", "Close ends the transfer and frees the connection", false, earlyCloseFrees),
		row("content/drop-is-no-end", "a transfer that breaks off gives an error, never io.EOF", true, dropIsNoEnd),
		row("content/not-ready-is-conflict", "bytes that are not there yet are Conflict", false, notReadyIsConflict),
		cancelled, bounded,
	}
}

// download finishes the first restore that gives bytes and opens another
// instance to read them.
func (b *bench) download(t adaptercheck.T) (a *adapters.Adapter, r model.Restore, size int64, sum string) {
	t.Helper()
	for _, c := range b.sim.Restores {
		r = b.finish(t, b.begin(t, c, "kit-content").ID)
		if r.Outputs.HasContent {
			if size, sum = b.sim.Content(r); size < b.content {
				t.Fatalf("the simulator gives %d bytes: let it give Fixture.ContentBytes", size)
			}
			return b.openAgain(t), r, size, sum
		}
	}
	t.Fatalf("no case of Sim.Restores gives bytes")
	return nil, r, 0, ""
}

func readBody(body io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(body, 2*largeContent)) //nolint:forbidigo // bounded by the reader
}

func wholeIsExact(t adaptercheck.T, b *bench) {
	a, r, size, sum := b.download(t)
	if got, err := a.Content.Size(t.Context(), r.ID); err != nil || got != size && got != -1 {
		t.Errorf("Size: want %d or -1, got %d, %v", size, got, err)
	}
	body, err := a.Content.Open(t.Context(), r.ID, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if body.Offset != 0 || body.Size != size && body.Size != -1 {
		t.Errorf("Body has offset %d and size %d, the vendor has %d bytes", body.Offset, body.Size, size)
	}
	data, err := readBody(body)
	if hash := sha256.Sum256(data); err != nil || int64(len(data)) != size || hex.EncodeToString(hash[:]) != sum {
		t.Errorf("want %d bytes of checksum %s, got %d of %x, error %v", size, sum, len(data), hash, err)
	}
	if err := body.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func offsetsAreExact(t adaptercheck.T, b *bench) {
	a, r, size, _ := b.download(t)
	whole := readFrom(t, a, r, 0)
	for _, offset := range []int64{1, size / 2, size/2 + 1, size - 1} {
		if got := readFrom(t, a, r, offset); !bytes.Equal(got, whole[offset:]) {
			t.Errorf("from %d of %d: %d bytes came, or others", offset, size, len(got))
		}
	}
	for _, offset := range []int64{size, size + 1, size + 1<<20} {
		body, err := a.Content.Open(t.Context(), r.ID, offset)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("open at %d of %d: want invalid or no bytes, got %v", offset, size, err)
			}
			continue
		}
		if data, err := readBody(body); len(data) > 0 || err != nil {
			t.Errorf("from %d of %d: want no bytes, got %d, %v", offset, size, len(data), err)
		}
		_ = body.Close()
	}
}

func readFrom(t adaptercheck.T, a *adapters.Adapter, r model.Restore, offset int64) []byte {
	t.Helper()
	body, err := a.Content.Open(t.Context(), r.ID, offset)
	if err != nil {
		t.Fatalf("open at %d: %v", offset, err)
	}
	defer func() { _ = body.Close() }()
	if body.Offset != offset {
		t.Errorf("opened at %d, Body.Offset is %d", offset, body.Offset)
	}
	data, err := readBody(body)
	if err != nil {
		t.Fatalf("read from %d: %v", offset, err)
	}
	return data
}

func earlyCloseFrees(t adaptercheck.T, b *bench) {
	a, r, _, _ := b.download(t)
	for range 3 {
		body, err := a.Content.Open(t.Context(), r.ID, 0)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		if _, err := body.Read(make([]byte, 10)); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("read: %v", err)
		}
		_ = body.Close()
		if n, err := body.Read(make([]byte, 10)); err == nil && n > 0 {
			t.Errorf("a closed body gives bytes")
		}
	}
	if !b.within(func() bool { return b.wire.open.Load() == 0 }) {
		t.Errorf("%d answers are still open", b.wire.open.Load())
	}
}

func dropIsNoEnd(t adaptercheck.T, b *bench) {
	a, r, size, sum := b.download(t)
	for _, at := range []int64{1, size / 2, size - 1} {
		b.sim.Kit.Inject(b.sim.ContentRead, slices.Repeat([]simkit.Response{{CutAt: int(at)}}, 64)...)
		body, err := a.Content.Open(t.Context(), r.ID, 0)
		if err == nil {
			var data []byte
			data, err = readBody(body)
			_ = body.Close()
			if hash := sha256.Sum256(data); hex.EncodeToString(hash[:]) == sum {
				err = errors.New("nothing is missing: the adapter went on by itself")
			}
		}
		b.sim.Kit.ClearInjected()
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("broken off after %d of %d bytes it ends with %v", at, size, err)
		}
	}
}

func notReadyIsConflict(t adaptercheck.T, b *bench) {
	_, done, _, _ := b.download(t)
	for _, c := range b.sim.Restores {
		if c.Kind != done.Kind {
			continue
		}
		r := b.begin(t, c, "kit-early")
		if r.State.Terminal() {
			continue
		}
		body, err := b.adapter.Content.Open(t.Context(), r.ID, 0)
		if fault.KindOf(err) != fault.Conflict || body != nil {
			t.Errorf("open while it is %s: want conflict, got %v", r.State, err)
		}
		return
	}
}

func cancelledTransfer(t adaptercheck.T, b *bench) {
	a, r, size, _ := b.download(t)
	ctx, cancel := context.WithCancel(t.Context())
	body, err := a.Content.Open(ctx, r.ID, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer func() { _ = body.Close() }()
	cancel()
	done := make(chan error, 1)
	var data []byte
	go func() {
		var err error
		data, err = readBody(body)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Errorf("a cancelled transfer ends after %d of %d bytes as if it were whole", len(data), size)
		}
	case <-time.After(b.h.patience):
		t.Errorf("a cancelled transfer goes on for more than %v", b.h.patience)
	}
}

func memoryIsBounded(t adaptercheck.T, b *bench) {
	a, r, _, sum := b.download(t)
	before := b.wire.read.Load()
	body, err := a.Content.Open(t.Context(), r.ID, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer func() { _ = body.Close() }()
	h := sha256.New()
	var taken int64
	for buffer := make([]byte, 64<<10); ; {
		n, err := body.Read(buffer)
		_, _ = h.Write(buffer[:n])
		taken += int64(n)
		if held := b.wire.read.Load() - before - taken; held > heldContent {
			t.Fatalf("after %d bytes were asked for, %d more are held", taken, held)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read: %v", err)
		}
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		t.Errorf("the bytes are not the vendor's")
	}
}
