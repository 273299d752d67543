package exchange

import "cognate/internal/api/cognitoidp"

// Kind tells refusals apart.
type Kind int

// The kinds of refusals.
const (
	Forbidden Kind = iota + 1 // the client may not exchange tokens in this way
	Malformed                 // the request is none
	BadToken                  // a token is worth nothing here, or not to this client
	BadTarget                 // there can be no token for this audience
	NoTarget                  // there is no such resource server or provider
	BadScope                  // nothing is left of the scopes
)

// Refusal says why a token was not derived.
type Refusal struct {
	Kind Kind
	Text string
}

// Error tells the text.
func (r *Refusal) Error() string { return "exchange: " + r.Text }

func refuse(kind Kind, text string) error { return &Refusal{kind, text} }

// exception is the refusal as GetDerivedToken declares it.
func (r *Refusal) exception() error {
	switch r.Kind {
	case Forbidden, BadToken:
		return cognitoidp.NewNotAuthorized("%s", r.Text)
	case NoTarget:
		return cognitoidp.NewResourceNotFound("%s", r.Text)
	}
	return cognitoidp.NewInvalidParameter("%s", r.Text)
}
