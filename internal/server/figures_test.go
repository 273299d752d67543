package server

import (
	"strings"
	"testing"

	"cognate/internal/base/background"
)

// TestFigures: what docs/operations.md has operators watch is there, and counts.
func TestFigures(t *testing.T) {
	s := devSettings()
	s.Version = "v1.2.3"
	a, url := started(t, s)
	_ = background.Try("test", func() error { panic("counted") })
	if _, err := a.Pools.Empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, body := send(t, "GET", url+"/_cognate/metrics", "")
	for _, want := range []string{
		`cognate_build_info{goversion="go`, `version="v1.2.3"} 1`, "cognate_ready 1",
		`cognate_db_connections{state="in_use"} `, `cognate_db_connections{state="idle"} `, "cognate_db_connections_max ",
		"cognate_db_connection_waits_total ", "cognate_db_connection_wait_seconds_total ", "cognate_db_commits_total ",
		"cognate_db_retries_total ", "cognate_db_deadlines_total 0", "cognate_requests_shed_total 0", "cognate_requests_running ",
		"cognate_requests_waiting 0", "cognate_requests_admitted_total ", "cognate_request_queue_seconds_total ",
	} {
		if !strings.Contains(body, "\n"+want) && !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, "\ncognate_panics_recovered_total 0") {
		t.Error("a recovered panic was not counted")
	}
	a.readiness.draining.Store(true)
	if _, body := send(t, "GET", url+"/_cognate/metrics", ""); !strings.Contains(body, "\ncognate_ready 0") {
		t.Error("draining does not show")
	}
}
