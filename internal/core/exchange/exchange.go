package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Deps are the rooms and tools that this one works with; all are required.
type Deps struct {
	DB        *db.DB
	Pools     *pool.Pools
	Directory *directory.Directory
	Tokens    *token.Tokens
	Triggers  *trigger.Triggers
	Guard     *guard.Guard
}

// Room derives tokens. It is safe for concurrent use.
type Room struct{ Deps }

// New assembles the room.
func New(d Deps) *Room { return &Room{d} }

// Proof is a token that is handed in.
type Proof struct {
	Token    string
	Use      string // token.UseAccess or token.UseID; "" for a kind that only providers issue
	Provider string // whose token it is, "" for the pool's own
}

// Request asks for a derived token. Its client has been proven.
type Request struct {
	Pool     *pool.Pool
	Client   *pool.Client
	Subject  Proof
	Actor    *Proof   // nil for none
	Scopes   []string // nil for those of the subject
	Audience string   // at most one of the two is set
	Resource string   // a resource server
	Use      string   // of the derived token; "" for token.UseAccess
}

// Derived is a derived token.
type Derived struct {
	Token  string
	Use    string
	Life   int64 // seconds
	Scopes []string
}

// order is a request whose proofs were judged.
type order struct {
	*Request
	subject *token.Shown
	actor   *token.Shown // nil for none
	user    *directory.User
	groups  []token.Group

	scopes   []string
	audience string
	act      json.RawMessage
}

// Exchange derives a token. The errors are a *Refusal and the exceptions of triggers.
func (r *Room) Exchange(ctx context.Context, in *Request) (*Derived, error) {
	o := &order{Request: in}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := r.judge(ctx, o); err != nil {
		return nil, err
	}
	guard.Right(ctx) // a function may take long
	var err error
	if o.act, err = o.acting(); err != nil {
		return nil, err
	}
	if o.audience, err = r.target(ctx, o); err != nil {
		return nil, err
	}
	if o.scopes, err = o.grant(); err != nil {
		return nil, err
	}
	return r.issue(ctx, o)
}

// flows are those that a client needs to exchange tokens without an actor and with one.
func (in *Request) flow() (flow cognitoidp.ExplicitAuthFlowsType) {
	if in.Actor != nil {
		return cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeDelegation
	}
	return cognitoidp.ExplicitAuthFlowsTypeAllowTokenExchangeImpersonation
}

// check holds what can be seen without looking into the tokens.
func (in *Request) check() error {
	switch flow := in.flow(); {
	case !slices.Contains(in.Client.Config.ExplicitAuthFlows, flow):
		return refuse(Forbidden, string(flow)+" flow not enabled for this client")
	case in.Audience != "" && in.Resource != "":
		return refuse(Malformed, "Audiences and Resources cannot be given together.")
	}
	for _, p := range []*Proof{&in.Subject, in.Actor} {
		switch {
		case p == nil:
		case p.Provider != "":
			return refuse(NoTarget, pool.UnknownProvider(p.Provider, in.Pool.ID))
		case p.Use == "":
			return refuse(Malformed, "A token of this type needs the name of the provider that issued it.")
		case p.Token == "":
			return refuse(Malformed, "A token is missing.")
		}
	}
	return nil
}

// judge verifies the tokens, and that this client may hand them in.
func (r *Room) judge(ctx context.Context, o *order) (err error) {
	if o.subject, o.user, err = r.Directory.Holder(ctx, o.Pool, o.Subject.Use, o.Subject.Token); err != nil {
		return dead(err, textSubject)
	}
	switch {
	case o.subject.Machine:
		obs.Cause(ctx, "the subject token is of a client, not of a user")
		return refuse(BadToken, textSubject)
	case !mayShow(o.Client, o.subject):
		obs.Cause(ctx, "the subject token was issued to another client")
		return refuse(BadToken, textSubject)
	}
	obs.From(ctx).User = o.user.Sub
	if o.Request.Actor == nil {
		return nil
	}
	if o.actor, _, err = r.Directory.Holder(ctx, o.Pool, o.Request.Actor.Use, o.Request.Actor.Token); err != nil {
		return dead(err, textActor)
	}
	if !isOwn(o.Client, o.actor) {
		obs.Cause(ctx, "the actor token was issued to another client")
		return refuse(BadToken, textActor)
	}
	return nil
}

const (
	textSubject = "Invalid subject token"
	textActor   = "Invalid actor token"
)

// dead is the refusal of a token that is worth nothing; other errors pass through.
func dead(err error, text string) error {
	if errors.Is(err, token.ErrDead) {
		return refuse(BadToken, text)
	}
	return err
}

// isOwn reports whether a token was issued to the client.
func isOwn(c *pool.Client, s *token.Shown) bool { return s.Client.ID == c.ID }

// mayShow reports whether the client may hand in a token of a user: an ID token that is meant for it, and an access token
// of its own or, where a secret proves who hands it in, of another client of the pool.
func mayShow(c *pool.Client, s *token.Shown) bool {
	if s.Use == token.UseID {
		return slices.Contains(s.Audience, c.ID)
	}
	return isOwn(c, s) || c.HasSecret()
}

// issue asks the owner's function and signs the token. What ended while the function was at work yields none.
func (r *Room) issue(ctx context.Context, o *order) (*Derived, error) {
	if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		o.groups, err = r.Directory.GroupsOf(tx, o.Pool, o.user.Sub)
		return err
	}); err != nil {
		return nil, err
	}
	event := directory.EventSubject(o.Pool, o.Client, o.user, nil)
	changes, err := directory.TokenChanges(ctx, r.Triggers, event, trigger.TokenExchange, o.groups, o.scopes)
	if err != nil {
		return nil, err
	}
	if changes != nil {
		if err := r.recheck(ctx, o); err != nil {
			return nil, err
		}
	}
	out := &Derived{Use: o.use(), Scopes: o.scopes}
	subject := r.Directory.Subject(o.user, o.groups)
	subject.Attributes = o.readable(subject.Attributes)
	out.Token, out.Life, err = r.Tokens.Derive(ctx, o.Pool, o.Client, o.subject, subject, token.Derivation{
		Use: out.Use, Scopes: o.scopes, Audience: o.audience, Act: o.act, Until: o.until(), Changes: changes,
	})
	if err != nil {
		return nil, dead(token.Refusal(err), textSubject)
	}
	return out, nil
}

// recheck holds that nothing has ended that the token is derived from.
func (r *Room) recheck(ctx context.Context, o *order) error {
	err := r.DB.View(ctx, func(tx *db.Tx) error {
		if err := r.Pools.Recheck(tx, o.Client); err != nil {
			return err
		}
		for _, s := range []*token.Shown{o.subject, o.actor} {
			if s == nil || s.Machine {
				continue
			}
			if err := r.Tokens.Living(tx, o.Pool, s); err != nil {
				return err
			}
			if _, err := r.Directory.Active(tx, o.Pool, s.Sub); err != nil {
				return err
			}
		}
		return nil
	})
	return dead(err, textSubject)
}

// use is what the derived token is for.
func (in *Request) use() string {
	if in.Use == token.UseID {
		return token.UseID
	}
	return token.UseAccess
}

// until is when the derived token ends at the latest: with the first of the tokens that it comes from.
func (o *order) until() int64 {
	if o.actor != nil {
		return min(o.subject.ExpiresAt, o.actor.ExpiresAt)
	}
	return o.subject.ExpiresAt
}
