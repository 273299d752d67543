package gosdk

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/testkit/process"
)

var blockPattern = regexp.MustCompile("(?ms)^```[^\n]*\n(?://|#) (\\S+)\n(.*?)^```$")

// block is the one of docs/oidc.md whose first line names a file, with addresses replaced.
func block(t *testing.T, name string, addresses ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/oidc.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range blockPattern.FindAllStringSubmatch(string(text), -1) {
		if m[1] == name {
			return strings.NewReplacer(addresses...).Replace(m[2])
		}
	}
	t.Fatalf("docs/oidc.md has no block %s", name)
	return ""
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestGuide builds the backend of docs/oidc.md as it stands there, runs it and signs in.
func TestGuide(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1)
	listener.Close()
	folder := t.TempDir()
	seed := write(t, filepath.Join(folder, "shop.yaml"), block(t, "shop.yaml", "localhost:8080", app))
	server := process.Start(t, "--ephemeral", "--seed", seed)
	main := write(t, filepath.Join(folder, "main.go"),
		block(t, "main.go", "http://localhost:7654", strings.Replace(server.URL, "127.0.0.1", "localhost", 1), "localhost:8080", app))
	program := filepath.Join(folder, "app")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, main).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var log strings.Builder
	run := exec.CommandContext(t.Context(), program)
	run.Stdout, run.Stderr = &log, &log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })

	at, pages := newBrowser(t), newBrowser(t)
	for i := 0; ; i++ {
		if res, err := http.Get("http://" + app + "/callback"); err == nil {
			res.Body.Close()
			break
		} else if i == 500 {
			t.Fatalf("%v: %s", err, log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	at.open("http://" + app + "/login")
	back := pages.signIn(at.left.String(), "ana@example.com", "Passw0rd!").String()
	if at.open(back); at.body != "Hello ana@example.com\n" {
		t.Fatalf("%q", at.body)
	}
	if at.open(back); at.body != "not signed in\n" { // the code is used
		t.Errorf("again: %q", at.body)
	}
	other := newBrowser(t)
	if other.open(back); other.body != "not asked for\n" {
		t.Errorf("another browser: %q", other.body)
	}
}
