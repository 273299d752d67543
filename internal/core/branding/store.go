package branding

import (
	"cognate/internal/base/db"
)

// Migrations of this room. A client has at most one style, one customization of the classic pages and one document of terms of
// each name, which their primary keys hold; the customization of a pool is that of the client ALL. Images of all of them are
// rows of branding_asset, found by the hash of their content.
var Migrations = []db.Migration{{
	ID: "branding/0001",
	Steps: []db.Step{
		db.CreateTable{
			Name: "branding_style", Wide: true,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "client_id", Type: db.Text}, {Name: "style_id", Type: db.Text},
				{Name: "provided", Type: db.Bool}, // UseCognitoProvidedValues
				{Name: "settings", Type: db.Text}, // JSON as it was sent, "" for none
				{Name: "created_at", Type: db.Int}, {Name: "modified_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "client_id"},
		},
		db.CreateIndex{Name: "branding_style_id", Table: "branding_style", Columns: []string{"pool_id", "style_id"}},
		db.CreateTable{
			Name: "branding_asset", Wide: true,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "owner", Type: db.Text}, {Name: "slot", Type: db.Text},
				{Name: "place", Type: db.Int}, // in the list
				{Name: "extension", Type: db.Text}, {Name: "hash", Type: db.Text}, {Name: "content", Type: db.Blob},
			},
			PrimaryKey: []string{"pool_id", "owner", "slot"},
		},
		db.CreateIndex{Name: "branding_asset_hash", Table: "branding_asset", Columns: []string{"pool_id", "hash"}},
		db.CreateTable{
			Name: "ui_customization", Wide: true,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "client_id", Type: db.Text},
				{Name: "css", Type: db.Text}, {Name: "css_version", Type: db.Text},
				{Name: "created_at", Type: db.Int}, {Name: "modified_at", Type: db.Int},
			},
			PrimaryKey: []string{"pool_id", "client_id"},
		},
		db.CreateTable{
			Name: "client_terms", Wide: true,
			Columns: []db.Column{
				{Name: "pool_id", Type: db.Text}, {Name: "client_id", Type: db.Text}, {Name: "name", Type: db.Text},
				{Name: "terms_id", Type: db.Text}, {Name: "config", Type: db.Text}, // JSON of the AWS shape
			},
			PrimaryKey: []string{"pool_id", "client_id", "name"},
		},
		db.CreateIndex{Name: "client_terms_id", Table: "client_terms", Columns: []string{"pool_id", "terms_id"}},
	},
}}

// purge deletes up to limit rows of a pool that is gone and returns how many.
func purge(tx *db.Tx, poolID string, limit int) (int, error) {
	total := 0
	for _, statement := range []string{
		`DELETE FROM branding_asset WHERE pool_id = $1 AND (owner, slot) IN (SELECT owner, slot FROM branding_asset WHERE pool_id = $1 LIMIT $2)`,
		`DELETE FROM branding_style WHERE pool_id = $1 AND client_id IN (SELECT client_id FROM branding_style WHERE pool_id = $1 LIMIT $2)`,
		`DELETE FROM ui_customization WHERE pool_id = $1 AND client_id IN (SELECT client_id FROM ui_customization WHERE pool_id = $1 LIMIT $2)`,
		`DELETE FROM client_terms WHERE pool_id = $1 AND (client_id, name) IN (SELECT client_id, name FROM client_terms WHERE pool_id = $1 LIMIT $2)`,
	} {
		if limit == total {
			break
		}
		n, err := tx.Exec(statement, poolID, limit-total)
		if err != nil {
			return 0, err
		}
		total += int(n)
	}
	return total, nil
}
