package token

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/base/jose"
	"cognate/internal/core/pool"
)

// claimOrigin names the client of the sign-in that a derived token goes back to. Only derived tokens have it.
const claimOrigin = "origin_client_id"

// Derivation is what a token that is derived from another one is to be.
type Derivation struct {
	Use      string // UseAccess or UseID
	Scopes   []string
	Audience string          // "" for none
	Act      json.RawMessage // who acts for the user; nil for nobody
	Until    int64           // when it ends at the latest, in seconds since 1970
	Changes  *Changes        // what the owner's function wants of it; nil for none
}

// Derive signs a token for a client from one that was shown, and returns how long it lives in seconds. Nothing is written:
// the token belongs to the session of the one that it comes from, which Living has found, and ends with it. The error may
// be ErrChanges, or ErrDead when there is no time left.
func (t *Tokens) Derive(ctx context.Context, p *pool.Pool, c *pool.Client, from *Shown, subj Subject, d Derivation) (text string, life int64, err error) {
	if err := d.Changes.check(); err != nil {
		return "", 0, err
	}
	keys, err := t.signers(ctx, p.ID)
	if err != nil {
		return "", 0, err
	}
	cl := &claims{
		pool: p, client: c, subject: &subj, session: from.session, issuer: t.addresses.Issuer(p), issued: t.clock.Now().Unix(),
		links: from.OriginJTI != "", changes: d.Changes,
	}
	key, ttl := keys.access, c.AccessTTL()
	if d.Use == UseID {
		key, ttl = keys.id, c.IDTTL()
	}
	if life = min(int64(ttl/time.Second), d.Until-cl.issued); life < 1 {
		return "", 0, dead(ctx, "it has expired meanwhile")
	}
	text, err = jose.SignRS256(key.signer, key.kid, cl.derived(t.ids.UUID(), life, &d))
	if err != nil {
		return "", 0, fmt.Errorf("token: sign: %w", err)
	}
	return text, life, fits(text)
}

// derived returns the claims of a derived token: those of its kind, and where it comes from.
func (c *claims) derived(jti string, life int64, d *Derivation) []byte {
	m := c.changes.membership(c.subject.Groups)
	access := d.Use == UseAccess
	o, e := c.object(1024, access)
	if d.Audience != "" { // a function may name the client as audience, but not take the bound one away
		delete(e.add, "aud")
		delete(e.drop, "aud")
	}
	o.text("sub", c.subject.Sub)
	o.list(claimGroups, m.groups)
	if !access && m.preferred != "" {
		o.text(claimPreferred, m.preferred)
	}
	o.text("iss", c.issuer)
	if c.links {
		o.text("origin_jti", c.session.OriginJTI)
	}
	o.text("event_id", c.session.EventID)
	o.text("token_use", d.Use)
	if d.Audience != "" {
		o.text("aud", d.Audience)
	}
	if access {
		o.text("client_id", c.client.ID)
		o.words("scope", c.changes.scopes(d.Scopes))
		o.text("username", c.subject.Username)
	} else {
		o.text("azp", c.client.ID)
		o.text("cognito:username", c.subject.Username)
		o.list(claimRoles, m.roles)
	}
	o.text(claimOrigin, c.session.ClientID)
	c.times(&o, life)
	o.text("jti", jti)
	c.level(&o)
	if d.Act != nil {
		o.raw("act", d.Act)
	}
	if !access {
		c.attributes(&o)
	}
	e.finish(&o)
	return o.close()
}
