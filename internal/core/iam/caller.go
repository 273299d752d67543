package iam

import (
	"time"

	"cognate/internal/base/obs"
	"cognate/internal/core/policy"
)

// Caller is what this room keeps about who signed a request; it stands in the principal's Of.
type Caller struct {
	Kind policy.PrincipalKind
	User string // the user, or the one whose session it is
	Role string // the role whose session it is
	ID   string // the unique id of the user or role
	// Session is nil for who signs with a long-term key.
	Session *Session
	// Unknown says that dev takes a key that was not issued here for the root's.
	Unknown bool
}

// Session is what temporary credentials say about whoever holds them. Nothing of it is kept here.
type Session struct {
	Kind    policy.PrincipalKind // Root and User of GetSessionToken, FederatedUser, AssumedRole
	Of      string               // the user or role; "" of the root
	ID      string               // its unique id; "" of the root
	Name    string               // of the session or of the federated user
	Issued  time.Time
	Expires time.Time

	// Layers are session policies; every layer must allow. A federated user without any may do nothing.
	Layers []Layer
	Tags   []Tag
	// Transitive are the keys of tags that go on to the next role.
	Transitive []string

	SourceIdentity string
	MFA            time.Time // when a second factor was proven, zero for never
	// Context are the condition keys that the identity provider's word gave the session.
	Context map[string][]string
	// Chained says that a role's session assumed the role.
	Chained bool
	// Scoped counts the layers that were put on the session after it began.
	Scoped int
}

// Layer is a union of session policies: a document, managed policies, or both.
type Layer struct {
	Document string
	ARNs     []string
}

// Tag is a tag of a session.
type Tag struct{ Key, Value string }

// principal is who a session is.
func (r *Room) principal(accessKeyID string, s *Session) obs.Principal {
	p := obs.Principal{Account: r.deps.Account, AccessKeyID: accessKeyID}
	c := &Caller{Kind: s.Kind, ID: s.ID, Session: s}
	sts := "arn:aws:sts::" + r.deps.Account + ":"
	switch s.Kind {
	case policy.Root:
		p.ARN, p.UserID, p.Root = r.rootARN(), r.deps.Account, true
	case policy.AssumedRole:
		c.Role = s.Of
		p.ARN, p.UserID = sts+"assumed-role/"+s.Of+"/"+s.Name, s.ID+":"+s.Name
	case policy.FederatedUser:
		c.User = s.Of
		p.ARN, p.UserID = sts+"federated-user/"+s.Name, r.deps.Account+":"+s.Name
	}
	p.Of = c
	return p
}

func (r *Room) rootARN() string { return "arn:aws:iam::" + r.deps.Account + ":root" }
