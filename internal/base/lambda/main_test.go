package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	golambda "github.com/aws/aws-lambda-go/lambda"
)

// TestMain lets the test binary be a function in Go, with the real client of
// the Runtime API, where a host starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		golambda.Start(goFunction)
		return
	}
	if os.Getenv("COGNATE_TEST_VICTIM") != "" {
		victim()
		return
	}
	code := m.Run()
	if n := settled(2); code == 0 && n > 2 {
		println("goroutines are left:", n)
		_ = dumpGoroutines()
		code = 1
	}
	os.Exit(code)
}

// victim is a server with one warm function, which waits to be killed.
func victim() {
	r := NewRouter(Options{AllowLocal: true})
	if err := r.Put("test", python(os.Getenv("COGNATE_TEST_VICTIM"), "f.h")); err != nil {
		panic(err)
	}
	result, err := r.Invoke(context.Background(), Invocation{ARN: testARN, Payload: []byte(`{}`)})
	if err != nil {
		panic(err)
	}
	println(string(result.Payload))
	select {}
}

func dumpGoroutines() error {
	buf := make([]byte, 1<<20)
	_, err := os.Stderr.Write(buf[:runtime.Stack(buf, true)])
	return err
}

// settled waits until at most n goroutines are left, and counts them.
func settled(n int) int {
	for range 100 {
		if runtime.NumGoroutine() <= n {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return runtime.NumGoroutine()
}

func goFunction(ctx context.Context, event map[string]any) (any, error) {
	switch event["do"] {
	case "fail":
		return nil, errors.New("no bad users")
	case "panic":
		panic("broken")
	case "exit":
		os.Exit(3)
	case "stream": // the client sends what a reader yields in chunks
		return strings.NewReader(`{"stream":"` + strings.Repeat("s", 100_000) + `"}`), nil
	}
	deadline, _ := ctx.Deadline()
	event["left"] = time.Until(deadline).Milliseconds()
	event["pid"] = os.Getpid()
	return event, nil
}

const testARN = "arn:aws:lambda:eu-west-1:123456789012:function:trigger"

// needs skips nothing: the programs are part of the test machine.
func needs(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is needed: %v", program, err)
	}
}

// folder writes files into a new folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// router makes a router with local functions permitted, closed by the test.
func router(t testing.TB, o Options, list ...Function) *Router {
	t.Helper()
	o.AllowLocal = true
	o.Host.Temp = t.TempDir()
	r := NewRouter(o)
	t.Cleanup(r.Close)
	if err := r.Replace("test", list); err != nil {
		t.Fatal(err)
	}
	return r
}

func node(dir, handler string) Function {
	return Function{ARN: testARN, Local: &Local{Path: dir, Handler: handler, Runtime: "nodejs"}}
}

func python(dir, handler string) Function {
	return Function{ARN: testARN, Local: &Local{Path: dir, Handler: handler, Runtime: "python3.11"}}
}

// goCode is a folder whose bootstrap is this test binary.
func goCode(t testing.TB) Function {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	from, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(dir, "bootstrap"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return Function{ARN: testARN, Local: &Local{Path: dir, Runtime: "provided.al2023"}}
}

func call(t testing.TB, r Invoker, event string) (*Result, error) {
	t.Helper()
	return r.Invoke(context.Background(), Invocation{ARN: testARN, Payload: []byte(event)})
}

// answer invokes and wants success.
func answer(t testing.TB, r Invoker, event string) map[string]any {
	t.Helper()
	result, err := call(t, r, event)
	if err != nil {
		t.Fatalf("invoke: %v", err)
	}
	if result.FunctionError != "" {
		t.Fatalf("function failed: %s", result.Payload)
	}
	var out map[string]any
	if err := json.Unmarshal(result.Payload, &out); err != nil {
		t.Fatalf("answer %q: %v", result.Payload, err)
	}
	return out
}

// failure invokes and wants an error of the function.
func failure(t testing.TB, r Invoker, event, wantType, wantMessage string) *Result {
	t.Helper()
	result, err := call(t, r, event)
	if err != nil {
		t.Fatalf("invoke: %v", err)
	}
	if result.FunctionError != Unhandled || result.ErrorType != wantType || !strings.Contains(result.ErrorMessage, wantMessage) {
		t.Fatalf("%s: have %s %q %q, want %q %q", event, result.FunctionError, result.ErrorType, result.ErrorMessage, wantType, wantMessage)
	}
	return result
}
