package moment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/moment"
)

func start(t *testing.T, databaseURL string, switches map[string]string) *apptest.Platform {
	t.Helper()
	o := apptest.Small()
	o.Switches = switches
	return apptest.Start(t, o, databaseURL, nil)
}

func publish(t *testing.T, p *apptest.Platform, w moment.Words) *moment.Moment {
	t.Helper()
	m, err := p.Moments.Create(t.Context(), "S01", w)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := p.Moments.Plan(t.Context(), m.ID, "S01", w, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = p.Moments.Submit(t.Context(), m.ID, "S01", nil, plan.Reachable); err != nil {
		t.Fatal(err)
	}
	return m
}

func words(name string) moment.Words {
	return moment.Words{Name: name, Text: "【花间】" + name + "：周末护理课开放预约。"}
}

// until moves the world in steps until a Moment is in the state.
func until(t *testing.T, p *apptest.Platform, id int64, want moment.State, by time.Duration) *moment.Moment {
	t.Helper()
	var m *moment.Moment
	apptest.Eventually(t, fmt.Sprint("Moment to be ", want), func() bool {
		var err error
		if m, err = p.Moments.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if m.State != want {
			advance(t, p, by)
		}
		return m.State == want
	})
	return m
}

func seenBy(p *apptest.Platform, post string) map[string]int {
	out := map[string]int{}
	for _, d := range p.Box.Deliveries(0) {
		if d.Kind == "moment" && d.Task == post {
			out[d.Customer]++
		}
	}
	return out
}

func TestAMomentReachesThoseWhoWantItOnce(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		people, err := p.Customers.Audience(t.Context(), audience())
		if err != nil || len(people) < 20 {
			t.Fatal(people, err)
		}
		gone := people[3].CustomerID
		optOut(t, p, gone)
		m := publish(t, p, words("护理课"))
		m = until(t, p, m.ID, moment.Open, time.Second)
		c, err := p.Moments.Counts(t.Context(), m.ID, nil)
		if err != nil || c.Matched != len(people) || c.Held != 1 || c.Waiting != len(people)-1 {
			t.Fatalf("counts %+v, %v, want %d matched", c, err, len(people))
		}
		late := people[7].CustomerID
		optOut(t, p, late) // before anybody publishes: the tag goes
		apptest.Eventually(t, "the tag to go", func() bool {
			carriers, err := p.Customers.Carriers(t.Context(), m.TagID)
			return err == nil && len(carriers) == len(people)-2
		})
		for range 10 {
			if _, err := p.Box.Act([]byte(`{"act":"publish_moment","moment":"` + m.PostID + `"}`)); err != nil {
				break
			}
		}
		until(t, p, m.ID, moment.Done, 10*time.Minute)
		seen := seenBy(p, m.PostID)
		for id, n := range seen {
			if n != 1 || id == gone || id == late {
				t.Errorf("%s saw it %d times", id, n)
			}
		}
		if c, err = p.Moments.Counts(t.Context(), m.ID, nil); err != nil || c.Seen != len(seen) || c.Unplanned != 0 || c.Late != 0 ||
			c.Seen+c.NotShown+c.Held != len(people) {
			t.Errorf("counts %+v, %v; the oracle has %d of %d", c, err, len(seen), len(people))
		}
		var arrivals []governance.Arrival
		for _, d := range p.Box.Deliveries(0) {
			at, err := time.Parse(time.RFC3339, d.Time)
			if err != nil {
				t.Fatal(err)
			}
			arrivals = append(arrivals, governance.Arrival{
				Channel: governance.Channel(d.Kind), CustomerID: d.Customer, ChatID: d.Chat, StaffID: d.Staff, At: clock.At(at),
			})
		}
		unbooked, unsent, err := p.Governor.Orphans(t.Context(), p.CorpID, arrivals)
		if err != nil || len(unbooked)+len(unsent) != 0 {
			t.Errorf("orphans: %d unbooked, %d unsent, %v", len(unbooked), len(unsent), err)
		}
	})
}

func optOut(t *testing.T, p *apptest.Platform, id string) {
	t.Helper()
	err := p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return p.Governor.OptOut(ctx, tx, p.CorpID, id, "page", "customer")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatNobodyPublishesEndsWithTheHours(t *testing.T) {
	t.Parallel()
	p := start(t, "", nil)
	m := publish(t, p, words("护理课"))
	if _, err := p.Moments.Submit(t.Context(), m.ID, "S01", nil, 100); errs.KindOf(err) != errs.Conflict {
		t.Errorf("submitted twice: %v", err)
	}
	again, err := p.Moments.Create(t.Context(), "S01", words("同一天"))
	if err != nil {
		t.Fatal(err)
	}
	var e *errs.Error
	if _, err := p.Moments.Submit(t.Context(), again.ID, "S01", nil, 100); !errors.As(err, &e) || e.Code != "moment.same_day" {
		t.Errorf("a second one for everybody on the day: %v", err)
	}
	m = until(t, p, m.ID, moment.Open, time.Second)
	if n, err := p.Moments.Remind(t.Context(), m.ID); err != nil || n == 0 {
		t.Errorf("reminded %d, %v", n, err)
	}
	until(t, p, m.ID, moment.Done, time.Hour)
	c, err := p.Moments.Counts(t.Context(), m.ID, nil)
	if err != nil || c.Unpublished != c.Matched || c.Waiting != 0 {
		t.Errorf("counts %+v, %v", c, err)
	}
	if _, err := p.Box.Act([]byte(`{"act":"publish_moment","moment":"` + m.PostID + `"}`)); err == nil {
		t.Error("it can still be published")
	}
}

func TestATimeMustBeAheadAndInSendingHours(t *testing.T) {
	t.Parallel()
	p := start(t, "", nil)
	for at, code := range map[time.Duration]string{-time.Hour: "moment.past", 12 * time.Hour: "moment.quiet"} {
		w := words("护理课")
		w.PublishAt = p.World.Now().Add(at)
		m, err := p.Moments.Create(t.Context(), "S01", w)
		if err != nil {
			t.Fatal(err)
		}
		var e *errs.Error
		if _, err := p.Moments.Submit(t.Context(), m.ID, "S01", nil, 100); !errors.As(err, &e) || e.Code != code || e.Field != "publish_at" {
			t.Errorf("%s from now: %v", at, err)
		}
	}
	w := words("护理课")
	w.PublishAt = p.World.Now().Add(24 * time.Hour)
	m := publish(t, p, w)
	if m.State != moment.Scheduled || m.OpensAt != w.PublishAt {
		t.Fatalf("scheduled as %+v", m)
	}
	if m, err := p.Moments.Cancel(t.Context(), m.ID); err != nil || m.State != moment.Cancelled || m.EndedAt == 0 {
		t.Errorf("cancelled: %+v, %v", m, err)
	}
	bad := words("红包")
	bad.Text = "转发此图到朋友圈截图给我，领取20元红包"
	var e *errs.Error
	if _, err := p.Moments.Create(t.Context(), "S01", bad); !errors.As(err, &e) || e.Code != "moment.content" || !strings.Contains(e.Text.ZH, "LNK-") {
		t.Errorf("a text that is not allowed: %v", err)
	}
}

// A member publishes a fourth Moment on one day, a member's own text is booked, pictures stay after WeCom forgot them.
func TestMembersOwnMomentsAreBookedAndKept(t *testing.T) {
	t.Parallel()
	p := start(t, "", map[string]string{"moment.cap": "off"})
	own := p.Act("publish_moment", map[string]any{"staff": "S03", "text": "#门店# 今天也在店里等您"})
	post := fmt.Sprint(own["moment"])
	var booked int
	apptest.Eventually(t, "the members' own to be booked", func() bool {
		advance(t, p, 10*time.Minute)
		err := p.DB.Read().NewRaw("SELECT COUNT(*) FROM touch WHERE seen_only AND channel = 'moment' AND campaign_id = ?", "moment-seen/"+post).Scan(t.Context(), &booked)
		return err == nil && booked > 0
	})
	if booked != len(seenBy(p, post)) {
		t.Errorf("%d booked, %d saw it", booked, len(seenBy(p, post)))
	}
	w := words("给所有人")
	plan, err := p.Moments.Plan(t.Context(), 0, "S01", w, nil)
	if err != nil || plan.Held != booked || plan.Reasons[0].RuleID != "WC-08" {
		t.Errorf("after a member's own, %d are held back of %d, %v", plan.Held, booked, err)
	}
	for range 2 {
		p.Act("publish_moment", map[string]any{"staff": "S03"})
	}
	advance(t, p, time.Hour)
	apptest.Eventually(t, "OWN-05", func() bool {
		advance(t, p, 10*time.Minute)
		plan, err := p.Moments.Plan(t.Context(), 0, "S01", tagged(p, t), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range plan.Reasons {
			if r.RuleID == "OWN-05" {
				return true
			}
		}
		return false
	})
}

func audience() customer.AudienceQuery { return customer.AudienceQuery{} }

// tagged is a Moment for the customers of the most frequent tag.
func tagged(p *apptest.Platform, t *testing.T) moment.Words {
	t.Helper()
	groups, err := p.Tags.Groups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	best, n := "", 0
	for _, g := range groups {
		for _, tag := range g.Tags {
			if tag.Customers > n && !strings.HasPrefix(tag.Name, "接收推广") {
				best, n = tag.ID, tag.Customers
			}
		}
	}
	w := words("给会员")
	w.Audience.Tags = []string{best}
	return w
}

func advance(t *testing.T, p *apptest.Platform, by time.Duration) {
	t.Helper()
	if err := p.Box.Advance(t.Context(), by); err != nil {
		t.Fatal(err)
	}
}

// picture keeps a picture of 40 x 30 dots.
func picture(t *testing.T, p *apptest.Platform) moment.Part {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	part, err := p.Moments.Keep(t.Context(), "a.png", b.Bytes())
	if err != nil || part.Width != 40 || part.Type != "image/png" {
		t.Fatal(part, err)
	}
	return part
}
