package guard

import "context"

// Registration reserves a registration that a stranger makes, of an app client: an *limit.Over when the source or the pool
// has no room. The rates are those of sign-ups, the counts their own. The function ends it, and it counts when a client was
// made. Not to be called within a transaction.
func (g *Guard) Registration(ctx context.Context, poolID string) (func(made bool), error) {
	if g.Limits == (Limits{}) {
		return func(bool) {}, nil
	}
	held, over, err := g.reserve(ctx, "registrations", poolID, g.Limits.SourceSignUps, g.Limits.PoolSignUps)
	if over != nil {
		g.refused(ctx, over)
		err = over
	}
	if err != nil {
		settle(held, false)
		held = nil
	}
	return func(made bool) { settle(held, made) }, err
}
