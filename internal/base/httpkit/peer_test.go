package httpkit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// skipWithoutIPv6 leaves a test out on a machine that has no IPv6, and fails it for any other error.
func skipWithoutIPv6(t *testing.T, err error) {
	t.Helper()
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		t.Skip("no IPv6 here: ", err)
	case err != nil:
		t.Fatal(err)
	}
}

// listenOn serves whether the caller is the server's own user.
func listenOn(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	skipWithoutIPv6(t, err)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, FromOwnUser(r))
	}))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestFromOwnUser(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the users of sockets")
	}
	ask := func(url string, edit func(*http.Request)) string {
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		edit(req)
		resp, err := http.DefaultClient.Do(req)
		skipWithoutIPv6(t, err)
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	plain := func(*http.Request) {}
	for _, c := range []struct{ listen, host string }{{"127.0.0.1:0", "127.0.0.1"}, {"[::1]:0", "[::1]"}, {"[::]:0", "127.0.0.1"}, {"[::]:0", "[::1]"}} {
		port := listenOn(t, c.listen)
		if got := ask("http://"+c.host+":"+port, plain); got != "true" {
			t.Errorf("%+v: %s", c, got)
		}
	}
	port := listenOn(t, "127.0.0.1:0")
	for name, edit := range map[string]func(*http.Request){
		"another name":  func(r *http.Request) { r.Host = "id.example.com" },
		"through proxy": func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") },
		"also a proxy":  func(r *http.Request) { r.Header.Set("Via", "1.1 x") },
	} {
		if got := ask("http://127.0.0.1:"+port, edit); got != "false" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if FromOwnUser(httptest.NewRequest("GET", "http://localhost/", nil)) {
		t.Error("a request without a connection")
	}
}

// TestOtherUser: another account of the machine is told apart, also when it closes its side at once.
func TestOtherUser(t *testing.T) {
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("only root can act as another user")
	}
	port := listenOn(t, "127.0.0.1:0")
	cmd := exec.Command("/bin/bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/`+port+`; printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3; cat <&3`)
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "false") {
		t.Fatalf("%v %s", err, out)
	}
}

func TestPeerThatHasGone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the users of sockets")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if uid, err := PeerUser(server.LocalAddr(), server.RemoteAddr()); err != nil || uid != os.Geteuid() {
		t.Fatal(uid, err)
	}
	client.Close()
	if uid, err := PeerUser(server.LocalAddr(), server.RemoteAddr()); !errors.Is(err, ErrNoPeer) {
		t.Fatalf("a socket that nobody holds is said to be of user %d, %v", uid, err)
	}
}
