package server

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/config"
	"cognate/internal/core/iam"
	"cognate/internal/server/seed"
)

// demo is the seed of a dev server's first start.
//
//go:embed demo.yaml
var demo string

// What demo.yaml says; it is fixed, so that commands can be pasted.
const (
	demoPoolSuffix = "_DemoPool1"
	demoClientID   = "democlientforlocaltesting1"
	demoUser       = "demo"
	demoPassword   = "Passw0rd!"
)

// watchEvery is how often dev looks whether the seed file was edited.
const watchEvery = time.Second

// demoEndpoint is where browsers reach the pages of dev, as a callback URL may say it: AWS takes plain HTTP for this machine
// alone, and the public URL may name the server as other containers know it.
func (a *app) demoEndpoint() string {
	u, err := url.Parse(a.settings.PublicURL)
	if err == nil && (u.Scheme == "https" || slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())) {
		return a.settings.PublicURL
	}
	_, port, err := net.SplitHostPort(a.settings.Listen)
	if err != nil {
		return "http://localhost"
	}
	return "http://localhost:" + port
}

func (a *app) demoPoolID() string { return a.settings.Region + demoPoolSuffix }

// seededFile is what the file of --seed said when it was applied last, nil without one.
func (a *app) seededFile() *seed.File {
	a.dataLock.Lock()
	defer a.dataLock.Unlock()
	return a.seeded
}

// prepareData applies the seed file, or makes the demo pool where a dev server
// starts with no pools and no seed.
func (a *app) prepareData(ctx context.Context) error {
	a.dataLock.Lock()
	defer a.dataLock.Unlock()
	if err := a.loadFunctions(); err != nil {
		return err
	}
	return a.firstData(ctx)
}

// firstData applies the seed file or makes the demo pool.
func (a *app) firstData(ctx context.Context) error {
	if a.settings.Seed != "" {
		return a.applySeedFile(ctx)
	}
	if a.settings.Mode != config.Dev {
		return nil
	}
	if empty, err := a.Pools.Empty(ctx); err != nil || !empty {
		return err
	}
	f, err := seed.Parse("demo.yaml", []byte(strings.NewReplacer("REGION", a.settings.Region, "ENDPOINT", a.demoEndpoint()).Replace(demo)))
	if err != nil {
		return fmt.Errorf("demo pool: %w", err)
	}
	return a.applySeed(ctx, f, "demo")
}

// reset takes a dev server back to where it was right after its first start: all data go but the keys of the server
// itself, the seed file or the demo pool is applied again, and the clock shows the machine's time. Snapshots stay, and
// so do functions.
func (a *app) reset(ctx context.Context) error {
	a.dataLock.Lock()
	defer a.dataLock.Unlock()
	keep := []string{}
	for _, migrations := range [][]db.Migration{iam.Migrations, keyring.Migrations} {
		for _, t := range db.Tables(migrations) {
			keep = append(keep, t.Name)
		}
	}
	err := a.db.Update(ctx, func(tx *db.Tx) error {
		if err := a.keys.DestroyAll(tx); err != nil {
			return err
		}
		return a.db.Clear(tx, keep...)
	})
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	a.clock.Reset()
	a.Forget()
	return a.firstData(ctx)
}

func (a *app) applySeedFile(ctx context.Context) error {
	a.seedApplied = modified(a.settings.Seed)
	text, err := os.ReadFile(a.settings.Seed)
	if err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	f, err := seed.Parse(a.settings.Seed, text)
	if err != nil {
		return err
	}
	if err := a.replaceFunctions("seed", f.Functions, a.settings.Seed); err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	if err := a.applySeed(ctx, f, a.settings.Seed); err != nil {
		return err
	}
	a.seeded = f
	return nil
}

// applySeed makes what a seed declares and records that, when it was new.
func (a *app) applySeed(ctx context.Context, f *seed.File, name string) error {
	changing, done := a.seeding(ctx, name)
	err := a.seeder().Apply(changing, f)
	done(err)
	return err
}

func (a *app) seeder() *seed.Seeder {
	return &seed.Seeder{API: a.API, Pools: a.Pools, Accounts: a.Accounts, Branding: a.Branding, Keys: a.KMS}
}

// watchSeed applies edits of the seed file in dev until ctx is over. A broken
// edit is reported and leaves everything as it is.
func (a *app) watchSeed(ctx context.Context) {
	if a.settings.Mode != config.Dev || a.settings.Seed == "" {
		return
	}
	a.every(ctx, watchEvery, "seed file", func(ctx context.Context) error {
		a.dataLock.Lock()
		defer a.dataLock.Unlock()
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
