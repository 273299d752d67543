package pool

import (
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// domainMigration adds domains: those of a pool in its row, as JSON of the AWS shape, and a row by which a domain finds
// its pool and which makes it unique.
var domainMigration = db.Migration{
	ID: "pool/0004",
	Steps: []db.Step{
		db.AddColumn{Table: "user_pool", Column: db.Column{Name: "domain", Type: db.Text, Default: ""}},
		db.AddColumn{Table: "user_pool", Column: db.Column{Name: "custom_domain", Type: db.Text, Default: ""}},
		db.CreateTable{
			Name:       "pool_domain",
			Columns:    []db.Column{{Name: "domain", Type: db.Text}, {Name: "pool_id", Type: db.Text}},
			PrimaryKey: []string{"domain"},
		},
		db.CreateIndex{Name: "pool_domain_pool", Table: "pool_domain", Columns: []string{"pool_id", "domain"}},
	},
}

// prefixKey and customKey are the primary keys of domains: a prefix is unique in its Region, a custom domain everywhere.
func prefixKey(prefix, region string) string { return "prefix:" + region + ":" + prefix }

func customKey(host string) string { return "custom:" + host }

// domainOwner is the pool of a domain, ErrNoDomain when nobody has it.
func domainOwner(tx *db.Tx, key string) (poolID string, err error) {
	err = tx.QueryRow("SELECT pool_id FROM pool_domain WHERE domain = $1", key).Scan(&poolID)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrNoDomain
	}
	return poolID, err
}

// takeDomain gives a domain to a pool and reports false when somebody has it.
func takeDomain(tx *db.Tx, key, poolID string) (bool, error) {
	n, err := tx.Exec("INSERT INTO pool_domain (domain, pool_id) VALUES ($1, $2) ON CONFLICT (domain) DO NOTHING", key, poolID)
	return n == 1, err
}

func freeDomain(tx *db.Tx, key string) error {
	_, err := tx.Exec("DELETE FROM pool_domain WHERE domain = $1", key)
	return err
}

// dropDomains frees the domains of a pool that is being deleted, of which DeleteUserPool leaves none.
func dropDomains(tx *db.Tx, poolID string) error {
	_, err := tx.Exec("DELETE FROM pool_domain WHERE pool_id = $1", poolID)
	return err
}

// replaceDomains writes the domains of a pool if it still has version old, and reports whether it did.
func replaceDomains(tx *db.Tx, row poolRow, old int64) (bool, error) {
	n, err := tx.Exec("UPDATE user_pool SET version = $1, domain = $2, custom_domain = $3 WHERE pool_id = $4 AND version = $5 AND deleted = 0",
		row.version, row.domain, row.customDomain, row.id, old)
	return n == 1, err
}

// readDomains reads the domains of a row.
func readDomains(row poolRow) (out []Domain, err error) {
	for _, text := range []string{row.domain, row.customDomain} {
		if text == "" {
			continue
		}
		d := Domain{new(cognitoidp.DomainDescriptionType)}
		if err := d.UnmarshalJSON([]byte(text)); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// setDomains writes domains into a row.
func (r *poolRow) setDomains(domains []Domain) {
	r.domain, r.customDomain = "", ""
	for _, d := range domains {
		text := string(d.AppendJSON(nil))
		if d.Custom() {
			r.customDomain = text
		} else {
			r.domain = text
		}
	}
}
