package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// TestOneAssembly holds that the rooms are wired together in internal/rooms alone, so that tests run what the server
// runs. Tests inside a room's own package, which rooms cannot be imported into, may wire what stands left of it.
func TestOneAssembly(t *testing.T) {
	r := load(t)
	for _, file := range r.Files {
		layer, _ := area(file.Dir)
		inside := layer == "core" && !strings.HasSuffix(file.File.Name.Name, "_test")
		if layer == "rooms" || inside {
			continue
		}
		for _, room := range roomImports(file) {
			ast.Inspect(file.File, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				if sel, ok := lit.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Deps" {
					if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == room {
						t.Errorf("%s: builds the room %s; take it from rooms.Build", r.at(n.Pos()), room)
					}
				}
				return true
			})
		}
	}
}

// TestLifecycles holds that every room with tables exports its Lifecycle and that internal/rooms lists it.
func TestLifecycles(t *testing.T) {
	r := load(t)
	tables, exported := map[string]bool{}, map[string]bool{}
	listed := 0
	for _, file := range r.Files {
		layer, room := area(file.Dir)
		if file.Test() || layer != "core" && layer != "rooms" {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if layer == "core" && slices.ContainsFunc(n.Names, func(id *ast.Ident) bool { return id.Name == "Migrations" }) {
					tables[room] = true
				}
			case *ast.FuncDecl:
				if layer == "core" && n.Name.Name == "Lifecycle" && n.Recv != nil {
					exported[room] = true
				}
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && layer == "rooms" && sel.Sel.Name == "Lifecycle" {
					listed++
				}
			}
			return true
		})
	}
	for room := range tables {
		if !exported[room] {
			t.Errorf("core/%s has tables and exports no Lifecycle", room)
		}
	}
	if len(exported) == 0 || listed != len(exported) {
		t.Errorf("internal/rooms lists %d lifecycles; the rooms that keep something are %v", listed, exported)
	}
}

// roomImports are the rooms of core that a file imports, by the names of their packages.
func roomImports(file source) []string {
	var out []string
	for _, path := range file.Imports() {
		if room, ok := strings.CutPrefix(path, module+"/internal/core/"); ok {
			out = append(out, room)
		}
	}
	return out
}
