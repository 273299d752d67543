package archtest

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the import path of the repository's root.
const module = "cognate"

// source is one parsed Go file of the repository.
type source struct {
	Path string // relative to the root, slash separated
	Dir  string // its directory, relative to the root; "." for the root
	File *ast.File
}

// Test reports whether the file is compiled only for tests.
func (s source) Test() bool { return strings.HasSuffix(s.Path, "_test.go") }

// Generated reports whether the file carries Go's standard mark of generated code.
func (s source) Generated() bool { return ast.IsGenerated(s.File) }

// Imports returns the import paths of the file.
func (s source) Imports() []string {
	var out []string
	for _, spec := range s.File.Imports {
		out = append(out, strings.Trim(spec.Path.Value, `"`))
	}
	return out
}

// repository is every Go file of the module, parsed with comments.
type repository struct {
	Root  string
	Fset  *token.FileSet
	Files []source
}

// load returns the parsed module; a file that does not parse fails the test, since no rule can be held on it.
func load(t *testing.T) *repository {
	t.Helper()
	r, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// parsed reads the module once for all tests.
var parsed = sync.OnceValues(func() (*repository, error) {
	dir, err := findRoot()
	if err != nil {
		return nil, err
	}
	r := &repository{Root: dir, Fset: token.NewFileSet()}
	return r, filepath.WalkDir(r.Root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
			if path != r.Root && (hidden || name == "node_modules" || name == "testdata" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(r.Fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(r.Root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		r.Files = append(r.Files, source{Path: rel, Dir: dirOf(rel), File: file})
		return nil
	})
})

// at renders a position relative to the root, the way compilers print it.
func (r *repository) at(pos token.Pos) string {
	p := r.Fset.Position(pos)
	if rel, err := filepath.Rel(r.Root, p.Filename); err == nil {
		p.Filename = filepath.ToSlash(rel)
	}
	return p.String()
}

func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}

// root returns the directory of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// findRoot looks for go.mod in the directory of the package and above.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the package")
		}
		dir = parent
	}
}
