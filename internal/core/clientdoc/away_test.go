package clientdoc_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"cognate/internal/base/shed"
)

// TestNobodyWaitsForStrangers: who waits for the document of a stranger keeps nobody else from being served.
func TestNobodyWaitsForStrangers(t *testing.T) {
	w := quick(t)
	w.policy(w.site.URL + "/*")
	asked, release := make(chan struct{}), make(chan struct{})
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, w.document(r.URL.Path))
	}
	gate := &shed.Gate{Slots: 1, Patience: time.Second}
	admitted, pass, err := gate.Enter(w.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.ClientDocs.Resolve(admitted, w.p, w.site.URL+"/slow.json")
		pass.Leave()
		done <- err
	}()
	<-asked
	_, other, err := gate.Enter(context.Background())
	if err != nil {
		t.Errorf("somebody else: %v", err)
	} else {
		other.Leave()
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if running := gate.Stats().Running; running != 0 {
		t.Errorf("%d slots are taken", running)
	}
}
