package db

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

const testPatience = 300 * time.Millisecond

func openFile(t *testing.T, o Options) (*DB, string) {
	t.Helper()
	o.SQLite = filepath.Join(t.TempDir(), "test.db")
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return d, o.SQLite
}

func write(tx *Tx) error {
	_, err := tx.Exec("INSERT INTO db_lock (name, owner, expires_at) VALUES ('test', '', 0) ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at")
	return err
}

// A file that another process holds costs a request its patience, all its transactions together.
func TestLockedFileIsNotWaitedFor(t *testing.T) {
	d, path := openFile(t, Options{Patience: testPatience})
	other, err := openSQLiteConn("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := other.do("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	request := Budget(t.Context())
	began := time.Now()
	for range 10 {
		if err := d.Update(request, write); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("Update of a locked file = %v, want %v", err, ErrUnavailable)
		}
	}
	if took := time.Since(began); took < testPatience || took > 10*testPatience {
		t.Errorf("ten transactions waited %v, patience is %v", took, testPatience)
	}
	if n := d.Stats().Late; n != 10 {
		t.Errorf("%d deadlines were counted, want 10", n)
	}
	patient := make(chan error, 1)
	go func() { patient <- d.Update(Patient(t.Context()), write) }()
	time.Sleep(2 * testPatience)
	if err := other.do("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-patient; err != nil {
		t.Errorf("patient work = %v", err)
	}
	if err := d.Update(t.Context(), write); err != nil {
		t.Errorf("afterwards = %v", err)
	}
}

// A disk that does not answer at COMMIT does not hold the caller, who is told that the outcome is unknown; what was to
// happen after the commit still does.
func TestStuckCommitIsLeft(t *testing.T) {
	stuck := make(chan struct{})
	var armed atomic.Bool
	d, _ := openFile(t, Options{Patience: testPatience, InjectRetry: func() bool {
		if armed.CompareAndSwap(true, false) {
			<-stuck
		}
		return false
	}})
	armed.Store(true)
	after := make(chan struct{})
	err := d.Update(t.Context(), func(tx *Tx) error {
		tx.AfterCommit(func() { close(after) })
		return write(tx)
	})
	if !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, ErrUnavailable) {
		t.Errorf("Update = %v, want an unknown outcome", err)
	}
	began := time.Now()
	if err := d.Update(t.Context(), write); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("Update behind it = %v, want %v with nothing written", err, ErrUnavailable)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("waited %v behind it", took)
	}
	close(stuck)
	<-after
	if err := d.Update(t.Context(), write); err != nil {
		t.Errorf("afterwards = %v", err)
	}
}

// Once its file was deleted or replaced, a database acknowledges nothing any more.
func TestGoneFileIsRefused(t *testing.T) {
	remove := func(path string) error { return os.Remove(path) }
	ways := map[string]func(path string) error{
		"folder deleted": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"file deleted":   remove,
		"log deleted":    func(path string) error { return remove(path + "-wal") },
		"file replaced": func(path string) error {
			if err := os.WriteFile(path+".new", []byte("other"), 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
	}
	for name, damage := range ways {
		t.Run(name, func(t *testing.T) {
			d, path := openFile(t, Options{})
			if err := d.Update(t.Context(), write); err != nil {
				t.Fatal(err)
			}
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			if err := d.Update(t.Context(), write); !errors.Is(err, ErrUnavailable) || !errors.Is(err, errGone) {
				t.Errorf("Update = %v, want %v", err, errGone)
			}
			if err := d.Ping(t.Context()); !errors.Is(err, ErrUnavailable) {
				t.Errorf("Ping = %v, want %v", err, ErrUnavailable)
			}
		})
	}
}

// The caller's own end is not taken for an unavailable database.
func TestCallersEndIsNotUnavailable(t *testing.T) {
	d, _ := openFile(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Update(ctx, func(tx *Tx) error { cancel(); return write(tx) })
	if err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("Update of a cancelled caller = %v", err)
	}
	if err := d.Update(t.Context(), func(*Tx) error { return ErrNoRows }); err != ErrNoRows {
		t.Errorf("an error of the function = %v", err)
	}
}
