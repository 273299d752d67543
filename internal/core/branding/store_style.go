package branding

import (
	"errors"

	"cognate/internal/api/rt"
	"cognate/internal/base/db"
)

// style is a row of branding_style.
type style struct {
	poolID, clientID, id string
	provided             bool
	settings             rt.Document
	created, modified    int64
}

const styleColumns = `client_id, style_id, provided, settings, created_at, modified_at`

func readStyle(tx *db.Tx, where, poolID, key string) (s style, found bool, err error) {
	s.poolID = poolID
	var settings string
	err = tx.QueryRow(`SELECT `+styleColumns+` FROM branding_style WHERE pool_id = $1 AND `+where+` = $2`, poolID, key).
		Scan(&s.clientID, &s.id, &s.provided, &settings, &s.created, &s.modified)
	if errors.Is(err, db.ErrNoRows) {
		return style{}, false, nil
	}
	if settings != "" {
		s.settings = rt.Document(settings)
	}
	return s, err == nil, err
}

// styleOf reads the style of a client, styleByID that of an id.
func styleOf(tx *db.Tx, poolID, clientID string) (style, bool, error) {
	return readStyle(tx, "client_id", poolID, clientID)
}

func styleByID(tx *db.Tx, poolID, id string) (style, bool, error) {
	return readStyle(tx, "style_id", poolID, id)
}

// insertStyle reports false when the client has a style.
func insertStyle(tx *db.Tx, s style) (bool, error) {
	n, err := tx.Exec(`INSERT INTO branding_style (pool_id, `+styleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (pool_id, client_id) DO NOTHING`, s.poolID, s.clientID, s.id, s.provided, string(s.settings), s.created, s.modified)
	return n == 1, err
}

func replaceStyle(tx *db.Tx, s style) error {
	_, err := tx.Exec(`UPDATE branding_style SET provided = $3, settings = $4, modified_at = $5 WHERE pool_id = $1 AND client_id = $2`,
		s.poolID, s.clientID, s.provided, string(s.settings), s.modified)
	return err
}

// removeStyle deletes a style and its images.
func removeStyle(tx *db.Tx, s style) error {
	if _, err := tx.Exec(`DELETE FROM branding_style WHERE pool_id = $1 AND client_id = $2`, s.poolID, s.clientID); err != nil {
		return err
	}
	return dropAssets(tx, s.poolID, s.id)
}
