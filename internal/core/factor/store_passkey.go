package factor

import (
	"errors"

	"cognate/internal/base/db"
)

// passkeyRow is the row of a passkey; record is sealed.
type passkeyRow struct {
	id, rpID      string
	record        []byte
	counter       int64
	lastChallenge string
	created       int64
}

// readPasskeys returns the passkeys of a user, oldest first.
func readPasskeys(tx *db.Tx, poolID, sub string) ([]passkeyRow, error) {
	rows, err := tx.Query(`SELECT id, rp_id, record, counter, last_challenge, created_at FROM factor_passkey
		WHERE pool_id = $1 AND sub = $2 ORDER BY created_at, id`, poolID, sub)
	if err != nil {
		return nil, err
	}
	var out []passkeyRow
	for rows.Next() {
		var r passkeyRow
		if err := rows.Scan(&r.id, &r.rpID, &r.record, &r.counter, &r.lastChallenge, &r.created); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// seekPasskey returns the first passkey of the user with the lowest sub that is not below the given one, and that sub;
// "" when there is none.
func seekPasskey(tx *db.Tx, poolID, sub string) (r passkeyRow, owner string, err error) {
	err = tx.QueryRow(`SELECT sub, id, rp_id, record, counter, last_challenge, created_at FROM factor_passkey
		WHERE pool_id = $1 AND sub >= $2 AND sub < $3 ORDER BY sub, id LIMIT 1`, poolID, sub, aboveSubs).
		Scan(&owner, &r.id, &r.rpID, &r.record, &r.counter, &r.lastChallenge, &r.created)
	if errors.Is(err, db.ErrNoRows) {
		return r, "", nil
	}
	return r, owner, err
}

// aboveSubs is above every sub. Ranges have two ends so that PostgreSQL walks the index in order.
const aboveSubs = "g"

// insertPasskey reports false when somebody in the pool has the credential id already.
func insertPasskey(tx *db.Tx, poolID, sub string, r passkeyRow) (bool, error) {
	n, err := tx.Exec(`INSERT INTO factor_passkey_owner (pool_id, id, sub) VALUES ($1, $2, $3)
		ON CONFLICT (pool_id, id) DO NOTHING`, poolID, r.id, sub)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(`INSERT INTO factor_passkey (pool_id, sub, id, rp_id, record, counter, last_challenge, created_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, 0)`, poolID, sub, r.id, r.rpID, r.record, r.counter, r.created)
	return err == nil, err
}

// usePasskey notes an answered challenge and the new signature counter. Of several uses of one challenge, or of one
// counter value other than zero, on any node, one is told true.
func usePasskey(tx *db.Tx, poolID, sub, id string, counter int64, challenge string, now int64) (bool, error) {
	n, err := tx.Exec(`UPDATE factor_passkey SET counter = $4, last_challenge = $5, used_at = $6
		WHERE pool_id = $1 AND sub = $2 AND id = $3 AND last_challenge <> $5
			AND (counter < $4 OR counter = 0 AND $4 = 0)`, poolID, sub, id, counter, challenge, now)
	return n > 0, err
}

// deletePasskey reports whether the user had the passkey.
func deletePasskey(tx *db.Tx, poolID, sub, id string) (bool, error) {
	n, err := tx.Exec(`DELETE FROM factor_passkey WHERE pool_id = $1 AND sub = $2 AND id = $3`, poolID, sub, id)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(`DELETE FROM factor_passkey_owner WHERE pool_id = $1 AND id = $2`, poolID, id)
	return true, err
}

// begun is a registration that a user has begun; the newest replaces older ones.
type begun struct {
	challenge    string // digest
	clientID     string
	rpID         string
	verification string
	expires      int64
}

func putCeremony(tx *db.Tx, poolID, sub string, b begun) error {
	_, err := tx.Exec(`INSERT INTO factor_ceremony (pool_id, sub, challenge, client_id, rp_id, verification, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (pool_id, sub) DO UPDATE SET challenge = excluded.challenge, client_id = excluded.client_id,
			rp_id = excluded.rp_id, verification = excluded.verification, expires_at = excluded.expires_at`,
		poolID, sub, b.challenge, b.clientID, b.rpID, b.verification, b.expires)
	return err
}

// readCeremony returns the zero value when the user has begun none.
func readCeremony(tx *db.Tx, poolID, sub string) (begun, error) {
	var b begun
	err := tx.QueryRow(`SELECT challenge, client_id, rp_id, verification, expires_at FROM factor_ceremony
		WHERE pool_id = $1 AND sub = $2`, poolID, sub).
		Scan(&b.challenge, &b.clientID, &b.rpID, &b.verification, &b.expires)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return b, err
}

// takeCeremony uses a registration up; of several, one is told true.
func takeCeremony(tx *db.Tx, poolID, sub, challenge string) (bool, error) {
	n, err := tx.Exec(`DELETE FROM factor_ceremony WHERE pool_id = $1 AND sub = $2 AND challenge = $3`, poolID, sub, challenge)
	return n > 0, err
}
