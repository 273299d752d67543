package lambda

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// custom is a function with a bootstrap of its own, which speaks the Runtime
// API by hand: rightly, oddly or wrongly.
func custom(t *testing.T, script string) Function {
	t.Helper()
	needs(t, "python3")
	dir := folder(t, map[string]string{"bootstrap": "#!/usr/bin/env python3\n" + `
import os, socket, sys, time
NAME = os.environ["AWS_LAMBDA_RUNTIME_API"]
API = NAME.split(":")
def ask(text, wait=True):
    s = socket.create_connection((API[0], int(API[1])))
    s.sendall(text.encode())
    if not wait: return s
    data = b""
    while True:
        part = s.recv(65536)
        if not part: return data.decode()
        data += part
def get(path, wait=True):
    return ask("GET /2018-06-01/runtime" + path + " HTTP/1.1\r\nHost: " + NAME + "\r\nConnection: close\r\n\r\n", wait)
def post(path, body, extra=""):
    return ask("POST /2018-06-01/runtime" + path + " HTTP/1.1\r\nHost: " + NAME + "\r\nConnection: close\r\n" + extra + "Content-Length: %d\r\n\r\n%s" % (len(body), body))
def id(answer):
    return [l.split(": ")[1] for l in answer.split("\r\n") if l.lower().startswith("lambda-runtime-aws-request-id")][0]
` + script})
	return Function{ARN: testARN, Local: &Local{Path: dir, Runtime: "provided"}}
}

func TestCustomRuntime(t *testing.T) {
	t.Run("one connection per request", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
while True:
    post("/invocation/" + id(get("/invocation/next")) + "/response", '{"ok":true}')`))
		for range 3 {
			answer(t, r, `{}`)
		}
		if n := r.List()[0].Processes; n != 1 {
			t.Errorf("%d processes", n)
		}
	})
	t.Run("a broken poll loses nothing", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
for i in range(5):
    get("/invocation/next", wait=False).close()
while True:
    s = get("/invocation/next", wait=False)
    post("/invocation/" + id(get("/invocation/next")) + "/response", '{"ok":true}')`))
		for range 3 {
			answer(t, r, `{}`)
		}
	})
	t.Run("an event lost with its connection comes again", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
get("/invocation/next", wait=False).recv(1)
post("/invocation/" + id(get("/invocation/next")) + "/response", '{"ok":true}')
time.sleep(5)`))
		answer(t, r, `{}`)
	})
	t.Run("answers to nothing", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
a = post("/invocation/none/response", '{}')
n = id(get("/invocation/next"))
b = post("/invocation/other/response", '{"wrong":1}')
c = get("/else")
post("/invocation/" + n + "/response", '{"a":"%s","b":"%s","c":"%s"}' % (a[9:12], b[9:12], c[9:12]))
d = post("/invocation/" + n + "/response", '{"again":1}')
time.sleep(5)`))
		if got := answer(t, r, `{}`); fmt.Sprint(got) != "map[a:400 b:400 c:404]" {
			t.Errorf("%v", got)
		}
	})
	t.Run("init error", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
post("/init/error", '{"errorMessage":"no table","errorType":"Config"}')
time.sleep(60)`))
		failure(t, r, `{}`, "Config", "no table")
	})
	t.Run("error type by header", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
post("/invocation/" + id(get("/invocation/next")) + "/error", 'plain', "Lambda-Runtime-Function-Error-Type: Custom.Type\r\n")
time.sleep(5)`))
		failure(t, r, `{}`, "Custom.Type", "plain")
	})
	t.Run("half an answer", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
n = id(get("/invocation/next"))
s = ask("POST /2018-06-01/runtime/invocation/" + n + "/response HTTP/1.1\r\nHost: " + NAME + "\r\nContent-Length: 100\r\n\r\n{", False)
sys.exit(9)`))
		failure(t, r, `{}`, "Runtime.ExitError", "exit status 9")
	})
	t.Run("answer and end", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
n = id(get("/invocation/next"))
ask("POST /2018-06-01/runtime/invocation/" + n + "/response HTTP/1.1\r\nHost: " + NAME + "\r\nContent-Length: 11\r\n\r\n{\"ok\":true}", False)
os._exit(1)`))
		for range 5 {
			answer(t, r, `{}`)
		}
	})
	t.Run("stream that fails", func(t *testing.T) {
		r := router(t, Options{}, custom(t, `
n = id(get("/invocation/next"))
ask("POST /2018-06-01/runtime/invocation/" + n + "/response HTTP/1.1\r\nHost: " + NAME + "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n1\r\n{\r\n0\r\nLambda-Runtime-Function-Error-Type: Midway\r\n\r\n")
time.sleep(5)`))
		failure(t, r, `{}`, "Midway", "")
	})
	t.Run("never asks", func(t *testing.T) {
		f := custom(t, "time.sleep(60)")
		f.Timeout = Duration(200 * time.Millisecond)
		if _, err := call(t, router(t, Options{}, f), `{}`); err == nil {
			t.Error("an answer from nowhere")
		}
	})
}

// TestOtherUsers: a process of another user cannot read events or answer them.
func TestOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can act as another user")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "event") })}
	go func() { _ = server.Serve(ownUser(l)) }()
	defer server.Close()
	for user, want := range map[uint32]bool{0: true, 65534: false} {
		cmd := exec.Command("/bin/bash", "-c", fmt.Sprintf(
			`trap '' PIPE; exec 3<>/dev/tcp/127.0.0.1/%d; printf 'GET / HTTP/1.0\r\n\r\n' >&3; cat <&3; true`, l.Addr().(*net.TCPAddr).Port))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		if got := bytes.Contains(out, []byte("event")); got != want {
			t.Errorf("user %d got %s", user, out)
		}
	}
}

// TestRuntimeAPIHost: no web page reaches a Runtime API, not by its own name and not by the address.
func TestRuntimeAPIHost(t *testing.T) {
	w := &process{address: "127.0.0.1:4321", pool: &pool{}, quit: make(chan struct{})}
	for name, edit := range map[string]func(*http.Request){
		"rebound name":  func(r *http.Request) { r.Host = "evil.example:4321" },
		"localhost":     func(r *http.Request) { r.Host = "localhost:4321" },
		"another port":  func(r *http.Request) { r.Host = "127.0.0.1:1" },
		"no host":       func(r *http.Request) { r.Host = "" },
		"origin":        func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:4321") },
		"null origin":   func(r *http.Request) { r.Header.Set("Origin", "null") },
		"page":          func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") },
		"page, by mode": func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", "no-cors") },
	} {
		r := httptest.NewRequest(http.MethodGet, "/2018-06-01/runtime/invocation/next", nil)
		r.Host = w.address
		edit(r)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		if rec.Code != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}

// TestStray: a sender that has gone may have left an answer, but takes no event and ends no process.
func TestStray(t *testing.T) {
	w := &process{address: "x", pool: &pool{}, quit: make(chan struct{})}
	for _, c := range []struct{ method, path string }{{"GET", "invocation/next"}, {"POST", "init/error"}} {
		r := httptest.NewRequest(c.method, "/2018-06-01/runtime/"+c.path, nil)
		r.Host = "x"
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r.WithContext(markStray(r.Context(), strayConn{})))
		if rec.Code != http.StatusNotFound || w.ready || w.poll != nil || w.initFailure != nil {
			t.Errorf("%s: %d %+v", c.path, rec.Code, w)
		}
	}
}

func FuzzRuntimeAPI(f *testing.F) {
	f.Add("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
	f.Add("POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
	f.Add("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		w := &process{address: "x", pool: &pool{}, quit: make(chan struct{}), wake: make(chan struct{}, 1), initTimer: time.NewTimer(time.Hour), cmd: &exec.Cmd{}}
		close(w.quit)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil || strings.HasSuffix(r.URL.Path, "/init/error") {
			return
		}
		w.ServeHTTP(discardAnswer{http.Header{}}, r)
	})
}

type discardAnswer struct{ h http.Header }

func (d discardAnswer) Header() http.Header         { return d.h }
func (d discardAnswer) Write(b []byte) (int, error) { return len(b), nil }
func (d discardAnswer) WriteHeader(int)             {}
