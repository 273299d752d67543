package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// starters are the functions of other packages that start goroutines whose panics end the process.
var starters = map[string]string{
	"time.AfterFunc":    "background.AfterFunc",
	"context.AfterFunc": "background.Go",
}

// bare lists the places of a file that start a goroutine other than through internal/base/background: go statements,
// timer functions, WaitGroup.Go and errgroup.
func bare(file *ast.File) map[token.Pos]string {
	found := map[token.Pos]string{}
	for _, spec := range file.Imports {
		if spec.Path.Value == `"golang.org/x/sync/errgroup"` {
			found[spec.Pos()] = "errgroup; use background.In"
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found[n.Pos()] = "a go statement; use background.Go or background.Start"
		case *ast.SelectorExpr:
			name := n.Sel.Name
			pkg, _ := n.X.(*ast.Ident)
			if pkg != nil {
				if instead := starters[pkg.Name+"."+name]; instead != "" {
					found[n.Pos()] = pkg.Name + "." + name + "; use " + instead
				}
			}
			if name == "Go" && (pkg == nil || pkg.Name != "background") {
				found[n.Pos()] = "a method Go; use background.In"
			}
		}
		return true
	})
	return found
}

// TestGoroutines: a panic in a goroutine that nobody guards ends the server.
func TestGoroutines(t *testing.T) {
	r := load(t)
	for _, file := range r.Files {
		layer, _ := area(file.Dir)
		if file.Test() || file.Dir == "internal/base/background" || layer == "testkit" || layer == "bench" || layer == "test" {
			continue
		}
		for pos, what := range bare(file.File) {
			t.Errorf("%s: %s", r.at(pos), what)
		}
	}
}

func TestBare(t *testing.T) {
	const source = `package p
import "golang.org/x/sync/errgroup"
func f(wg *sync.WaitGroup, r struct{ wg sync.WaitGroup }) {
	go f()
	time.AfterFunc(1, f)
	context.AfterFunc(ctx, f)
	wg.Go(f)
	r.wg.Go(f)
	background.Go("f", f)
	background.AfterFunc(1, "f", f)
}`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := bare(file); len(found) != 6 {
		t.Errorf("found %v, want 6", found)
	}
}
