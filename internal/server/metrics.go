package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cognate/internal/core/message"
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
			Help: "Requests that a budget or lock refused, by its scope: user (locks and hourly limits of one), source, destination or pool.",
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

// outbox shows the figures of the messages that wait.
func (m *metrics) outbox(figures func() message.Figures) {
	gauge := func(name, help string, value func(message.Figures) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(figures()) }))
	}
	gauge("cognate_outbox_messages", "Messages that wait to be delivered, on all nodes.",
		func(f message.Figures) float64 { return float64(f.Waiting) })
	gauge("cognate_outbox_oldest_seconds", "How long the oldest of them has waited.",
		func(f message.Figures) float64 { return f.Oldest.Seconds() })
	gauge("cognate_outbox_paused_servers", "Mail servers, SMS providers and functions that this node leaves alone until they are back.",
		func(f message.Figures) float64 { return float64(f.Paused) })
	for outcome, value := range map[string]func(message.Figures) int64{
		"sent": func(f message.Figures) int64 { return f.Sent }, "delayed": func(f message.Figures) int64 { return f.Delayed },
		"given_up": func(f message.Figures) int64 { return f.GivenUp }, "outlived": func(f message.Figures) int64 { return f.Outlived },
		"refused": func(f message.Figures) int64 { return f.Refused },
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cognate_outbox_outcomes_total", ConstLabels: prometheus.Labels{"outcome": outcome},
			Help: "What became of messages on this node: sent, delayed, given up, outlived their code, or refused because too many wait.",
		}, func() float64 { return float64(value(figures())) }))
	}
}

// refused counts a refusal of a budget.
func (m *metrics) refused(scope string) { m.limited.WithLabelValues(scope).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
