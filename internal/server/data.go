package server

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"time"

	"cognate/internal/config"
	"cognate/internal/server/seed"
)

// demo is the seed of a dev server's first start. REGION is replaced by the
// default Region.
//
//go:embed demo.yaml
var demo string

// The ids of the demo pool; they are fixed, so that commands can be pasted.
const (
	demoPoolSuffix = "_DemoPool1"
	demoClientID   = "democlientforlocaltesting1"
)

// watchEvery is how often dev looks whether the seed file was edited.
const watchEvery = time.Second

func (a *app) demoPoolID() string { return a.settings.Region + demoPoolSuffix }

// prepareData applies the seed file, or makes the demo pool where a dev server
// starts with no pools and no seed.
func (a *app) prepareData(ctx context.Context) error {
	if err := a.loadFunctions(); err != nil {
		return err
	}
	if a.settings.Seed != "" {
		return a.applySeedFile(ctx)
	}
	if a.settings.Mode != config.Dev {
		return nil
	}
	if empty, err := a.Pools.Empty(ctx); err != nil || !empty {
		return err
	}
	f, err := seed.Parse([]byte(strings.ReplaceAll(demo, "REGION", a.settings.Region)))
	if err != nil {
		return fmt.Errorf("demo pool: %w", err)
	}
	return a.applySeed(ctx, f, "demo")
}

func (a *app) applySeedFile(ctx context.Context) error {
	a.seedApplied = modified(a.settings.Seed)
	text, err := os.ReadFile(a.settings.Seed)
	if err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	f, err := seed.Parse(text)
	if err != nil {
		return err
	}
	if err := a.replaceFunctions("seed", f.Functions, a.settings.Seed); err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	return a.applySeed(ctx, f, a.settings.Seed)
}

// applySeed makes what a seed declares and records that, when it was new.
func (a *app) applySeed(ctx context.Context, f *seed.File, name string) error {
	changing, done := a.seeded(ctx, name)
	err := a.seeder().Apply(changing, f)
	done(err)
	return err
}

func (a *app) seeder() *seed.Seeder {
	return &seed.Seeder{API: a.API, Pools: a.Pools, Accounts: a.Accounts, Keys: a.KMS}
}

// watchSeed applies edits of the seed file in dev until ctx is over. A broken
// edit is reported and leaves everything as it is.
func (a *app) watchSeed(ctx context.Context) {
	if a.settings.Mode != config.Dev || a.settings.Seed == "" {
		return
	}
	a.every(ctx, watchEvery, "seed file", func(ctx context.Context) error {
		now := modified(a.settings.Seed)
		if now.Equal(a.seedApplied) || now.IsZero() {
			return nil
		}
		if err := a.applySeedFile(ctx); err != nil {
			return err
		}
		a.log.Info("seed file applied", "file", a.settings.Seed)
		return nil
	})
}

// modified is when file was last written, zero where that cannot be told. It is
// asked before a file is read: an edit in between is applied once more.
func modified(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
