package token

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/core/pool"
)

// claimForm is how a standard attribute appears in an ID token.
type claimForm int

const (
	formText   claimForm = iota + 1
	formBool             // JSON true or false
	formObject           // {"formatted": value}
	formNumber           // text, or a number where the pool asks for it
)

// standardClaims are the standard attributes that become claims under their own name. Other names, "sub" included,
// never do, except custom attributes: no attribute can stand in for a claim that the server makes.
var standardClaims = map[string]claimForm{
	"address": formObject, "birthdate": formText, "email": formText, "email_verified": formBool,
	"family_name": formText, "gender": formText, "given_name": formText, "locale": formText,
	"middle_name": formText, "name": formText, "nickname": formText, "phone_number": formText,
	"phone_number_verified": formBool, "picture": formText, "preferred_username": formText, "profile": formText,
	"updated_at": formNumber, "website": formText, "zoneinfo": formText,
}

// claims is everything that the two tokens of one answer say.
type claims struct {
	pool    *pool.Pool
	client  *pool.Client
	subject *Subject
	session *Session
	issuer  string
	issued  int64 // seconds since 1970
	links   bool  // whether jti and origin_jti tell which session a token is of
	changes *Changes
	nonce   string // of the authorization request
	hash    bool   // whether the ID token names the access token: that of managed login
	// accessHash is at_hash, once the access token is there.
	accessHash string
}

// object appends the members of one JSON object, except those whose names are in drop.
type object struct {
	b    []byte
	drop map[string]bool
}

// key begins a member and reports whether it is wanted.
func (o *object) key(name string) bool {
	if o.drop[name] {
		return false
	}
	o.begin(name)
	return true
}

func (o *object) begin(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(rt.AppendString(o.b, name), ':')
}

func (o *object) text(name, value string) {
	if o.key(name) {
		o.b = rt.AppendString(o.b, value)
	}
}

func (o *object) number(name string, value int64) {
	if o.key(name) {
		o.b = strconv.AppendInt(o.b, value, 10)
	}
}

// raw appends a JSON value whatever drop says: it is what was put in the place of the member.
func (o *object) raw(name string, value []byte) {
	o.begin(name)
	o.b = append(o.b, value...)
}

// list appends an array of strings; an empty one is left out.
func (o *object) list(name string, values []string) {
	if len(values) == 0 || !o.key(name) {
		return
	}
	for i, v := range values {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.b = rt.AppendString(o.b, v)
	}
	o.b = append(o.b, ']')
}

func (o *object) close() []byte { return append(o.b, '}') }

// object begins the claims of one token of up to size bytes or a little more.
func (c *claims) object(size int, access bool) (object, edit) {
	var e edit
	switch {
	case c.changes == nil:
	case access:
		e = c.changes.Access.edit(true, c.client.ID)
	default:
		e = c.changes.ID.edit(false, c.client.ID)
	}
	return object{b: make([]byte, 0, size), drop: e.drop}, e
}

// id returns the claims of the ID token. Their order is fixed: equal facts give equal bytes.
func (c *claims) id(jti string, m membership) []byte {
	o, e := c.object(1024, false)
	if c.accessHash != "" {
		o.text("at_hash", c.accessHash)
	}
	o.text("sub", c.subject.Sub)
	o.list(claimGroups, m.groups)
	if m.preferred != "" {
		o.text(claimPreferred, m.preferred)
	}
	o.text("iss", c.issuer)
	o.text("cognito:username", c.subject.Username)
	if c.links {
		o.text("origin_jti", c.session.OriginJTI)
	}
	o.list(claimRoles, m.roles)
	if c.nonce != "" {
		o.text("nonce", c.nonce)
	}
	o.text("aud", c.client.ID)
	o.text("event_id", c.session.EventID)
	o.text("token_use", "id")
	c.times(&o, c.client.IDTTL().Milliseconds()/1000)
	if c.links {
		o.text("jti", jti)
	}
	c.level(&o)
	c.attributes(&o)
	e.finish(&o)
	return o.close()
}

// access returns the claims of the access token.
func (c *claims) access(jti string, m membership) []byte {
	o, e := c.object(768, true)
	if r := c.session.Resource; r != "" { // no function changes it
		delete(e.add, "aud")
		delete(e.drop, "aud")
		o.text("aud", r)
	}
	o.text("sub", c.subject.Sub)
	if c.session.DeviceKey != "" {
		o.text("device_key", c.session.DeviceKey)
	}
	o.list(claimGroups, m.groups)
	o.text("iss", c.issuer)
	o.text("client_id", c.client.ID)
	if c.links {
		o.text("origin_jti", c.session.OriginJTI)
	}
	o.text("event_id", c.session.EventID)
	o.text("token_use", "access")
	o.words("scope", c.changes.scopes(strings.Fields(c.session.Scope)))
	c.times(&o, c.client.AccessTTL().Milliseconds()/1000)
	o.text("jti", jti)
	o.text("username", c.subject.Username)
	c.level(&o)
	e.finish(&o)
	return o.close()
}

// times appends auth_time, exp and iat in whole seconds.
func (c *claims) times(o *object, life int64) {
	o.number("auth_time", c.session.AuthTime)
	o.number("exp", c.issued+life)
	o.number("iat", c.issued)
}

// level appends acr and amr when the sign-in asked for a level.
func (c *claims) level(o *object) {
	if c.session.ACR == "" {
		return
	}
	o.text("acr", c.session.ACR)
	o.list("amr", c.session.AMR)
}

// attributes appends the attributes that the client may read, by name.
func (c *claims) attributes(o *object) {
	scopes := strings.Fields(c.session.Scope)
	names := make([]string, 0, len(c.subject.Attributes))
	for name := range c.subject.Attributes {
		if (standardClaims[name] != 0 || strings.HasPrefix(name, "custom:")) && c.client.Readable(name) &&
			(c.session.Parent == "" || Reveals(scopes, name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if o.key(name) {
			o.b = AppendClaim(o.b, name, c.subject.Attributes[name], c.pool.UserInfoTyped())
		}
	}
}

// AppendClaim appends an attribute as the JSON value that it has in an ID token. With numbers, the one that OpenID Connect
// Core section 5.1 has as a number is one; Cognito has a string.
func AppendClaim(b []byte, name, value string, numbers bool) []byte {
	switch standardClaims[name] {
	case formBool:
		return strconv.AppendBool(b, value == "true")
	case formObject:
		return append(rt.AppendString(append(b, `{"formatted":`...), value), '}')
	case formNumber:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && numbers {
			return strconv.AppendInt(b, n, 10)
		}
	}
	return rt.AppendString(b, value)
}

// ClaimNames are the claims that ID tokens and userInfo may have besides custom attributes, by name.
func ClaimNames() []string {
	made := []string{
		"acr", "amr", "at_hash", "aud", "auth_time", claimGroups, claimPreferred, claimRoles, "cognito:username", "event_id", "exp", "iat", "iss", "jti",
		"nonce", "origin_jti", "sub", "token_use",
	}
	return slices.Sorted(slices.Values(slices.AppendSeq(made, maps.Keys(standardClaims))))
}

// byPrecedence returns the groups in the order that their precedence gives; those without come last.
func byPrecedence(groups []Group) []Group {
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b Group) int {
		if c := comparePrecedence(a.Precedence, b.Precedence); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return sorted
}

func comparePrecedence(a, b *int64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

func groupNames(groups []Group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return names
}

// roleClaims returns the distinct roles of the sorted groups and the preferred one: the role of the group that comes
// first among those with a role, or none when groups of equal precedence disagree.
func roleClaims(groups []Group) (roles []string, preferred string) {
	var first *Group
	for i, g := range groups {
		if g.RoleArn == "" {
			continue
		}
		if !slices.Contains(roles, g.RoleArn) {
			roles = append(roles, g.RoleArn)
		}
		switch {
		case first == nil:
			first, preferred = &groups[i], g.RoleArn
		case comparePrecedence(first.Precedence, g.Precedence) == 0 && g.RoleArn != first.RoleArn:
			preferred = ""
		}
	}
	return roles, preferred
}
