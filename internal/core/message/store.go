package message

import (
	"strconv"

	"cognate/internal/base/db"
)

// Migrations of this room. due is when an outbox row may be taken; taking it
// moves due into the future, so that the row is free again if its taker dies.
var Migrations = []db.Migration{{
	ID: "message/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "message_outbox",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "id", Type: db.Text},
				{Name: "due", Type: db.Int},
				{Name: "tries", Type: db.Int},
				{Name: "version", Type: db.Int},
				{Name: "sealed", Type: db.Blob},
			},
			PrimaryKey: []string{"pool_id", "id"},
			Wide:       true,
		},
		db.CreateIndex{Name: "message_outbox_due", Table: "message_outbox", Columns: []string{"due"}},
		db.CreateTable{
			Name: "message_inbox",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "id", Type: db.Text}, // grows with time
				{Name: "sealed", Type: db.Blob},
			},
			PrimaryKey: []string{"pool_id", "id"},
			Wide:       true,
		},
		db.CreateIndex{Name: "message_inbox_id", Table: "message_inbox", Columns: []string{"id"}},
	},
}}

type outboxRow struct {
	poolID, id          string
	due, tries, version int64
	sealed              []byte
}

func insertOutbox(tx *db.Tx, r outboxRow) error {
	return tx.ExecLater(`INSERT INTO message_outbox (pool_id, id, due, tries, version, sealed) VALUES ($1, $2, $3, 0, 0, $4)`,
		r.poolID, r.id, r.due, r.sealed)
}

// claimOutbox takes up to limit rows that are due until leaseEnd. Rows that
// another node takes at the same moment are left to it.
func claimOutbox(tx *db.Tx, now, leaseEnd int64, limit int) ([]outboxRow, error) {
	rows, err := tx.Query(`SELECT pool_id, id, tries, version, sealed FROM message_outbox WHERE due <= $1 ORDER BY due LIMIT $2`, now, limit)
	if err != nil {
		return nil, err
	}
	var found []outboxRow
	for rows.Next() {
		var r outboxRow
		if err := rows.Scan(&r.poolID, &r.id, &r.tries, &r.version, &r.sealed); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var mine []outboxRow
	for _, r := range found {
		n, err := tx.Exec(`UPDATE message_outbox SET due = $1, tries = tries + 1, version = version + 1 WHERE pool_id = $2 AND id = $3 AND version = $4`,
			leaseEnd, r.poolID, r.id, r.version)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			r.due, r.tries, r.version = leaseEnd, r.tries+1, r.version+1
			mine = append(mine, r)
		}
	}
	return mine, nil
}

// deleteOutbox removes a row that is still held.
func deleteOutbox(tx *db.Tx, r outboxRow) error {
	_, err := tx.Exec(`DELETE FROM message_outbox WHERE pool_id = $1 AND id = $2 AND version = $3`, r.poolID, r.id, r.version)
	return err
}

// postponeOutbox gives a row back for a later try.
func postponeOutbox(tx *db.Tx, r outboxRow, due int64) error {
	_, err := tx.Exec(`UPDATE message_outbox SET due = $1, version = version + 1 WHERE pool_id = $2 AND id = $3 AND version = $4`,
		due, r.poolID, r.id, r.version)
	return err
}

// nextDue is when the earliest row is due; db.ErrNoRows when there is none.
func nextDue(tx *db.Tx) (due int64, err error) {
	err = tx.QueryRow(`SELECT due FROM message_outbox ORDER BY due LIMIT 1`).Scan(&due)
	return due, err
}

type inboxRow struct {
	poolID, id string
	sealed     []byte
}

func insertInbox(tx *db.Tx, r inboxRow) error {
	return tx.ExecLater(`INSERT INTO message_inbox (pool_id, id, sealed) VALUES ($1, $2, $3)`, r.poolID, r.id, r.sealed)
}

// listInbox answers the newest rows of a pool, or of all pools when poolID is "".
func listInbox(tx *db.Tx, poolID string, limit int) ([]inboxRow, error) {
	var rows *db.Rows
	var err error
	if poolID == "" {
		rows, err = tx.Query(`SELECT pool_id, id, sealed FROM message_inbox ORDER BY id DESC LIMIT $1`, limit)
	} else {
		rows, err = tx.Query(`SELECT pool_id, id, sealed FROM message_inbox WHERE pool_id = $1 ORDER BY id DESC LIMIT $2`, poolID, limit)
	}
	if err != nil {
		return nil, err
	}
	var out []inboxRow
	for rows.Next() {
		var r inboxRow
		if err := rows.Scan(&r.poolID, &r.id, &r.sealed); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// inboxState tells the newest row and how many there are.
func inboxState(tx *db.Tx) (string, error) {
	var n int64
	newest := ""
	if err := tx.QueryRow(`SELECT count(*), COALESCE(MAX(id), '') FROM message_inbox`).Scan(&n, &newest); err != nil {
		return "", err
	}
	return newest + "/" + strconv.FormatInt(n, 10), nil
}

// deleteInbox removes a row by its id, which no other pool has.
func deleteInbox(tx *db.Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM message_inbox WHERE id = $1`, id)
	return err
}

// trimInbox removes all but the newest rows of a pool.
func trimInbox(tx *db.Tx, poolID string, keep int) error {
	rows, err := tx.Query(`SELECT id FROM message_inbox WHERE pool_id = $1 ORDER BY id DESC LIMIT $2`, poolID, keep+1)
	if err != nil {
		return err
	}
	n, last := 0, ""
	for rows.Next() {
		if err := rows.Scan(&last); err != nil {
			return err
		}
		n++
	}
	if err := rows.Err(); err != nil || n <= keep {
		return err
	}
	_, err = tx.Exec(`DELETE FROM message_inbox WHERE pool_id = $1 AND id <= $2`, poolID, last)
	return err
}

func deletePool(tx *db.Tx, poolID string) error {
	if _, err := tx.Exec(`DELETE FROM message_outbox WHERE pool_id = $1`, poolID); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM message_inbox WHERE pool_id = $1`, poolID)
	return err
}
