package branding

import (
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// readTerms reads documents of terms by a condition on $2 and $3.
func readTerms(tx *db.Tx, where string, args ...any) ([]cognitoidp.TermsType, error) {
	rows, err := tx.Query(`SELECT config FROM client_terms WHERE pool_id = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []cognitoidp.TermsType
	for rows.Next() {
		var config string
		var t cognitoidp.TermsType
		if err := errors.Join(rows.Scan(&config), t.UnmarshalJSON([]byte(config))); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// termsOf are the documents of a client.
func termsOf(tx *db.Tx, poolID, clientID string) ([]cognitoidp.TermsType, error) {
	return readTerms(tx, `client_id = $2 ORDER BY name`, poolID, clientID)
}

func termsByID(tx *db.Tx, poolID, id string) ([]cognitoidp.TermsType, error) {
	return readTerms(tx, `terms_id = $2`, poolID, id)
}

// listTerms are those of a pool behind an id, in the order of their ids.
func listTerms(tx *db.Tx, poolID, after string, limit int) ([]cognitoidp.TermsType, error) {
	return readTerms(tx, `terms_id > $2 ORDER BY terms_id LIMIT $3`, poolID, after, limit)
}

// insertTerms reports false when the client has a document of that name.
func insertTerms(tx *db.Tx, t *cognitoidp.TermsType) (bool, error) {
	n, err := tx.Exec(`INSERT INTO client_terms (pool_id, client_id, name, terms_id, config) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (pool_id, client_id, name) DO NOTHING`, t.UserPoolId, t.ClientId, t.TermsName, t.TermsId, string(t.AppendJSON(nil)))
	return n == 1, err
}

func removeTerms(tx *db.Tx, t *cognitoidp.TermsType) error {
	_, err := tx.Exec(`DELETE FROM client_terms WHERE pool_id = $1 AND client_id = $2 AND name = $3`, t.UserPoolId, t.ClientId, t.TermsName)
	return err
}

// dropTerms deletes the documents of a client.
func dropTerms(tx *db.Tx, poolID, clientID string) error {
	_, err := tx.Exec(`DELETE FROM client_terms WHERE pool_id = $1 AND client_id = $2`, poolID, clientID)
	return err
}
