package db_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/db"
)

// TestKill kills a writing process again and again: every update it
// acknowledged is there, and every row has its partner.
func TestKill(t *testing.T) {
	if path := os.Getenv("DB_TEST_KILL"); path != "" {
		killChild(t, path, os.Getenv("DB_TEST_ROUND"))
		return
	}
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	path := filepath.Join(t.TempDir(), "k.db")
	acked := map[string]bool{}
	for r := range rounds {
		for _, name := range killRound(t, path, r) {
			acked[name] = true
		}
		d := openDB(t, db.Options{SQLite: path})
		if err := d.Migrate(context.Background(), schema); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, n := range names(t, d) {
			got[n] = true
		}
		for n := range acked {
			if !got[n] {
				t.Fatalf("round %d: acknowledged %s is lost", r, n)
			}
		}
		for n := range got {
			if !got[strings.TrimSuffix(n, "x")] || !got[strings.TrimSuffix(n, "x")+"x"] {
				t.Fatalf("round %d: half a transaction: %s", r, n)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged updates over %d kills", len(acked), rounds)
	if len(acked) < rounds {
		t.Error("the child hardly wrote anything")
	}
}

// killRound runs the child for a moment, kills it, and returns what it said
// was committed.
func killRound(t *testing.T, path string, round int) []string {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestKill$")
	c.Env = append(os.Environ(), "DB_TEST_KILL="+path, fmt.Sprint("DB_TEST_ROUND=", round))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var list []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		name, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			continue
		}
		if len(list) == 0 { // the clock starts when the child is at work
			time.AfterFunc(time.Duration(20+round*37)*time.Millisecond, func() { _ = c.Process.Kill() })
		}
		if strings.HasSuffix(name, ".") { // a whole line
			list = append(list, strings.TrimSuffix(name, "."))
		}
	}
	_ = c.Wait()
	return list
}

func killChild(t *testing.T, path, round string) {
	d := openDB(t, db.Options{SQLite: path})
	if err := d.Migrate(context.Background(), schema); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%s-%d-%d", round, w, i)
				err := d.Update(context.Background(), func(tx *db.Tx) error {
					if err := insert(tx, name); err != nil {
						return err
					}
					if i%7 == 3 {
						return errBoom
					}
					return insert(tx, name+"x")
				})
				if err == nil {
					mu.Lock()
					fmt.Printf("ack %s.\n", name)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
}
