package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

// statement matches the beginning of an SQL text as Cognate writes it: keywords in capitals.
var statement = regexp.MustCompile("^[\"`]\\s*(SELECT\\s|INSERT\\s+INTO\\s|UPDATE\\s+\\w+\\s+SET\\s|DELETE\\s+FROM\\s|WITH\\s+\\w+\\s+AS\\s|CREATE\\s+(TABLE|INDEX|UNIQUE)\\s)")

// runners are the methods of base/db's transactions that take SQL.
var runners = map[string]bool{"Exec": true, "Query": true, "QueryRow": true}

// sqlHome reports whether SQL may stand in the file: in store files of any package, in the database layer and in the
// test kit that drives it.
func sqlHome(file source) bool {
	base := path.Base(file.Path)
	return file.Test() || strings.HasPrefix(base, "store") ||
		strings.HasPrefix(file.Dir, "internal/base/db") || strings.HasPrefix(file.Dir, "internal/testkit")
}

func TestSQLOnlyInStoreFiles(t *testing.T) {
	r := load(t)
	for _, file := range r.Files {
		if sqlHome(file) {
			continue
		}
		usesDB := false
		for _, p := range file.Imports() {
			usesDB = usesDB || p == module+"/internal/base/db"
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Kind == token.STRING && statement.MatchString(n.Value) {
					t.Errorf("%s: an SQL text outside a store file", r.at(n.Pos()))
				}
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if ok && usesDB && runners[sel.Sel.Name] && len(n.Args) > 0 {
					t.Errorf("%s: %s runs SQL outside a store file", r.at(n.Pos()), sel.Sel.Name)
				}
			case *ast.CompositeLit:
				sel, ok := n.Type.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "Migration" {
					break
				}
				if from, ok := sel.X.(*ast.Ident); ok && from.Name == "db" {
					t.Errorf("%s: a migration outside a store file", r.at(n.Pos()))
				}
			}
			return true
		})
	}
}

func TestStatement(t *testing.T) {
	for text, want := range map[string]bool{
		`"SELECT sub FROM user_alias WHERE pool_id = $1"`: true,
		"`\n\tINSERT INTO code (pool_id) VALUES ($1)`":    true,
		`"UPDATE directory_user SET version = $1"`:        true,
		`"DELETE FROM code WHERE expires < $1"`:           true,
		`"SELECT_CHALLENGE"`:                              false,
		`"Update the user's attributes"`:                  false,
		`"UpdateUserPool"`:                                false,
		`"DELETE"`:                                        false,
	} {
		if got := statement.MatchString(text); got != want {
			t.Errorf("statement matches %s: %v, want %v", text, got, want)
		}
	}
}
