package server

import (
	"context"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/rooms"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ instead of comparing them")

const (
	schemaFile      = "../../docs/schema.sql"
	divergencesFile = "../../docs/divergences.md"
	notBuiltTitle   = "## Operations not built yet\n"
)

// TestSchemaFile holds docs/schema.sql to what the migrations of all rooms make.
func TestSchemaFile(t *testing.T) {
	want := db.SchemaText(rooms.Migrations())
	if *update {
		if err := os.WriteFile(schemaFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil || string(have) != want {
		t.Errorf("docs/schema.sql is not what the migrations make (%v); run go test ./internal/server -update", err)
	}
}

// notBuilt calls every operation of the user pools API on rooms that do not exist: what no room implements says so, what
// one does fails on the missing room.
func notBuilt(t *testing.T) []string {
	t.Helper()
	var names []string
	service := reflect.ValueOf(cognitoidp.Service(rooms.UserPools{}))
	for _, op := range cognitoidp.Operations {
		method := service.MethodByName(op.Name)
		in := reflect.New(method.Type().In(1).Elem())
		func() {
			defer func() { _ = recover() }()
			out := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
			err, _ := out[len(out)-1].Interface().(error)
			var missing *rt.NotBuilt
			if errors.As(err, &missing) {
				names = append(names, op.Name)
			}
		}()
	}
	return names
}

// TestOperationsNotBuilt holds docs/divergences.md to the operations that no room implements.
func TestOperationsNotBuilt(t *testing.T) {
	names := notBuilt(t)
	if !slices.IsSorted(names) || slices.Contains(names, "InitiateAuth") {
		t.Fatalf("not built: %v", names)
	}
	text, err := os.ReadFile(divergencesFile)
	if err != nil {
		t.Fatal(err)
	}
	before, section, found := strings.Cut(string(text), notBuiltTitle)
	if !found {
		t.Fatalf("docs/divergences.md has no section %q", strings.TrimSpace(notBuiltTitle))
	}
	section, after, _ := strings.Cut(section, "\n## ")
	if after != "" {
		after = "\n## " + after
	}
	intro, _, _ := strings.Cut(section, "\n- ")
	var list strings.Builder
	for _, name := range names {
		list.WriteString("\n- " + name)
	}
	want := before + notBuiltTitle + strings.TrimRight(intro, "\n") + "\n" + list.String() + "\n" + after
	if *update {
		if err := os.WriteFile(divergencesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("docs/divergences.md does not list exactly the operations that no room implements, %v; run go test ./internal/server -update", names)
	}
}
