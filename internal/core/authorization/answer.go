package authorization

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Answer is what the client is told: members in their order, and where.
type Answer struct {
	To      string // the redirect URI
	Mode    Mode
	Members [][2]string
}

// URL is the address that carries the answer, for all modes but ModeForm. A query of the redirect URI is kept.
func (a *Answer) URL() string {
	var b strings.Builder
	for i, m := range a.Members {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(m[0] + "=" + url.QueryEscape(m[1]))
	}
	mark := "?"
	switch {
	case a.Mode == ModeFragment:
		mark = "#"
	case strings.HasSuffix(a.To, "?"), strings.HasSuffix(a.To, "&"):
		mark = ""
	case strings.Contains(a.To, "?"):
		mark = "&"
	}
	return a.To + mark + b.String()
}

// answer is one that ends with the state, when there was one, and the issuer (RFC 9207).
func (q *Request) answer(members ...[2]string) *Answer {
	return &Answer{To: q.RedirectURI, Mode: q.Mode, Members: append(q.withState(members...), [2]string{"iss", q.issuer})}
}

func (q *Request) withState(members ...[2]string) [][2]string {
	if q.HasState {
		members = append(members, [2]string{"state", q.State})
	}
	return members
}

// Answer is what the client is told of a refusal, in Cognito's order: the description first, the code last.
func (e *Denied) Answer() *Answer {
	q := e.Request
	var members [][2]string
	if e.Text != "" {
		members = append(q.withState([2]string{"error_description", e.Text}), [2]string{"error", e.Code})
	} else {
		members = q.withState([2]string{"error", e.Code})
	}
	return &Answer{To: q.RedirectURI, Mode: q.Mode, Members: append(members, [2]string{"iss", q.issuer})}
}

// Mismatch tells developers how an address differs from those that are registered for it, by the names of both.
func Mismatch(name, got, kind string, registered []string) string {
	if len(registered) == 0 {
		return "the app client has no " + kind + "s"
	}
	if strings.TrimSuffix(got, "/") != got && slices.Contains(registered, strings.TrimSuffix(got, "/")) {
		return fmt.Sprintf("%s %q has a slash at its end that the registered %s does not have", name, shown(got), kind)
	}
	if slices.Contains(registered, got+"/") {
		return fmt.Sprintf("%s %q lacks the slash at the end of the registered %s", name, shown(got), kind)
	}
	return fmt.Sprintf("%s %q is not one of the %ss %s, character for character", name, shown(got), kind, strings.Join(registered, ", "))
}

// shown is as much of a value as a developer needs to see.
func shown(text string) string {
	const enough = 300
	if len(text) > enough {
		text = text[:enough] + "..."
	}
	return text
}
