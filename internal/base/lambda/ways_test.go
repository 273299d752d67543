package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// invokeServer puts the Invoke API before a router, so that the same functions
// can be reached both ways.
func invokeServer(t *testing.T, local *Router) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := url.PathUnescape(strings.Split(r.URL.EscapedPath(), "/")[3])
		body, _ := io.ReadAll(r.Body)
		result, err := local.Invoke(r.Context(), Invocation{ARN: name, Payload: body})
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if result.FunctionError != "" {
			w.Header().Set("X-Amz-Function-Error", result.FunctionError)
		}
		_, _ = w.Write(result.Payload)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestBothWays runs the same functions as processes and through an Invoke
// endpoint and wants equal results.
func TestBothWays(t *testing.T) {
	needs(t, "node")
	needs(t, "python3")
	functions := map[string]Function{
		"node": node(folder(t, map[string]string{"f.js": `exports.h = async (e) => {
			if (e.do === 'fail') throw new Error('no bad users'); e.response.autoConfirmUser = true; return e; }`}), "f.h"),
		"python": python(folder(t, map[string]string{"f.py": `
def h(e, c):
    if e.get("do") == "fail": raise Exception("no bad users")
    e["response"]["autoConfirmUser"] = True
    return e`}), "f.h"),
		"go": goCode(t),
	}
	for name, f := range functions {
		t.Run(name, func(t *testing.T) {
			local := router(t, Options{}, f)
			remote := router(t, Options{}, Function{ARN: testARN, Lambda: &Endpoint{
				Endpoint: invokeServer(t, local), AccessKeyID: "a", SecretAccessKey: "b"}})
			for _, event := range []string{`{"userName":"ana","request":{"x":null},"response":{"autoConfirmUser":false}}`, `{"do":"fail"}`} {
				here, err := call(t, local, event)
				if err != nil {
					t.Fatal(err)
				}
				there, err := call(t, remote, event)
				if err != nil {
					t.Fatal(err)
				}
				if here.FunctionError != there.FunctionError || here.ErrorType != there.ErrorType || here.ErrorMessage != there.ErrorMessage {
					t.Errorf("%+v and %+v", here, there)
				}
				if here.FunctionError == "" && !bytes.Equal(stable(t, here.Payload), stable(t, there.Payload)) {
					t.Errorf("%s and %s", here.Payload, there.Payload)
				}
			}
		})
	}
}

// stable is an answer without what differs from call to call.
func stable(t *testing.T, payload []byte) []byte {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(payload, &v); err != nil {
		t.Fatal(err)
	}
	delete(v, "left")
	delete(v, "requestId")
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestChaos kills processes at random while many invoke: every answer belongs
// to its event, and whatever is not answered is told as the process's end.
func TestChaos(t *testing.T) {
	f := goCode(t)
	f.Local.Idle = Duration(20 * time.Millisecond)
	r := router(t, Options{}, f)
	pool := r.find(testARN).pool
	var answered, ended atomic.Int32
	until := time.Now().Add(1500 * time.Millisecond)
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for i := 0; time.Now().Before(until); i++ {
				result, err := r.Invoke(context.Background(), Invocation{ARN: testARN, Payload: fmt.Appendf(nil, `{"caller":%d,"i":%d}`, caller, i)})
				switch {
				case errors.Is(err, ErrConnection): // three processes in a row were killed
				case err != nil:
					t.Error(err)
				case result.FunctionError != "" && result.ErrorType != "Runtime.ExitError":
					t.Errorf("%s", result.Payload)
				case result.FunctionError != "":
					ended.Add(1)
				default:
					var got struct{ Caller, I int }
					if err := json.Unmarshal(result.Payload, &got); err != nil || got.Caller != caller || got.I != i {
						t.Errorf("%d/%d got %s", caller, i, result.Payload)
					}
					answered.Add(1)
				}
			}
		})
	}
	wg.Go(func() {
		for time.Now().Before(until) {
			time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond)
			pool.mu.Lock()
			for victim := range pool.live {
				killGroup(victim.cmd)
				break
			}
			pool.mu.Unlock()
		}
	})
	wg.Wait()
	if answered.Load() < 100 {
		t.Errorf("only %d answers, %d ends", answered.Load(), ended.Load())
	}
	t.Logf("%d answers, %d ends of processes", answered.Load(), ended.Load())
	answer(t, r, `{}`)
}
