package app

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"zhiyin.dev/zhiyin/internal/inbound"
)

// metrics is what /metrics shows. Labels hold names of endpoints and outcomes, never ids.
type metrics struct {
	registry  *prometheus.Registry
	callbacks *prometheus.CounterVec
	stored    prometheus.Histogram
	calls     *prometheus.CounterVec
	took      *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zhiyin_callbacks_total", Help: "Callbacks by area and outcome (stored, refused, failed)."},
			[]string{"area", "outcome"}),
		stored: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "zhiyin_callback_stored_seconds", Help: "From arrival to commit.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zhiyin_wecom_calls_total", Help: "Calls of WeCom by endpoint and errcode; -2 = no answer."},
			[]string{"op", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "zhiyin_wecom_call_seconds", Help: "Duration of calls of WeCom by endpoint.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"op"}),
	}
	m.registry.MustRegister(m.callbacks, m.stored, m.calls, m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// seen counts a callback.
func (m *metrics) seen(s inbound.Seen) {
	outcome := "stored"
	switch {
	case s.Err != nil && s.Took > 0:
		outcome = "failed"
	case s.Err != nil:
		outcome = "refused"
	}
	m.callbacks.WithLabelValues(s.Area, outcome).Inc()
	if outcome == "stored" && s.Took > 0 {
		m.stored.Observe(s.Took.Seconds())
	}
}

// called counts a call of WeCom.
func (m *metrics) called(op string, code int, took time.Duration) {
	m.calls.WithLabelValues(op, strconv.Itoa(code)).Inc()
	m.took.WithLabelValues(op).Observe(took.Seconds())
}

// watchQueue shows how much work is due and how much was given up.
func (m *metrics) watchQueue(counts func(ctx context.Context) (pending, dead int, err error)) {
	gauge := func(name, help string, pick func(pending, dead int) int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			pending, dead, err := counts(ctx)
			if err != nil {
				return -1 // not zero: nobody knows
			}
			return float64(pick(pending, dead))
		})
	}
	m.registry.MustRegister(
		gauge("zhiyin_work_due", "Inbox rows, intents and timers that are due; -1 = the database does not answer.", func(p, _ int) int { return p }),
		gauge("zhiyin_work_dead", "Dead letters; -1 = the database does not answer.", func(_, d int) int { return d }),
	)
}
