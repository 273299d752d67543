package lambda

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"

	"cognate/internal/base/httpkit"
)

// ownUser lets only processes of the server's own user reach a Runtime API:
// whoever reaches one can read events and answer them. Where the system does not
// tell users apart, everybody passes.
func ownUser(l net.Listener) net.Listener { return userListener{l} }

type userListener struct{ net.Listener }

// strayConn is a connection whose other end nobody holds any more, so that
// nobody can tell whose it was: a process may have answered and ended.
type strayConn struct{ net.Conn }

// Accept closes connections of other users.
func (l userListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		switch uid, err := httpkit.PeerUser(conn.LocalAddr(), conn.RemoteAddr()); {
		case err == nil && uid == os.Geteuid(), errors.Is(err, httpkit.ErrPeersUnknown):
			return conn, nil
		case errors.Is(err, httpkit.ErrNoPeer):
			return strayConn{conn}, nil
		}
		conn.Close()
	}
}

type strayKey struct{}

// markStray notes in the context of a connection's requests that it is stray.
func markStray(ctx context.Context, c net.Conn) context.Context {
	if _, stray := c.(strayConn); stray {
		return context.WithValue(ctx, strayKey{}, true)
	}
	return ctx
}

func fromStray(r *http.Request) bool { return r.Context().Value(strayKey{}) != nil }
