package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func TestFind(t *testing.T) {
	endpoint := func(arn string) Function { return Function{ARN: arn, Lambda: &Endpoint{}} }
	r := router(t, Options{}, endpoint(testARN), endpoint(testARN+":live"), endpoint("arn:aws:lambda:eu-west-1:*"), endpoint("*"))
	for name, want := range map[string]string{
		testARN: testARN, testARN + ":live": testARN + ":live", testARN + ":7": testARN, testARN + ":$LATEST": testARN,
		"arn:aws:lambda:eu-west-1:1:function:x": "arn:aws:lambda:eu-west-1:*", "arn:aws:lambda:eu-west-2:1:function:x": "*",
		testARN + ":a:b": "arn:aws:lambda:eu-west-1:*",
	} {
		if e := r.find(name); e == nil || e.function.ARN != want {
			t.Errorf("%s: %v", name, e)
		}
	}
	if err := r.Remove("*"); err != nil {
		t.Fatal(err)
	}
	if e := r.find("arn:aws:lambda:eu-west-2:1:function:x"); e != nil {
		t.Errorf("found %v", e.function)
	}
	if _, err := r.Invoke(context.Background(), Invocation{ARN: "arn:aws:lambda:eu-west-2:1:function:x"}); !errors.Is(err, ErrNotConfigured) || Retryable(err) {
		t.Error(err)
	}
	if err := r.Remove("*"); !errors.Is(err, ErrUnknownFunction) {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	local := func(l Local) Function { return Function{ARN: testARN, Local: &l} }
	for text, f := range map[string]Function{
		"arn":               {ARN: "trigger", Lambda: &Endpoint{}},
		"exactly one":       {ARN: testARN},
		"have 2":            {ARN: testARN, Lambda: &Endpoint{}, Webhook: &Webhook{URL: "https://example.com", Secret: webhookSecret}},
		"pattern":           {ARN: "arn:aws:lambda:*", Local: &Local{Path: "x", Runtime: "go"}},
		"local.runtime":     local(Local{Path: "x", Runtime: "ruby3.2", Handler: "a.b"}),
		"local.handler":     local(Local{Path: "x", Runtime: "nodejs", Handler: "index"}),
		"below the path":    local(Local{Path: "x", Runtime: "nodejs", Handler: "../index.h"}),
		"local.path":        local(Local{Runtime: "go"}),
		"local.concurrency": local(Local{Path: "x", Runtime: "go", Concurrency: -1}),
		"local.env":         local(Local{Path: "x", Runtime: "go", Env: map[string]string{"A=B": ""}}),
		"at most":           {ARN: testARN, Timeout: Duration(time.Hour), Lambda: &Endpoint{}},
		"lambda.endpoint":   {ARN: testARN, Lambda: &Endpoint{Endpoint: "localhost:4566"}},
		"go together":       {ARN: testARN, Lambda: &Endpoint{AccessKeyID: "a"}},
		"webhook.secret":    {ARN: testARN, Webhook: &Webhook{URL: "https://example.com", Secret: "short"}},
	} {
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q, have %v", text, err)
		}
	}
	r := NewRouter(Options{})
	defer r.Close()
	if err := r.Put("test", local(Local{Path: "/x", Runtime: "go"})); !errors.Is(err, ErrLocalForbidden) {
		t.Error(err)
	}
	if err := r.Replace("test", []Function{{ARN: testARN, Lambda: &Endpoint{}}, {ARN: testARN, Lambda: &Endpoint{}}}); err == nil {
		t.Error("a function twice")
	}
}

func TestConfigurationForms(t *testing.T) {
	const text = `
- arn: arn:aws:lambda:eu-west-1:123456789012:function:trigger
  timeout: 3s
  local: {path: fn, handler: index.handler, runtime: nodejs22.x, env: {A: b}, concurrency: 2, idle: 5m, memory: 256}
- arn: "arn:aws:lambda:us-*"
  lambda: {endpoint: "http://localhost:4566", region: us-east-1, accessKeyId: a, secretAccessKey: s}
- arn: arn:aws:lambda:eu-west-1:123456789012:function:hook
  webhook: {url: "https://example.com/x", secret: 0123456789abcdef, allowPrivate: true}
`
	var list []Function
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	Resolve(list, "/srv")
	if l := list[0].Local; l.Path != "/srv/fn" || time.Duration(l.Idle) != 5*time.Minute || time.Duration(list[0].Timeout) != 3*time.Second {
		t.Errorf("%+v", list[0])
	}
	first, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var again []Function
	if err := json.Unmarshal(first, &again); err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(again)
	if err != nil || string(first) != string(second) {
		t.Errorf("%s\n%s\n%v", first, second, err)
	}
	r := router(t, Options{}, list...)
	shown, err := json.Marshal(r.List())
	if err != nil || strings.Contains(string(shown), "0123456789abcdef") || strings.Contains(string(shown), `"s"`) || strings.Contains(string(shown), `"b"`) {
		t.Errorf("a listing shows secrets: %s", shown)
	}
	for _, bad := range []string{"timeout: -1s", "timeout: soon", "timeout: 5"} {
		if err := yaml.Unmarshal([]byte(bad), &Function{}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

// counting is a webhook that counts what it gets.
func counting(t *testing.T, answer func(w http.ResponseWriter, n int32)) (Function, *atomic.Int32) {
	t.Helper()
	n := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, n.Add(1))
	}))
	t.Cleanup(server.Close)
	return hook(server.URL), n
}

func TestAsyncQueue(t *testing.T) {
	hold := make(chan struct{})
	f, n := counting(t, func(http.ResponseWriter, int32) { <-hold })
	r := router(t, Options{Queue: 2}, f)
	accepted := 0
	for range 30 {
		switch _, err := r.Invoke(context.Background(), Invocation{ARN: testARN, Payload: []byte(`{}`), Async: true}); {
		case err == nil:
			accepted++
		case !errors.Is(err, ErrThrottled):
			t.Fatal(err)
		}
	}
	if accepted < 2 || accepted > asyncWorkers+2 {
		t.Errorf("%d accepted", accepted)
	}
	close(hold)
	for range 100 {
		if int(n.Load()) == accepted {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if int(n.Load()) != accepted {
		t.Errorf("%d of %d arrived", n.Load(), accepted)
	}
	if _, err := r.Invoke(context.Background(), Invocation{ARN: "arn:aws:lambda:x:1:function:none", Async: true}); !errors.Is(err, ErrNotConfigured) {
		t.Error(err)
	}
}

func TestConcurrencyCap(t *testing.T) {
	var now, most atomic.Int32
	f, _ := counting(t, func(http.ResponseWriter, int32) {
		if c := now.Add(1); c > most.Load() {
			most.Store(c)
		}
		time.Sleep(20 * time.Millisecond)
		now.Add(-1)
	})
	r := router(t, Options{Concurrency: 2}, f)
	ended := make(chan error)
	for range 12 {
		go func() {
			_, err := call(t, r, `{}`)
			ended <- err
		}()
	}
	for range 12 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > 2 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestHistory(t *testing.T) {
	f, _ := counting(t, func(w http.ResponseWriter, n int32) { fmt.Fprintf(w, `{"n":%d}`, n) })
	var observed atomic.Int32
	r := router(t, Options{History: 3, Observe: func(rec Record) {
		observed.Add(1)
		if rec.Event != "" || rec.Answer != "" {
			t.Error("metrics see the event")
		}
	}}, f)
	for i := range 5 {
		if _, err := call(t, r, fmt.Sprintf(`{"i":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	list := r.Invocations(testARN)
	if len(list) != 3 || list[0].Number != 5 || list[2].Number != 3 || list[0].Event != `{"i":4}` || list[0].Answer != `{"n":5}` || observed.Load() != 5 {
		t.Errorf("%+v", list)
	}
	if n := len(r.Invocations("other")); n != 0 {
		t.Errorf("%d of another function", n)
	}
	if _, err := call(t, r, `{"long":"`+strings.Repeat("x", maxRecorded)+`"}`); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Invocations("")[0].Event); n > maxRecorded+20 {
		t.Errorf("%d bytes kept", n)
	}
	if _, err := json.Marshal(r.Invocations("")); err != nil {
		t.Error(err)
	}
	if none := router(t, Options{}, f); len(none.Invocations("")) != 0 {
		t.Error("a history nobody asked for")
	}
}

// TestReplaceKeepsProcesses: an unchanged function stays warm, a changed one
// finishes its work with the old configuration.
func TestReplaceKeepsProcesses(t *testing.T) {
	needs(t, "python3")
	f := python(folder(t, map[string]string{"f.py": `
import os, time
def h(e, c):
    time.sleep(e.get("s", 0)); return {"pid": os.getpid(), "v": os.environ.get("V")}
`}), "f.h")
	r := router(t, Options{}, f)
	pid := answer(t, r, `{}`)["pid"]
	if err := r.Replace("test", []Function{f}); err != nil {
		t.Fatal(err)
	}
	if answer(t, r, `{}`)["pid"] != pid {
		t.Error("the process was replaced for nothing")
	}
	ended := make(chan map[string]any, 1)
	go func() { ended <- answer(t, r, `{"s":0.3}`) }()
	time.Sleep(50 * time.Millisecond)
	local := *f.Local
	local.Env = map[string]string{"V": "2"}
	f.Local = &local
	if err := r.Replace("other", []Function{f}); err != nil {
		t.Fatal(err)
	}
	if got := answer(t, r, `{}`)["v"]; got != "2" {
		t.Errorf("version %v", got)
	}
	if got := <-ended; got["pid"] != pid || got["v"] != nil {
		t.Errorf("the old work: %v", got)
	}
	if err := r.Replace("test", nil); err != nil || len(r.List()) != 1 {
		t.Errorf("%v %v", err, r.List())
	}
	if err := r.Replace("other", nil); err != nil || len(r.List()) != 0 {
		t.Errorf("%v %v", err, r.List())
	}
}

func FuzzFailed(f *testing.F) {
	for _, s := range []string{`{"errorMessage":"a","errorType":"b"}`, `{"errorMessage":{"x":1}}`, `null`, `[]`, `x`, ``, `{"errorMessage":null}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := failed(body, Unhandled)
		if r.FunctionError != Unhandled {
			t.Fatal("an error became success")
		}
		if _, err := json.Marshal(Record{Event: Text(body), Answer: recorded(body), Error: r.ErrorMessage}); err != nil {
			t.Fatal(err)
		}
	})
}
