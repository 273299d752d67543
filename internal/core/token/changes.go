package token

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"cognate/internal/base/jose"
)

// ClaimChanges are changes to the claims of one token. Suppression wins over addition. Claims that are protected stay
// as they are, whatever is asked: what the server, its verifiers and this room rely on cannot be forged by a function.
type ClaimChanges struct {
	Add      map[string]json.RawMessage // any JSON value but null, which adds nothing
	Suppress []string
}

// Changes is what the owner's pre-token-generation function wants of the tokens that are about to be signed. It mirrors
// the answer of that trigger, which this room does not know.
type Changes struct {
	ID, Access                ClaimChanges
	AddScopes, SuppressScopes []string // of the access token
	// Override replaces the groups, roles and preferred role of the user by those below, which may be none.
	Override      bool
	Groups, Roles []string
	PreferredRole *string
}

// maxChanges is how many claims and scopes one authentication may change, as on AWS.
const maxChanges = 5000

// check returns ErrChanges when there are more changes than a token may carry.
func (c *Changes) check() error {
	if c == nil {
		return nil
	}
	n := len(c.AddScopes) + len(c.SuppressScopes) + len(c.Groups) + len(c.Roles)
	for _, t := range []ClaimChanges{c.ID, c.Access} {
		n += len(t.Add) + len(t.Suppress)
	}
	if n > maxChanges {
		return ErrChanges
	}
	return nil
}

// Claims that no function may change, in either token. event_id leads to the session. Names are compared without case,
// because some verifiers, those of Go's standard library among them, read "Sub" as "sub".
var protectedClaims = setOf("acr", "act", "amr", "at_hash", "aud", "auth_time", "azp", "event_id", "exp", "iat", "identities",
	"iss", "jti", "nbf", "nonce", claimOrigin, "origin_jti", "sub", "token_use")

// Claims that no function may change in access tokens besides; scope has changes of its own.
var protectedAccess = setOf("client_id", "device_key", "version", "username", "scope")

// ID token claims that are never objects or arrays, because clients read them as plain values.
var plainClaims = setOf("phone_number_verified", "email_verified", "updated_at", "address")

// The claims that tell groups and roles: the only ones below "cognito:" that may be changed.
const (
	claimGroups    = "cognito:groups"
	claimRoles     = "cognito:roles"
	claimPreferred = "cognito:preferred_role"
)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[fold(n)] = true
	}
	return set
}

// fold is one spelling for all names that differ in case only, by the simple folding of Unicode.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
}

func isProtected(name string, access bool) bool {
	if name == claimGroups || name == claimRoles || name == claimPreferred {
		return false
	}
	folded := fold(name)
	return name == "" || protectedClaims[folded] || access && protectedAccess[folded] ||
		strings.HasPrefix(folded, fold("cognito:"))
}

// edit is what changes mean for one token: which claims are left out and which are put in, by name.
type edit struct {
	drop map[string]bool // also of the claims in add, which replace what there is
	add  map[string][]byte
}

// edit works out the changes to the ID token or the access token of a client.
func (c *ClaimChanges) edit(access bool, clientID string) edit {
	e := edit{drop: map[string]bool{}, add: map[string][]byte{}}
	for _, name := range c.Suppress {
		if isProtected(name, access) {
			continue
		}
		e.drop[name] = true
		if name == claimGroups {
			e.drop[claimRoles], e.drop[claimPreferred] = true, true
		}
	}
	for name, raw := range c.Add {
		value := compact(raw)
		if value == nil || e.drop[name] || !addable(name, value, access, clientID) {
			continue
		}
		e.add[name] = value
	}
	for name := range e.add {
		e.drop[name] = true
	}
	return e
}

func addable(name string, value []byte, access bool, clientID string) bool {
	switch {
	case access && name == "aud": // an audience other than the client itself would pass for another one's token
		var aud string
		return json.Unmarshal(value, &aud) == nil && aud == clientID
	case isProtected(name, access), strings.HasPrefix(fold(name), fold("dev:")):
		return false
	case !access && plainClaims[fold(name)]:
		return value[0] != '{' && value[0] != '['
	}
	return true
}

// compact returns a JSON value without white space; nil for null and for what is no JSON.
func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil || b.Len() == 0 || b.String() == "null" {
		return nil
	}
	return b.Bytes()
}

// finish appends the added claims in the order of their names.
func (e *edit) finish(o *object) {
	for _, name := range slices.Sorted(maps.Keys(e.add)) {
		o.raw(name, e.add[name])
	}
}

// scopes applies the changes to the scopes of an access token. An added scope has the form of RFC 6749 section 3.3.
func (c *Changes) scopes(base []string) []string {
	if c == nil {
		return base
	}
	var out []string
	for _, scope := range slices.Concat(base, c.AddScopes) {
		if isScope(scope) && !slices.Contains(c.SuppressScopes, scope) && !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	return out
}

func isScope(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return text != ""
}

// membership are the groups and roles that tokens tell.
type membership struct {
	groups, roles []string
	preferred     string
}

// membership is what the user's groups give, or what the function put in their place.
func (c *Changes) membership(groups []Group) membership {
	if c != nil && c.Override {
		m := membership{groups: c.Groups, roles: c.Roles}
		if c.PreferredRole != nil {
			m.preferred = *c.PreferredRole
		}
		return m
	}
	sorted := byPrecedence(groups)
	m := membership{groups: groupNames(sorted)}
	m.roles, m.preferred = roleClaims(sorted)
	return m
}

// fits returns ErrChanges for a token that no verifier of ours would read, because it was made too long.
func fits(tokens ...string) error {
	for _, t := range tokens {
		if len(t) > jose.MaxToken {
			return ErrChanges
		}
	}
	return nil
}

// GroupClaims are the groups, roles and preferred role ("" for none) that tokens of a user with these groups carry.
func GroupClaims(groups []Group) (names, roles []string, preferred string) {
	m := (*Changes)(nil).membership(groups)
	return m.groups, m.roles, m.preferred
}
