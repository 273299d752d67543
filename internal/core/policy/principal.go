package policy

import (
	"regexp"
	"strings"
)

// PrincipalKind is what kind of caller a principal is.
type PrincipalKind uint8

// The kinds of callers. The zero value is a caller that proved nothing.
const (
	Anonymous     PrincipalKind = iota
	Root                        // of an account
	User                        // of IAM
	AssumedRole                 // a session of a role
	FederatedUser               // of GetFederationToken
	Federated                   // a token or an assertion of an identity provider, before it is a session
	Service                     // of AWS
)

// Principal is who makes a request.
type Principal struct {
	Kind PrincipalKind
	// ARN is the user's, the session's (arn:aws:sts::...:assumed-role/Role/Session), the federated user's or the root's;
	// of an identity provider its ARN or, for the built-in ones, its name; of a service its host name.
	ARN string
	// Parent is the ARN of the role of an assumed-role session, or of the user behind a federated user.
	Parent string
	// ID is the unique id of the user, or of the role or user that is the parent, without the name of a session.
	ID string
	// Account is the account that the principal belongs to; providers and services belong to none.
	Account string
	// Canonical is the id by which S3 knows the account, where it has one.
	Canonical string
}

// PrincipalType is a member name of a Principal element.
type PrincipalType string

// The members of a Principal element.
const (
	PrincipalAWS       PrincipalType = "AWS"
	PrincipalFederated PrincipalType = "Federated"
	PrincipalService   PrincipalType = "Service"
	PrincipalCanonical PrincipalType = "CanonicalUser"
)

// grip is how firmly a statement names a principal, which decides what else limits it.
type grip uint8

const (
	unnamed  grip = iota
	account       // the account is named: its own policies decide
	indirect      // the role or everybody: boundary and session policies still limit
	direct        // exactly this caller
)

// named is one principal of a statement.
type named struct {
	kind       PrincipalType
	value      string
	account    string // of an account id or its root, which mean the same
	start, end int    // of the string literal in the document
}

// everybody is the form of "*" and of {"AWS": "*"}.
func (n *named) everybody() bool { return n.kind == PrincipalAWS && n.value == "*" }

var (
	accountRoot = regexp.MustCompile(`^(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?$`)
	callerARN   = regexp.MustCompile(`^arn:aws[a-z-]*:(?:iam::\d{12}:(?:user|role)/[\w+=,.@/-]+|sts::\d{12}:(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))$`)
	uniqueID    = regexp.MustCompile(`^A(?:IDA|ROA)[A-Z0-9]{12,124}$`)
	serviceName = regexp.MustCompile(`^[a-z0-9-]+(?:\.[a-z0-9-]+)+$`)
	provider    = regexp.MustCompile(`^(?:arn:aws[a-z-]*:iam::\d{12}:(?:oidc|saml)-provider/\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$`)
	canonicalID = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// parseNamed checks the form of one principal. Whether somebody of that name exists is for whoever keeps the policy.
func parseNamed(kind PrincipalType, value string) (n named, ok bool) {
	n = named{kind: kind, value: value}
	switch kind {
	case PrincipalAWS:
		if m := accountRoot.FindStringSubmatch(value); m != nil && strings.HasPrefix(value, "arn:") == strings.HasSuffix(value, ":root") {
			n.account = m[1]
			return n, true
		}
		return n, value == "*" || callerARN.MatchString(value) || uniqueID.MatchString(value)
	case PrincipalService:
		return n, serviceName.MatchString(value)
	case PrincipalFederated:
		return n, value == "*" || provider.MatchString(value)
	case PrincipalCanonical:
		return n, canonicalID.MatchString(value)
	}
	return n, false
}

// grip tells how firmly this one entry names p. allow is the effect of its statement: everybody who may be allowed are
// callers of AWS, while everybody who is denied is everybody.
func (n *named) grip(p *Principal, allow bool) grip {
	if n.everybody() {
		if allow && (p.Kind == Federated || p.Kind == Service) {
			return unnamed
		}
		return indirect
	}
	switch n.kind {
	case PrincipalFederated:
		return gripIf(p.Kind == Federated && (n.value == p.ARN || n.value == "*"), direct)
	case PrincipalService:
		return gripIf(p.Kind == Service && n.value == p.ARN, direct)
	case PrincipalCanonical:
		return gripIf(p.Canonical != "" && n.value == p.Canonical, account)
	}
	switch {
	case p.Account == "" || p.Kind == Anonymous || p.Kind == Federated || p.Kind == Service:
		return unnamed
	case n.account != "":
		if n.account != p.Account {
			return unnamed
		}
		if p.Kind == Root {
			return direct
		}
		return account
	case n.value == p.ARN:
		return direct
	case p.Kind == User && n.value == p.ID && p.ID != "":
		return direct
	case n.value == p.Parent || n.value == p.ID:
		return gripIf(p.Kind == AssumedRole || p.Kind == FederatedUser, indirect)
	}
	return unnamed
}

func gripIf(b bool, g grip) grip {
	if b {
		return g
	}
	return unnamed
}

// grip is the firmest that any principal of the statement has on p. NotPrincipal holds everybody who is not named; who
// shares only the account of somebody named is not named.
func (s *statement) grip(p *Principal) grip {
	firmest := unnamed
	for i := range s.principals {
		firmest = max(firmest, s.principals[i].grip(p, s.effect == Allow && !s.notPrincipal))
	}
	if !s.notPrincipal {
		return firmest
	}
	return gripIf(firmest < indirect, indirect)
}
