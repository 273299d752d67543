package screen

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// root is where the sources of the program stand.
const root = "../../../.."

// literals calls see with every string literal of the Go files below a folder that are no tests.
func literals(t *testing.T, folder string, see func(file, text string)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var s scanner.Scanner
		s.Init(token.NewFileSet().AddFile(path, -1, len(src)), src, nil, 0)
		for {
			_, tok, lit := s.Scan()
			if tok == token.EOF {
				return nil
			}
			if tok == token.STRING {
				if text, err := strconv.Unquote(lit); err == nil {
					see(path, text)
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDictionary: every message of the dictionary is still said by a room, every type is an exception, and every text exists.
func TestDictionary(t *testing.T) {
	spoken := map[string]bool{}
	literals(t, root+"/internal/core", func(_, text string) { spoken[text] = true })
	literals(t, root+"/internal/api/cognitoidp", func(_, text string) { spoken[text] = true })
	texts := drawer(t).builtIn.catalogs[English].texts
	for message, key := range said() {
		if !spoken[message] {
			t.Errorf("nothing in core says %q", message)
		}
		if _, found := texts[key]; !found {
			t.Errorf("%q is %s, which is no text", message, key)
		}
	}
	for _, c := range []struct{ code, message, want string }{
		{"NotAuthorizedException", "Incorrect username or password.", "refused.password"},
		{"UserNotFoundException", "User does not exist.", "refused.password"},
		{"UsernameExistsException", "An account with the given email already exists.", "refused.exists_email"},
		{"AliasExistsException", "An account with the phone_number already exists.", "refused.exists_phone"},
		{"NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED", "confirm.already"},
		{"CodeMismatchException", "anything", "code.wrong"},
		{"InvalidPasswordException", "Password did not conform with policy: Password must have symbol characters", "wrong.symbol"},
		{"InvalidPasswordException", "Password did not conform with password policy: Password must not be sad", "wrong.rules"},
		{"InvalidPasswordException", "Password did not conform with policy: Password must not be longer than 256 characters", "wrong.long"},
		{"InvalidPasswordException", "Password did not conform with policy: Password must not have leading or trailing spaces", "wrong.space"},
		{"UserLambdaValidationException", "Incorrect username or password.", literal},
		{"InvalidParameterException", "something new", literal},
	} {
		if got := Exception(c.code, c.message); got.Key != c.want {
			t.Errorf("%s %q: %s, want %s", c.code, c.message, got.Key, c.want)
		}
	}
}

// TestKeysExist: the texts that the program asks for exist.
func TestKeysExist(t *testing.T) {
	texts := drawer(t).builtIn.catalogs[English].texts
	fset := token.NewFileSet()
	asked := 0
	err := filepath.WalkDir(root+"/internal/web", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		for _, key := range saidKeys(file) {
			asked++
			if _, found := texts[key]; !found {
				t.Errorf("%s says %q, which is no text", path, key)
			}
		}
		return nil
	})
	if err != nil || asked < 50 {
		t.Fatal(err, asked)
	}
}

// saidKeys are the constant keys of a file's calls of Say, text and the like.
func saidKeys(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		name := ""
		switch fun := call.Fun.(type) {
		case *ast.Ident:
			name = fun.Name
		case *ast.SelectorExpr:
			name = fun.Sel.Name
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && (name == "Say" || name == "text") {
			if key, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(key, ".") {
				out = append(out, key)
			}
		}
		return true
	})
	return out
}
