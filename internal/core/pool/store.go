package pool

import (
	"errors"

	"cognate/internal/base/db"
)

// Migrations are the tables of this room. A row of user_pool with deleted > 0 belongs to a pool whose deletion was
// acknowledged and whose data is still being removed. pool_change has one row, which counts every change of a pool or
// client; a changed row takes the count as its version, so no version is ever used twice, even by an id made again.
var Migrations = []db.Migration{{
	ID: "pool/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "user_pool", Wide: true,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "version", Type: db.Int}, {Name: "deleted", Type: db.Int},
				{Name: "config", Type: db.Text}, {Name: "mfa", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id"},
		},
		db.CreateIndex{Name: "user_pool_deleted", Table: "user_pool", Columns: []string{"deleted", "pool_id"}},
		db.CreateTable{
			Name: "app_client", Wide: true,
			Columns: []db.Column{
				{Name: "client_id", Type: db.Text}, {Name: "pool_id", Type: db.Text}, {Name: "version", Type: db.Int},
				{Name: "config", Type: db.Text}, {Name: "secrets", Type: db.Blob},
			},
			PrimaryKey: []string{"client_id"},
		},
		db.CreateIndex{Name: "app_client_pool", Table: "app_client", Columns: []string{"pool_id", "client_id"}},
		db.CreateTable{
			Name:       "pool_change",
			Columns:    []db.Column{{Name: "name", Type: db.Text}, {Name: "version", Type: db.Int}},
			PrimaryKey: []string{"name"},
		},
	},
}, serverMigration, sessionMigration, domainMigration, registeredMigration}

// poolRow is a user_pool row; config and mfa are JSON of the AWS shapes.
type poolRow struct {
	id, config, mfa      string
	sessions             string // JSON of poolSessions, "" until they are set
	domain, customDomain string // JSON of Domain, "" for none
	version              int64
}

// clientRow is an app_client row; secrets is empty or sealed.
type clientRow struct {
	id, poolID, config string
	secrets            []byte
	ssoMinutes         int64 // SSOSession.MaxValidityMinutes
	registered         bool  // by itself
	version            int64
}

// nextVersion counts one change and returns the new count. It comes first in a transaction that changes a pool or a
// client: the row that it writes then makes such transactions follow one another, so that what one checks (a client
// against its pool, a tier against the clients) cannot be changed by another before it commits.
func nextVersion(tx *db.Tx) (version int64, err error) {
	err = tx.QueryRow("INSERT INTO pool_change (name, version) VALUES ('pools', 1) ON CONFLICT (name) DO UPDATE SET version = pool_change.version + 1 RETURNING version").Scan(&version)
	return version, err
}

// currentVersion is the count of changes so far.
func currentVersion(tx *db.Tx) (version int64, err error) {
	err = tx.QueryRow("SELECT version FROM pool_change WHERE name = 'pools'").Scan(&version)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return version, err
}

func readPool(tx *db.Tx, id string) (poolRow, error) {
	row := poolRow{id: id}
	err := tx.QueryRow("SELECT version, config, mfa, sessions, domain, custom_domain FROM user_pool WHERE pool_id = $1 AND deleted = 0", id).Scan(&row.version, &row.config, &row.mfa, &row.sessions, &row.domain, &row.customDomain)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrPoolNotFound
	}
	return row, err
}

func poolVersion(tx *db.Tx, id string) (version int64, err error) {
	err = tx.QueryRow("SELECT version FROM user_pool WHERE pool_id = $1 AND deleted = 0", id).Scan(&version)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrPoolNotFound
	}
	return version, err
}

// insertPool adds a pool; ErrExists when the id is taken, also by a pool that is still being deleted.
func insertPool(tx *db.Tx, row poolRow) error {
	n, err := tx.Exec("INSERT INTO user_pool (pool_id, version, deleted, config, mfa) VALUES ($1, $2, 0, $3, $4) ON CONFLICT (pool_id) DO NOTHING",
		row.id, row.version, row.config, row.mfa)
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// replacePool writes a pool if it still has version old, and reports whether it did.
func replacePool(tx *db.Tx, row poolRow, old int64) (bool, error) {
	n, err := tx.Exec("UPDATE user_pool SET version = $1, config = $2, mfa = $3 WHERE pool_id = $4 AND version = $5 AND deleted = 0",
		row.version, row.config, row.mfa, row.id, old)
	return n == 1, err
}

// touchPool gives a pool a new version, because something that belongs to it has changed.
func touchPool(tx *db.Tx, id string, version int64) error {
	_, err := tx.Exec("UPDATE user_pool SET version = $1 WHERE pool_id = $2 AND deleted = 0", version, id)
	return err
}

// hidePool marks a pool as deleted if it still has version old, and reports whether it did.
func hidePool(tx *db.Tx, id string, version, old, now int64) (bool, error) {
	n, err := tx.Exec("UPDATE user_pool SET version = $1, deleted = $2 WHERE pool_id = $3 AND version = $4 AND deleted = 0", version, now, id, old)
	return n == 1, err
}

// listPools reads the pools with ids between two others.
func listPools(tx *db.Tx, after, before string, limit int) ([]poolRow, error) {
	rows, err := tx.Query("SELECT pool_id, version, config, mfa FROM user_pool WHERE pool_id > $1 AND pool_id < $2 AND deleted = 0 ORDER BY pool_id LIMIT $3", after, before, limit)
	if err != nil {
		return nil, err
	}
	var out []poolRow
	for rows.Next() {
		var row poolRow
		if err := rows.Scan(&row.id, &row.version, &row.config, &row.mfa); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// hiddenPool is the id of a pool whose data is still to be removed; empty when there is none.
func hiddenPool(tx *db.Tx) (id string, err error) {
	err = tx.QueryRow("SELECT pool_id FROM user_pool WHERE deleted > 0 ORDER BY deleted, pool_id LIMIT 1").Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return id, err
}

func removePool(tx *db.Tx, id string) error {
	_, err := tx.Exec("DELETE FROM user_pool WHERE pool_id = $1 AND deleted > 0", id)
	return err
}

func readClient(tx *db.Tx, id string) (clientRow, error) {
	row := clientRow{id: id}
	err := tx.QueryRow("SELECT pool_id, version, config, secrets, sso_minutes FROM app_client WHERE client_id = $1", id).Scan(&row.poolID, &row.version, &row.config, &row.secrets, &row.ssoMinutes)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrClientNotFound
	}
	return row, err
}

func clientVersion(tx *db.Tx, id string) (version int64, err error) {
	err = tx.QueryRow("SELECT version FROM app_client WHERE client_id = $1", id).Scan(&version)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrClientNotFound
	}
	return version, err
}

// insertClient adds a client; ErrExists when the id is taken.
func insertClient(tx *db.Tx, row clientRow) error {
	n, err := tx.Exec("INSERT INTO app_client (client_id, pool_id, version, config, secrets, sso_minutes, registered) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client_id) DO NOTHING",
		row.id, row.poolID, row.version, row.config, row.secrets, row.ssoMinutes, truth(row.registered))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// truth is a bool as both engines keep it.
func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// replaceClient writes the settings of a client if it still has version old, and reports whether it did.
func replaceClient(tx *db.Tx, row clientRow, old int64) (bool, error) {
	n, err := tx.Exec("UPDATE app_client SET version = $1, config = $2 WHERE client_id = $3 AND version = $4", row.version, row.config, row.id, old)
	return n == 1, err
}

// replaceSecrets writes the sealed secrets of a client if it still has version old, and reports whether it did.
func replaceSecrets(tx *db.Tx, row clientRow, old int64) (bool, error) {
	n, err := tx.Exec("UPDATE app_client SET version = $1, secrets = $2 WHERE client_id = $3 AND version = $4", row.version, row.secrets, row.id, old)
	return n == 1, err
}

// touchClient gives a client a new version, because something that its snapshot shows has changed.
func touchClient(tx *db.Tx, id string, version int64) error {
	_, err := tx.Exec("UPDATE app_client SET version = $1 WHERE client_id = $2", version, id)
	return err
}

// removeClient deletes a client if it still has version old, and reports whether it did.
func removeClient(tx *db.Tx, id string, old int64) (bool, error) {
	n, err := tx.Exec("DELETE FROM app_client WHERE client_id = $1 AND version = $2", id, old)
	return n == 1, err
}

func listClients(tx *db.Tx, poolID, after string, limit int) ([]clientRow, error) {
	rows, err := tx.Query("SELECT client_id, version, config FROM app_client WHERE pool_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3", poolID, after, limit)
	if err != nil {
		return nil, err
	}
	var out []clientRow
	for rows.Next() {
		row := clientRow{poolID: poolID}
		if err := rows.Scan(&row.id, &row.version, &row.config); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// dropClients deletes up to limit clients of a pool that is being deleted and returns how many there were.
func dropClients(tx *db.Tx, poolID string, limit int) (int, error) {
	rows, err := listClients(tx, poolID, "", limit)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if _, err := tx.Exec("DELETE FROM app_client WHERE client_id = $1", row.id); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}
