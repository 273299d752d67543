package clientdoc

import (
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// Migrations of this room: policies as JSON of the AWS shape, and the documents that were fetched under them.
var Migrations = []db.Migration{{
	ID: "clientdoc/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name:       "cimd_policy",
			Columns:    []db.Column{{Name: "pool_id", Type: db.Text}, {Name: "policy_id", Type: db.Text}, {Name: "config", Type: db.Text}},
			PrimaryKey: []string{"pool_id", "policy_id"},
		},
		db.CreateTable{
			Name: "client_document",
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "policy_id", Type: db.Text}, {Name: "url", Type: db.Text},
				{Name: "body", Type: db.Blob}, {Name: "fetched_at", Type: db.Int}, {Name: "expires_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "policy_id", "url"},
		},
		db.CreateIndex{Name: "client_document_expiry", Table: "client_document", Columns: []string{"expires_at"}},
	},
}}

const (
	// maxPolicies is how many policies a pool may have.
	maxPolicies = 50
	// maxDocuments is how many documents are kept under one policy; the one that ends first makes room.
	maxDocuments = 1000
)

// errNoPolicy is an id of no policy of the pool.
var errNoPolicy = errors.New("clientdoc: no such policy")

// policy is one policy as it is kept.
type policy struct {
	config cognitoidp.CIMDPolicyType
}

func (p *policy) id() string { return p.config.CIMDPolicyId }

func (p *policy) clientID() string { return *p.config.ClientId }

func (p *policy) cacheSeconds() int64 { return *p.config.CacheDuration }

// documentRow is a document as the database holds it; times are milliseconds.
type documentRow struct {
	address          string
	body             []byte
	fetched, expires int64
}

func readPolicy(tx *db.Tx, poolID, id string) (*policy, error) {
	var text string
	err := tx.QueryRow("SELECT config FROM cimd_policy WHERE pool_id = $1 AND policy_id = $2", poolID, id).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errNoPolicy
	}
	if err != nil {
		return nil, err
	}
	p := new(policy)
	return p, p.config.UnmarshalJSON([]byte(text))
}

// putPolicy writes a new policy, or one over itself.
func putPolicy(tx *db.Tx, p *policy) error {
	_, err := tx.Exec(`INSERT INTO cimd_policy (pool_id, policy_id, config) VALUES ($1, $2, $3)
		ON CONFLICT (pool_id, policy_id) DO UPDATE SET config = $3`, p.config.UserPoolId, p.id(), string(p.config.AppendJSON(nil)))
	return err
}

// listPolicies reads up to limit policies of a pool behind an id.
func listPolicies(tx *db.Tx, poolID, after string, limit int) ([]*policy, error) {
	rows, err := tx.Query("SELECT config FROM cimd_policy WHERE pool_id = $1 AND policy_id > $2 ORDER BY policy_id LIMIT $3", poolID, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*policy
	for rows.Next() {
		var text string
		p := new(policy)
		if err := errors.Join(rows.Scan(&text), p.config.UnmarshalJSON([]byte(text))); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// removePolicy deletes a policy and what was fetched under it; false when there is none such.
func removePolicy(tx *db.Tx, poolID, id string) (bool, error) {
	n, err := tx.Exec("DELETE FROM cimd_policy WHERE pool_id = $1 AND policy_id = $2", poolID, id)
	if err != nil || n == 0 {
		return false, err
	}
	return true, dropDocuments(tx, poolID, id)
}

func dropDocuments(tx *db.Tx, poolID, policyID string) error {
	_, err := tx.Exec("DELETE FROM client_document WHERE pool_id = $1 AND policy_id = $2", poolID, policyID)
	return err
}

// readDocument reads a document; nil when it is not there.
func readDocument(tx *db.Tx, poolID, policyID, address string) (*documentRow, error) {
	row := &documentRow{address: address}
	err := tx.QueryRow("SELECT body, fetched_at, expires_at FROM client_document WHERE pool_id = $1 AND policy_id = $2 AND url = $3", poolID, policyID, address).
		Scan(&row.body, &row.fetched, &row.expires)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return row, err
}

// putDocument keeps a document, for which another one makes room when there are too many.
func putDocument(tx *db.Tx, poolID, policyID string, row documentRow) error {
	_, err := tx.Exec(`INSERT INTO client_document (pool_id, policy_id, url, body, fetched_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pool_id, policy_id, url) DO UPDATE SET body = $4, fetched_at = $5, expires_at = $6`,
		poolID, policyID, row.address, row.body, row.fetched, row.expires)
	if err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow("SELECT COUNT(*) FROM client_document WHERE pool_id = $1 AND policy_id = $2", poolID, policyID).Scan(&n); err != nil || n <= maxDocuments {
		return err
	}
	_, err = tx.Exec(`DELETE FROM client_document WHERE pool_id = $1 AND policy_id = $2 AND url IN
		(SELECT url FROM client_document WHERE pool_id = $1 AND policy_id = $2 AND url <> $3 ORDER BY expires_at, url LIMIT $4)`,
		poolID, policyID, row.address, n-maxDocuments)
	return err
}

func removeDocument(tx *db.Tx, poolID, policyID, address string) (bool, error) {
	n, err := tx.Exec("DELETE FROM client_document WHERE pool_id = $1 AND policy_id = $2 AND url = $3", poolID, policyID, address)
	return n == 1, err
}

// listDocuments reads up to limit documents that are still good, behind an address and without their bodies.
func listDocuments(tx *db.Tx, poolID, policyID, after string, now int64, limit int) ([]documentRow, error) {
	rows, err := tx.Query(`SELECT url, fetched_at, expires_at FROM client_document
		WHERE pool_id = $1 AND policy_id = $2 AND url > $3 AND expires_at > $4 ORDER BY url LIMIT $5`, poolID, policyID, after, now, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []documentRow
	for rows.Next() {
		var row documentRow
		if err := rows.Scan(&row.address, &row.fetched, &row.expires); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// dropPool deletes up to limit rows of each table of a deleted pool and returns how many there were.
func dropPool(tx *db.Tx, poolID string, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM cimd_policy WHERE pool_id = $1 AND policy_id IN
		(SELECT policy_id FROM cimd_policy WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	if err != nil {
		return 0, err
	}
	m, err := tx.Exec(`DELETE FROM client_document WHERE (pool_id, policy_id, url) IN
		(SELECT pool_id, policy_id, url FROM client_document WHERE pool_id = $1 LIMIT $2)`, poolID, limit)
	return int(n + m), err
}

// sweep deletes up to limit documents whose time is over.
func sweep(tx *db.Tx, now int64, limit int) (int, error) {
	n, err := tx.Exec(`DELETE FROM client_document WHERE (pool_id, policy_id, url) IN
		(SELECT pool_id, policy_id, url FROM client_document WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) AND expires_at <= $1`, now, limit)
	return int(n), err
}
