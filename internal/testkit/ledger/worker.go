package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cognate/internal/testkit/process"
)

// Caller performs operations; an error that is no *process.Error means that no answer arrived.
type Caller interface {
	Call(ctx context.Context, operation string, in process.M) (process.M, error)
}

// Worker is one client that signs users up and changes them.
type Worker struct {
	Server Caller
	Pool   string
	Client string
	Book   *Book
	Rand   *rand.Rand
	Mine   []*Person

	at *Person // whom the call under way is about
}

// errLost marks a call without an answer.
var errLost = errors.New("no answer")

// call returns the answer, an exception as *process.Error, or errLost. What the server could not do is no answer: it
// may have happened.
func (w *Worker) call(ctx context.Context, operation string, in process.M) (process.M, error) {
	out, err := w.Server.Call(ctx, operation, in)
	var refused *process.Error
	switch {
	case err == nil:
		w.Book.acks.Add(1)
		return out, nil
	case errors.As(err, &refused) && refused.Status < 500:
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return nil, errLost
}

// Run works until an answer stays out, and returns nil then; any exception is a failure of the test.
func (w *Worker) Run(ctx context.Context) error {
	err := w.step(ctx)
	for err == nil {
		err = w.step(ctx)
	}
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// RunOn works until ctx is over. A user about whom an answer stays out is left alone from then on. It returns how many
// answers did; the error is an exception.
func (w *Worker) RunOn(ctx context.Context) (lost int, err error) {
	for ctx.Err() == nil {
		w.at = nil
		err := w.step(context.WithoutCancel(ctx))
		switch {
		case errors.Is(err, errLost):
			lost++
			w.Mine = slices.DeleteFunc(w.Mine, func(p *Person) bool { return p == w.at })
			time.Sleep(20 * time.Millisecond) // what refuses at once would fill the book
		case err != nil:
			return lost, err
		}
	}
	return lost, nil
}

func (w *Worker) step(ctx context.Context) error {
	if len(w.Mine) == 0 {
		return w.signUp(ctx)
	}
	return []func(context.Context) error{
		w.signUp, w.signUp, w.changePassword, w.changePassword, w.setPassword,
		w.signIn, w.revoke, w.revoke, w.rename, w.remove,
	}[w.Rand.IntN(10)](ctx)
}

// pick returns one of the worker's living users.
func (w *Worker) pick() *Person {
	w.at = w.Mine[w.Rand.IntN(len(w.Mine))]
	return w.at
}

func (w *Worker) signUp(ctx context.Context) error {
	n := w.Book.serial.Add(1)
	p := &Person{name: fmt.Sprintf("crash-%06d", n), pending: secret(n)}
	w.Book.add(p)
	_, err := w.call(ctx, "SignUp", process.M{
		"ClientId": w.Client, "Username": p.name, "Password": p.pending,
		"UserAttributes": []process.M{{"Name": "email", "Value": p.name + "@example.com"}},
	})
	if err != nil {
		return err
	}
	p.created, p.password, p.pending = true, p.pending, ""
	if _, err := w.call(ctx, "AdminConfirmSignUp", process.M{"UserPoolId": w.Pool, "Username": p.name}); err != nil {
		return err
	}
	w.Mine = append(w.Mine, p)
	return nil
}

// tokens signs the user in with the acknowledged password.
func (w *Worker) tokens(ctx context.Context, p *Person) (access, refresh string, err error) {
	out, err := w.call(ctx, "InitiateAuth", process.M{
		"ClientId": w.Client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": process.M{"USERNAME": p.name, "PASSWORD": p.password},
	})
	if err != nil {
		return "", "", err
	}
	return process.Path(out, "AuthenticationResult", "AccessToken"), process.Path(out, "AuthenticationResult", "RefreshToken"), nil
}

func (w *Worker) signIn(ctx context.Context) error {
	p := w.pick()
	_, refresh, err := w.tokens(ctx, p)
	if err != nil {
		return err
	}
	p.refresh, p.revoked, p.maybe = refresh, false, false
	return nil
}

func (w *Worker) changePassword(ctx context.Context) error {
	p := w.pick()
	access, _, err := w.tokens(ctx, p)
	if err != nil {
		return err
	}
	next := secret(w.Book.serial.Add(1))
	p.pending = next
	_, err = w.call(ctx, "ChangePassword", process.M{
		"AccessToken": access, "PreviousPassword": p.password, "ProposedPassword": next,
	})
	return w.settle(p, next, err)
}

func (w *Worker) setPassword(ctx context.Context) error {
	p := w.pick()
	next := secret(w.Book.serial.Add(1))
	p.pending = next
	_, err := w.call(ctx, "AdminSetUserPassword", process.M{
		"UserPoolId": w.Pool, "Username": p.name, "Password": next, "Permanent": true,
	})
	return w.settle(p, next, err)
}

// settle notes the outcome of a password change. A per-user limit is an answer too: the change did not happen.
func (w *Worker) settle(p *Person, next string, err error) error {
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

func (w *Worker) revoke(ctx context.Context) error {
	p := w.pick()
	if p.refresh == "" || p.revoked {
		return w.signIn(ctx)
	}
	p.maybe = true
	var err error
	if w.Rand.IntN(2) == 0 {
		_, err = w.call(ctx, "RevokeToken", process.M{"ClientId": w.Client, "Token": p.refresh})
	} else {
		_, err = w.call(ctx, "AdminUserGlobalSignOut", process.M{"UserPoolId": w.Pool, "Username": p.name})
	}
	if err != nil {
		return err
	}
	p.revoked, p.maybe = true, false
	return nil
}

func (w *Worker) rename(ctx context.Context) error {
	p := w.pick()
	p.moving = fmt.Sprintf("nick-%d", w.Book.serial.Add(1))
	_, err := w.call(ctx, "AdminUpdateUserAttributes", process.M{
		"UserPoolId": w.Pool, "Username": p.name,
		"UserAttributes": []process.M{{"Name": "nickname", "Value": p.moving}},
	})
	if err != nil {
		return err
	}
	p.moved, p.moving = p.moving, ""
	return nil
}

func (w *Worker) remove(ctx context.Context) error {
	if len(w.Mine) < 4 {
		return w.signUp(ctx)
	}
	i := w.Rand.IntN(len(w.Mine))
	p := w.Mine[i]
	w.Mine = append(w.Mine[:i:i], w.Mine[i+1:]...)
	p.removing = true
	if _, err := w.call(ctx, "AdminDeleteUser", process.M{"UserPoolId": w.Pool, "Username": p.name}); err != nil {
		return err
	}
	p.removed, p.removing = true, false
	return nil
}

// secret makes the n-th password; all differ and all satisfy the default policy.
func secret(n int64) string { return fmt.Sprintf("Crash-%08d!", n) }
