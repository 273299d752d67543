package audit

import (
	"fmt"
	"strings"
	"time"

	"cognate/internal/base/db"
)

// Migrations of the records. They stay when their pool or user goes: who deleted it is part of them. The columns of pool
// and user are named accordingly.
var Migrations = []db.Migration{{
	ID: "audit/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "audit_event",
			Columns: []db.Column{
				{Name: "about_pool", Type: db.Text}, // "" for what concerns none
				{Name: "at", Type: db.Int},
				{Name: "id", Type: db.Text},
				{Name: "service", Type: db.Text},
				{Name: "operation", Type: db.Text},
				{Name: "request_id", Type: db.Text},
				{Name: "principal", Type: db.Text},
				{Name: "access_key_id", Type: db.Text},
				{Name: "source", Type: db.Text},
				{Name: "region", Type: db.Text},
				{Name: "about_name", Type: db.Text},
				{Name: "about_sub", Type: db.Text},
				{Name: "target", Type: db.Text},
				{Name: "outcome", Type: db.Text},
			},
			PrimaryKey: []string{"about_pool", "at", "id"},
		},
		db.CreateIndex{Name: "audit_event_at", Table: "audit_event", Columns: []string{"at", "id"}},
	},
}}

const columns = "about_pool, at, id, service, operation, request_id, principal, access_key_id, source, region, about_name, about_sub," +
	" target, outcome"

const insertSQL = "INSERT INTO audit_event (" + columns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)" +
	" ON CONFLICT (about_pool, at, id) DO NOTHING"

func (e Event) row() []any {
	return []any{
		bounded(e.Pool), e.At.UnixMilli(), e.ID, e.Service, e.Operation, e.RequestID, bounded(e.Principal), bounded(e.AccessKey),
		bounded(e.Source), e.Region, bounded(e.Username), bounded(e.Sub), bounded(e.Target), e.Outcome,
	}
}

// bounded keeps what a caller wrote storable and short.
func bounded(s string) string {
	const most = 256
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func insert(tx *db.Tx, e Event) error {
	_, err := tx.Exec(insertSQL, e.row()...)
	return err
}

// insertLater writes the record in the round trip of the commit.
func insertLater(tx *db.Tx, e Event) error { return tx.ExecLater(insertSQL, e.row()...) }

func remove(tx *db.Tx, e Event) error {
	_, err := tx.Exec("DELETE FROM audit_event WHERE about_pool = $1 AND at = $2 AND id = $3", bounded(e.Pool), e.At.UnixMilli(), e.ID)
	return err
}

// list reads the newest records of a filter. A pool is one range of the primary key, all pools one of the index.
func list(tx *db.Tx, f Filter) ([]Event, error) {
	where, args := []string{"at >= $1"}, []any{f.Since.UnixMilli()}
	if f.Since.IsZero() {
		args[0] = int64(0)
	}
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if f.Pool != "" {
		add("about_pool = ?", f.Pool)
	}
	if f.User != "" {
		add("(about_name = ? OR about_sub = ?)", f.User)
	}
	if f.Operation != "" {
		add("operation = ?", f.Operation)
	}
	args = append(args, f.Limit)
	rows, err := tx.Query(fmt.Sprintf("SELECT %s FROM audit_event WHERE %s ORDER BY at DESC, id DESC LIMIT $%d", columns,
		strings.Join(where, " AND "), len(args)), args...)
	if err != nil {
		return nil, err
	}
	var events []Event
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&e.Pool, &at, &e.ID, &e.Service, &e.Operation, &e.RequestID, &e.Principal, &e.AccessKey, &e.Source, &e.Region,
			&e.Username, &e.Sub, &e.Target, &e.Outcome); err != nil {
			rows.Close()
			return nil, err
		}
		e.At = time.UnixMilli(at).UTC()
		events = append(events, e)
	}
	return events, rows.Err()
}

// sweep removes up to limit records of before a time.
func sweep(tx *db.Tx, before time.Time, limit int) (int, error) {
	rows, err := tx.Query("SELECT about_pool, at, id FROM audit_event WHERE at < $1 ORDER BY at, id LIMIT $2", before.UnixMilli(), limit)
	if err != nil {
		return 0, err
	}
	var old []Event
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&e.Pool, &at, &e.ID); err != nil {
			rows.Close()
			return 0, err
		}
		e.At = time.UnixMilli(at)
		old = append(old, e)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for _, e := range old {
		if err := remove(tx, e); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}
