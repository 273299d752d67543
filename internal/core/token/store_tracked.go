package token

import (
	"errors"
	"strings"

	"cognate/internal/base/db"
)

// trackedMigration adds what session tracking needs. A row of token_user makes the sign-ins of one user follow one
// another while they make room among the user's sessions. An sso_session is one managed-login sign-in in one browser;
// token sessions that came through it name it as parent.
var trackedMigration = db.Migration{
	ID: "token/0002",
	Steps: []db.Step{
		db.CreateTable{
			Name: "token_user",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text}, {Name: "opened", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub"},
		},
		db.CreateTable{
			Name: "sso_session",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text}, {Name: "id", Type: db.Text},
				{Name: "client_id", Type: db.Text}, {Name: "amr", Type: db.Text}, {Name: "acr", Type: db.Text},
				{Name: "auth_time", Type: db.Int}, {Name: "ip", Type: db.Text}, {Name: "user_agent", Type: db.Text},
				{Name: "created_at", Type: db.Int}, {Name: "last_active_at", Type: db.Int}, {Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub", "id"},
		},
		db.CreateIndex{Name: "sso_session_expiry", Table: "sso_session", Columns: []string{"expires_at"}},
	},
}

// queue waits until no other transaction makes room for a session of the user.
func queue(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`INSERT INTO token_user (pool_id, sub, opened) VALUES ($1, $2, 1)
		ON CONFLICT (pool_id, sub) DO UPDATE SET opened = token_user.opened + 1`, poolID, sub)
	return err
}

func unqueue(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM token_user WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

// alive are the bounds within which a session is tracked and active, in milliseconds: made at or after since and after
// born, active after active, expiring after now.
type alive struct{ since, born, active, now int64 }

// occupied are the sessions of a user that count against MaxPerUser.
func occupied(tx *db.Tx, poolID, sub string, a alive) ([]*Session, error) {
	rows, err := tx.Query(`SELECT event_id, created_at, last_active_at FROM token_session
		WHERE pool_id = $1 AND sub = $2 AND created_at >= $3 AND created_at > $4 AND last_active_at > $5 AND expires_at > $6`,
		poolID, sub, a.since, a.born, a.active, a.now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Session
	for rows.Next() {
		s := &Session{PoolID: poolID, Sub: sub}
		if err := rows.Scan(&s.EventID, &s.Created, &s.LastActive); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// cursor is where a list of sessions goes on: after the one made at that time with that id.
type cursor struct {
	created int64
	id      string
}

// listTracked returns up to limit token sessions of a user from the cursor on, the newest first.
func listTracked(tx *db.Tx, poolID, sub string, a alive, from cursor, limit int) ([]Tracked, error) {
	rows, err := tx.Query(`SELECT id, client_id, parent, ip, user_agent, created_at, last_active_at, event_id FROM token_session
		WHERE pool_id = $1 AND sub = $2 AND created_at >= $3 AND created_at > $4 AND last_active_at > $5 AND expires_at > $6
			AND (created_at < $7 OR created_at = $7 AND id < $8)
		ORDER BY created_at DESC, id DESC LIMIT $9`,
		poolID, sub, a.since, a.born, a.active, a.now, from.created, from.id, limit)
	return scanTracked(rows, err)
}

// listSSO is listTracked for managed-login sessions, which the limits of token sessions do not end.
func listSSO(tx *db.Tx, poolID, sub string, a alive, from cursor, limit int) ([]Tracked, error) {
	rows, err := tx.Query(`SELECT id, client_id, '', ip, user_agent, created_at, last_active_at, '' FROM sso_session
		WHERE pool_id = $1 AND sub = $2 AND created_at >= $3 AND expires_at > $4
			AND (created_at < $5 OR created_at = $5 AND id < $6)
		ORDER BY created_at DESC, id DESC LIMIT $7`,
		poolID, sub, a.since, a.now, from.created, from.id, limit)
	return scanTracked(rows, err)
}

func scanTracked(rows *db.Rows, err error) ([]Tracked, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Tracked
	for rows.Next() {
		var s Tracked
		if err := rows.Scan(&s.ID, &s.ClientID, &s.Parent, &s.IP, &s.UserAgent, &s.Created, &s.LastActive, &s.eventID); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// endTracked deletes a token session by its public id and returns its parent; false when there is none such.
func endTracked(tx *db.Tx, poolID, sub, id string, a alive) (parent string, found bool, err error) {
	err = tx.QueryRow(`DELETE FROM token_session WHERE pool_id = $1 AND sub = $2 AND id = $3
			AND created_at >= $4 AND created_at > $5 AND last_active_at > $6 AND expires_at > $7 RETURNING parent`,
		poolID, sub, id, a.since, a.born, a.active, a.now).Scan(&parent)
	if errors.Is(err, db.ErrNoRows) {
		return "", false, nil
	}
	return parent, err == nil, err
}

// endSession deletes a token session by its key and returns its parent, "" also when it has ended already.
func endSession(tx *db.Tx, poolID, sub, eventID string) (parent string, err error) {
	err = tx.QueryRow(`DELETE FROM token_session WHERE pool_id = $1 AND sub = $2 AND event_id = $3 RETURNING parent`,
		poolID, sub, eventID).Scan(&parent)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return parent, err
}

// endChildren deletes the token sessions that came through a managed-login session.
func endChildren(tx *db.Tx, poolID, sub, parent string) error {
	_, err := tx.Exec(`DELETE FROM token_session WHERE pool_id = $1 AND sub = $2 AND parent = $3`, poolID, sub, parent)
	return err
}

func insertSSO(tx *db.Tx, s *SSO) error {
	_, err := tx.Exec(`INSERT INTO sso_session (pool_id, sub, id, client_id, amr, acr, auth_time, ip, user_agent,
			created_at, last_active_at, expires_at, epoch, device_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		s.PoolID, s.Sub, s.ID, s.ClientID, strings.Join(s.AMR, " "), s.ACR, s.AuthTime, s.IP, s.UserAgent,
		s.Created, s.LastActive, s.Expires, s.Epoch, s.DeviceKey)
	return err
}

func findSSO(tx *db.Tx, poolID, sub, id string) (*SSO, error) {
	s := &SSO{PoolID: poolID, Sub: sub, ID: id}
	var amr string
	err := tx.QueryRow(`SELECT client_id, amr, acr, auth_time, ip, user_agent, created_at, last_active_at, expires_at, epoch, device_key
		FROM sso_session WHERE pool_id = $1 AND sub = $2 AND id = $3`, poolID, sub, id).
		Scan(&s.ClientID, &amr, &s.ACR, &s.AuthTime, &s.IP, &s.UserAgent, &s.Created, &s.LastActive, &s.Expires, &s.Epoch, &s.DeviceKey)
	s.AMR = strings.Fields(amr)
	return s, err
}

// touchSSO writes the activity of a managed-login session and reports whether it lives.
func touchSSO(tx *db.Tx, s *SSO) (bool, error) {
	n, err := tx.Exec(`UPDATE sso_session SET last_active_at = $4, ip = $5, user_agent = $6
		WHERE pool_id = $1 AND sub = $2 AND id = $3`, s.PoolID, s.Sub, s.ID, s.LastActive, s.IP, s.UserAgent)
	return n == 1, err
}

// grantSSO writes when a managed-login session was last used and reports whether it lives.
func grantSSO(tx *db.Tx, poolID, sub, id string, now int64) (bool, error) {
	n, err := tx.Exec(`UPDATE sso_session SET last_active_at = $4 WHERE pool_id = $1 AND sub = $2 AND id = $3`, poolID, sub, id, now)
	return n == 1, err
}

func dropSSO(tx *db.Tx, poolID, sub, id string) error {
	_, err := tx.Exec(`DELETE FROM sso_session WHERE pool_id = $1 AND sub = $2 AND id = $3`, poolID, sub, id)
	return err
}

// endSSO deletes a managed-login session and reports whether it was tracked and alive.
func endSSO(tx *db.Tx, poolID, sub, id string, a alive) (bool, error) {
	n, err := tx.Exec(`DELETE FROM sso_session WHERE pool_id = $1 AND sub = $2 AND id = $3 AND created_at >= $4 AND expires_at > $5`,
		poolID, sub, id, a.since, a.now)
	return n == 1, err
}

func endUserSSO(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM sso_session WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

func endDeviceSSO(tx *db.Tx, poolID, sub, deviceKey string) error {
	_, err := tx.Exec(`DELETE FROM sso_session WHERE pool_id = $1 AND sub = $2 AND device_key = $3`, poolID, sub, deviceKey)
	return err
}

// dropTracked removes up to limit rows of each table of a deleted pool and returns how many it removed.
func dropTracked(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM token_user WHERE pool_id = $1 AND sub IN
		(SELECT sub FROM token_user WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	if err != nil {
		return 0, err
	}
	m, err := tx.Exec(`DELETE FROM sso_session WHERE (pool_id, sub, id) IN
		(SELECT pool_id, sub, id FROM sso_session WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	return int(n + m), err
}

// sweepSSO removes managed-login sessions that expired before a time.
func sweepSSO(tx *db.Tx, before int64, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM sso_session WHERE (pool_id, sub, id) IN
		(SELECT pool_id, sub, id FROM sso_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) AND expires_at <= $1`,
		before, limit)
	return int(n), err
}

// touchOne writes the activity of one session at once; false when it has ended or has moved on further already.
func touchOne(tx *db.Tx, s *Session, v touch) (bool, error) {
	n, err := tx.Exec(touchSession, s.PoolID, s.Sub, s.EventID, v.at, v.ip, v.agent)
	return n == 1, err
}
