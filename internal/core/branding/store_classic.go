package branding

import (
	"errors"

	"cognate/internal/base/db"
)

// classic is a row of ui_customization with its logo.
type classic struct {
	poolID, clientID  string
	css, version      string
	created, modified int64
	logo              *assetRow // nil for none
}

// logoSlot is the one slot of the images of a customization.
const logoSlot = "LOGO"

// logoOwner owns the logo of a customization; a style's id has no colon.
func logoOwner(clientID string) string { return "classic:" + clientID }

// readClassic reads a customization, without the content of its logo; nil when there is none.
func readClassic(tx *db.Tx, poolID, clientID string) (*classic, error) {
	c := &classic{poolID: poolID, clientID: clientID}
	err := tx.QueryRow(`SELECT css, css_version, created_at, modified_at FROM ui_customization WHERE pool_id = $1 AND client_id = $2`,
		poolID, clientID).Scan(&c.css, &c.version, &c.created, &c.modified)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	logos, err := listAssets(tx, poolID, logoOwner(clientID), false)
	if len(logos) > 0 {
		c.logo = &logos[0]
	}
	return c, err
}

// putClassic writes a customization and its logo over the ones that there were; the time of creation stays.
func putClassic(tx *db.Tx, c *classic) error {
	_, err := tx.Exec(`INSERT INTO ui_customization (pool_id, client_id, css, css_version, created_at, modified_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pool_id, client_id) DO UPDATE SET css = excluded.css, css_version = excluded.css_version, modified_at = excluded.modified_at`,
		c.poolID, c.clientID, c.css, c.version, c.created, c.modified)
	if err != nil {
		return err
	}
	if c.logo == nil {
		return dropAssets(tx, c.poolID, logoOwner(c.clientID))
	}
	return putAsset(tx, c.poolID, logoOwner(c.clientID), *c.logo)
}

func removeClassic(tx *db.Tx, poolID, clientID string) error {
	if _, err := tx.Exec(`DELETE FROM ui_customization WHERE pool_id = $1 AND client_id = $2`, poolID, clientID); err != nil {
		return err
	}
	return dropAssets(tx, poolID, logoOwner(clientID))
}
