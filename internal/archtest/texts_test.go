package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// texts returns what an expression says as a format: literals joined, %s for everything else; "" without literals.
func texts(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, _ := strconv.Unquote(e.Value)
			return s
		}
	case *ast.ParenExpr:
		return texts(e.X)
	case *ast.BinaryExpr:
		left, right := texts(e.X), texts(e.Y)
		if e.Op != token.ADD || left == "" && right == "" {
			return ""
		}
		return or(left, "%s") + or(right, "%s")
	}
	return ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// told returns the text that a node gives to an exception of a service, "" for any other node: the first argument of a
// generated constructor or of a function that stands for one, or the Message of a literal.
func told(n ast.Node) string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if len(n.Args) == 0 {
			return ""
		}
		switch fn := n.Fun.(type) {
		case *ast.Ident:
			if fn.Name == "exception" { // of the function's own choice, as the rooms name such a parameter
				return texts(n.Args[0])
			}
		case *ast.SelectorExpr:
			pkg, ok := fn.X.(*ast.Ident)
			if ok && services[pkg.Name] && strings.HasPrefix(fn.Sel.Name, "New") {
				return texts(n.Args[0])
			}
		}
	case *ast.CompositeLit:
		sel, ok := n.Type.(*ast.SelectorExpr)
		if !ok || !strings.HasSuffix(sel.Sel.Name, "Exception") {
			return ""
		}
		for _, elt := range n.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok && fmt.Sprint(kv.Key) == "Message" {
				return texts(kv.Value)
			}
		}
	}
	return ""
}

// services are the packages of generated exceptions.
var services = map[string]bool{
	"cognitoidp": true, "cognitoidentity": true, "cognitosync": true, "kms": true, "sts": true, "iam": true, "verifiedpermissions": true,
}

// place is where a text stands.
type place struct{ dir, at string }

// homes returns where the texts of exceptions stand in files that ship, however they come to the exception there.
func homes(files []source, at func(token.Pos) string) map[string][]place {
	known := map[string]bool{}
	for _, file := range files {
		ast.Inspect(file.File, func(n ast.Node) bool {
			if text := told(n); strings.Trim(text, "%s") != "" {
				known[text] = true
			}
			return true
		})
	}
	out := map[string][]place{}
	for _, file := range files {
		ast.Inspect(file.File, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text := texts(e)
			if !known[text] {
				return true
			}
			out[text] = append(out[text], place{file.Dir, at(e.Pos())})
			return false
		})
	}
	return out
}

// TestOneHomePerText holds that a text of an exception stands in one place: whoever else answers it calls the function
// that has it, so that a correction of AWS's words is one edit.
func TestOneHomePerText(t *testing.T) {
	r := load(t)
	var files []source
	for _, file := range r.Files {
		if layer, _ := area(file.Dir); !file.Test() && (layer == "core" || layer == "web" || layer == "wire" || layer == "server") {
			files = append(files, file)
		}
	}
	for text, places := range homes(files, r.at) {
		if len(places) > 1 {
			t.Errorf("%q stands in %d places: %v", text, len(places), places)
		}
	}
}

// TestHomes holds the rule itself to known cases.
func TestHomes(t *testing.T) {
	const room = `package room
func a() error { return cognitoidp.NewNotAuthorized("User is disabled.") }
func b() error { return &cognitoidp.NotAuthorizedException{Message: "No " + name + " here."} }
func c(exception func(string, ...any) error) error { return exception("Too often.") }
func d(why string) error { return cognitoidp.NewNotAuthorized("%s", why) }
const e = "nothing of the kind"
`
	const other = `package other
const a = "User is disabled."
func b() error { return refuse(fmt.Sprintf("No %s here.", name)) }
func c() error { return refuse("Too " + "often.") }
func d() string { return fmt.Sprintf("%s", e) + "nothing of the kind" }
`
	fset := token.NewFileSet()
	var files []source
	for dir, text := range map[string]string{"room": room, "other": other} {
		file, err := parser.ParseFile(fset, dir+".go", text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, source{Path: dir + ".go", Dir: dir, File: file})
	}
	found := homes(files, func(token.Pos) string { return "" })
	if len(found) != 3 {
		t.Errorf("texts: %v", found)
	}
	for _, text := range []string{"User is disabled.", "No %s here.", "Too often."} {
		if len(found[text]) != 2 {
			t.Errorf("%q is found in %v", text, found[text])
		}
	}
}
