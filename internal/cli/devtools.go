package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// codeCmd reads the inbox of a dev server.
type codeCmd struct {
	Address string        `arg:"" help:"E-mail address or phone number."`
	Wait    time.Duration `help:"Wait so long for one to arrive." default:"0s" env:"-"`
	Pool    string        `help:"Only of this user pool." placeholder:"ID"`
	devServer
}

// codeEvery is how often the inbox is looked at.
const codeEvery = 200 * time.Millisecond

// Run prints the code alone, for scripts.
func (c *codeCmd) Run(e *env) error {
	deadline := time.Now().Add(c.Wait)
	for {
		code, err := c.newest(e.ctx)
		if err != nil {
			return err
		}
		if code != "" {
			fmt.Fprintln(e.stdout, code)
			return nil
		}
		if time.Now().After(deadline) {
			return withHint(fmt.Errorf("no code was sent to %s", c.Address), "--wait 10s waits for one; all messages are at %s/_cognate/inbox", c.Server)
		}
		select {
		case <-e.ctx.Done():
			return e.ctx.Err()
		case <-time.After(codeEvery):
		}
	}
}

func (c *codeCmd) newest(ctx context.Context) (string, error) {
	query := url.Values{"to": {c.Address}, "format": {"json"}}
	if c.Pool != "" {
		query.Set("userPoolId", c.Pool)
	}
	var answer struct {
		Messages []struct {
			Code string `json:"code"`
		} `json:"messages"`
	}
	if err := c.request(ctx, http.MethodGet, "inbox", query, nil, &answer); err != nil {
		return "", err
	}
	for _, m := range answer.Messages {
		if m.Code != "" {
			return m.Code, nil
		}
	}
	return "", nil
}

// snapshotCmd saves and restores the state of a dev server.
type snapshotCmd struct {
	List    snapshotListCmd    `cmd:"" aliases:"ls" help:"List what was saved." example:"cognate snapshot list"`
	Save    snapshotSaveCmd    `cmd:"" help:"Save the whole state under a name." example:"cognate snapshot save before-tests"`
	Restore snapshotRestoreCmd `cmd:"" help:"Put a saved state back." example:"cognate snapshot restore before-tests"`
}

type snapshotListCmd struct {
	devServer
	output
}

// Run prints the names.
func (c *snapshotListCmd) Run(e *env) error {
	var answer struct {
		Snapshots []string `json:"snapshots"`
	}
	if err := c.request(e.ctx, http.MethodGet, "snapshots", nil, nil, &answer); err != nil {
		return err
	}
	var rows [][]string
	for _, name := range answer.Snapshots {
		rows = append(rows, []string{name})
	}
	return c.print(e.stdout, "NAME", rows, answer.Snapshots)
}

type snapshotSaveCmd struct {
	Name string `arg:"" help:"Name of the snapshot; one of that name is replaced."`
	devServer
}

// Run saves.
func (c *snapshotSaveCmd) Run(e *env) error {
	return c.snapshot(e, c.Name, "", "is saved")
}

type snapshotRestoreCmd struct {
	Name string `arg:"" help:"Name of the snapshot."`
	devServer
}

// Run restores.
func (c *snapshotRestoreCmd) Run(e *env) error {
	return c.snapshot(e, c.Name, "/restore", "is restored")
}

// resetCmd takes a dev server back to its first start.
type resetCmd struct{ devServer }

// Run resets.
func (c *resetCmd) Run(e *env) error {
	var answer struct{}
	if err := c.request(e.ctx, http.MethodPost, "reset", nil, nil, &answer); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "the server is as after its first start")
	return nil
}

func (s devServer) snapshot(e *env, name, action, said string) error {
	var answer struct{}
	if err := s.request(e.ctx, http.MethodPost, "snapshots/"+url.PathEscape(name)+action, nil, nil, &answer); err != nil {
		return withHint(err, `"cognate snapshot list" shows what was saved`)
	}
	fmt.Fprintf(e.stdout, "%s %s\n", name, said)
	return nil
}
