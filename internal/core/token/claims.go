package token

import (
	"cmp"
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
)

// standardClaims are the standard attributes that become claims under their own name. Other names, "sub" included,
// never do, except custom attributes: no attribute can stand in for a claim that the server makes.
var standardClaims = map[string]claimForm{
	"address": formObject, "birthdate": formText, "email": formText, "email_verified": formBool,
	"family_name": formText, "gender": formText, "given_name": formText, "locale": formText,
	"middle_name": formText, "name": formText, "nickname": formText, "phone_number": formText,
	"phone_number_verified": formBool, "picture": formText, "preferred_username": formText, "profile": formText,
	"updated_at": formText, "website": formText, "zoneinfo": formText,
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
}

// object appends the members of one JSON object.
type object []byte

func (o *object) key(name string) {
	if len(*o) == 0 {
		*o = append(*o, '{')
	} else {
		*o = append(*o, ',')
	}
	*o = append(rt.AppendString(*o, name), ':')
}

func (o *object) text(name, value string) {
	o.key(name)
	*o = rt.AppendString(*o, value)
}

func (o *object) number(name string, value int64) {
	o.key(name)
	*o = strconv.AppendInt(*o, value, 10)
}

// list appends an array of strings; an empty one is left out.
func (o *object) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.key(name)
	for i, v := range values {
		*o = append(*o, "[,"[min(i, 1)])
		*o = rt.AppendString(*o, v)
	}
	*o = append(*o, ']')
}

func (o *object) close() []byte { return append(*o, '}') }

// id returns the claims of the ID token. Their order is fixed: equal facts give equal bytes.
func (c *claims) id(jti string, groups []Group) []byte {
	o := make(object, 0, 1024)
	o.text("sub", c.subject.Sub)
	o.list("cognito:groups", groupNames(groups))
	roles, preferred := roleClaims(groups)
	if preferred != "" {
		o.text("cognito:preferred_role", preferred)
	}
	o.text("iss", c.issuer)
	o.text("cognito:username", c.subject.Username)
	if c.links {
		o.text("origin_jti", c.session.OriginJTI)
	}
	o.list("cognito:roles", roles)
	o.text("aud", c.client.ID)
	o.text("event_id", c.session.EventID)
	o.text("token_use", "id")
	c.times(&o, c.client.IDTTL().Milliseconds()/1000)
	if c.links {
		o.text("jti", jti)
	}
	c.level(&o)
	c.attributes(&o)
	return o.close()
}

// access returns the claims of the access token.
func (c *claims) access(jti string, groups []Group) []byte {
	o := make(object, 0, 768)
	o.text("sub", c.subject.Sub)
	if c.session.DeviceKey != "" {
		o.text("device_key", c.session.DeviceKey)
	}
	o.list("cognito:groups", groupNames(groups))
	o.text("iss", c.issuer)
	o.text("client_id", c.client.ID)
	if c.links {
		o.text("origin_jti", c.session.OriginJTI)
	}
	o.text("event_id", c.session.EventID)
	o.text("token_use", "access")
	o.text("scope", c.session.Scope)
	c.times(&o, c.client.AccessTTL().Milliseconds()/1000)
	o.text("jti", jti)
	o.text("username", c.subject.Username)
	c.level(&o)
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
	names := make([]string, 0, len(c.subject.Attributes))
	for name := range c.subject.Attributes {
		if (standardClaims[name] != 0 || strings.HasPrefix(name, "custom:")) && c.client.Readable(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		value := c.subject.Attributes[name]
		switch standardClaims[name] {
		case formBool:
			o.key(name)
			*o = strconv.AppendBool(*o, value == "true")
		case formObject:
			o.key(name)
			*o = append(*o, `{"formatted":`...)
			*o = append(rt.AppendString(*o, value), '}')
		default:
			o.text(name, value)
		}
	}
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
