package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"switchback/internal/fault"
)

// The page is swagger-ui-dist 5.35.0 (Apache-2.0, docs/LICENSE) as npm has it,
// compressed. Nothing in it is changed.
//
//go:embed docs
var docsFiles embed.FS

// asset is one file of the page.
type asset struct {
	contentType string
	body        []byte
	compressed  bool // with gzip
	etag        string
}

const docsIndex = "index.html"

func loadDocs() (map[string]asset, error) {
	entries, err := docsFiles.ReadDir("docs")
	if err != nil {
		return nil, fmt.Errorf("api: docs: %w", err)
	}
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png",
	}
	out := map[string]asset{}
	for _, entry := range entries {
		body, err := docsFiles.ReadFile("docs/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("api: docs: %w", err)
		}
		name, compressed := strings.CutSuffix(entry.Name(), ".gz")
		contentType, served := types[path.Ext(name)]
		if !served {
			continue
		}
		out[name] = asset{contentType, body, compressed, etagOf(body)}
	}
	return out, nil
}

// docsPolicy lets the page load what is served here and nothing else. The
// style sheet has its small pictures inside.
const docsPolicy = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// GetDocs implements GET /docs.
func (s *Server) GetDocs(ctx context.Context, _ GetDocsRequestObject) (GetDocsResponseObject, error) {
	return s.page(ctx, docsIndex)
}

// GetDocsAsset implements GET /docs/{asset}.
func (s *Server) GetDocsAsset(ctx context.Context, r GetDocsAssetRequestObject) (GetDocsAssetResponseObject, error) {
	return s.page(ctx, r.Asset)
}

func (s *Server) page(ctx context.Context, name string) (reply, error) {
	a, ok := s.docs[name]
	if !ok || s.NoDocs {
		return reply{}, fault.New(fault.NotFound, "api.docs", "")
	}
	in := callOf(ctx)
	r := reply{
		status: http.StatusOK, contentType: a.contentType, header: http.Header{}, body: a.body, etag: a.etag,
		ifNoneMatch: in.header.Get("If-None-Match"),
	}
	r.header.Set("Content-Security-Policy", docsPolicy)
	r.header.Set("Cache-Control", "public, max-age=0, must-revalidate")
	if !a.compressed {
		return r, nil
	}
	r.header.Set("Vary", "Accept-Encoding")
	if strings.Contains(in.header.Get("Accept-Encoding"), "gzip") {
		r.header.Set("Content-Encoding", "gzip")
		return r, nil
	}
	// Two codings of one thing have two strong tags.
	r.etag = strings.TrimSuffix(r.etag, `"`) + `-plain"`
	plain, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return reply{}, err
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, plain); err != nil { //nolint:gosec // our own files
		return reply{}, err
	}
	r.body = b.Bytes()
	return r, nil
}
