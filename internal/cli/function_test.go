package cli

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/base/lambda"
	"cognate/internal/web/operator"
)

// commandFunctions is a router behind the dev endpoints.
type commandFunctions struct{ *lambda.Router }

func (c commandFunctions) Put(f lambda.Function) error { return c.Router.Put("command", f) }

func TestFunctionCommands(t *testing.T) {
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:trigger"
	code := t.TempDir()
	text := "def h(e, c):\n  print('seen', e)\n  if 'fail' in e: raise ValueError('no')\n  return e\n"
	event := filepath.Join(t.TempDir(), "event.json")
	for file, text := range map[string]string{filepath.Join(code, "f.py"): text, event: `{"a":1}`, event + ".fail": `{"fail":1}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	router := lambda.NewRouter(lambda.Options{AllowLocal: true})
	defer router.Close()
	server := httptest.NewServer(operator.Handler(operator.Deps{Functions: commandFunctions{router}}))
	defer server.Close()
	for _, step := range []struct {
		args   string
		status int
		want   string
	}{
		{"list", 0, "REACHED BY"},
		{"put " + arn + " --local " + code + " --runtime python --handler f.h --env A=B --timeout 60s", 0, "reached by local"},
		{"put " + arn + " --local " + code + " --runtime cobol --handler f.h", 1, "cobol"},
		{"put " + arn, 1, "exactly one"},
		{"list", 0, arn},
		{"invoke " + arn + " --event " + event, 0, `{"a":1}`},
		{"invoke " + arn + " --event " + event + ".fail", 1, "ValueError: no"},
		{"invoke arn:none --event " + event, 1, "not configured"},
		{"logs " + arn, 0, "seen {'a': 1}"},
		{"remove " + arn, 0, "removed"},
		{"remove " + arn, 1, "no such function"},
		{"put " + arn + " --endpoint http://localhost:4566 --name trigger", 0, "reached by lambda"},
		{"put " + arn + " --webhook https://example.com/x --secret 0123456789abcdef", 0, "reached by webhook"},
		{"list --server http://127.0.0.1:1", 1, "no dev server answers"},
	} {
		args := append([]string{"function"}, strings.Fields(step.args)...)
		if !strings.Contains(step.args, "--server") {
			args = append(args, "--server", server.URL)
		}
		var out bytes.Buffer
		if got := Main(args, &out, &out); got != step.status || !strings.Contains(out.String(), step.want) {
			t.Errorf("%s: status %d, want %d with %q:\n%s", step.args, got, step.status, step.want, out.String())
		}
	}
}
