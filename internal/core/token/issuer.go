package token

import (
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// Issuer returns the function that names a pool's issuer: publicURL/<pool id>, or AWS's own form when the pool's
// IssuerConfiguration asks for one by name, for verifiers that pin it.
func Issuer(publicURL string) func(*pool.Pool) string {
	base := strings.TrimRight(publicURL, "/") + "/"
	return func(p *pool.Pool) string {
		if c := p.Config.IssuerConfiguration; c != nil && c.Type != nil {
			original, updated := awsIssuers(p)
			switch *c.Type {
			case cognitoidp.IssuerTypeOriginal:
				return original
			case cognitoidp.IssuerTypeUpdated:
				return updated
			}
		}
		return base + p.ID
	}
}

// awsIssuers returns the two issuers that AWS would give a pool in its Region.
func awsIssuers(p *pool.Pool) (original, updated string) {
	host := "cognito-idp." + string(p.Region) + ".amazonaws.com"
	if strings.HasPrefix(string(p.Region), "cn-") {
		host += ".cn"
	}
	return "https://" + host + "/" + p.ID, "https://issuer-" + host + "/" + p.ID
}

// issues reports whether iss is an issuer of the pool: the one in use or, so that a change of the setting does not end
// tokens that live, AWS's forms. The pool's keys have proven the token before this is asked.
func (t *Tokens) issues(p *pool.Pool, iss string) bool {
	original, updated := awsIssuers(p)
	return iss != "" && (iss == t.issuer(p) || iss == original || iss == updated)
}
