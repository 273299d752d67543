package server

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filippo.io/age"

	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/testkit/dbtest"
)

// TestBackupUnderLoad makes a backup while pools and users are made, restores it into the other engine and signs in
// everybody who was acknowledged before the backup began.
func TestBackupUnderLoad(t *testing.T) {
	stores(t, func(t *testing.T, s config.Settings) {
		s.KeyFile = keyFile(t)
		a, err := build(t.Context(), s, obs.Discard())
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		var mu sync.Mutex
		var members []member
		acknowledged := func() []member { mu.Lock(); defer mu.Unlock(); return slices.Clone(members) }
		var stop atomic.Bool
		var wg sync.WaitGroup
		defer wg.Wait()
		defer stop.Store(true)
		for range 2 {
			wg.Go(func() {
				err := populate(t, a, 2000, func(m member) bool {
					mu.Lock()
					defer mu.Unlock()
					members = append(members, m)
					return !stop.Load()
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		waitFor(t, "users", func() bool { return len(acknowledged()) >= 20 })
		file := filepath.Join(t.TempDir(), "backup.age")
		before := acknowledged()
		if err := Backup(t.Context(), s, BackupOptions{File: file, Program: "test"}, io.Discard); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup: %v, %v", info, err)
		}
		if err := Backup(t.Context(), s, BackupOptions{File: file}, io.Discard); err == nil {
			t.Error("a backup was replaced")
		}
		to := s
		if to.Data = filepath.Join(t.TempDir(), "new"); s.Database != "" {
			to.Database = ""
		} else if os.Getenv(dbtest.EnvEngines) != "sqlite" {
			to.Database = dbtest.PGURL(t)
		}
		if err := Restore(t.Context(), to, RestoreOptions{File: file}, io.Discard); err != nil {
			t.Fatal(err)
		}
		restored, err := build(t.Context(), to, obs.Discard())
		if err != nil {
			t.Fatal(err)
		}
		defer restored.close()
		for _, m := range before {
			m.signsIn(t, restored)
		}
		if err := populate(t, restored, 1, func(m member) bool { m.signsIn(t, restored); return true }); err != nil {
			t.Errorf("the restored server makes no pools: %v", err)
		}
		if err := Restore(t.Context(), to, RestoreOptions{File: file}, io.Discard); err == nil || !strings.Contains(err.Error(), "--force") {
			t.Errorf("over a database in use: %v", err)
		}
	})
}

// folder is a stopped dev server's data folder with one user.
func folder(t *testing.T) (config.Settings, member) {
	t.Helper()
	s := devSettings()
	s.Ephemeral, s.Data = false, filepath.Join(t.TempDir(), "data")
	a, err := build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	var one member
	if err := populate(t, a, 1, func(m member) bool { one = m; return true }); err != nil {
		t.Fatal(err)
	}
	return s, one
}

// TestRestoreWithKey: for an age recipient, a backup can bring the key-encryption key to a machine that has nothing.
func TestRestoreWithKey(t *testing.T) {
	s, one := folder(t)
	person, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	identity := filepath.Join(dir, "identity")
	if err := os.WriteFile(identity, []byte(person.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with, without := filepath.Join(dir, "with.age"), filepath.Join(dir, "without.age")
	recipients := []string{person.Recipient().String()}
	if err := Backup(t.Context(), s, BackupOptions{File: with, Recipients: recipients, IncludeKey: true}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), s, BackupOptions{File: without, Recipients: recipients}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), s, BackupOptions{File: with + "2", IncludeKey: true}, io.Discard); err == nil {
		t.Error("the key went into a backup that it encrypts")
	}
	to := s
	to.Data = filepath.Join(t.TempDir(), "new")
	o := RestoreOptions{File: without, Identities: []string{identity}}
	if err := Restore(t.Context(), to, o, io.Discard); err == nil || !strings.Contains(err.Error(), "--key-file") {
		t.Errorf("without the key: %v", err)
	}
	if err := Restore(t.Context(), to, RestoreOptions{File: with}, io.Discard); err == nil {
		t.Error("restored without an identity")
	}
	if _, err := os.Stat(to.Data); err == nil {
		t.Error("a refused restore made the folder")
	}
	o.File = with
	if err := Restore(t.Context(), to, o, io.Discard); err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), to, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	one.signsIn(t, a)
}

// TestRestoreTouchesNothing: what is refused leaves a database as it is; what is forced keeps the old one aside.
func TestRestoreTouchesNothing(t *testing.T) {
	s, old := folder(t)
	file := filepath.Join(t.TempDir(), "backup.age")
	if err := Backup(t.Context(), s, BackupOptions{File: file}, io.Discard); err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	var late member
	if err := populate(t, a, 1, func(m member) bool { late = m; return true }); err != nil {
		t.Fatal(err)
	}
	a.close()
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := file + ".cut"
	if err := os.WriteFile(cut, good[:len(good)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(filepath.Join(s.Data, "cognate.db"))
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]RestoreOptions{
		"damaged": {File: cut, Force: true}, "checked": {File: file, Check: true}, "not forced": {File: file},
	} {
		if err := Restore(t.Context(), s, o, io.Discard); (err == nil) != o.Check {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := os.ReadFile(filepath.Join(s.Data, "cognate.db")); err != nil || !bytes.Equal(now, database) {
			t.Errorf("%s: the database was changed (%v)", name, err)
		}
	}
	if err := Restore(t.Context(), s, RestoreOptions{File: file, Force: true}, io.Discard); err != nil {
		t.Fatal(err)
	}
	a, err = build(t.Context(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	old.signsIn(t, a)
	if _, err := a.Pools.Pool(t.Context(), late.pool); err == nil {
		t.Error("what came after the backup is still there")
	}
	if aside, _ := filepath.Glob(filepath.Join(s.Data, "cognate.db.replaced-*")); len(aside) == 0 {
		t.Error("the database of before was not kept")
	}
}
