package token

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognate/internal/base/db"
)

// Migrations of this room: token sessions and signing keys. The rows of one user lie together, and a table spread by
// sub keeps them on one node: revoking all of them is one range of the primary key.
var Migrations = []db.Migration{{
	ID: "token/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "token_session",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "sub", Type: db.Text},
				{Name: "event_id", Type: db.Text},
				{Name: "id", Type: db.Text},
				{Name: "origin_jti", Type: db.Text},
				{Name: "client_id", Type: db.Text},
				{Name: "device_key", Type: db.Text},
				{Name: "scope", Type: db.Text},
				{Name: "amr", Type: db.Text}, // parted by spaces
				{Name: "acr", Type: db.Text},
				{Name: "auth_time", Type: db.Int}, // seconds since epoch
				{Name: "parent", Type: db.Text},
				{Name: "ip", Type: db.Text},
				{Name: "user_agent", Type: db.Text},
				{Name: "created_at", Type: db.Int},
				{Name: "last_active_at", Type: db.Int},
				{Name: "expires_at", Type: db.Int},
				{Name: "generation", Type: db.Int},
				{Name: "rotated_at", Type: db.Int},
				{Name: "seed_hash", Type: db.Blob},
			},
			PrimaryKey: []string{"pool_id", "sub", "event_id"},
		},
		db.CreateIndex{Name: "token_session_expiry", Table: "token_session", Columns: []string{"expires_at"}},
		db.CreateTable{
			Name: "signing_key",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text},
				{Name: "kid", Type: db.Text},
				{Name: "purpose", Type: db.Text},    // id or access
				{Name: "private", Type: db.Blob},    // PKCS #8, sealed
				{Name: "active_from", Type: db.Int}, // published before, used from here on
				{Name: "expires_at", Type: db.Int},  // 0 while it is the newest of its purpose
			},
			PrimaryKey: []string{"pool_id", "kid"},
		},
		db.CreateIndex{Name: "signing_key_expiry", Table: "signing_key", Columns: []string{"expires_at"}},
	},
}, trackedMigration, {
	// The epoch of the user at the authentication; -1 in sessions of before.
	ID:    "token/0003",
	Steps: []db.Step{db.AddColumn{Table: "token_session", Column: db.Column{Name: "epoch", Type: db.Int, Default: -1}}},
}, {
	// The resource that access tokens are for (RFC 8707), and the epoch of the user at a managed-login sign-in.
	ID: "token/0004",
	Steps: []db.Step{
		db.AddColumn{Table: "token_session", Column: db.Column{Name: "resource", Type: db.Text, Default: ""}},
		db.AddColumn{Table: "sso_session", Column: db.Column{Name: "epoch", Type: db.Int, Default: -1}},
	},
}, {
	// The device of a managed-login sign-in, "" for none.
	ID:    "token/0005",
	Steps: []db.Step{db.AddColumn{Table: "sso_session", Column: db.Column{Name: "device_key", Type: db.Text, Default: ""}}},
}, {
	// The metadata document by which a stranger uses the client of the session.
	ID:    "token/0006",
	Steps: []db.Step{db.AddColumn{Table: "token_session", Column: db.Column{Name: "document_url", Type: db.Text, Default: ""}}},
}}

func insertSession(tx *db.Tx, s *Session) error {
	_, err := tx.Exec(`INSERT INTO token_session (pool_id, sub, event_id, id, origin_jti, client_id, device_key, scope,
			amr, acr, auth_time, parent, ip, user_agent, created_at, last_active_at, expires_at,
			generation, rotated_at, seed_hash, epoch, resource, document_url)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0, $18, $19, $20, $21)`,
		s.PoolID, s.Sub, s.EventID, s.ID, s.OriginJTI, s.ClientID, s.DeviceKey, s.Scope,
		strings.Join(s.AMR, " "), s.ACR, s.AuthTime, s.Parent, s.IP, s.UserAgent, s.Created, s.LastActive, s.Expires,
		s.seedHash, s.Epoch, s.Resource, s.DocumentURL)
	return err
}

// findSession is the one point read of refreshing and of verifying an access token; db.ErrNoRows when it has ended.
func findSession(tx *db.Tx, poolID, sub, eventID string) (*Session, error) {
	s := &Session{PoolID: poolID, Sub: sub, EventID: eventID}
	var amr string
	err := tx.QueryRow(`SELECT id, origin_jti, client_id, device_key, scope, amr, acr, auth_time, parent, ip, user_agent,
			created_at, last_active_at, expires_at, generation, rotated_at, seed_hash, epoch, resource, document_url
		FROM token_session WHERE pool_id = $1 AND sub = $2 AND event_id = $3`, poolID, sub, eventID).
		Scan(&s.ID, &s.OriginJTI, &s.ClientID, &s.DeviceKey, &s.Scope, &amr, &s.ACR, &s.AuthTime, &s.Parent, &s.IP,
			&s.UserAgent, &s.Created, &s.LastActive, &s.Expires, &s.generation, &s.rotated, &s.seedHash, &s.Epoch, &s.Resource, &s.DocumentURL)
	if err != nil {
		return nil, err
	}
	s.AMR = strings.Fields(amr)
	return s, nil
}

// rotateSession moves the session to its next generation; false when it is not at the expected one any more.
func rotateSession(tx *db.Tx, s *Session, now int64) (bool, error) {
	n, err := tx.Exec(`UPDATE token_session SET generation = generation + 1, rotated_at = $4, last_active_at = $4
		WHERE pool_id = $1 AND sub = $2 AND event_id = $3 AND generation = $5`,
		s.PoolID, s.Sub, s.EventID, now, s.generation)
	return n == 1, err
}

func deleteSession(tx *db.Tx, poolID, sub, eventID string) (bool, error) {
	n, err := tx.Exec(`DELETE FROM token_session WHERE pool_id = $1 AND sub = $2 AND event_id = $3`,
		poolID, sub, eventID)
	return n == 1, err
}

func deleteUserSessions(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM token_session WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

func deleteDeviceSessions(tx *db.Tx, poolID, sub, deviceKey string) error {
	_, err := tx.Exec(`DELETE FROM token_session WHERE pool_id = $1 AND sub = $2 AND device_key = $3`, poolID, sub, deviceKey)
	return err
}

func deletePoolSessions(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM token_session WHERE (pool_id, sub, event_id) IN
		(SELECT pool_id, sub, event_id FROM token_session WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	return int(n), err
}

// touchSessions writes the last activity of many sessions; one that moved on meanwhile keeps the later one. The rows are
// locked in the order of their keys, so that two nodes that flush at once wait for each other instead of deadlocking.
func touchSessions(tx *db.Tx, touches map[touchKey]touch) error {
	keys := slices.SortedFunc(maps.Keys(touches), touchKey.compare)
	stmts := make([]db.Stmt, len(keys))
	for i, k := range keys {
		v := touches[k]
		stmts[i] = db.Stmt{SQL: touchSession, Args: []any{k.poolID, k.sub, k.eventID, v.at, v.ip, v.agent}}
	}
	if _, err := tx.ExecBatch(stmts...); err != nil {
		return fmt.Errorf("token: write activity: %w", err)
	}
	return nil
}

const touchSession = `UPDATE token_session SET last_active_at = $4, ip = $5, user_agent = $6
	WHERE pool_id = $1 AND sub = $2 AND event_id = $3 AND last_active_at <= $4`

// sweep removes sessions whose refresh token expired before sessionsBefore and keys that expired before keysBefore.
func sweep(tx *db.Tx, sessionsBefore, keysBefore int64, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM token_session WHERE (pool_id, sub, event_id) IN
		(SELECT pool_id, sub, event_id FROM token_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)
		AND expires_at <= $1`, sessionsBefore, limit)
	if err != nil {
		return 0, fmt.Errorf("token: sweep sessions: %w", err)
	}
	m, err := tx.Exec(`DELETE FROM signing_key WHERE expires_at > 0 AND expires_at <= $1`, keysBefore)
	if err != nil {
		return 0, fmt.Errorf("token: sweep keys: %w", err)
	}
	return int(n + m), nil
}

// keyRow is a signing key as the database holds it.
type keyRow struct {
	kid, purpose        string
	private             []byte // sealed
	activeFrom, expires int64
}

func insertKey(tx *db.Tx, poolID string, k keyRow) error {
	_, err := tx.Exec(`INSERT INTO signing_key (pool_id, kid, purpose, private, active_from, expires_at)
		VALUES ($1, $2, $3, $4, $5, 0)`, poolID, k.kid, k.purpose, k.private, k.activeFrom)
	return err
}

// listKeys returns the keys of a pool, the newest first.
func listKeys(tx *db.Tx, poolID string) ([]keyRow, error) {
	rows, err := tx.Query(`SELECT kid, purpose, private, active_from, expires_at FROM signing_key
		WHERE pool_id = $1 ORDER BY active_from DESC, kid`, poolID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []keyRow
	for rows.Next() {
		var k keyRow
		if err := rows.Scan(&k.kid, &k.purpose, &k.private, &k.activeFrom, &k.expires); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// retireKeys gives the newest keys of a pool an end.
func retireKeys(tx *db.Tx, poolID string, expires int64) error {
	_, err := tx.Exec(`UPDATE signing_key SET expires_at = $2 WHERE pool_id = $1 AND expires_at = 0`, poolID, expires)
	return err
}

// keysPending reports whether a published key waits to be used.
func keysPending(tx *db.Tx, poolID string, now int64) (bool, error) {
	var kid string
	err := tx.QueryRow(`SELECT kid FROM signing_key WHERE pool_id = $1 AND active_from > $2 LIMIT 1`, poolID, now).
		Scan(&kid)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func deleteKeys(tx *db.Tx, poolID string) error {
	_, err := tx.Exec(`DELETE FROM signing_key WHERE pool_id = $1`, poolID)
	return err
}
