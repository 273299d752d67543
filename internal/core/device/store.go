package device

import (
	"errors"
	"fmt"

	"cognate/internal/base/db"
)

// table is the one table of this room; the name is also part of what sealed values are bound to.
const table = "device"

// Migrations of this room. The devices of one user lie together and a table spread by sub keeps them on one node.
var Migrations = []db.Migration{{
	ID: "device/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: table,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "sub", Type: db.Text}, {Name: "device_key", Type: db.Text},
				{Name: "group_key", Type: db.Text},
				{Name: "name", Type: db.Text},
				{Name: "status", Type: db.Text},   // remembered or not_remembered
				{Name: "verifier", Type: db.Blob}, // salt and verifier, sealed
				{Name: "ip", Type: db.Text},
				{Name: "created_at", Type: db.Int}, {Name: "modified_at", Type: db.Int},
				{Name: "authenticated_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "sub", "device_key"},
			Wide:       true,
		},
	},
}}

const columns = `device_key, group_key, name, status, verifier, ip, created_at, modified_at, authenticated_at`

// fields are the places that columns are scanned into.
func (d *Device) fields() []any {
	return []any{&d.Key, &d.GroupKey, &d.Name, &d.Status, &d.sealed, &d.IP, &d.Created, &d.Modified, &d.Authenticated}
}

// insertDevice returns db.ErrConflict when the user has the device already.
func insertDevice(tx *db.Tx, d *Device) error {
	_, err := tx.Exec(`INSERT INTO device (pool_id, sub, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		d.PoolID, d.Sub, d.Key, d.GroupKey, d.Name, string(d.Status), d.sealed, d.IP, d.Created, d.Modified, d.Authenticated)
	return err
}

func readDevice(tx *db.Tx, poolID, sub, key string) (*Device, error) {
	d := &Device{PoolID: poolID, Sub: sub}
	err := tx.QueryRow(`SELECT `+columns+` FROM device WHERE pool_id = $1 AND sub = $2 AND device_key = $3`,
		poolID, sub, key).Scan(d.fields()...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrUnknownDevice
	}
	if err != nil {
		return nil, fmt.Errorf("device: read: %w", err)
	}
	return d, nil
}

// pageDevices returns up to limit devices of a user after a key, in order of their keys.
func pageDevices(tx *db.Tx, poolID, sub, after string, limit int) ([]*Device, error) {
	rows, err := tx.Query(`SELECT `+columns+` FROM device WHERE pool_id = $1 AND sub = $2 AND device_key > $3
		ORDER BY device_key LIMIT $4`, poolID, sub, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Device
	for rows.Next() {
		d := &Device{PoolID: poolID, Sub: sub}
		if err := rows.Scan(d.fields()...); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

func touchDevice(tx *db.Tx, d *Device, now int64, ip string) error {
	return one(tx.Exec(`UPDATE device SET authenticated_at = $4, ip = $5 WHERE pool_id = $1 AND sub = $2 AND device_key = $3`,
		d.PoolID, d.Sub, d.Key, now, ip))
}

func setStatus(tx *db.Tx, poolID, sub, key, status string, now int64) error {
	return one(tx.Exec(`UPDATE device SET status = $4, modified_at = $5
		WHERE pool_id = $1 AND sub = $2 AND device_key = $3`, poolID, sub, key, status, now))
}

func deleteDevice(tx *db.Tx, poolID, sub, key string) error {
	return one(tx.Exec(`DELETE FROM device WHERE pool_id = $1 AND sub = $2 AND device_key = $3`, poolID, sub, key))
}

// one returns ErrUnknownDevice when a statement about one device found none.
func one(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrUnknownDevice
	}
	return err
}

func deleteUser(tx *db.Tx, poolID, sub string) error {
	_, err := tx.Exec(`DELETE FROM device WHERE pool_id = $1 AND sub = $2`, poolID, sub)
	return err
}

func deletePool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM device WHERE pool_id = $1 AND (sub, device_key) IN
		(SELECT sub, device_key FROM device WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	return int(n), err
}
