package lambda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestHangIsKilled(t *testing.T) {
	needs(t, "node")
	f := node(folder(t, map[string]string{"index.js": nodeSync}), "index.hang")
	f.Timeout = Duration(700 * time.Millisecond)
	f.Local.Concurrency = 1
	r := router(t, Options{History: 10}, f)
	pid := int(answer(t, r, `{}`)["pid"].(float64))
	begin := time.Now()
	_, err := call(t, r, `{"hang":true}`)
	if took := time.Since(begin); !errors.Is(err, ErrTimeout) || Retryable(err) || took < 600*time.Millisecond || took > 3*time.Second {
		t.Fatalf("%v after %v", err, took)
	}
	if n := len(r.Invocations("")); n != 2 {
		t.Fatalf("%d attempts; a timeout must not be repeated", n)
	}
	if got := answer(t, r, `{}`)["pid"]; int(got.(float64)) == pid {
		t.Fatal("the hanging process lives")
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("process %d: %v", pid, err)
	}
}

// TestDescendants: a function's own children end with it.
func TestDescendants(t *testing.T) {
	dir := folder(t, map[string]string{"index.js": `
const { spawn } = require('child_process');
exports.handler = async () => { const c = spawn('sleep', ['1000'], { stdio: 'inherit' }); return { pid: c.pid }; };`})
	r := router(t, Options{}, node(dir, "index.handler"))
	pid := int(answer(t, r, `{}`)["pid"].(float64))
	r.Close()
	for range 100 {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("a descendant survived")
}

func TestConcurrency(t *testing.T) {
	needs(t, "python3")
	f := python(folder(t, map[string]string{"f.py": `
import os, time
def h(event, context):
    time.sleep(0.02); event["pid"] = os.getpid(); return event
`}), "f.h")
	f.Local.Concurrency = 3
	r := router(t, Options{}, f)
	var mu sync.Mutex
	pids := map[any]int{}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			result, err := call(t, r, fmt.Sprintf(`{"n":%d}`, i))
			if err != nil {
				t.Error(err)
				return
			}
			var n int
			var pid int
			if _, err := fmt.Sscanf(string(result.Payload), `{"n": %d, "pid": %d}`, &n, &pid); err != nil || n != i {
				t.Errorf("%d got %s", i, result.Payload)
			}
			mu.Lock()
			defer mu.Unlock()
			pids[pid]++
		})
	}
	wg.Wait()
	if len(pids) > 3 || len(pids) < 2 {
		t.Errorf("%d processes did the work", len(pids))
	}
}

// TestDeadProcessTakesNothing kills idle processes, whose requests for an
// event are open, and wants the next invocation to succeed.
func TestDeadProcessTakesNothing(t *testing.T) {
	r := router(t, Options{}, goCode(t))
	for range 20 {
		pid := int(answer(t, r, `{}`)["pid"].(float64))
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for alive(pid) { // until the system has closed its connections
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
	}
	answer(t, r, `{}`)
}

// alive reports whether a process has not ended yet; one that nobody has waited for yet has.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestIdleStop(t *testing.T) {
	f := goCode(t)
	f.Local.Idle = Duration(100 * time.Millisecond)
	r := router(t, Options{}, f)
	pid := int(answer(t, r, `{}`)["pid"].(float64))
	for range 100 {
		if r.List()[0].Processes == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("the idle process lives: %v", err)
	}
	answer(t, r, `{}`)
}

func TestHotReload(t *testing.T) {
	needs(t, "node")
	dir := folder(t, map[string]string{"index.js": "exports.h = async () => ({ v: require('./lib') })", "lib.js": "module.exports = 0"})
	r := router(t, Options{Host: HostOptions{Watch: true}}, node(dir, "index.h"))
	for v := range 4 {
		write(t, filepath.Join(dir, "lib.js"), fmt.Sprintf("module.exports = %d", v))
		if got := answer(t, r, `{}`)["v"]; got != float64(v) {
			t.Fatalf("version %d answers %v", v, got)
		}
		time.Sleep(15 * time.Millisecond)
	}
	write(t, filepath.Join(dir, "index.js"), "exports.h = (")
	failure(t, r, `{}`, "Runtime.UserCodeSyntaxError", "")
	write(t, filepath.Join(dir, "index.js"), "exports.h = async () => ({ v: 'repaired' })")
	if got := answer(t, r, `{}`)["v"]; got != "repaired" {
		t.Fatalf("%v", got)
	}
}

func TestMemoryLimit(t *testing.T) {
	needs(t, "python3")
	f := python(folder(t, map[string]string{"f.py": `
import time
def h(e, c):
    keep = bytearray(200 << 20)
    for i in range(0, len(keep), 4096): keep[i] = 1
    time.sleep(3); return {}
`}), "f.h")
	f.Local.Memory = 100
	failure(t, router(t, Options{}, f), `{}`, "Runtime.ExitError", "signal: killed")
}

// TestSlowStart: a caller whose time is over does not cost the start-up.
func TestSlowStart(t *testing.T) {
	needs(t, "python3")
	f := python(folder(t, map[string]string{"f.py": "import time; time.sleep(0.8)\ndef h(e, c): return {}"}), "f.h")
	f.Timeout = Duration(400 * time.Millisecond)
	f.Local.Concurrency = 1
	r := router(t, Options{}, f)
	if _, err := call(t, r, `{}`); !errors.Is(err, ErrTimeout) {
		t.Fatal(err)
	}
	for range 100 {
		if r.List()[0].Idle == 1 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	answer(t, r, `{}`)
}

// TestCallerGivesUp: the function ends its work although nobody waits.
func TestCallerGivesUp(t *testing.T) {
	needs(t, "python3")
	mark := filepath.Join(t.TempDir(), "mark")
	f := python(folder(t, map[string]string{"f.py": `
import os, time
def h(e, c):
    if e: time.sleep(0.3); open(e["mark"], "w").close()
    return {"pid": os.getpid()}
`}), "f.h")
	f.Local.Concurrency = 1
	r := router(t, Options{}, f)
	pid := answer(t, r, `{}`)["pid"]
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := r.Invoke(ctx, Invocation{ARN: testARN, Payload: []byte(`{"mark":"` + mark + `"}`)}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if answer(t, r, `{}`)["pid"] != pid {
		t.Error("the process was replaced")
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}

func TestThrottledWhenBusy(t *testing.T) {
	needs(t, "python3")
	f := python(folder(t, map[string]string{"f.py": "import time\ndef h(e, c):\n  time.sleep(e.get('s', 0)); return {}"}), "f.h")
	f.Local.Concurrency = 1
	r := router(t, Options{Attempts: 1}, f)
	answer(t, r, `{}`)
	go func() { _, _ = call(t, r, `{"s":1}`) }()
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Invoke(ctx, Invocation{ARN: testARN, Payload: []byte(`{}`)}); !errors.Is(err, ErrThrottled) || !Retryable(err) {
		t.Fatal(err)
	}
}

// TestCloseEndsEverything: invocations under way fail, processes and folders go.
func TestCloseEndsEverything(t *testing.T) {
	needs(t, "python3")
	temp := t.TempDir()
	r := NewRouter(Options{AllowLocal: true, Host: HostOptions{Temp: temp}})
	f := python(folder(t, map[string]string{"f.py": "import time\ndef h(e, c):\n  time.sleep(30)"}), "f.h")
	if err := r.Put("test", f); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := call(t, r, `{}`)
		ended <- err
	}()
	time.Sleep(300 * time.Millisecond)
	r.Close()
	if err := <-ended; !errors.Is(err, ErrService) {
		t.Errorf("%v", err)
	}
	if list, _ := os.ReadDir(temp); len(list) != 0 {
		t.Errorf("left: %v", list)
	}
	if _, err := call(t, r, `{}`); err == nil {
		t.Error("a closed router invokes")
	}
	if err := r.Put("test", f); err == nil {
		t.Error("a closed router takes functions")
	}
	r.Close()
}

// TestServerIsKilled: the kernel ends functions whose server had no time to.
func TestServerIsKilled(t *testing.T) {
	needs(t, "python3")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(),
		"COGNATE_TEST_VICTIM="+folder(t, map[string]string{"f.py": "import os\ndef h(e, c): return os.getpid()"}))
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for range 100 {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("function process %d survived its server", pid)
}
