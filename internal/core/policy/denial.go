package policy

import "strings"

// name is how IAM's messages call the policies of a layer; trust says that the resource's policy is that of a role.
func (l Layer) name(trust bool) string {
	switch l {
	case ByBoundary:
		return "permissions boundary"
	case BySession:
		return "session policy"
	case ByResource:
		if trust {
			return "role trust policy"
		}
		return "resource-based policy"
	}
	return "identity-based policy"
}

// Denial is IAM's message for a request that was not allowed, with the reason.
func Denial(r *Request, sets *Sets, d *Decision) string {
	var b strings.Builder
	b.WriteString(DenialWithoutReason(r))
	name := d.Layer.name(sets.Alone)
	if d.Result == ExplicitDeny {
		b.WriteString(" with an explicit deny in ")
		switch {
		case sets.Alone && d.Layer == ByResource:
			b.WriteString("the ")
		case d.Layer == ByIdentity:
			b.WriteString("an ")
		default:
			b.WriteString("a ")
		}
		b.WriteString(name)
		return b.String()
	}
	b.WriteString(" because no " + name + " allows the " + r.Action + " action")
	return b.String()
}

// DenialWithoutReason is the form of the message that says only who, what and, where there is one, on which resource.
func DenialWithoutReason(r *Request) string {
	who := r.Principal.ARN
	if r.Principal.Kind == Anonymous && who == "" {
		who = "anonymous"
	}
	text := "User: " + who + " is not authorized to perform: " + r.Action
	if r.Resource != "" && r.Resource != "*" {
		text += " on resource: " + r.Resource
	}
	return text
}
