package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts API requests for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	limited  *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cognate_requests_total",
			Help: "AWS API requests by service, operation, outcome (OK or the exception) and HTTP status.",
		}, []string{"service", "operation", "outcome", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cognate_request_seconds",
			Help:    "Time from the head of a request to its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"service", "operation"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cognate_limited_total",
			Help: "Requests that a budget refused, by its scope: source, destination or pool.",
		}, []string{"scope"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.limited, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observe implements wire.Metrics. Unknown operations share one series, so that
// callers cannot make labels.
func (m *metrics) Observe(service, operation, outcome string, status int, took time.Duration) {
	m.requests.WithLabelValues(service, operation, outcome, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(service, operation).Observe(took.Seconds())
}

// refused counts a refusal of a budget.
func (m *metrics) refused(scope string) { m.limited.WithLabelValues(scope).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
