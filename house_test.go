// Package switchback_test holds the rules of the house that no linter knows. Which package may
// import which is depguard's business: .golangci.yml.
package switchback_test

import (
	"bufio"
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxFileLines is 400 by convention; the rest is room to finish a thought.
const maxFileLines = 450

func TestEveryPackageHasOnePackageComment(t *testing.T) {
	documented := map[string][]string{} // directory -> files with a package comment
	for _, file := range goFiles(t) {
		dir := filepath.Dir(file.path)
		if file.test || file.generated { // generators write a comment of their own
			continue
		}
		if _, ok := documented[dir]; !ok {
			documented[dir] = nil
		}
		if file.syntax.Doc != nil && !isDirective(file.syntax.Doc) {
			documented[dir] = append(documented[dir], file.path)
		}
	}
	for dir, files := range documented {
		switch len(files) {
		case 0:
			t.Errorf("%s: no package comment", dir)
		case 1:
		default:
			t.Errorf("%s: more than one package comment: %s", dir, strings.Join(files, ", "))
		}
	}
}

func TestFilesStayReadable(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.test || file.generated {
			continue
		}
		if lines := bytes.Count(file.source, []byte("\n")); lines > maxFileLines {
			t.Errorf("%s: %d lines, the limit is %d: split it by subject", file.path, lines, maxFileLines)
		}
	}
}

func TestOpenWorkNamesItsIssue(t *testing.T) {
	mark := regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)
	issue := regexp.MustCompile(`\bTODO\(#\d+\): `)
	for _, file := range goFiles(t) {
		if file.generated {
			continue
		}
		for _, group := range file.syntax.Comments {
			for _, comment := range group.List {
				if mark.MatchString(comment.Text) && !issue.MatchString(comment.Text) {
					t.Errorf("%s: write TODO(#123): ... with an issue", file.position(comment.Pos()))
				}
			}
		}
	}
}

func TestLicenseIsApache2(t *testing.T) {
	text := read(t, "LICENSE")
	for _, want := range []string{"Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"} {
		if !strings.Contains(text, want) {
			t.Errorf("LICENSE lacks %q", want)
		}
	}
}

// A reader who types what a document says must not get "No rule to make target".
func TestDocumentedMakeTargetsExist(t *testing.T) {
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	for _, want := range []string{"help", "demo", "test", "lint", "bench", "generate", "build"} {
		if !targets[want] {
			t.Errorf("Makefile lacks the target %s", want)
		}
	}
	command := regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
	for _, document := range documents(t) {
		for _, code := range codeIn(read(t, document)) {
			for _, match := range command.FindAllStringSubmatch(code, -1) {
				if !targets[match[1]] {
					t.Errorf("%s says %q; the Makefile has no such target", document, match[0])
				}
			}
		}
	}
}

func TestDocumentLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, document := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, document), -1) {
			target, _, _ := strings.Cut(match[1], "#")
			if target == "" || strings.Contains(target, ":") || strings.HasPrefix(target, "/") {
				continue // a heading, another site, or a path of the running gateway
			}
			path := filepath.Join(filepath.Dir(document), target)
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s links to %s, which does not exist", document, target)
			}
		}
	}
}

func TestCommandsOfCIAreExecutable(t *testing.T) {
	for _, path := range []string{".ci/run", "tools/need", "tools/check-generated", "tools/fuzz"} {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable", path)
		}
		if !strings.Contains(read(t, path), "\nset -euo pipefail\n") {
			t.Errorf("%s goes on after a failure: set -euo pipefail", path)
		}
	}
}

type goFile struct {
	path            string
	source          []byte
	files           *token.FileSet
	syntax          *ast.File
	test, generated bool
}

func (f goFile) position(pos token.Pos) token.Position { return f.files.Position(pos) }

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var found []goFile
	walk(t, ".go", func(path string) {
		source := []byte(read(t, path))
		files := token.NewFileSet()
		syntax, err := parser.ParseFile(files, path, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		found = append(found, goFile{
			path: path, source: source, files: files, syntax: syntax,
			test:      strings.HasSuffix(path, "_test.go"),
			generated: ast.IsGenerated(syntax),
		})
	})
	if len(found) == 0 {
		t.Fatal("found no Go files: is the test running in the module's root?")
	}
	return found
}

func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	walk(t, ".md", func(path string) { found = append(found, path) })
	if !slices.Contains(found, "README.md") {
		t.Fatal("README.md is missing")
	}
	return found
}

func walk(t *testing.T, suffix string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := entry.Name(); {
		case entry.IsDir() && (name == "testdata" || name == "node_modules" || name == ".git" || path == "bin"):
			return filepath.SkipDir
		case !entry.IsDir() && strings.HasSuffix(name, suffix):
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isDirective tells a lone //go:build or //go:generate above the package clause from a comment.
func isDirective(doc *ast.CommentGroup) bool { return strings.TrimSpace(doc.Text()) == "" }

// codeIn returns the fenced blocks and code spans of a Markdown text: "make sure" is prose.
func codeIn(markdown string) []string {
	span := regexp.MustCompile("`([^`]+)`")
	var code []string
	fenced := false
	lines := bufio.NewScanner(strings.NewReader(markdown))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case fenced:
			before, _, _ := strings.Cut(line, "#")
			code = append(code, before)
		default:
			for _, match := range span.FindAllStringSubmatch(line, -1) {
				code = append(code, match[1])
			}
		}
	}
	return code
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
