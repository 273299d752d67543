package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// acyclic are the packages whose functions may not call each other in a circle: what comes next is decided in one place
// there, and a call that leads back is a second one.
var acyclic = []string{"internal/core/signin"}

// TestNoCycles draws the call graph of those packages. Tables of functions count as functions that call their entries.
func TestNoCycles(t *testing.T) {
	r := load(t)
	for _, dir := range acyclic {
		var files []*ast.File
		for _, s := range r.Files {
			if s.Dir == dir && !s.Test() {
				files = append(files, s.File)
			}
		}
		if len(files) == 0 {
			t.Fatalf("%s has no files", dir)
		}
		if circle := findCircle(callGraph(files)); circle != nil {
			t.Errorf("%s: %s", dir, strings.Join(circle, " -> "))
		}
	}
}

// declared are the functions, methods and tables of a package with their bodies. Methods go by their name alone and begin
// with a dot.
type declared map[string]ast.Node

// callGraph maps each of them to those that it refers to. A call through a field or of another package is none.
func callGraph(files []*ast.File) map[string][]string {
	bodies, imported := declared{}, map[string]bool{}
	for _, f := range files {
		for _, i := range f.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			imported[path[strings.LastIndex(path, "/")+1:]] = true
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					name = "." + name
				}
				bodies[name] = d.Body
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR && len(v.Values) == len(v.Names) {
						for i, name := range v.Names {
							bodies[name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
	graph := map[string][]string{}
	for name, body := range bodies {
		graph[name] = references(body, bodies, imported)
	}
	return graph
}

// references are the declared names that a body refers to: as x.name with a plain x, (*T).name, or bare.
func references(body ast.Node, bodies declared, imported map[string]bool) (out []string) {
	local := map[string]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			for _, l := range a.Lhs {
				if id, ok := l.(*ast.Ident); ok {
					local[id.Name] = true
				}
			}
		}
		return true
	})
	add := func(name string) {
		if _, ok := bodies[name]; ok && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr: // the key is a field or a constant
			ast.Inspect(n.Value, func(v ast.Node) bool { return visit(v, local, imported, add) })
			return false
		default:
			return visit(n, local, imported, add)
		}
	})
	return out
}

func visit(n ast.Node, local, imported map[string]bool, add func(string)) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		switch x := n.X.(type) {
		case *ast.Ident:
			if !imported[x.Name] {
				add("." + n.Sel.Name)
			}
		case *ast.ParenExpr:
			add("." + n.Sel.Name)
		}
		ast.Inspect(n.X, func(v ast.Node) bool {
			_, ident := v.(*ast.Ident)
			return !ident && visit(v, local, imported, add)
		})
		return false
	case *ast.Ident:
		if !local[n.Name] {
			add(n.Name)
		}
	}
	return true
}

// findCircle returns a path that ends where it begins, nil when there is none.
func findCircle(graph map[string][]string) []string {
	const open, done = 1, 2
	state := map[string]int{}
	var path []string
	var walk func(string) []string
	walk = func(name string) []string {
		switch state[name] {
		case done:
			return nil
		case open:
			return append(path[slices.Index(path, name):], name)
		}
		state[name] = open
		path = append(path, name)
		for _, next := range graph[name] {
			if circle := walk(next); circle != nil {
				return circle
			}
		}
		path = path[:len(path)-1]
		state[name] = done
		return nil
	}
	names := make([]string, 0, len(graph))
	for name := range graph {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if circle := walk(name); circle != nil {
			return circle
		}
	}
	return nil
}

// TestFindsCycles holds that the graph sees calls, methods, method expressions and tables.
func TestFindsCycles(t *testing.T) {
	for _, c := range []struct{ what, text, circle string }{
		{"calls", `func a() { b() }; func b() { a() }`, "a -> b -> a"},
		{"methods", `type t struct{}; func (x t) a() { x.b() }; func (x t) b() { c(x) }; func c(y t) { y.a() }`, ".a -> .b -> c -> .a"},
		{"tables", `var table = map[string]func(*t){"x": (*t).a}; type t struct{}; func (x *t) a() { table["x"](x) }`, ".a -> table -> .a"},
		{"closures", `func a() { func() { b() }() }; func b() { f := func() { a() }; f() }`, "a -> b -> a"},
		{"none", `func a() { b(); c() }; func b() { c() }; func c() {}`, ""},
		{"another package's", `import "other/b"; func a() { b.a() }`, ""},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package p\n"+strings.ReplaceAll(c.text, "; func", "\nfunc"), 0)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := strings.Join(findCircle(callGraph([]*ast.File{f})), " -> "); got != c.circle {
			t.Errorf("%s: %q, want %q", c.what, got, c.circle)
		}
	}
}
