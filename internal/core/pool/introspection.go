package pool

import (
	"slices"
	"strings"
)

// TagIntrospection and a client id make the tag that lets a confidential client ask what tokens are worth, beyond what
// Cognito offers. Its value is on, or the resource servers and audiences that the client stands for, parted by spaces: it
// then sees their access tokens besides its own. off, and no tag, let it see nothing.
const TagIntrospection = "cognate:introspection:"

// Introspects reports whether a client may ask what tokens are worth, and the resource servers and audiences that it
// stands for.
func (p *Pool) Introspects(clientID string) (servers []string, may bool) {
	switch value := p.Config.UserPoolTags[TagIntrospection+clientID]; value {
	case "", "off":
		return nil, false
	case "on":
		return nil, true
	default:
		return strings.Fields(value), true
	}
}

// Introspectable reports whether any client of the pool may ask what tokens are worth.
func (p *Pool) Introspectable() bool {
	for key := range p.Config.UserPoolTags {
		if id, found := strings.CutPrefix(key, TagIntrospection); found {
			if _, may := p.Introspects(id); may {
				return true
			}
		}
	}
	return false
}

// badIntrospection explains which tag names no client, or lists on or off beside a resource server; empty when none is wrong.
func badIntrospection(tags map[string]string) string {
	for key, value := range tags {
		id, found := strings.CutPrefix(key, TagIntrospection)
		if !found {
			continue
		}
		words := strings.Fields(value)
		mixed := len(words) > 1 && (slices.Contains(words, "on") || slices.Contains(words, "off"))
		if !clientIDs.MatchString(id) || mixed || value != "" && len(words) == 0 {
			return "The tag " + key + " must end with a client id, and be on, off or names of resource servers; not " + value
		}
	}
	return ""
}

// ScopesOf are those of the scopes that belong to one of the resource servers.
func ScopesOf(servers, scopes []string) []string {
	var out []string
	for _, scope := range scopes {
		if server, _, ok := splitScope(scope); ok && scope != RegisterScope && slices.Contains(servers, server) {
			out = append(out, scope)
		}
	}
	return out
}
