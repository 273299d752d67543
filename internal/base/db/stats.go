package db

import (
	"sync/atomic"
	"time"
)

// counters stand behind Stats.
type counters struct{ updates, commits, retries, late atomic.Int64 }

// Stats counts what a handle has done since Open.
type Stats struct {
	Updates int64 // successful calls of Update
	Commits int64 // write transactions committed; fewer than Updates by group commit
	Retries int64 // attempts that failed and could be tried again
	Late    int64 // calls that ended because patience ran out
	Pool    Pool
}

// Pool is the state of the connections: those to PostgreSQL, or the readers of SQLite.
type Pool struct {
	Max, InUse, Idle int
	Waits            int64         // acquisitions that found none idle
	Waited           time.Duration // how long they took together
}

// Stats is for metrics.
func (d *DB) Stats() Stats {
	return Stats{
		Updates: d.stats.updates.Load(), Commits: d.stats.commits.Load(), Retries: d.stats.retries.Load(),
		Late: d.stats.late.Load(), Pool: d.eng.pool(),
	}
}

func (d *pgDB) pool() Pool {
	s := d.conns.Stat()
	return Pool{
		Max: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}

func (d *sqliteDB) pool() Pool {
	idle := len(d.readers)
	return Pool{Max: d.n, InUse: d.n - idle, Idle: idle, Waits: d.waits.Load(), Waited: time.Duration(d.waited.Load())}
}
