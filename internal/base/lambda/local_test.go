package lambda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const nodeSync = `
exports.callback = (event, context, callback) => {
  if (event.fail) return callback(new TypeError('no bad users'));
  setTimeout(() => { event.response = { late: true }; }, 30);   // the answer waits for the event loop
  callback(null, event);
};
exports.quick = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 60000);
  callback(null, { quick: true });
};
exports.async = async (event, context) => ({
  left: context.getRemainingTimeInMillis(), id: context.awsRequestId, arn: context.invokedFunctionArn,
  name: context.functionName, pid: process.pid, event });
exports.rejects = async () => { const e = new Error('denied'); e.name = 'Denied'; throw e; };
exports.text = async () => { throw 'plain text'; };
exports.nothing = (event, context, callback) => {};
exports.undef = async () => {};
exports.exits = async (event) => process.exit(7);
exports.later = async () => { setTimeout(() => { throw new Error('from a timer'); }, 5); await new Promise(r => setTimeout(r, 2000)); };
exports.stray = async () => { Promise.reject(new Error('stray')); await new Promise(r => setTimeout(r, 2000)); };
exports.circle = async () => { const a = {}; a.a = a; return a; };
exports.succeed = (event, context) => context.succeed({ legacy: true });
exports.hang = async (event) => { if (event.hang) for (;;) {} return { pid: process.pid }; };
exports.flood = async (event) => { const line = 'x'.repeat(8000) + '\n'; for (let i = 0; i < 2000; i++) process.stdout.write(line); return { done: true }; };
exports.huge = async (event) => ({ text: 'h'.repeat(event.size) });
exports.log = async (event) => { console.log('printed ' + event.word); console.error('to stderr'); return {}; };
exports.env = async () => process.env;
exports.a = { b: async () => ({ nested: true }) };
`

func TestNode(t *testing.T) {
	needs(t, "node")
	dir := folder(t, map[string]string{"index.js": nodeSync})
	on := func(t *testing.T, handler string) *Router { return router(t, Options{}, node(dir, "index."+handler)) }

	t.Run("callback waits for the event loop", func(t *testing.T) {
		got := answer(t, on(t, "callback"), `{"userName":"ana","response":{}}`)
		if got["userName"] != "ana" || got["response"].(map[string]any)["late"] != true {
			t.Fatalf("%v", got)
		}
	})
	t.Run("callback with an error", func(t *testing.T) {
		r := on(t, "callback")
		failure(t, r, `{"fail":true}`, "TypeError", "no bad users")
		answer(t, r, `{}`) // the process goes on
		if s := r.List()[0]; s.Processes != 1 {
			t.Fatalf("%d processes", s.Processes)
		}
	})
	t.Run("callbackWaitsForEmptyEventLoop false", func(t *testing.T) {
		if got := answer(t, on(t, "quick"), `{}`); got["quick"] != true {
			t.Fatalf("%v", got)
		}
	})
	t.Run("async with context", func(t *testing.T) {
		r := on(t, "async")
		result, err := r.Invoke(context.Background(), Invocation{ARN: testARN + ":live", Payload: []byte(`{"ünï":"çødé"}`), RequestID: "req-1"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"id":"req-1"`, `"arn":"` + testARN + `:live"`, `"name":"trigger"`, `"ünï":"çødé"`} {
			if !strings.Contains(string(result.Payload), want) {
				t.Errorf("%s not in %s", want, result.Payload)
			}
		}
		if left := answer(t, r, `{}`)["left"].(float64); left < 3000 || left > 5000 {
			t.Errorf("remaining time %v", left)
		}
	})
	for _, c := range []struct{ handler, kind, message string }{
		{"rejects", "Denied", "denied"},
		{"text", "string", "plain text"},
		{"exits", "Runtime.ExitError", "Runtime exited with error: exit status 7"},
		{"later", "Error", "from a timer"},
		{"stray", "Runtime.UnhandledPromiseRejection", "stray"},
		{"circle", "Runtime.MarshalError", "circular"},
		{"missing", "Runtime.HandlerNotFound", "index.missing"},
	} {
		t.Run(c.handler, func(t *testing.T) {
			r := on(t, c.handler)
			failure(t, r, `{}`, c.kind, c.message)
			failure(t, r, `{}`, c.kind, c.message)
		})
	}
	for _, handler := range []string{"nothing", "undef"} {
		t.Run(handler, func(t *testing.T) {
			if result, err := call(t, on(t, handler), `{}`); err != nil || string(result.Payload) != "null" {
				t.Fatalf("%v %s", err, result.Payload)
			}
		})
	}
	t.Run("succeed", func(t *testing.T) { answer(t, on(t, "succeed"), `{}`) })
	t.Run("nested", func(t *testing.T) { answer(t, on(t, "a.b"), `{}`) })
}

func TestNodeModules(t *testing.T) {
	needs(t, "node")
	const esm = "import { x } from './lib.mjs'; const late = await Promise.resolve(1); export const handler = async (e) => ({ x, late });"
	for name, c := range map[string]struct {
		files   map[string]string
		handler string
		kind    string // of the error, "" for success
	}{
		"mjs":          {map[string]string{"f.mjs": esm, "lib.mjs": "export const x = 1"}, "f.handler", ""},
		"type module":  {map[string]string{"f.js": esm, "lib.mjs": "export const x = 1", "package.json": `{"type":"module"}`}, "f.handler", ""},
		"cjs":          {map[string]string{"f.cjs": "exports.handler = async () => ({})", "package.json": `{"type":"module"}`}, "f.handler", ""},
		"folder":       {map[string]string{"src/app/f.js": "exports.handler = async () => ({})"}, "src/app/f.handler", ""},
		"default":      {map[string]string{"f.mjs": "export default { handler: async () => ({}) }"}, "f.handler", ""},
		"dependency":   {map[string]string{"f.js": "const d = require('dep'); exports.handler = async () => d", "node_modules/dep/index.js": "module.exports = {}"}, "f.handler", ""},
		"missing file": {map[string]string{"g.js": ""}, "f.handler", "Runtime.ImportModuleError"},
		"missing dep":  {map[string]string{"f.js": "require('nowhere')"}, "f.handler", "Runtime.ImportModuleError"},
		"syntax":       {map[string]string{"f.js": "exports.handler = ("}, "f.handler", "Runtime.UserCodeSyntaxError"},
		"throws":       {map[string]string{"f.js": "throw new RangeError('at start')"}, "f.handler", "RangeError"},
		"exits":        {map[string]string{"f.js": "process.exit(4)"}, "f.handler", "Runtime.ExitError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := router(t, Options{}, node(folder(t, c.files), c.handler))
			if c.kind == "" {
				answer(t, r, `{}`)
			} else {
				failure(t, r, `{}`, c.kind, "")
			}
		})
	}
}

func TestPython(t *testing.T) {
	needs(t, "python3")
	dir := folder(t, map[string]string{"app/__init__.py": "", "app/fn.py": `
import os, sys, time, json
class Denied(Exception): pass
def ok(event, context):
    event["id"] = context.aws_request_id; event["left"] = context.get_remaining_time_in_millis(); event["arn"] = context.invoked_function_arn
    return event
def fail(event, context): raise Denied("no bad users ü")
def none(event, context): pass
def bad(event, context): return {1, 2}
def leave(event, context): sys.exit(5)
def crash(event, context): os.kill(os.getpid(), 9)
def log(event, context):
    print("printed", event["word"]); print("to stderr", file=sys.stderr); return {}
`, "broken.py": "def f(:", "imports.py": "import nowhere"})
	on := func(handler string) *Router { return router(t, Options{}, python(dir, handler)) }
	if got := answer(t, on("app.fn.ok"), `{"a":"ü"}`); got["a"] != "ü" || got["arn"] != testARN || got["left"].(float64) < 3000 {
		t.Errorf("%v", got)
	}
	r := on("app/fn.fail")
	if f := failure(t, r, `{}`, "Denied", "no bad users ü"); !strings.Contains(string(f.Payload), "stackTrace") {
		t.Errorf("%s", f.Payload)
	}
	failure(t, r, `{}`, "Denied", "no bad users ü")
	if n := r.List()[0].Processes; n != 1 {
		t.Errorf("%d processes", n)
	}
	if result, err := call(t, on("app.fn.none"), `{}`); err != nil || string(result.Payload) != "null" {
		t.Errorf("%v %v", result, err)
	}
	failure(t, on("app.fn.bad"), `{}`, "Runtime.MarshalError", "set")
	failure(t, on("app.fn.leave"), `{}`, "Runtime.ExitError", "exit status 5")
	failure(t, on("app.fn.crash"), `{}`, "Runtime.ExitError", "signal: killed")
	failure(t, on("app.fn.missing"), `{}`, "Runtime.HandlerNotFound", "missing")
	failure(t, on("broken.f"), `{}`, "Runtime.UserCodeSyntaxError", "broken")
	failure(t, on("imports.f"), `{}`, "Runtime.ImportModuleError", "nowhere")
	failure(t, on("absent.f"), `{}`, "Runtime.ImportModuleError", "absent")
	r = on("app.fn.log")
	answer(t, r, `{"word":"hello"}`)
	waitLog(t, r, "printed hello", "to stderr")
}

func TestGo(t *testing.T) {
	r := router(t, Options{}, goCode(t))
	first := answer(t, r, `{"a":1}`)
	if left := first["left"].(float64); left < 3000 {
		t.Errorf("remaining %v", left)
	}
	failure(t, r, `{"do":"fail"}`, "errorString", "no bad users")
	if got := answer(t, r, `{"do":"stream"}`); len(got["stream"].(string)) != 100_000 {
		t.Errorf("chunked answer has %d", len(got["stream"].(string)))
	}
	if again := answer(t, r, `{}`); again["pid"] != first["pid"] {
		t.Error("the process was replaced")
	}
	failure(t, r, `{"do":"panic"}`, "string", "broken")
	failure(t, r, `{"do":"exit"}`, "Runtime.ExitError", "exit status 3")
	if again := answer(t, r, `{}`); again["pid"] == first["pid"] {
		t.Error("the process survived its exit")
	}
}

func waitLog(t *testing.T, r *Router, want ...string) {
	t.Helper()
	var all strings.Builder
	for range 100 {
		lines, err := r.Logs(testARN)
		if err != nil {
			t.Fatal(err)
		}
		all.Reset()
		for _, l := range lines {
			all.WriteString(l.Text + "\n")
		}
		missing := false
		for _, w := range want {
			missing = missing || !strings.Contains(all.String(), w)
		}
		if !missing {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("log %q lacks some of %q", all.String(), want)
}

func TestOutputAndAnswers(t *testing.T) {
	needs(t, "node")
	dir := folder(t, map[string]string{"index.js": nodeSync})
	t.Run("flood", func(t *testing.T) {
		r := router(t, Options{}, node(dir, "index.flood"))
		answer(t, r, `{}`)
		waitLog(t, r, "xxxx")
		lines, _ := r.Logs(testARN)
		size := 0
		for _, l := range lines {
			size += len(l.Text)
		}
		if size > maxLogBytes || len(lines) > maxLines {
			t.Fatalf("%d bytes in %d lines kept", size, len(lines))
		}
	})
	t.Run("huge", func(t *testing.T) {
		r := router(t, Options{}, node(dir, "index.huge"))
		result, err := call(t, r, `{"size":6000000}`)
		if err != nil || len(result.Payload) < 6_000_000 {
			t.Fatal(err)
		}
		if _, err := call(t, r, `{"size":7000000}`); !errors.Is(err, ErrTooLarge) {
			t.Fatalf("7 MB: %v", err)
		}
		if got := answer(t, r, `{"size":1}`); got["text"] != "h" {
			t.Fatal("the process does not go on")
		}
		if n := r.List()[0].Processes; n != 1 {
			t.Fatalf("%d processes", n)
		}
	})
	t.Run("configured limit", func(t *testing.T) {
		r := router(t, Options{MaxAnswer: 1000}, node(dir, "index.huge"))
		if _, err := call(t, r, `{"size":2000}`); !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
	})
	t.Run("event limit", func(t *testing.T) {
		r := router(t, Options{}, node(dir, "index.huge"))
		if _, err := call(t, r, strings.Repeat(" ", MaxPayload+1)); !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
	})
	t.Run("log", func(t *testing.T) {
		r := router(t, Options{}, node(dir, "index.log"))
		answer(t, r, `{"word":"hello"}`)
		waitLog(t, r, "printed hello", "to stderr")
	})
}

func TestEnvironment(t *testing.T) {
	needs(t, "node")
	t.Setenv("COGNATE_KEY", "the server's secret")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another secret")
	f := node(folder(t, map[string]string{"index.js": nodeSync}), "index.env")
	f.Local.Env = map[string]string{"TABLE": "users"}
	got := answer(t, router(t, Options{Host: HostOptions{
		Region: "us-east-1", Env: map[string]string{"AWS_ENDPOINT_URL_KMS": "http://localhost:1"}}}, f), `{}`)
	for name, want := range map[string]string{
		"TABLE": "users", "AWS_ENDPOINT_URL_KMS": "http://localhost:1", "AWS_REGION": "eu-west-1", "_HANDLER": "index.env",
		"AWS_LAMBDA_FUNCTION_NAME": "trigger", "TZ": ":UTC", "LAMBDA_TASK_ROOT": f.Local.Path, "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs",
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %q", name, got[name], want)
		}
	}
	home, _ := os.UserHomeDir()
	for name, value := range got {
		if strings.HasPrefix(name, "COGNATE") || strings.Contains(fmt.Sprint(value), "secret") || name == "HOME" && value == home {
			t.Errorf("%s=%v was inherited", name, value)
		}
	}
}

func TestMissingCode(t *testing.T) {
	gone := router(t, Options{}, node(filepath.Join(t.TempDir(), "nowhere"), "index.h"))
	if _, err := call(t, gone, `{}`); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	empty := router(t, Options{}, Function{ARN: testARN, Local: &Local{Path: t.TempDir(), Runtime: "provided"}})
	if _, err := call(t, empty, `{}`); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	text := filepath.Join(t.TempDir(), "bootstrap")
	write(t, text, "no program")
	broken := router(t, Options{}, Function{ARN: testARN, Local: &Local{Path: text, Runtime: "go"}})
	if _, err := call(t, broken, `{}`); !errors.Is(err, ErrNotConfigured) {
		t.Error(err)
	}
}

func BenchmarkLocal(b *testing.B) {
	functions := map[string]Function{
		"go":     goCode(b),
		"node":   node(folder(b, map[string]string{"i.js": "exports.h = async (e) => e"}), "i.h"),
		"python": python(folder(b, map[string]string{"i.py": "def h(e, c): return e"}), "i.h"),
	}
	event := `{"version":"2","triggerSource":"TokenGeneration_Authentication","region":"us-east-1","userPoolId":"us-east-1_X","userName":"ana",` +
		`"request":{"userAttributes":{"sub":"9f1c0a0e-0000-4000-8000-000000000000","email":"ana@example.com"},"groupConfiguration":{"groupsToOverride":[]}},"response":{}}`
	for name, f := range functions {
		b.Run(name, func(b *testing.B) {
			r := router(b, Options{History: 200, Host: HostOptions{Watch: true}}, f) // as in dev
			answer(b, r, event)
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if _, err := call(b, r, event); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			b.ReportMetric(float64(percentile(took, 50).Microseconds()), "p50-µs")
			b.ReportMetric(float64(percentile(took, 99).Microseconds()), "p99-µs")
		})
	}
}
