package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"cognate/internal/base/background"
)

// pgDB is the PostgreSQL backend.
type pgDB struct {
	conns   *pgxpool.Pool
	begin   string // of a write transaction
	marks   *markers
	stats   *counters
	stopped atomic.Bool
	unwatch context.CancelFunc
	plain   bool // columns without a collation clause
}

// pingTimeout bounds the look whether an idle connection still lives.
const pingTimeout = 2 * time.Second

const beginView = "begin isolation level repeatable read read only"

func openPostgres(ctx context.Context, o Options, stats *counters) (*pgDB, error) {
	cfg, err := pgxpool.ParseConfig(o.PostgresURL)
	if err != nil {
		return nil, err
	}
	switch {
	case o.MaxConns > 0:
		cfg.MaxConns = int32(o.MaxConns)
	case !strings.Contains(o.PostgresURL, "pool_max_conns"):
		cfg.MaxConns = int32(max(16, 4*runtime.NumCPU()))
	}
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "cognate"
	}
	cfg.PingTimeout = pingTimeout // of connections that were idle for a second
	h := newHosts(&cfg.ConnConfig.Config, o)
	cfg.BeforeConnect = h.prefer
	shared, err := pooled(ctx, cfg.ConnConfig)
	if err != nil {
		return nil, err
	}
	if shared && !strings.Contains(o.PostgresURL, "default_query_exec_mode") {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d := &pgDB{conns: pool, stats: stats, begin: "begin isolation level read committed", unwatch: func() {}}
	if o.Serializable {
		d.begin = "begin isolation level serializable"
	}
	d.marks = newMarkers(pool)
	if len(h.all) > 1 {
		var watching context.Context
		watching, d.unwatch = context.WithCancel(context.WithoutCancel(ctx))
		background.Start(watching, "watch database hosts", func(ctx context.Context) { h.watch(ctx, pool) })
	}
	return d, nil
}

// errLost is a transaction that certainly did not commit because its
// connection broke; it can be run again. It and errConnect are errAway.
var (
	errAway    = errors.New("db: database away")
	errLost    = fmt.Errorf("connection lost, nothing committed: %w", errAway)
	errConnect = fmt.Errorf("no connection: %w", errAway)
)

// retryable: serialization failure, deadlock, a lost connection, a primary
// that became a standby, and a plan made stale by a migration.
func (d *pgDB) retryable(err error) bool {
	if errors.Is(err, errAway) {
		return true
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "40001", "40P01", "25006":
		return true
	case "0A000":
		return strings.HasPrefix(e.Message, "cached plan must not change")
	}
	return false
}

// unavailable: out of disk, memory or connections, stopped by an operator or a time-out of the server's own.
func (d *pgDB) unavailable(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	switch {
	case strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"), strings.HasPrefix(e.Code, "58"), e.Code == "55P03":
		return true
	}
	return false
}

func (d *pgDB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if d.stopped.Load() {
		return nil, ErrClosed
	}
	c, err := d.conns.Acquire(ctx)
	if err != nil {
		if d.stopped.Load() {
			return nil, ErrClosed
		}
		if ctx.Err() == nil && !refused(err) {
			err = fmt.Errorf("%w: %w", errConnect, err)
		}
		return nil, fmt.Errorf("db: connect: %w", err)
	}
	return c, nil
}

// refused tells a server that knows who asks and does not want them, which waiting does not change.
func refused(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (strings.HasPrefix(e.Code, "28") || e.Code == "3D000" || e.Code == "42501")
}

func (d *pgDB) update(ctx context.Context, fn func(*Tx) error, inject func() bool) error {
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	run := &pgTx{c: c.Conn(), begin: d.begin}
	defer run.rollback() // also when fn panics; nothing to do after a commit
	tx := newTx(ctx, run)
	defer tx.end()
	if err := tx.call(fn); err != nil {
		return d.lost(ctx, run, err)
	}
	if inject != nil && inject() {
		return &pgconn.PgError{Severity: "ERROR", Code: "40001", Message: "injected serialization failure"}
	}
	tx.end()
	if err := d.commit(ctx, run, tx.later); err != nil {
		return err
	}
	d.stats.commits.Add(1)
	tx.committed()
	return nil
}

func (d *pgDB) view(ctx context.Context, fn func(*Tx) error) error {
	return d.reading(ctx, fn, beginView)
}

func (d *pgDB) read(ctx context.Context, fn func(*Tx) error) error {
	return d.reading(ctx, fn, "")
}

func (d *pgDB) reading(ctx context.Context, fn func(*Tx) error, begin string) error {
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	run := &pgTx{c: c.Conn(), begin: begin, readOnly: true}
	defer func() {
		if run.idle() {
			c.Release()
			return
		}
		// The caller has its answer; it need not wait for the end.
		background.Go("end of a read", func() {
			defer c.Release()
			run.rollback()
		})
	}()
	tx := newTx(ctx, run)
	defer tx.end()
	if err := tx.call(fn); err != nil {
		return d.lost(ctx, run, err)
	}
	if len(tx.later) > 0 {
		return errors.New("db: ExecLater in a read-only transaction")
	}
	tx.committed()
	return nil
}

func (d *pgDB) close() error {
	if d.stopped.CompareAndSwap(false, true) {
		d.unwatch()
		d.marks.stop()
		d.conns.Close()
	}
	return nil
}

// pgTx runs statements on one connection. BEGIN travels with the first of them.
type pgTx struct {
	c        *pgx.Conn
	begin    string // still to be sent
	readOnly bool
	wrote    bool
}

func (p *pgTx) idle() bool {
	return !p.c.IsClosed() && p.c.PgConn().TxStatus() == 'I'
}

// rollback ends an open transaction. The connection is dropped by the pool
// when this fails.
func (p *pgTx) rollback() {
	if p.c.IsClosed() || p.idle() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = p.c.Exec(ctx, "rollback")
}

// lost marks err when the connection broke by itself: before COMMIT was sent
// that means that nothing has happened.
func (d *pgDB) lost(ctx context.Context, p *pgTx, err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "25006" {
		closeConn(p.c)
		d.conns.Reset() // the others go to the same server, which is no primary any more
	}
	if p.c.IsClosed() && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return err
}

func closeConn(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}

// note refuses writes where they do not belong. A WITH may be either; in View
// the server itself looks after it.
func (p *pgTx) note(sql string) error {
	if readsOnly(sql) {
		return nil
	}
	if p.readOnly {
		if startsWith(sql, "with") || startsWith(sql, "values") {
			return nil
		}
		return errors.New("db: write in a read-only transaction")
	}
	p.wrote = true
	return nil
}

func (p *pgTx) exec(ctx context.Context, sql string, args []any) (int64, error) {
	n, err := p.execBatch(ctx, []Stmt{{SQL: sql, Args: args}})
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

func (p *pgTx) execBatch(ctx context.Context, stmts []Stmt) ([]int64, error) {
	for _, s := range stmts {
		if err := p.note(s.SQL); err != nil {
			return nil, err
		}
	}
	if p.begin == "" && len(stmts) == 1 {
		tag, err := p.c.Exec(ctx, stmts[0].SQL, stmts[0].Args...)
		return []int64{changed(tag)}, pgError(err)
	}
	tags, err := p.send(ctx, stmts)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(stmts))
	for i := range out {
		out[i] = changed(tags[len(tags)-len(stmts)+i])
	}
	return out, nil
}

// send runs statements, with BEGIN when it is due, in one round trip.
func (p *pgTx) send(ctx context.Context, stmts []Stmt) ([]pgconn.CommandTag, error) {
	b := new(pgx.Batch)
	p.queueBegin(b)
	for _, s := range stmts {
		b.Queue(s.SQL, s.Args...)
	}
	res := p.c.SendBatch(ctx, b)
	tags := make([]pgconn.CommandTag, 0, b.Len())
	for range b.Len() {
		tag, err := res.Exec()
		if err != nil {
			_ = res.Close()
			return tags, pgError(err)
		}
		tags = append(tags, tag)
	}
	return tags, pgError(res.Close())
}

func (p *pgTx) queueBegin(b *pgx.Batch) {
	if p.begin != "" {
		b.Queue(p.begin)
		p.begin = ""
	}
}

func changed(tag pgconn.CommandTag) int64 {
	if tag.Select() {
		return 0
	}
	return tag.RowsAffected()
}

// pgError marks what callers distinguish.
func pgError(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "23505" {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}
