package experiment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"zhiyin.dev/zhiyin/internal/app/boxed"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/web"
)

// product is an operator who follows the plan through the platform's public API, as a person does in the console. The
// members confirm when they do.
type product struct {
	st    *stage
	p     *boxed.Platform
	token string
}

// beginProduct starts a platform in the world and waits until it has read the corp.
func beginProduct(ctx context.Context, st *stage) (sender, error) {
	p, err := boxed.Start(ctx, boxed.Config{
		Box: st.box, Dir: filepath.Join(st.dir, "platform"), Listen: "127.0.0.1:0", CorpName: "experiment", Version: "experiment", Log: st.log,
	})
	if err != nil {
		return nil, err
	}
	out := &product{st: st, p: p}
	_, out.token, err = p.Auth.CreateToken(ctx, auth.NewToken{Name: "experiment", Role: auth.Operator, Scope: web.All, By: "experiment"})
	if err == nil {
		err = out.synced(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, out.end(context.WithoutCancel(ctx)))
	}
	return out, nil
}

// synced waits for the first sync; the world moves by seconds, for what the platform may wait for.
func (o *product) synced(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 300 {
		var run struct {
			State string `json:"state"`
		}
		if err := o.api(ctx, http.MethodGet, "/sync", nil, &run); err != nil {
			return err
		}
		switch run.State {
		case "done":
			return nil
		case "failed":
			return errors.New("the platform could not read the corp")
		}
		if err := o.st.box.Advance(ctx, time.Second); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("the platform did not read the corp in five minutes of the world's time")
}

func (o *product) send(ctx context.Context, day int, s Send, tags []string) error {
	type m = map[string]any
	var b struct {
		ID string `json:"id"`
	}
	draft := m{"name": fmt.Sprintf("%s %d", s.Name, day+1), "text": s.On(day), "benefit": s.Name, "audience": m{"tags": tags, "tag_mode": "any"}}
	if err := o.api(ctx, http.MethodPost, "/broadcasts", draft, &b); err != nil {
		return err
	}
	var plan struct {
		Reachable int `json:"reachable"`
	}
	if err := o.api(ctx, http.MethodGet, "/broadcasts/"+b.ID+"/plan", nil, &plan); err != nil {
		return err
	}
	var submitted struct {
		State string `json:"state"`
	}
	if err := o.api(ctx, http.MethodPost, "/broadcasts/"+b.ID+"/submit", m{"expect_reachable": plan.Reachable}, &submitted); err != nil {
		return err
	}
	if submitted.State == "review" {
		return o.p.Approve(ctx, b.ID, plan.Reachable)
	}
	return nil
}

func (o *product) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return o.p.Stop(ctx)
}

func (o *product) api(ctx context.Context, method, path string, in, out any) error {
	return call(ctx, method, o.p.URL+"/api/v1"+path, o.token, in, out)
}
