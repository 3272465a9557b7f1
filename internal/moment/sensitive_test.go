package moment_test

import (
	"errors"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/assessment"
	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/moment"
)

// assess puts on record what sensitive data needs beside a consent (LAW-17).
func assess(t *testing.T, p *apptest.Platform) int64 {
	t.Helper()
	day := p.World.Now().In(p.Zone)
	a, err := p.Assessments.Add(t.Context(), "S02", assessment.Draft{
		Title: "按标签配餐", Kinds: []assessment.Kind{assessment.Sensitive}, Aims: "只为按医嘱配餐，客户单独同意，合法、正当、必要", Influence: "健康情况可能被别人看到，会影响生活安宁",
		Measures: "只给负责的成员看，看过的都有记录", Assessor: "营养师", AssessedOn: day.Format(time.DateOnly), ValidUntil: day.AddDate(1, 0, 0).Format(time.DateOnly),
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// What was started on an impact assessment that ended before its time came is not sent.
func TestNothingBeginsOnAnAssessmentThatEnded(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		ctx := t.Context()
		made, err := p.Tags.Make(ctx, "S01", "", "会员资料", []string{"糖尿病"}, "营养师按医嘱配餐")
		if err != nil {
			t.Fatal(err)
		}
		ill := made.Tags[0].ID
		if _, err := p.Tags.SetConsent(ctx, ill, "S02", "到店签署的单独同意书"); err != nil {
			t.Fatal(err)
		}
		written := assess(t, p)
		without := words("配餐")
		without.Audience.ExcludeTags, without.PublishAt = []string{ill}, p.World.Now().Add(time.Hour)
		m := publish(t, p, without)
		waits, err := p.Broadcasts.Create(ctx, "S01", broadcast.Words{
			Name: "配餐", Text: "【花间】晚餐的菜单换了。", Benefit: "配餐", Audience: broadcast.Audience{ExcludeTags: []string{ill}}, SendAt: p.World.Now().Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		if waits, err = p.Broadcasts.Submit(ctx, waits.ID, "S01", nil, 100); err != nil || waits.State != broadcast.Planned || waits.Assessments != "PIA-2026-001" || m.Assessments != waits.Assessments {
			t.Fatalf("%+v, %v", waits, err)
		}
		if err := p.Assessments.Withdraw(ctx, written, "S02", "做法变了"); err != nil {
			t.Fatal(err)
		}
		if m = until(t, p, m.ID, moment.Failed, 10*time.Minute); m.Error == "" || m.EndedAt == 0 {
			t.Fatalf("a Moment: %+v", m)
		}
		apptest.Eventually(t, "the mass message to end", func() bool {
			if waits, err = p.Broadcasts.Get(ctx, waits.ID); err != nil {
				t.Fatal(err)
			}
			if waits.EndedAt == 0 {
				advance(t, p, 10*time.Minute)
			}
			return waits.EndedAt != 0
		})
		c, err := p.Broadcasts.Counts(ctx, waits.ID, nil)
		if err != nil || waits.State != broadcast.Cancelled || c.Cancelled == 0 || c.Sent+c.Waiting != 0 {
			t.Fatalf("a mass message: %s %+v %v", waits.State, c, err)
		}
	})
}

// Nobody is chosen by a tag that tells sensitive data, for a mass message or a Moment, unless an owner recorded a consent of its own;
// a Moment looks again when its time comes.
func TestNoAudienceIsChosenByASensitiveTagWithoutConsent(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		ctx := t.Context()
		made, err := p.Tags.Make(ctx, "S01", "", "会员资料", []string{"糖尿病"}, "营养师按医嘱配餐")
		if err != nil {
			t.Fatal(err)
		}
		ill := made.Tags[0].ID
		refused := func(err error, field string) {
			t.Helper()
			if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != "tag.no_consent" || e.Field != field {
				t.Fatalf("%v, want a refusal at %s", err, field)
			}
		}
		to := words("配餐")
		to.Audience.Tags = []string{ill}
		without := words("配餐")
		without.Audience.ExcludeTags = []string{ill}
		_, err = p.Moments.Create(ctx, "S01", to)
		refused(err, "audience.tags")
		_, err = p.Moments.Plan(ctx, 0, "S01", without, nil)
		refused(err, "audience.exclude_tags")
		mass := broadcast.Words{Name: "配餐", Text: "【花间】本周配餐已更新。", Benefit: "配餐", Audience: broadcast.Audience{Tags: []string{ill}}}
		_, err = p.Broadcasts.Create(ctx, "S01", mass)
		refused(err, "audience.tags")
		_, err = p.Broadcasts.Plan(ctx, 0, "S01", mass, nil)
		refused(err, "audience.tags")

		if _, err := p.Tags.SetConsent(ctx, ill, "S02", "到店签署的单独同意书"); err != nil {
			t.Fatal(err)
		}
		assess(t, p)
		b, err := p.Broadcasts.Create(ctx, "S01", mass)
		if err != nil {
			t.Fatalf("with a consent on record: %v", err)
		}
		without.PublishAt = p.World.Now().Add(time.Hour)
		m := publish(t, p, without)
		later := broadcast.Words{Name: "配餐", Text: "【花间】晚餐的菜单换了。", Benefit: "配餐", Audience: broadcast.Audience{ExcludeTags: []string{ill}}, SendAt: p.World.Now().Add(time.Hour)}
		waits, err := p.Broadcasts.Create(ctx, "S01", later)
		if err != nil {
			t.Fatal(err)
		}
		if waits, err = p.Broadcasts.Submit(ctx, waits.ID, "S01", nil, 100); err != nil {
			t.Fatal(err)
		}
		if err := p.Tags.EndConsent(ctx, ill, "S02"); err != nil {
			t.Fatal(err)
		}
		_, err = p.Broadcasts.Submit(ctx, b.ID, "S01", nil, 100)
		refused(err, "audience.tags")
		m = until(t, p, m.ID, moment.Failed, 10*time.Minute)
		if m.Error == "" || m.EndedAt == 0 {
			t.Fatalf("its time came after the consent was withdrawn: %+v", m)
		}
		apptest.Eventually(t, "the mass message to end", func() bool {
			if waits, err = p.Broadcasts.Get(ctx, waits.ID); err != nil {
				t.Fatal(err)
			}
			if waits.EndedAt == 0 {
				advance(t, p, 10*time.Minute)
			}
			return waits.EndedAt != 0
		})
		c, err := p.Broadcasts.Counts(ctx, waits.ID, nil)
		if err != nil || waits.State != broadcast.Cancelled || c.Cancelled == 0 || c.Sent+c.Waiting != 0 {
			t.Fatalf("a mass message that waited: %s %+v %v", waits.State, c, err)
		}
	})
}
