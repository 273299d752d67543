package cli

import (
	"errors"
	"time"

	"cognate/internal/config"
	"cognate/internal/core/audit"
	"cognate/internal/server"
)

// auditFlags say how administrative changes are recorded.
type auditFlags struct {
	Retention time.Duration `name:"audit-retention" default:"2160h" help:"How long records of administrative changes are kept."`
}

// auditCmd reads the record of administrative changes.
type auditCmd struct {
	List auditListCmd `cmd:"" help:"List administrative changes, the newest first." example:"cognate audit list --data /var/lib/cognate --since 24h"`
}

type auditListCmd struct {
	Data      string        `help:"Data folder of the server." type:"path" placeholder:"DIR"`
	Database  string        `help:"PostgreSQL instead of SQLite." placeholder:"postgres://..."`
	Pool      string        `help:"Only those of this user pool." placeholder:"ID" env:"-"`
	User      string        `help:"Only those of this user name or sub." placeholder:"NAME" env:"-"`
	Operation string        `help:"Only this operation." placeholder:"NAME" env:"-"`
	Since     time.Duration `help:"Only those of this last time; all when 0." placeholder:"24h" env:"-"`
	Limit     int           `default:"100" help:"How many at most." env:"-"`
	output
}

// Validate is called by the parser.
func (c *auditListCmd) Validate() error {
	if c.Data == "" && c.Database == "" {
		return errors.New("which database? give --data or --database")
	}
	return nil
}

// Run prints the records.
func (c *auditListCmd) Run(e *env) error {
	f := audit.Filter{Pool: c.Pool, User: c.User, Operation: c.Operation, Limit: c.Limit}
	if c.Since > 0 {
		f.Since = time.Now().Add(-c.Since)
	}
	events, err := server.AuditEvents(e.ctx, config.Settings{Data: c.Data, Database: c.Database}, f)
	if err != nil {
		return err
	}
	rows := make([][]string, len(events))
	for i, v := range events {
		rows[i] = []string{v.At.Format(time.RFC3339), v.Operation, v.Pool, first(v.Username, v.Sub), v.Target, v.Outcome, v.Principal,
			first(v.AccessKey, "-"), v.Source, v.RequestID}
	}
	return c.print(e.stdout, "TIME\tOPERATION\tPOOL\tUSER\tTARGET\tOUTCOME\tWHO\tACCESS KEY\tFROM\tREQUEST", rows,
		map[string]any{"events": events})
}
