package db

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Times of the way to the servers of a URL. A server that accepts connections and then says nothing (a suspended
// machine) is left after watchEvery + watchPatience + connectTimeout at the latest.
const (
	connectTimeout = 3 * time.Second
	watchEvery     = time.Second
	watchPatience  = 4 * time.Second
)

// hosts are the servers that a URL names. All connections go to the one that can write; the others are tried after it.
type hosts struct {
	all []string // host:port, in the URL's order
	log *slog.Logger

	mu    sync.Mutex
	first string              // tried first
	conns map[net.Conn]string // open ones, and where they go
}

// newHosts reads the servers of cfg and makes connections go through h.
func newHosts(cfg *pgconn.Config, o Options) *hosts {
	h := &hosts{conns: map[net.Conn]string{}, log: o.Log}
	for _, s := range servers(cfg) {
		if name := place(s); !slices.Contains(h.all, name) {
			h.all = append(h.all, name)
		}
	}
	h.first = h.all[0]
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if len(h.all) > 1 && !strings.Contains(o.PostgresURL, "target_session_attrs") {
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	cfg.DialFunc = h.dial
	return h
}

// servers are the addresses of cfg in order; one may stand there twice, with TLS and without.
func servers(cfg *pgconn.Config) []*pgconn.FallbackConfig {
	first := &pgconn.FallbackConfig{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}
	return append([]*pgconn.FallbackConfig{first}, cfg.Fallbacks...)
}

func place(s *pgconn.FallbackConfig) string {
	return net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port)))
}

// order makes cfg try name first, or nothing else.
func order(cfg *pgconn.Config, name string, only bool) {
	var mine, others []*pgconn.FallbackConfig
	for _, s := range servers(cfg) {
		if place(s) == name {
			mine = append(mine, s)
		} else if !only {
			others = append(others, s)
		}
	}
	list := append(mine, others...)
	cfg.Host, cfg.Port, cfg.TLSConfig, cfg.Fallbacks = list[0].Host, list[0].Port, list[0].TLSConfig, list[1:]
}

// prefer is the pool's BeforeConnect.
func (h *hosts) prefer(_ context.Context, cfg *pgx.ConnConfig) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	order(&cfg.Config, h.first, false)
	return nil
}

// dial notices peers that vanished without a word, and remembers where the connection goes.
func (h *hosts) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 3 * time.Second, Count: 3},
		Control:         userTimeout,
	}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if len(h.all) == 1 {
		return c, nil
	}
	t := &tracked{Conn: c, hosts: h}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[t] = address
	return t, nil
}

// tracked is a connection that hosts can drop.
type tracked struct {
	net.Conn
	hosts *hosts
}

// Close implements net.Conn.
func (t *tracked) Close() error {
	t.hosts.mu.Lock()
	delete(t.hosts.conns, t)
	t.hosts.mu.Unlock()
	return t.Conn.Close()
}

// moved makes name the first and drops all connections that do not go to address: whoever waits on one is told at once.
func (h *hosts) moved(name, address string, pool *pgxpool.Pool) {
	h.mu.Lock()
	h.first = name
	var gone []net.Conn
	for c, at := range h.conns {
		if at != address {
			gone = append(gone, c)
		}
	}
	h.mu.Unlock()
	for _, c := range gone {
		_ = c.Close()
	}
	pool.Reset()
}

// watch asks the server in use every second, on a connection of its own, whether it answers and can write. When it does
// not and another one can, everything moves there. Where no other can, nothing is dropped: a busy server is not helped
// by new connections.
func (h *hosts) watch(ctx context.Context, pool *pgxpool.Pool) {
	var c *pgx.Conn
	defer func() {
		if c != nil {
			closeConn(c)
		}
	}()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if c == nil || !writable(ctx, c) {
			if c != nil {
				closeConn(c)
			}
			c = h.find(ctx, pool)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func writable(ctx context.Context, c *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	return pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, c.PgConn()) == nil
}

// find connects to the first server that can write, the one in use last.
func (h *hosts) find(ctx context.Context, pool *pgxpool.Pool) *pgx.Conn {
	h.mu.Lock()
	before := h.first
	h.mu.Unlock()
	names := append(slices.DeleteFunc(slices.Clone(h.all), func(n string) bool { return n == before }), before)
	for _, name := range names {
		cfg := pool.Config().ConnConfig
		order(&cfg.Config, name, true)
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
		c, err := pgx.ConnectConfig(ctx, cfg)
		if err != nil {
			continue
		}
		if name != before {
			h.log.Warn("the database moved", "from", before, "to", name)
			h.moved(name, c.PgConn().Conn().RemoteAddr().String(), pool)
		}
		return c
	}
	return nil
}

// pooled reports whether something between here and the server hands its connections to others between transactions:
// then the process that answers is not the one that greeted. Statements prepared by name do not work there.
func pooled(ctx context.Context, cfg *pgx.ConnConfig) (bool, error) {
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer closeConn(c)
	results, err := c.PgConn().Exec(ctx, "SELECT pg_backend_pid()").ReadAll()
	if err != nil {
		return false, fmt.Errorf("pg_backend_pid: %w", err)
	}
	return string(results[0].Rows[0][0]) != strconv.FormatUint(uint64(c.PgConn().PID()), 10), nil
}
