package server

import (
	"context"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"cognate/internal/base/background"
)

// figures collects what the parts of the server count themselves.
type figures struct{ a *app }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cognate_"+name, help, labels, nil)
}

var (
	buildInfo = describe("build_info", "1; the labels tell the build.", "version", "goversion")
	ready     = describe("ready", "1 while this node can write and is not about to end.")
	panics    = describe("panics_recovered_total", "Panics of background work that did not end the process.")

	dbCommits = describe("db_commits_total", "Write transactions that were committed.")
	dbRetries = describe("db_retries_total", "Attempts of transactions that were made again: conflicts and lost connections.")
	dbLate    = describe("db_deadlines_total", "Transactions that ended because the database did not answer in time.")
	dbConns   = describe("db_connections", "Connections to PostgreSQL, or readers of SQLite, by state.", "state")
	dbMax     = describe("db_connections_max", "How many connections there may be.")
	dbWaits   = describe("db_connection_waits_total", "Transactions that found no idle connection.")
	dbWaited  = describe("db_connection_wait_seconds_total", "How long they waited for one.")

	running  = describe("requests_running", "Requests at work, without those that wait for a function.")
	waiting  = describe("requests_waiting", "Requests that wait to be admitted.")
	shedding = describe("requests_shed_total", "Requests that were turned away with 503 because too many waited.")
	admitted = describe("requests_admitted_total", "Requests that were admitted.")
	queued   = describe("request_queue_seconds_total", "How long admitted requests waited.")

	jobRuns     = describe("job_runs_total", "Runs of a background job on this node.", "job")
	jobFailures = describe("job_failures_total", "Runs that failed.", "job")
	jobSuccess  = describe("job_last_success_timestamp_seconds", "When the job last succeeded on this node; a job runs on one node at a time.", "job")
)

// Describe implements prometheus.Collector; figures that depend on the jobs are found by collecting.
func (f figures) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(f, ch) }

// Collect implements prometheus.Collector. The registry calls it on a goroutine of its own.
func (f figures) Collect(ch chan<- prometheus.Metric) {
	_ = background.Try("figures", func() error { f.collect(ch); return nil })
}

func (f figures) collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(buildInfo, 1, f.a.settings.Version, runtime.Version())
	count(panics, float64(background.Panics()))
	if f.a.readiness != nil {
		up := 0.0
		if f.a.readiness.check(context.Background()) == nil {
			up = 1
		}
		gauge(ready, up)
	}

	s := f.a.db.Stats()
	count(dbCommits, float64(s.Commits))
	count(dbRetries, float64(s.Retries))
	count(dbLate, float64(s.Late))
	gauge(dbConns, float64(s.Pool.InUse), "in_use")
	gauge(dbConns, float64(s.Pool.Idle), "idle")
	gauge(dbMax, float64(s.Pool.Max))
	count(dbWaits, float64(s.Pool.Waits))
	count(dbWaited, s.Pool.Waited.Seconds())

	g := f.a.gate.Stats()
	gauge(running, float64(g.Running))
	gauge(waiting, float64(g.Waiting))
	count(shedding, float64(g.Shed))
	count(admitted, float64(g.Admitted))
	count(queued, g.Waited.Seconds())

	if f.a.Rooms == nil {
		return
	}
	for name, j := range f.a.Jobs() {
		count(jobRuns, float64(j.Runs), name)
		count(jobFailures, float64(j.Failures), name)
		if !j.Succeeded.IsZero() {
			gauge(jobSuccess, float64(j.Succeeded.UnixMilli())/1000, name)
		}
	}
}
