package pool

import (
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// serverMigration adds resource servers; config is JSON of the AWS shape.
var serverMigration = db.Migration{
	ID: "pool/0002",
	Steps: []db.Step{
		db.CreateTable{
			Name: "resource_server", Wide: true,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "identifier", Type: db.Text}, {Name: "config", Type: db.Text},
			},
			PrimaryKey: []string{"pool_id", "identifier"},
		},
	},
}

func readServer(tx *db.Tx, poolID, identifier string) (*cognitoidp.ResourceServerType, bool, error) {
	var config string
	err := tx.QueryRow("SELECT config FROM resource_server WHERE pool_id = $1 AND identifier = $2", poolID, identifier).Scan(&config)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	s := new(cognitoidp.ResourceServerType)
	return s, true, s.UnmarshalJSON([]byte(config))
}

// insertServer adds a server and reports false when its identifier is taken.
func insertServer(tx *db.Tx, poolID, identifier string, config *cognitoidp.ResourceServerType) (bool, error) {
	n, err := tx.Exec("INSERT INTO resource_server (pool_id, identifier, config) VALUES ($1, $2, $3) ON CONFLICT (pool_id, identifier) DO NOTHING",
		poolID, identifier, string(config.AppendJSON(nil)))
	return n == 1, err
}

// replaceServer writes a server and reports false when it does not exist.
func replaceServer(tx *db.Tx, poolID, identifier string, config *cognitoidp.ResourceServerType) (bool, error) {
	n, err := tx.Exec("UPDATE resource_server SET config = $3 WHERE pool_id = $1 AND identifier = $2", poolID, identifier, string(config.AppendJSON(nil)))
	return n == 1, err
}

// removeServer deletes a server and reports false when it does not exist.
func removeServer(tx *db.Tx, poolID, identifier string) (bool, error) {
	n, err := tx.Exec("DELETE FROM resource_server WHERE pool_id = $1 AND identifier = $2", poolID, identifier)
	return n == 1, err
}

func countServers(tx *db.Tx, poolID string) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM resource_server WHERE pool_id = $1", poolID).Scan(&n)
	return n, err
}

func listServers(tx *db.Tx, poolID, after string, limit int) ([]cognitoidp.ResourceServerType, error) {
	rows, err := tx.Query("SELECT config FROM resource_server WHERE pool_id = $1 AND identifier > $2 ORDER BY identifier LIMIT $3", poolID, after, limit)
	if err != nil {
		return nil, err
	}
	out := []cognitoidp.ResourceServerType{}
	for rows.Next() {
		var config string
		var s cognitoidp.ResourceServerType
		if err := errors.Join(rows.Scan(&config), s.UnmarshalJSON([]byte(config))); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// dropServers deletes all servers of a pool that is being deleted; there are at most maxServers.
func dropServers(tx *db.Tx, poolID string) error {
	_, err := tx.Exec("DELETE FROM resource_server WHERE pool_id = $1", poolID)
	return err
}
