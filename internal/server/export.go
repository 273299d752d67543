package server

import (
	"context"
	"fmt"
	"io"

	"cognate/internal/config"
	"cognate/internal/server/seed"
)

// ExportSeed writes the named pools, or all, as a seed file. It reads the database beside running servers. What is there
// and cannot come along is told to notes.
func ExportSeed(ctx context.Context, s config.Settings, poolIDs []string, secrets bool, out, notes io.Writer) error {
	a, err := buildExisting(ctx, s)
	if err != nil {
		return err
	}
	defer a.close()
	if len(poolIDs) == 0 {
		if poolIDs, err = a.poolIDs(ctx, ""); err != nil {
			return err
		}
	}
	e := seed.Exporter{DB: a.db, API: a.API, Pools: a.Pools, Users: a.Users, Factors: a.Factors, Branding: a.Branding, Secrets: secrets}
	f, err := e.Export(ctx, poolIDs)
	if err != nil {
		return err
	}
	for _, id := range poolIDs {
		if !secrets {
			break
		}
		if err := a.Audit.Record(ctx, byCommand("seed export", id, "")); err != nil { // before anybody has them
			return err
		}
	}
	if err := f.Write(out); err != nil {
		return err
	}
	for _, line := range e.Left {
		fmt.Fprintf(notes, "left out: %s\n", line)
	}
	return nil
}
