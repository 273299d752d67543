package guard

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
)

// gated are the operations that strangers can call to guess, to sign up or to have messages sent. Those that are signed and
// that no user stands behind are not among them.
var gated = map[string]bool{
	"InitiateAuth": true, "AdminInitiateAuth": true, "RespondToAuthChallenge": true, "AdminRespondToAuthChallenge": true,
	"SignUp": true, "ConfirmSignUp": true, "ResendConfirmationCode": true, "ForgotPassword": true, "ConfirmForgotPassword": true,
	"ChangePassword": true, "VerifyUserAttribute": true, "GetUserAttributeVerificationCode": true, "UpdateUserAttributes": true,
	"VerifySoftwareToken": true, "GetTokensFromRefreshToken": true, "GetClientToken": true, "RevokeToken": true, "GetDerivedToken": true,
}

// failures are the exceptions that a wrong proof is answered with.
var failures = map[string]bool{
	"NotAuthorizedException": true, "CodeMismatchException": true, "ExpiredCodeException": true, "UserNotFoundException": true,
	"TooManyFailedAttemptsException": true, "EnableSoftwareTokenMFAException": true, "UnauthorizedException": true,
}

// mistakes are the exceptions of a request that could not have made a user.
var mistakes = map[string]bool{"InvalidParameterException": true, "InvalidPasswordException": true}

// entry is one gated request.
type entry struct {
	operation string
	begun     bool
	exempt    bool // proves nothing that could be guessed
	wrong     bool
	asker     Asker
	over      *limit.Over
	tries     []*limit.Reservation
	signUps   []*limit.Reservation
	counted   map[string]bool // messages: a transaction may run again
}

type entryKey struct{}

func entered(ctx context.Context) *entry {
	e, _ := ctx.Value(entryKey{}).(*entry)
	return e
}

// Enter puts a request under the budgets. The function that it returns ends it: it is given the error of the operation and
// returns what to answer.
func (g *Guard) Enter(ctx context.Context, operation string) (context.Context, func(error) error) {
	if g.Limits == (Limits{}) || !gated[operation] {
		return ctx, func(err error) error { return err }
	}
	e := &entry{operation: operation, counted: map[string]bool{}}
	ctx = context.WithValue(ctx, entryKey{}, e)
	return ctx, func(err error) error { return g.leave(ctx, e, err) }
}

// Begin reserves a try, before anything is judged and outside of any transaction: an error is a fault. Admit refuses those
// for whom there is no room.
func (g *Guard) Begin(ctx context.Context, poolID string) error {
	e := entered(ctx)
	if e == nil || e.begun {
		return nil
	}
	e.begun = true
	var err error
	e.tries, e.over, err = g.reserve(ctx, "failures", poolID, g.Limits.SourceFailures, g.Limits.PoolFailures)
	return err
}

// Admit refuses strangers for whom there is no room. Those whom the account knows have a lock of their own.
func (g *Guard) Admit(ctx context.Context, asker Asker) error {
	e := entered(ctx)
	if e == nil {
		return nil
	}
	e.asker = asker
	if e.over != nil && !asker.Known() {
		return e.over
	}
	return nil
}

// SignUp reserves a sign-up, outside of any transaction.
func (g *Guard) SignUp(ctx context.Context, poolID string) error {
	e := entered(ctx)
	if e == nil {
		return nil
	}
	var over *limit.Over
	var err error
	e.signUps, over, err = g.reserve(ctx, "sign-ups", poolID, g.Limits.SourceSignUps, g.Limits.PoolSignUps)
	if err == nil && over != nil {
		return over
	}
	return err
}

// Message counts a message that somebody asked for, once for each request and destination. It may be called within a
// transaction.
func (g *Guard) Message(ctx context.Context, poolID, to string) error {
	e := entered(ctx)
	if e == nil || e.counted[to] {
		return nil
	}
	destination, err := g.hash(ctx, poolID, "guard/destination", to)
	if err != nil {
		return err
	}
	for _, b := range []struct {
		scope, key string
		rate       limit.Rate
	}{
		{ofSource, g.source(ctx), g.Limits.SourceMessages},
		{ofDestination, e.asker.Of(destination), g.Limits.DestinationMessages},
		{ofPool, poolID, g.Limits.PoolMessages},
	} {
		if b.key == "" || b.scope == ofPool && e.asker.Known() {
			continue
		}
		if err := g.budgets.Take("messages/"+b.scope+"/"+b.key, b.rate); err != nil {
			return scoped(err, b.scope)
		}
	}
	e.counted[to] = true
	return nil
}

// Exempt says that a request proves nothing that could be guessed, such as a refresh token.
func Exempt(ctx context.Context) {
	if e := entered(ctx); e != nil {
		e.exempt = true
	}
}

// Wrong says that a proof was wrong though the answer is none of the exceptions that tell so.
func Wrong(ctx context.Context) {
	if e := entered(ctx); e != nil {
		e.wrong = true
	}
}

// reserve asks the budgets of the source and the pool, in this order.
func (g *Guard) reserve(ctx context.Context, what, poolID string, source, pool limit.Rate) (held []*limit.Reservation, over *limit.Over, err error) {
	for _, b := range []struct {
		scope, key string
		rate       limit.Rate
	}{{ofSource, g.source(ctx), source}, {ofPool, poolID, pool}} {
		if b.key == "" {
			continue
		}
		r, err := g.budgets.Reserve(ctx, what+"/"+b.scope+"/"+b.key, b.rate)
		if err = scoped(err, b.scope); errors.As(err, &over) {
			return held, over, nil
		}
		if err != nil {
			return held, nil, err
		}
		held = append(held, r)
	}
	return held, nil, nil
}

// scoped notes whose budget an error is of.
func scoped(err error, scope string) error {
	var over *limit.Over
	if errors.As(err, &over) {
		over.Scope = scope
	}
	return err
}

// leave settles what a request reserved and renders the refusal of a budget as the operation declares it.
func (g *Guard) leave(ctx context.Context, e *entry, err error) error {
	var refused rt.Exception
	code := ""
	if errors.As(err, &refused) {
		code = refused.ErrorCode()
	}
	failed := !e.exempt && (e.wrong || failures[code])
	var over *limit.Over
	if failed && !e.begun { // refused before the account was looked at, for the proof of the client
		if fault := g.Begin(ctx, obs.From(ctx).Pool); fault == nil && e.over != nil {
			err = e.over
		}
	}
	settle(e.tries, failed)
	settle(e.signUps, !mistakes[code])
	if !errors.As(err, &over) {
		g.countLocked(err)
		return err
	}
	g.refused(ctx, over)
	obs.From(ctx).After = over.After
	return g.refusal(e.operation, over.Scope)
}

func settle(held []*limit.Reservation, counts bool) {
	for _, r := range held {
		if counts {
			r.Keep()
		} else {
			r.Return()
		}
	}
}

// refusal is what an operation answers when a budget has no room: TooManyRequestsException, or LimitExceededException for a
// destination where that is declared.
func (g *Guard) refusal(operation, scope string) error {
	i := slices.IndexFunc(cognitoidp.Operations, func(op rt.Operation[cognitoidp.Service]) bool { return op.Name == operation })
	declared := cognitoidp.Operations[i].Errors
	limitExceeded := slices.Contains(declared, "LimitExceededException")
	if limitExceeded && (scope == ofDestination || !slices.Contains(declared, "TooManyRequestsException")) {
		return TooOften(cognitoidp.NewLimitExceeded)
	}
	return cognitoidp.NewTooManyRequests("Rate exceeded")
}

// TooOften is AWS's text for what was done too often, as the exception that the operation declares for it.
func TooOften(exception func(format string, args ...any) error) error {
	return exception("Attempt limit exceeded, please try after some time.")
}
