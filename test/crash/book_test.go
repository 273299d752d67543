package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"cognate/internal/testkit/process"
)

// person is the memory of one user: what the server acknowledged, and what was on its way when it died.
type person struct {
	name     string
	created  bool   // the sign-up was acknowledged
	password string // acknowledged password
	pending  string // password of a change that was sent and not answered; "" when there is none
	refresh  string // a refresh token that was handed out; "" when there is none
	revoked  bool   // its revocation was acknowledged
	maybe    bool   // its revocation was sent and not answered
	removed  bool   // the deletion was acknowledged
	removing bool   // a deletion was sent and not answered
	moved    string // acknowledged value of the attribute "nickname"
	moving   string // value on its way
	held     bool   // a client of this round works with it
}

// book is everything the clients know, over all rounds. A person belongs to one worker, so only the list is shared.
type book struct {
	mu     sync.Mutex
	people []*person
	serial atomic.Int64
	acks   atomic.Int64
}

func (b *book) add(p *person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.people = append(b.people, p)
}

// worker is one client that signs users up and changes them until the server stops answering.
type worker struct {
	server *process.Server
	pool   string
	client string
	book   *book
	rng    *rand.Rand
	mine   []*person
}

// errLost marks a call without an answer.
var errLost = errors.New("no answer")

// call returns the answer, an exception as *process.Error, or errLost.
func (w *worker) call(ctx context.Context, operation string, in process.M) (process.M, error) {
	out, err := w.server.Call(ctx, operation, in)
	var refused *process.Error
	switch {
	case err == nil:
		w.book.acks.Add(1)
		return out, nil
	case errors.As(err, &refused):
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return nil, errLost
}

// run works until an answer stays out, and returns nil then; any exception is a failure of the test.
func (w *worker) run(ctx context.Context) error {
	for {
		step := w.signUp
		if len(w.mine) > 0 {
			step = []func(context.Context) error{
				w.signUp, w.signUp, w.changePassword, w.changePassword, w.setPassword,
				w.signIn, w.revoke, w.revoke, w.rename, w.remove,
			}[w.rng.IntN(10)]
		}
		err := step(ctx)
		if errors.Is(err, errLost) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// pick returns one of the worker's living users.
func (w *worker) pick() *person { return w.mine[w.rng.IntN(len(w.mine))] }

func (w *worker) signUp(ctx context.Context) error {
	n := w.book.serial.Add(1)
	p := &person{name: fmt.Sprintf("crash-%06d", n), pending: secret(n)}
	w.book.add(p)
	_, err := w.call(ctx, "SignUp", process.M{
		"ClientId": w.client, "Username": p.name, "Password": p.pending,
		"UserAttributes": []process.M{{"Name": "email", "Value": p.name + "@example.com"}},
	})
	if err != nil {
		return err
	}
	p.created, p.password, p.pending = true, p.pending, ""
	if _, err := w.call(ctx, "AdminConfirmSignUp", process.M{"UserPoolId": w.pool, "Username": p.name}); err != nil {
		return err
	}
	w.mine = append(w.mine, p)
	return nil
}

// tokens signs the user in with the acknowledged password.
func (w *worker) tokens(ctx context.Context, p *person) (access, refresh string, err error) {
	out, err := w.call(ctx, "InitiateAuth", process.M{
		"ClientId": w.client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": process.M{"USERNAME": p.name, "PASSWORD": p.password},
	})
	if err != nil {
		return "", "", err
	}
	return process.Path(out, "AuthenticationResult", "AccessToken"), process.Path(out, "AuthenticationResult", "RefreshToken"), nil
}

func (w *worker) signIn(ctx context.Context) error {
	p := w.pick()
	_, refresh, err := w.tokens(ctx, p)
	if err != nil {
		return err
	}
	p.refresh, p.revoked, p.maybe = refresh, false, false
	return nil
}

func (w *worker) changePassword(ctx context.Context) error {
	p := w.pick()
	access, _, err := w.tokens(ctx, p)
	if err != nil {
		return err
	}
	next := secret(w.book.serial.Add(1))
	p.pending = next
	_, err = w.call(ctx, "ChangePassword", process.M{
		"AccessToken": access, "PreviousPassword": p.password, "ProposedPassword": next,
	})
	return w.settle(p, next, err)
}

func (w *worker) setPassword(ctx context.Context) error {
	p := w.pick()
	next := secret(w.book.serial.Add(1))
	p.pending = next
	_, err := w.call(ctx, "AdminSetUserPassword", process.M{
		"UserPoolId": w.pool, "Username": p.name, "Password": next, "Permanent": true,
	})
	return w.settle(p, next, err)
}

// settle notes the outcome of a password change. A per-user limit is an answer too: the change did not happen.
func (w *worker) settle(p *person, next string, err error) error {
	var refused *process.Error
	if errors.As(err, &refused) && refused.Code == "LimitExceededException" {
		p.pending = ""
		return nil
	}
	if err != nil {
		return err
	}
	p.password, p.pending = next, ""
	return nil
}

func (w *worker) revoke(ctx context.Context) error {
	p := w.pick()
	if p.refresh == "" || p.revoked {
		return w.signIn(ctx)
	}
	p.maybe = true
	var err error
	if w.rng.IntN(2) == 0 {
		_, err = w.call(ctx, "RevokeToken", process.M{"ClientId": w.client, "Token": p.refresh})
	} else {
		_, err = w.call(ctx, "AdminUserGlobalSignOut", process.M{"UserPoolId": w.pool, "Username": p.name})
	}
	if err != nil {
		return err
	}
	p.revoked, p.maybe = true, false
	return nil
}

func (w *worker) rename(ctx context.Context) error {
	p := w.pick()
	p.moving = fmt.Sprintf("nick-%d", w.book.serial.Add(1))
	_, err := w.call(ctx, "AdminUpdateUserAttributes", process.M{
		"UserPoolId": w.pool, "Username": p.name,
		"UserAttributes": []process.M{{"Name": "nickname", "Value": p.moving}},
	})
	if err != nil {
		return err
	}
	p.moved, p.moving = p.moving, ""
	return nil
}

func (w *worker) remove(ctx context.Context) error {
	if len(w.mine) < 4 {
		return w.signUp(ctx)
	}
	i := w.rng.IntN(len(w.mine))
	p := w.mine[i]
	w.mine = append(w.mine[:i:i], w.mine[i+1:]...)
	p.removing = true
	if _, err := w.call(ctx, "AdminDeleteUser", process.M{"UserPoolId": w.pool, "Username": p.name}); err != nil {
		return err
	}
	p.removed, p.removing = true, false
	return nil
}

// secret makes the n-th password; all differ and all satisfy the default policy.
func secret(n int64) string { return fmt.Sprintf("Crash-%08d!", n) }
