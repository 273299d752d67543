package db

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Migration is a numbered group of steps, applied once per database.
type Migration struct {
	// ID is the room and a number, "pool/0001". It never changes.
	ID    string
	Steps []Step
}

// checksum changes whenever the steps do.
func (m Migration) checksum() string {
	h := sha256.New()
	for _, s := range m.Steps {
		fmt.Fprintf(h, "%s;\n", s.render(Postgres))
		if t, ok := s.(CreateTable); ok {
			fmt.Fprintf(h, "wide %t\n", t.Wide)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// schema is the state of all tables after a list of migrations.
type schema struct {
	ids    []string // migration ids with checksums
	tables []CreateTable
	index  []CreateIndex
	data   []Statement
}

// newSchema plays migrations and reports mistakes in them.
func newSchema(ms []Migration) (*schema, error) {
	s := &schema{}
	seen := map[string]bool{}
	for _, m := range ms {
		if m.ID == "" || seen[m.ID] {
			return nil, fmt.Errorf("db: migration id %q is empty or used twice", m.ID)
		}
		seen[m.ID] = true
		s.ids = append(s.ids, m.ID+" "+m.checksum())
		for _, st := range m.Steps {
			if err := s.step(st); err != nil {
				return nil, fmt.Errorf("db: migration %s: %w", m.ID, err)
			}
		}
	}
	return s, nil
}

func (s *schema) table(name string) *CreateTable {
	for i := range s.tables {
		if s.tables[i].Name == name {
			return &s.tables[i]
		}
	}
	return nil
}

func (t *CreateTable) has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == column })
}

func (s *schema) step(st Step) error {
	switch st := st.(type) {
	case CreateTable:
		if s.table(st.Name) != nil {
			return fmt.Errorf("table %s exists already", st.Name)
		}
		st.Columns = slices.Clone(st.Columns)
		if len(st.PrimaryKey) == 0 {
			return fmt.Errorf("table %s has no primary key", st.Name)
		}
		for _, k := range st.PrimaryKey {
			if !st.has(k) {
				return fmt.Errorf("table %s has no column %s", st.Name, k)
			}
		}
		s.tables = append(s.tables, st)
	case AddColumn:
		t := s.table(st.Table)
		if t == nil || t.has(st.Column.Name) {
			return fmt.Errorf("cannot add column %s.%s", st.Table, st.Column.Name)
		}
		c := st.Column
		if c.Default == nil && !c.Null {
			c.Default = c.Type.zero()
		}
		t.Columns = append(t.Columns, c)
	case CreateIndex:
		t := s.table(st.Table)
		if t == nil {
			return fmt.Errorf("index %s on unknown table %s", st.Name, st.Table)
		}
		for _, c := range st.Columns {
			if !t.has(c) {
				return fmt.Errorf("index %s on unknown column %s", st.Name, c)
			}
		}
		s.index = append(s.index, st)
	case Statement:
		s.data = append(s.data, st)
	}
	return nil
}

// SchemaText is the schema that results from migrations, as PostgreSQL
// statements in a stable order. It panics on migrations that Migrate refuses.
func SchemaText(ms []Migration) string {
	s, err := newSchema(append(slices.Clone(ownMigrations), ms...))
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	b.WriteString("-- The schema after all migrations, as PostgreSQL sees it. Generated; do not edit.\n")
	for _, t := range s.tables {
		fmt.Fprintf(&b, "\n%s;\n", strings.Replace(t.render(Postgres), " IF NOT EXISTS", "", 1))
		for _, i := range s.index {
			if i.Table == t.Name {
				fmt.Fprintf(&b, "%s;\n", strings.Replace(i.render(Postgres), " IF NOT EXISTS", "", 1))
			}
		}
	}
	for _, st := range s.data {
		fmt.Fprintf(&b, "\n%s;\n", st.SQL)
	}
	return b.String()
}

// Tables are all tables after the migrations, those of this package included.
func Tables(ms []Migration) []CreateTable {
	s, err := newSchema(append(slices.Clone(ownMigrations), ms...))
	if err != nil {
		panic(err)
	}
	return s.tables
}

// ownMigrations are the tables of this package, made before all others.
var ownMigrations = []Migration{{
	ID: "db/0001",
	Steps: []Step{
		CreateTable{
			Name: "db_migration",
			Columns: []Column{
				{Name: "id", Type: Text},
				{Name: "checksum", Type: Text},
				{Name: "applied_at", Type: Int},
			},
			PrimaryKey: []string{"id"},
		},
		CreateTable{
			Name: "db_lock",
			Columns: []Column{
				{Name: "name", Type: Text},
				{Name: "owner", Type: Text},
				{Name: "expires_at", Type: Int},
			},
			PrimaryKey: []string{"name"},
		},
		CreateTable{
			Name: "db_commit",
			Columns: []Column{
				{Name: "id", Type: Text},
				{Name: "kind", Type: Text},
				{Name: "at", Type: Int},
			},
			PrimaryKey: []string{"id"},
		},
	},
}}
