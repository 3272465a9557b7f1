package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const readyWithin = 2 * time.Second

// health puts /healthz, /readyz and /metrics on the mux.
func (a *API) health() {
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}` + "\n"))
	})
	a.mux.HandleFunc("GET /readyz", a.ready)
	if a.cfg.Metrics != nil {
		metrics := promhttp.HandlerFor(a.cfg.Metrics, promhttp.HandlerOpts{})
		a.mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
			if err := a.mayScrape(r); err != nil {
				WriteError(w, r, err)
				return
			}
			metrics.ServeHTTP(w, r)
		})
	}
}

// ready answers 200 when everything the platform itself is made of works. WeCom is no part of that.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	state := struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{Ready: true, Checks: map[string]string{"listener": "ok"}}
	for _, c := range a.cfg.Ready {
		state.Checks[c.Name] = "ok"
		if err := c.Test(ctx); err != nil {
			state.Ready, state.Checks[c.Name] = false, "failed"
			a.cfg.Log.Warn("not ready", "check", c.Name, "error", err)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if !state.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(state)
}

// mayScrape lets loopback in, and tokens with the permission. A request that was forwarded is not from loopback, even
// when the proxy on this machine is not listed as trusted.
func (a *API) mayScrape(r *http.Request) error {
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	if addr := RemoteAddr(r); addr.IsLoopback() && (!forwarded || a.trusted(peer(r))) {
		return nil
	}
	who, err := a.identify(r)
	if err != nil {
		return err
	}
	return allowed(who, Op{Permission: "metrics.read", Scope: WholeCorp})
}
