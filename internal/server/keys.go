package server

import (
	"context"
	"fmt"
	"io"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/config"
)

// buildExisting is build for a command that works on the database of a server,
// which may run meanwhile: neither a database nor a key is made.
func buildExisting(ctx context.Context, s config.Settings) (*app, error) {
	return assemble(ctx, &app{settings: s, log: obs.Discard(), existing: true})
}

// RotateKeys makes a new data key for every user pool (or the one named), and
// with signing also new signing keys, which replace the old ones after an
// overlap. It works on the database beside running servers.
func RotateKeys(ctx context.Context, s config.Settings, poolID string, signing bool, out io.Writer) error {
	a, err := buildExisting(ctx, s)
	if err != nil {
		return err
	}
	defer a.close()
	ids, err := a.poolIDs(ctx, poolID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := a.keys.Rotate(ctx, id); err != nil {
			return fmt.Errorf("data key of %s: %w", id, err)
		}
		if err := a.Audit.Record(ctx, byCommand("keys rotate", id, "")); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: new data key\n", id)
		if !signing {
			continue
		}
		if err := a.Tokens.RotateKeys(ctx, id); err != nil {
			return fmt.Errorf("signing keys of %s: %w", id, err)
		}
		if err := a.Audit.Record(ctx, byCommand("keys rotate --signing", id, "")); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: new signing keys\n", id)
	}
	return nil
}

// RewrapKeys wraps all data keys under the key-encryption key in newKeyFile,
// which is made when there is none, or, without newKeyFile, under the one of
// the settings. Servers go on meanwhile when they were given both keys.
func RewrapKeys(ctx context.Context, s config.Settings, newKeyFile string, out io.Writer) error {
	a, err := buildExisting(ctx, s)
	if err != nil {
		return err
	}
	defer a.close()
	kek := a.kek
	if newKeyFile != "" {
		if kek, err = keyring.FileKEK(newKeyFile, true); err != nil {
			return err
		}
	}
	if err := a.keys.Rewrap(ctx, kek); err != nil {
		return err
	}
	if err := a.Audit.Record(ctx, byCommand("keys rewrap", "", kek.ID())); err != nil {
		return err
	}
	fmt.Fprintf(out, "all data keys are wrapped under key %s", kek.ID())
	if newKeyFile != "" {
		fmt.Fprintf(out, "; start servers with --key-file %s", newKeyFile)
	}
	fmt.Fprintln(out)
	return nil
}

// NewKeyFile makes a key-encryption key in a file that must not exist.
func NewKeyFile(file string, out io.Writer) error {
	kek, err := keyring.NewFileKEK(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "key %s is in %s; keep a copy apart from the database and its backups\n", kek.ID(), file)
	return nil
}

func (a *app) poolIDs(ctx context.Context, only string) ([]string, error) {
	if only != "" {
		_, err := a.Pools.Pool(ctx, only)
		return []string{only}, err
	}
	var ids []string
	in := &cognitoidp.ListUserPoolsRequest{MaxResults: 60}
	for {
		page, err := a.API.ListUserPools(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, p := range page.UserPools {
			ids = append(ids, *p.Id)
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return ids, nil
		}
	}
}
