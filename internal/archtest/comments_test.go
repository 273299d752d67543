package archtest

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// minimal is the least number of words a comment needs to say something that the name does not.
const minimal = 2

// customary are methods whose meaning is fixed by the standard library's interfaces.
var customary = map[string]bool{
	"Error": true, "Unwrap": true, "String": true, "MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true,
	"UnmarshalText": true,
}

// TestPackageComments holds that every package explains itself once: "Package name ..." or, for a program, any comment.
func TestPackageComments(t *testing.T) {
	type state struct {
		name      string
		explained int
		onlyTest  bool
	}
	packages := map[string]*state{}
	for _, file := range load(t).Files {
		name := file.File.Name.Name
		if strings.HasSuffix(name, "_test") {
			continue
		}
		p := packages[file.Dir]
		if p == nil {
			p = &state{name: name, onlyTest: true}
			packages[file.Dir] = p
		}
		if !file.Test() {
			p.onlyTest = false
		}
		doc := file.File.Doc
		if doc == nil {
			continue
		}
		text := doc.Text()
		if name == "main" || strings.HasPrefix(text, "Package "+name+" ") {
			if len(strings.Fields(text)) >= 2+minimal {
				p.explained++
			}
		}
	}
	for dir, p := range packages {
		switch {
		case p.explained == 0:
			t.Errorf("%s: package %s has no package comment", dir, p.name)
		case p.explained > 1:
			t.Errorf("%s: package %s is explained in %d files; keep one", dir, p.name, p.explained)
		}
	}
}

// TestExportedComments holds that every exported name outside generated code and tests carries a comment.
func TestExportedComments(t *testing.T) {
	r := load(t)
	for _, file := range r.Files {
		if file.Test() || file.Generated() || strings.HasPrefix(file.Dir, "test/") {
			continue
		}
		for _, decl := range file.File.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				owner := receiver(d)
				if !d.Name.IsExported() || (owner != "" && (customary[d.Name.Name] || !ast.IsExported(owner))) {
					continue
				}
				if wanting(d.Doc) {
					t.Errorf("%s: %s has no comment", r.at(d.Pos()), strings.TrimPrefix(owner+"."+d.Name.Name, "."))
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					exportedSpec(t, r, d, spec)
				}
			}
		}
	}
}

// exportedSpec checks one type, constant or variable. A comment on the group counts for its members, and the values of
// an enumeration are explained by the comment on its type.
func exportedSpec(t *testing.T, r *repository, d *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && wanting(s.Doc) && (wanting(d.Doc) || len(d.Specs) > 1) && wanting(s.Comment) {
			t.Errorf("%s: type %s has no comment", r.at(s.Pos()), s.Name.Name)
		}
	case *ast.ValueSpec:
		if s.Doc != nil || s.Comment != nil || !wanting(d.Doc) || enumeration(d) {
			return
		}
		for _, name := range s.Names {
			if name.IsExported() {
				t.Errorf("%s: %s has no comment", r.at(name.Pos()), name.Name)
			}
		}
	}
}

// enumeration reports whether the declaration lists constants of a named type.
func enumeration(d *ast.GenDecl) bool {
	first, ok := d.Specs[0].(*ast.ValueSpec)
	if !ok || d.Tok != token.CONST {
		return false
	}
	named, ok := first.Type.(*ast.Ident)
	return ok && named.IsExported()
}

// wanting reports whether a comment is missing or too short to say anything.
func wanting(doc *ast.CommentGroup) bool {
	return doc == nil || len(strings.Fields(doc.Text())) < minimal
}
