package wire_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/httpkit"
)

// countingListener counts the Write calls of its connections.
type countingListener struct {
	net.Listener
	writes *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.writes}, err
}

type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countingConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// TestHeadAndBodyLeaveTogether: an answer of any size is one write, where the server gathers.
func TestHeadAndBodyLeaveTogether(t *testing.T) {
	w, size := newWorld(t), 0
	w.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) {
		return &cognitoidp.SignUpResponse{UserSub: strings.Repeat("x", size)}, nil
	}
	srv := httptest.NewUnstartedServer(w.server)
	var writes atomic.Int64
	srv.Listener = httpkit.Gather(srv.Config, countingListener{srv.Listener, &writes})
	srv.Start()
	defer srv.Close()
	for _, step := range []struct {
		op   string
		size int
	}{{"SignUp", 10}, {"SignUp", 3000}, {"SignUp", 4090}, {"SignUp", 100_000}, {"Nope", 0}, {"SignUp", 10}} {
		op := step.op
		size = step.size
		r, err := http.NewRequest(http.MethodPost, srv.URL, strings.NewReader(signUpBody))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = request(op, "").Header
		writes.Store(0)
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || writes.Load() != 1 || len(res.TransferEncoding) != 0 {
			t.Errorf("%s: %d writes, %v", op, writes.Load(), err)
		}
	}
}
