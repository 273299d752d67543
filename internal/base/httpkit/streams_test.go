package httpkit

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStreams: an HTTP/2 client that takes nothing of its answer does not keep the handler.
func TestStreams(t *testing.T) {
	left := make(chan error, 1)
	h := Streams(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Error("no HTTP/2")
		}
		chunk := make([]byte, 1<<20)
		for range 64 { // far above what a client takes before its program reads
			if _, err := w.Write(chunk); err != nil {
				left <- err
				return
			}
		}
		left <- nil
	}), 200*time.Millisecond)
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	select {
	case err := <-left:
		if err == nil {
			t.Error("all was written to a client that reads nothing")
		}
	case <-time.After(20 * time.Second):
		t.Error("the handler is still held")
	}
}
