package storwaresim

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// downloadByGUID is the route that gives the bytes as the entity.
func (c *call) downloadByGUID() answer {
	if c.sim.options.Reading.Content == ContentByDownload {
		return fail(http.StatusNotAcceptable, "HTTP 406 Not Acceptable")
	}
	return c.contentOf(c.pathDownload())
}

// contentDownload is typed as "UniOfVoid", a method that writes to the response
// itself; its documented media type is JSON all the same, so an Accept of only
// application/octet-stream is refused before it comes here (NOTES section 7).
func (c *call) contentDownload() answer {
	d := c.pathDownload()
	a := c.contentOf(d)
	if a.content != nil && c.sim.options.Reading.Content == ContentByGUID {
		return ok(object{})
	}
	return a
}

func (c *call) contentOf(d *download) answer {
	notReady := http.StatusConflict
	if c.sim.options.Reading.NotReadyNotFound {
		notReady = http.StatusNotFound
	}
	switch {
	case d == nil:
		return notFound("cloud download")
	case !d.delivers():
		return fail(http.StatusConflict, "mounted backup is not a download")
	case d.unmount != nil || d.stateAt(c.now) != "FINISHED":
		return fail(notReady, "cloud download is not ready")
	}
	content := c.sim.Content(d.guid)
	return answer{status: http.StatusOK, content: &content, source: d.guid, name: orElse(d.entity.nameOf(), "download") + ".zip", total: -1}
}

// stream sends all bytes from the start: no Range is documented, so a Range
// header is ignored, and nothing says that it would be.
func (s *Sim) stream(w http.ResponseWriter, r *http.Request, a answer) {
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	switch s.options.Reading.Disposition {
	case DispositionPlain:
		header.Set("Content-Disposition", "attachment; filename="+strings.ToLower(strings.ReplaceAll(a.name, " ", "_")))
	case DispositionQuoted:
		header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", a.name))
	case DispositionNone:
	}
	if !s.options.Reading.Chunked {
		header.Set("Content-Length", strconv.FormatInt(a.content.Size, 10))
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return
	}
	if s.options.Reading.Chunked {
		// A body that fits the server's buffer would get a length of its own.
		_ = http.NewResponseController(w).Flush()
	}
	// A connection that breaks may show as an error or as a panic of the server.
	whole := false
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.deliveries[a.source] = append(s.deliveries[a.source], Delivery{At: s.kit.Now(), Whole: whole})
	}()
	sent, err := io.CopyBuffer(struct{ io.Writer }{w}, a.content.Reader(0, -1), make([]byte, 256<<10))
	whole = err == nil && sent == a.content.Size
}
