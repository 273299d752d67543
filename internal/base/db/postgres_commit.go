package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"cognate/internal/base/background"
)

// Time bounds around COMMIT of patient work; others have what is left of their patience. A marker is kept longer than anybody may still
// ask for it.
const (
	commitTimeout  = 30 * time.Second
	resolveTimeout = 30 * time.Second
	markerLife     = 2 * time.Minute
	sweepEvery     = 15 * time.Second
	orphanLife     = time.Hour
	sweepRows      = 500
)

const insertMarker = "INSERT INTO db_commit (id, kind, at) VALUES ($1, $2, $3)"

// commit sends the deferred writes, the commit marker and COMMIT in one round
// trip. When the connection breaks, the marker tells what became of it.
func (d *pgDB) commit(ctx context.Context, run *pgTx, later []Stmt) error {
	if run.begin != "" && len(later) == 0 {
		return nil // no statement was sent
	}
	id := ""
	stmts := later
	if (run.wrote || len(later) > 0) && d.marks.on.Load() {
		id = d.marks.next()
		stmts = append(stmts, Stmt{insertMarker, []any{id, "commit", time.Now().UnixMilli()}})
	}
	stmts = append(stmts, Stmt{SQL: "commit"})
	if run.begin != "" {
		stmts = append([]Stmt{{SQL: run.begin}}, stmts...)
		run.begin = ""
	}
	sending, cancel := ending(ctx, lastCommit, commitTimeout)
	defer cancel()
	tags, err := run.send(sending, stmts)
	if len(tags) == len(stmts) {
		// COMMIT answered; what happened to the connection after it is no
		// matter. A failed transaction answers COMMIT with ROLLBACK.
		if tag := tags[len(tags)-1].String(); tag != "COMMIT" {
			return fmt.Errorf("db: commit answered %s", tag)
		}
		return nil
	}
	if !run.c.IsClosed() && !fatal(err) {
		return fmt.Errorf("db: commit: %w", err)
	}
	if id == "" {
		return fmt.Errorf("%w: %w", errLost, err) // nothing was written
	}
	return d.marks.resolve(ctx, id, err)
}

// fatal tells an error that ended the connection from one of a statement.
func fatal(err error) bool {
	var e *pgconn.PgError
	return !errors.As(err, &e) || e.Severity == "FATAL" || e.Severity == "PANIC"
}

// markers writes and looks up the rows that prove a commit. Their ids are a
// random name of this handle and a counter.
type markers struct {
	pool *pgxpool.Pool
	name string
	seq  atomic.Uint64
	on   atomic.Bool // the table exists

	once sync.Once
	quit chan struct{}
	done chan struct{}
}

func newMarkers(pool *pgxpool.Pool) *markers {
	return &markers{pool: pool, name: rand.Text(), quit: make(chan struct{}), done: make(chan struct{})}
}

func (m *markers) id(n uint64) string { return fmt.Sprintf("%s-%016x", m.name, n) }

func (m *markers) next() string { return m.id(m.seq.Add(1)) }

// start is called when the table exists.
func (m *markers) start() {
	m.once.Do(func() {
		m.on.Store(true)
		background.Go("commit markers", func() {
			defer close(m.done)
			background.Keep(context.Background(), "commit markers", func(context.Context) { m.sweep() })
		})
	})
}

// resolve finds out whether the transaction that wrote marker id committed. It
// inserts a fence row with the same key: that waits for a transaction that is
// still running, meets the marker of one that committed, and makes one whose
// packets are still under way fail later.
func (m *markers) resolve(ctx context.Context, id string, cause error) error {
	ctx, cancel := ending(ctx, lastWord, resolveTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		kind, err := m.fence(ctx, id)
		switch {
		case err == nil && kind == "commit":
			return nil
		case err == nil:
			return fmt.Errorf("%w: %w", errLost, cause)
		}
		if pause(ctx, attempt, Postgres) != nil {
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, errors.Join(cause, err))
		}
	}
}

func (m *markers) fence(ctx context.Context, id string) (kind string, err error) {
	_, err = m.pool.Exec(ctx, insertMarker+" ON CONFLICT (id) DO NOTHING", id, "fence", time.Now().UnixMilli())
	if err != nil {
		return "", err
	}
	err = m.pool.QueryRow(ctx, "SELECT kind FROM db_commit WHERE id = $1", id).Scan(&kind)
	return kind, err
}

// sweep deletes this handle's markers once they are old, and now and then
// those of handles that died.
func (m *markers) sweep() {
	type point struct {
		at  time.Time
		seq uint64
	}
	var points []point
	var swept uint64
	var orphans time.Time
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-m.quit:
			m.remove(swept, m.seq.Load())
			return
		case now := <-tick.C:
			if n := m.seq.Load(); len(points) == 0 || points[len(points)-1].seq != n {
				points = append(points, point{now, n})
			}
			for len(points) > 0 && now.Sub(points[0].at) > markerLife {
				if m.remove(swept, points[0].seq) {
					swept = points[0].seq
				}
				points = points[1:]
			}
			if now.Sub(orphans) > orphanLife {
				orphans = now
				m.removeOrphans(now)
			}
		}
	}
}

// remove deletes the markers from after lo up to hi, a few per transaction.
func (m *markers) remove(lo, hi uint64) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for lo < hi {
		end := min(lo+sweepRows, hi)
		_, err := m.pool.Exec(ctx, "DELETE FROM db_commit WHERE id > $1 AND id <= $2", m.id(lo), m.id(end))
		if err != nil {
			return false
		}
		lo = end
	}
	return true
}

func (m *markers) removeOrphans(now time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		tag, err := m.pool.Exec(ctx, "DELETE FROM db_commit WHERE id IN (SELECT id FROM db_commit WHERE at < $1 LIMIT $2)",
			now.Add(-orphanLife).UnixMilli(), sweepRows)
		if err != nil || tag.RowsAffected() == 0 {
			return
		}
	}
}

// stop removes what is left; no Update runs any more that could ask for it.
func (m *markers) stop() {
	started := true
	m.once.Do(func() { started = false })
	if started {
		close(m.quit)
		<-m.done
	}
}
