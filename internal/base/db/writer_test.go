package db

import (
	"errors"
	"testing"
	"time"
)

// A panic in the writer itself, wherever it strikes, is answered to those whose group it was, and the next ones are
// served. Here the broken part is the counter of commits, which comes after COMMIT.
func TestWriterSurvivesItsOwnPanic(t *testing.T) {
	d, err := Open(t.Context(), Options{SQLite: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	w := d.eng.(*sqliteDB).w
	nothing := func(*Tx) error { return nil }
	if err := d.Update(t.Context(), nothing); err != nil {
		t.Fatal(err)
	}
	var broken *counters
	stats := w.stats
	w.stats = broken
	if err := d.Update(t.Context(), nothing); !errors.Is(err, errWriter) {
		t.Errorf("Update in a broken writer = %v, want %v", err, errWriter)
	}
	w.stats = stats
	done := make(chan error, 1)
	go func() { done <- d.Update(t.Context(), nothing) }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Update after it = %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the writer did not come back")
	}
}
