package archtest

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// rooms orders the rooms of internal/core. A room may import only rooms of an earlier step; rooms of one step do not
// know each other. A new room has to be placed here before it compiles into the product.
var rooms = [][]string{
	{"lifecycle"},
	{"guard", "pool", "policy", "audit"},
	{"branding", "challenge", "clientdoc", "code", "iam", "kms", "password", "token", "trigger"},
	{"message", "machine", "sts", "cedar"},
	{"directory", "identity", "risk"},
	{"factor", "device", "session", "registration", "exchange", "importjob", "dataset", "transfer"},
	{"signin"},
	{"account", "authorization", "federation"},
}

// shell is what the packages with pages and endpoints share; they do not know each other.
const shell = "internal/web/site"

// below lists, for every area of the repository, the areas it may import besides itself.
var below = map[string][]string{
	"base":     {},
	"api":      {},
	"core":     {"api", "base"},
	"wire":     {"api", "base"},
	"rooms":    {"core", "api", "base"},
	"web":      {"core", "api", "base"},
	"config":   {"api", "base"},
	"docs":     {},
	"server":   {"docs", "config", "rooms", "web", "wire", "core", "api", "base"},
	"cli":      {"config", "server", "rooms", "web", "wire", "core", "api", "base"},
	"cmd":      {"cli", "config"},
	"release":  {},
	"testkit":  {"rooms", "core", "api", "base"},
	"archtest": {},
	"test":     {"testkit", "api", "base"},
	"bench":    {"testkit", "cli", "config", "server", "rooms", "web", "wire", "core", "api", "base"},
}

// step returns the place of a core room in the order, or -1.
func step(room string) int {
	for i, names := range rooms {
		for _, name := range names {
			if name == room {
				return i
			}
		}
	}
	return -1
}

// area splits a directory of the repository into its layer and, within core, its room.
func area(dir string) (layer, room string) {
	parts := strings.Split(strings.TrimPrefix(dir, "internal/"), "/")
	if parts[0] == "core" && len(parts) > 1 {
		return "core", parts[1]
	}
	return parts[0], ""
}

// allowed reports why a file in directory from must not import the package in directory to; nil when it may.
// Test files may use testkit everywhere and, in core and web, the assembled rooms and any other room: what they wire
// together ships nowhere.
func allowed(from, to string, test bool) error {
	layer, room := area(from)
	target, targetRoom := area(to)
	permitted, known := below[layer]
	if !known {
		return fmt.Errorf("the layer %q has no place in the order; add it to internal/archtest with a record in docs/adr", layer)
	}
	if layer == "core" {
		if step(room) < 0 {
			return fmt.Errorf("the room core/%s has no place in the order of rooms", room)
		}
		if target == "core" && room != targetRoom {
			switch {
			case test:
				return nil
			case step(targetRoom) < 0:
				return fmt.Errorf("the room core/%s has no place in the order of rooms", targetRoom)
			case step(targetRoom) >= step(room):
				return fmt.Errorf("core/%s stands left of or beside core/%s", room, targetRoom)
			}
			return nil
		}
	}
	if layer == "web" && target == "web" && !test && from != to && to != shell && !strings.HasPrefix(to, from+"/") {
		return fmt.Errorf("packages of web know only %s of each other, and what lies below them", shell)
	}
	if layer == target {
		return nil
	}
	if test && (target == "testkit" || target == "rooms" && (layer == "core" || layer == "web")) {
		return nil
	}
	for _, p := range permitted {
		if p == target {
			return nil
		}
	}
	return fmt.Errorf("%s may import only itself and %v", layer, permitted)
}

func TestLayers(t *testing.T) {
	r := load(t)
	for _, file := range r.Files {
		for _, path := range file.Imports() {
			to, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			if err := allowed(file.Dir, to, file.Test()); err != nil {
				t.Errorf("%s imports %s: %v", file.Path, path, err)
			}
		}
	}
}

// TestAllowed holds the rule itself to known cases, so that a slip in it cannot make TestLayers pass by accident.
func TestAllowed(t *testing.T) {
	cases := []struct {
		from, to string
		test, ok bool
	}{
		{"internal/base/db", "internal/base/clock", false, true},
		{"internal/base/db", "internal/api/rt", false, false},
		{"internal/base/db", "internal/testkit/dbtest", true, true},
		{"internal/base/db", "internal/testkit/dbtest", false, false},
		{"internal/api/cognitoidp", "internal/api/rt", false, true},
		{"internal/api/cognitoidp", "internal/base/id", false, false},
		{"internal/core/token", "internal/core/pool", false, true},
		{"internal/core/pool", "internal/core/token", false, false},
		{"internal/core/token", "internal/core/code", false, false},
		{"internal/core/token", "internal/core/code", true, true},
		{"internal/core/token", "internal/core/token/keys", false, true},
		{"internal/core/signin", "internal/core/account", false, false},
		{"internal/core/account", "internal/core/signin", false, true},
		{"internal/core/account", "internal/core/federation", false, false},
		{"internal/core/account", "internal/web/oauth", false, false},
		{"internal/core/account", "internal/wire", true, false},
		{"internal/core/parlour", "internal/base/db", false, false},
		{"internal/core/account", "internal/core/parlour", false, false},
		{"internal/wire/awsjson", "internal/wire", false, true},
		{"internal/wire", "internal/core/pool", false, false},
		{"internal/web/oauth", "internal/wire", false, false},
		{"internal/web/oauth", "internal/core/signin", false, true},
		{"internal/web/oauth", "internal/web/site", false, true},
		{"internal/web/oauth", "internal/web/login", false, false},
		{"internal/web/site", "internal/web/login", false, false},
		{"internal/web/login", "internal/web/login/screen", false, true},
		{"internal/web/login/screen", "internal/web/login", false, false},
		{"internal/web/oauth", "internal/web/login/screen", false, false},
		{"internal/server", "internal/web/oauth", false, true},
		{"internal/server", "internal/rooms", false, true},
		{"internal/rooms", "internal/core/signin", false, true},
		{"internal/rooms", "internal/server", false, false},
		{"internal/rooms", "internal/web/login", false, false},
		{"internal/web/login", "internal/rooms", false, false},
		{"internal/web/login", "internal/rooms", true, true},
		{"internal/core/account", "internal/rooms", false, false},
		{"internal/core/account", "internal/rooms", true, true},
		{"internal/wire", "internal/rooms", true, false},
		{"internal/core/pool", "internal/core/lifecycle", false, true},
		{"internal/server", "internal/cli", false, false},
		{"internal/server", "internal/config", false, true},
		{"internal/config", "internal/server", false, false},
		{"cmd/cognate", "internal/cli", false, true},
		{"cmd/cognate", "internal/server", false, false},
		{"internal/annex", "internal/base/db", false, false},
		{"test/clients/gosdk", "internal/base/srp", true, true},
		{"test/clients/gosdk", "internal/server", true, false},
	}
	for _, c := range cases {
		err := allowed(c.from, c.to, c.test)
		if (err == nil) != c.ok {
			t.Errorf("allowed(%s, %s, test %v) = %v, want allowed %v", c.from, c.to, c.test, err, c.ok)
		}
	}
}

// drivers are the packages through which a database is reached; only base/db, the test kit that starts databases and
// the benchmarks that fill them may know them.
var drivers = []string{"database/sql", "github.com/jackc/pgx/", "modernc.org/sqlite"}

// serverSide are the names of net/http that make code a server or a handler.
var serverSide = map[string]bool{
	"ResponseWriter": true, "Handler": true, "HandlerFunc": true, "ServeMux": true, "NewServeMux": true,
	"Server": true, "ListenAndServe": true, "Serve": true, "Handle": true, "HandleFunc": true, "Error": true,
	"NotFound": true, "Redirect": true, "SetCookie": true, "FileServer": true, "MaxBytesReader": true,
}

func TestDatabaseDrivers(t *testing.T) {
	for _, file := range load(t).Files {
		layer, _ := area(file.Dir)
		if file.Test() || layer == "testkit" || layer == "bench" || strings.HasPrefix(file.Dir, "internal/base/db") {
			continue
		}
		for _, path := range file.Imports() {
			for _, driver := range drivers {
				if strings.HasPrefix(path+"/", strings.TrimSuffix(driver, "/")+"/") {
					t.Errorf("%s imports %s: databases are reached only through internal/base/db", file.Path, path)
				}
			}
		}
	}
}

// TestCoreServesNoHTTP keeps handlers out of the rules: a room may call out over HTTP, but never answers it.
func TestCoreServesNoHTTP(t *testing.T) {
	r := load(t)
	for _, file := range r.Files {
		if layer, _ := area(file.Dir); layer != "core" || file.Test() {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "http" && serverSide[sel.Sel.Name] {
				t.Errorf("%s: core uses http.%s", r.at(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}
