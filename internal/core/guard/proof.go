package guard

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
)

// Secret reserves a try at what only programs can know, such as the secret of a client or a token: an *limit.Over when the
// source has no room, for right ones too. The try counts for the pool as well, but the budget of the pool refuses nobody
// here: nobody guesses such a thing, and whoever used that budget up would stop every machine and every refresh.
func (g *Guard) Secret(ctx context.Context, poolID string) error {
	e := entered(ctx)
	if e == nil {
		return nil
	}
	if err := g.Begin(ctx, poolID); err != nil {
		return err
	}
	if e.over != nil && e.over.Scope == ofSource {
		return e.over
	}
	return nil
}

// Present is Secret for what is shown to an endpoint beside the API. The function that it returns ends the try, which counts
// when Wrong was called meanwhile.
func (g *Guard) Present(ctx context.Context, poolID string) (context.Context, func(), error) {
	if g.Limits == (Limits{}) {
		return ctx, func() {}, nil
	}
	e := &entry{counted: map[string]bool{}}
	ctx = context.WithValue(ctx, entryKey{}, e)
	err := g.Secret(ctx, poolID)
	var over *limit.Over
	if errors.As(err, &over) {
		g.refused(ctx, over)
	}
	return ctx, func() { settle(e.tries, e.wrong) }, err
}

// Owner refuses the user sub, who has shown an access token, when there is no room for the try that Begin reserved. Who is
// known from here goes on. The pool's keys have to be loaded.
func (g *Guard) Owner(tx *db.Tx, poolID, sub string) error {
	if e := entered(tx.Context()); e == nil || e.over == nil {
		return nil
	}
	asker, err := g.Asker(tx, poolID, sub)
	if err != nil {
		return err
	}
	return g.Admit(tx.Context(), asker)
}

// Right gives back what was reserved, once everything that could be wrong was found right: what follows may take long.
func Right(ctx context.Context) {
	if e := entered(ctx); e != nil {
		settle(e.tries, false)
		e.tries, e.exempt = nil, true
	}
}

// refused notes the refusal of a budget.
func (g *Guard) refused(ctx context.Context, over *limit.Over) {
	obs.Cause(ctx, "%v", over)
	if g.Refused != nil {
		g.Refused(over.Scope)
	}
}
