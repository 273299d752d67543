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
}, {
	// A lane is a receiving server: rows of one that is away are left alone. queued_at and expires_at are 0 in older rows.
	ID: "message/0002",
	Steps: []db.Step{
		db.AddColumn{Table: "message_outbox", Column: db.Column{Name: "lane", Type: db.Text}},
		db.AddColumn{Table: "message_outbox", Column: db.Column{Name: "queued_at", Type: db.Int}},
		db.AddColumn{Table: "message_outbox", Column: db.Column{Name: "expires_at", Type: db.Int}},
		db.CreateIndex{Name: "message_outbox_lane", Table: "message_outbox", Columns: []string{"lane", "due"}},
		db.CreateIndex{Name: "message_outbox_age", Table: "message_outbox", Columns: []string{"pool_id", "queued_at", "expires_at"}},
	},
}}

type outboxRow struct {
	poolID, id, lane    string
	due, tries, version int64
	queued, expires     int64
	sealed              []byte
}

func insertOutbox(tx *db.Tx, r outboxRow) error {
	return tx.ExecLater(`INSERT INTO message_outbox (pool_id, id, due, tries, version, sealed, lane, queued_at, expires_at)
		VALUES ($1, $2, $3, 0, 0, $4, $5, $6, $7)`, r.poolID, r.id, r.due, r.sealed, r.lane, r.queued, r.expires)
}

// claimOutbox takes up to limit rows of a lane that are due until leaseEnd. Rows
// that another node takes at the same moment are left to it.
func claimOutbox(tx *db.Tx, lane string, now, leaseEnd int64, limit int) ([]outboxRow, error) {
	rows, err := tx.Query(`SELECT pool_id, id, tries, version, sealed, queued_at, expires_at FROM message_outbox
		WHERE lane = $1 AND due <= $2 ORDER BY due LIMIT $3`, lane, now, limit)
	if err != nil {
		return nil, err
	}
	var found []outboxRow
	for rows.Next() {
		r := outboxRow{lane: lane}
		if err := rows.Scan(&r.poolID, &r.id, &r.tries, &r.version, &r.sealed, &r.queued, &r.expires); err != nil {
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

// deleteOutbox removes a row and reports whether it was still held.
func deleteOutbox(tx *db.Tx, r outboxRow) (bool, error) {
	n, err := tx.Exec(`DELETE FROM message_outbox WHERE pool_id = $1 AND id = $2 AND version = $3`, r.poolID, r.id, r.version)
	return n == 1, err
}

// postponeOutbox gives a row back for a later try.
func postponeOutbox(tx *db.Tx, r outboxRow, due int64) error {
	_, err := tx.Exec(`UPDATE message_outbox SET due = $1, version = version + 1 WHERE pool_id = $2 AND id = $3 AND version = $4`,
		due, r.poolID, r.id, r.version)
	return err
}

// head is the earliest row of a lane.
type head struct {
	lane string
	due  int64
}

// nextHead is the head of the first lane behind another, or of the first one when all is wanted; db.ErrNoRows when there is
// none.
func nextHead(tx *db.Tx, behind string, first bool) (h head, err error) {
	if first {
		err = tx.QueryRow(`SELECT lane, due FROM message_outbox ORDER BY lane, due LIMIT 1`).Scan(&h.lane, &h.due)
	} else {
		err = tx.QueryRow(`SELECT lane, due FROM message_outbox WHERE lane > $1 ORDER BY lane, due LIMIT 1`, behind).Scan(&h.lane, &h.due)
	}
	return h, err
}

// depths are how many rows each pool has waiting, and since when the oldest does (ms, 0 for none). The answer comes from
// an index alone.
func depths(tx *db.Tx) (pools map[string]int64, oldest int64, err error) {
	rows, err := tx.Query(`SELECT pool_id, count(*), min(queued_at) FROM message_outbox WHERE queued_at > 0 GROUP BY pool_id`)
	if err != nil {
		return nil, 0, err
	}
	pools = map[string]int64{}
	for rows.Next() {
		var poolID string
		var n, since int64
		if err := rows.Scan(&poolID, &n, &since); err != nil {
			return nil, 0, err
		}
		pools[poolID] = n
		if oldest == 0 || since < oldest {
			oldest = since
		}
	}
	return pools, oldest, rows.Err()
}

// dropOutlived removes up to limit rows whose codes are over and returns how many.
func dropOutlived(tx *db.Tx, now int64, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM message_outbox WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM message_outbox WHERE queued_at > 0 AND expires_at <= $1 LIMIT $2)`, now, limit)
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
