package db

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is a column type of the portable subset.
type Type int

// Column types. Times are Int in milliseconds since the epoch, JSON is Text.
const (
	Text Type = iota + 1
	Int
	Bool
	Blob
)

// Column is a table column; NOT NULL unless Null is set.
type Column struct {
	Name string
	Type Type
	Null bool
	// Default is a Go value (string, int, bool, []byte) or nil for none.
	// AddColumn without a default gives existing rows the type's zero value.
	Default any
}

// Step is one structured change of the schema: CreateTable, CreateIndex,
// AddColumn or Statement. Steps are additive, so that the previous version of
// the program still runs on the result.
type Step interface {
	// render writes the step for an engine, safe to be run again where the
	// engine allows it.
	render(e Engine) string
}

// CreateTable makes a table. On SQLite it has no rowid, which suits rows up
// to a few hundred bytes; set Wide for rows that carry large values.
type CreateTable struct {
	Name       string
	Columns    []Column
	PrimaryKey []string
	Wide       bool
	// NoDump keeps the table out of Dump and Restore (leases).
	NoDump bool
}

// CreateIndex makes a secondary index; uniqueness belongs to primary keys.
type CreateIndex struct {
	Name    string
	Table   string
	Columns []string
}

// AddColumn adds a column to an existing table.
type AddColumn struct {
	Table  string
	Column Column
}

// Statement runs portable SQL that fills or changes data. It may run more than
// once and must then change nothing (ON CONFLICT DO NOTHING and the like).
type Statement struct {
	SQL string
}

func (t CreateTable) render(e Engine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n", t.Name)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "    %s,\n", c.render(e))
	}
	fmt.Fprintf(&b, "    PRIMARY KEY (%s)\n)", strings.Join(t.PrimaryKey, ", "))
	if e == SQLite {
		b.WriteString(" STRICT")
		if !t.Wide {
			b.WriteString(", WITHOUT ROWID")
		}
	}
	return b.String()
}

func (i CreateIndex) render(Engine) string {
	return fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (%s)", i.Name, i.Table, strings.Join(i.Columns, ", "))
}

func (a AddColumn) render(e Engine) string {
	c := a.Column
	if c.Default == nil && !c.Null {
		c.Default = c.Type.zero()
	}
	exists := "IF NOT EXISTS "
	if e == SQLite {
		exists = "" // unknown there, and not needed: its migrations are atomic
	}
	return fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s%s", a.Table, exists, c.render(e))
}

func (s Statement) render(Engine) string { return s.SQL }

func (c Column) render(e Engine) string {
	s := c.Name + " " + c.Type.render(e)
	if !c.Null {
		s += " NOT NULL"
	}
	if c.Default != nil {
		s += " DEFAULT " + literal(c.Default, e)
	}
	return s
}

func (t Type) render(e Engine) string {
	switch {
	case t == Text && e == Postgres:
		return "text" + collate
	case t == Text:
		return "TEXT"
	case t == Int && e == Postgres:
		return "bigint"
	case t == Bool && e == Postgres:
		return "boolean"
	case t == Blob && e == Postgres:
		return "bytea"
	case t == Int || t == Bool:
		return "INTEGER"
	case t == Blob:
		return "BLOB"
	}
	panic(fmt.Sprintf("db: unknown column type %d", t))
}

func (t Type) zero() any {
	switch t {
	case Text:
		return ""
	case Bool:
		return false
	case Blob:
		return []byte{}
	}
	return 0
}

// literal writes a default value.
func literal(v any, e Engine) string {
	b, err := bindArg(v)
	if err != nil {
		panic(err)
	}
	switch v := b.(type) {
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case bool:
		if e == SQLite {
			return strconv.Itoa(map[bool]int{true: 1}[v])
		}
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case []byte:
		if e == SQLite {
			return fmt.Sprintf("x'%x'", v)
		}
		return fmt.Sprintf(`'\x%x'`, v)
	}
	panic(fmt.Sprintf("db: no literal for %T", v))
}

// concurrently is the index built without blocking writers on PostgreSQL.
func (i CreateIndex) concurrently() string {
	return fmt.Sprintf("CREATE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s (%s)", i.Name, i.Table, strings.Join(i.Columns, ", "))
}
