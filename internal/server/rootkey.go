package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"cognate/internal/config"
	"cognate/internal/core/audit"
	"cognate/internal/core/iam"
)

// rootKeyFile is where a root key is written that nobody at a terminal could
// see, in the data folder.
const rootKeyFile = "root-key"

// terminal reports whether what is written to out is seen by a person and kept
// by nobody.
func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// rootKey makes the root key known, and makes one where there is none. It is
// the last step of a start: a key that was shown belongs to a server that runs.
func (a *app) rootKey(ctx context.Context, out io.Writer) error {
	s := a.settings
	if s.Mode == config.Dev { // unknown keys act as root; serve makes one when it takes the folder over
		return a.IAM.EnsureRoot(ctx, nil)
	}
	give := handover(out, filepath.Join(s.Data, rootKeyFile), s.Account)
	if s.Data == "" && !terminal(out) {
		give = nil
	}
	making, call := a.Audit.Begin(ctx, func() audit.Event {
		return audit.Event{Service: own, Operation: "root-key make", Principal: "server", Source: here(), Target: s.Account}
	})
	if err := a.IAM.EnsureRoot(making, give); err != nil {
		return err
	}
	if call.Changed() {
		a.log.Info("a root access key was made", "account", s.Account)
	}
	id, err := a.IAM.RootAccessKeyID(ctx)
	if err == nil && id == "" {
		a.log.Warn("there is no root access key, and neither a terminal nor a data folder to hand one over;" +
			" signed operations are refused until `cognate root-key renew` or COGNATE_ROOT_ACCESS_KEY_ID gives one")
	}
	return err
}

// handover shows a root key on the terminal, or writes it into a file that only
// this user can read. It goes nowhere else: a pipe or a log keeps what it gets.
func handover(out io.Writer, file, account string) iam.Handover {
	return func(key iam.RootKey) (func(bool) error, error) {
		text := fmt.Sprintf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", key.AccessKeyID, key.Secret)
		if terminal(out) {
			return func(inForce bool) error {
				if inForce {
					fmt.Fprintf(out, "\nThe root access key of account %s was made now and is not shown again:\n  %s\n", account,
						strings.ReplaceAll(text, "\n", "\n  "))
				}
				return nil
			}, nil
		}
		f, err := os.CreateTemp(filepath.Dir(file), ".root-key-*") // made with mode 0600
		if err != nil {
			return nil, err
		}
		_, err = fmt.Fprintf(f, "# Root access key of account %s, made %s. Keep it elsewhere and delete this file.\n%s", account,
			time.Now().UTC().Format(time.RFC3339), text)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return nil, errors.Join(err, os.Remove(f.Name()))
		}
		return func(inForce bool) error {
			if !inForce {
				return os.Remove(f.Name())
			}
			if err := os.Rename(f.Name(), file); err != nil {
				return fmt.Errorf("the key in force is in %s: %w", f.Name(), err)
			}
			fmt.Fprintf(out, "The root access key of account %s was made now; it is in %s\n", account, file)
			return nil
		}, nil
	}
}

// rootRoom opens the account's root key. Without an account it is the one that
// the database has a key of.
func rootRoom(ctx context.Context, s config.Settings, account string) (*app, error) {
	a, err := buildExisting(ctx, s)
	if err != nil || account == s.Account {
		return a, err
	}
	if account == "" {
		accounts, err := iam.RootAccounts(ctx, a.db)
		if err == nil && len(accounts) != 1 {
			err = fmt.Errorf("the database has root keys of %d accounts; say with --account which is meant", len(accounts))
		}
		if err != nil {
			a.close()
			return nil, err
		}
		account = accounts[0]
	}
	a.close()
	s.Account = account
	return buildExisting(ctx, s)
}

// ShowRootKeyID prints the access key id of the account's root.
func ShowRootKeyID(ctx context.Context, s config.Settings, account string, out io.Writer) error {
	a, err := rootRoom(ctx, s, account)
	if err != nil {
		return err
	}
	defer a.close()
	id, err := a.IAM.RootAccessKeyID(ctx)
	if err == nil && id == "" {
		err = errors.New("there is no root key; `cognate root-key renew` makes one")
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, id)
	return nil
}

// RenewRootKey replaces the root access key. The new one goes to the terminal,
// or into file (root-key in the data folder when it is empty).
func RenewRootKey(ctx context.Context, s config.Settings, account, file string, out io.Writer) error {
	if file == "" && s.Data != "" {
		file = filepath.Join(s.Data, rootKeyFile)
	}
	if file == "" && !terminal(out) {
		return errors.New("this is no terminal: say with --out which file takes the key")
	}
	a, err := rootRoom(ctx, s, account)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.IAM.RenewRoot(ctx, handover(out, file, a.settings.Account)); err != nil {
		return err
	}
	id, err := a.IAM.RootAccessKeyID(ctx)
	if err != nil {
		return err
	}
	return a.Audit.Record(ctx, byCommand("root-key renew", "", id))
}
