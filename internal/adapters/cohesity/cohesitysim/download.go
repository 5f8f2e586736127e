package cohesitysim

import (
	"hash/fnv"
	"net/http"
	"slices"
	"strings"

	"switchback/internal/adapters/simkit"
)

// maxPiece bounds one piece of a download (IBM NOTES section 13).
const maxPiece = 8 << 20

// downloadFilesFromRecovery gives a piece of a prepared archive. Which 4xx an
// archive gives that is not ready or not offered any more is inferred.
func (s *Sim) downloadFilesFromRecovery(c *call) (reply, error) {
	r, err := s.recovery(c)
	if err != nil {
		return reply{}, err
	}
	if r.action != archiveAction {
		return reply{}, invalid("recovery %s is not a download", r.id)
	}
	if status := s.recoveryStatus(r, c.now); status != "Succeeded" {
		return reply{}, invalid("recovery %s has status %s, nothing to download", r.id, status)
	}
	if end, _ := r.end(); c.now >= end+archiveOffered {
		return reply{}, notFound()
	}
	return s.piece(c, r.content)
}

// piece reads startOffset and length; without a length the server's limit
// holds (inferred).
func (s *Sim) piece(c *call, content simkit.Content) (reply, error) {
	offset, length := c.integer("startOffset", 0), c.integer("length", maxPiece)
	switch {
	case c.bad != nil:
		return reply{}, c.bad
	case offset < 0 || length < 1:
		return reply{}, invalid("startOffset and length in query must not be negative")
	case length > maxPiece:
		return reply{}, invalid("length in query should be less than or equal to %d", maxPiece)
	case offset < content.Size:
		return piece(content, offset, length)
	}
	switch s.options.EndOfData {
	case EndNoContent:
		return noContent()
	case EndRange:
		return reply{}, &fault{http.StatusRequestedRangeNotSatisfiable, "KValidationError", "startOffset is beyond the end"}
	case EndByScenario, EndShort:
		// Whoever got a short body has seen the end; after a whole number of
		// pieces nobody can know, so that gets an empty body.
		if offset > content.Size || content.Size%length != 0 {
			return reply{}, invalid("startOffset is beyond the end")
		}
	case EndEmpty:
	}
	return piece(content, content.Size, 0)
}

// downloadIndexedFile gives a piece of one file straight from a snapshot.
func (s *Sim) downloadIndexedFile(c *call) (reply, error) {
	x, err := s.snapshot(c.path("snapshotsId"), c.now)
	if err != nil {
		return reply{}, err
	}
	path := c.text("filePath")
	if path == "" {
		return reply{}, invalid("filePath in query is required")
	}
	if !indexed(s.kindOf(x.run.g)) {
		return reply{}, invalid("snapshot is not indexed")
	}
	if !slices.Contains(filesOf(x.object.entity), path) {
		return reply{}, notFound()
	}
	if strings.HasSuffix(path, "/") {
		return reply{}, invalid("%s is a directory", path)
	}
	return s.piece(c, s.fileContent(x.object.snapshotID, path))
}

func (s *Sim) fileContent(snapshotID, path string) simkit.Content {
	h := fnv.New64a()
	_, _ = h.Write([]byte(snapshotID + "\n" + path))
	seed := mix(s.kit.Seed, 21, h.Sum64())
	return simkit.Content{Seed: seed, Size: 1000 + int64(seed%100_000)}
}
