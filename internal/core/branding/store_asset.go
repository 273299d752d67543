package branding

import (
	"errors"

	"cognate/internal/base/db"
)

// assetRow is a row of branding_asset. content is nil where only the rest was read.
type assetRow struct {
	slot, extension, hash string
	content               []byte
	place                 int
}

// listAssets reads the images of an owner in their order, with their contents where they are wanted.
func listAssets(tx *db.Tx, poolID, owner string, contents bool) ([]assetRow, error) {
	columns := `slot, place, extension, hash`
	if contents {
		columns += `, content`
	}
	rows, err := tx.Query(`SELECT `+columns+` FROM branding_asset WHERE pool_id = $1 AND owner = $2 ORDER BY place, slot`, poolID, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []assetRow
	for rows.Next() {
		var a assetRow
		into := []any{&a.slot, &a.place, &a.extension, &a.hash}
		if contents {
			into = append(into, &a.content)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// putAsset writes an image over the one in its slot.
func putAsset(tx *db.Tx, poolID, owner string, a assetRow) error {
	_, err := tx.Exec(`INSERT INTO branding_asset (pool_id, owner, slot, place, extension, hash, content) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (pool_id, owner, slot) DO UPDATE SET place = excluded.place, extension = excluded.extension, hash = excluded.hash, content = excluded.content`,
		poolID, owner, a.slot, a.place, a.extension, a.hash, a.content)
	return err
}

func dropAsset(tx *db.Tx, poolID, owner, slot string) error {
	_, err := tx.Exec(`DELETE FROM branding_asset WHERE pool_id = $1 AND owner = $2 AND slot = $3`, poolID, owner, slot)
	return err
}

func dropAssets(tx *db.Tx, poolID, owner string) error {
	_, err := tx.Exec(`DELETE FROM branding_asset WHERE pool_id = $1 AND owner = $2`, poolID, owner)
	return err
}

// assetContent reads an image by its hash; ErrNoAsset when the pool has none such.
func assetContent(tx *db.Tx, poolID, hash, extension string) (content []byte, err error) {
	err = tx.QueryRow(`SELECT content FROM branding_asset WHERE pool_id = $1 AND hash = $2 AND extension = $3 LIMIT 1`, poolID, hash, extension).Scan(&content)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrNoAsset
	}
	return content, err
}
