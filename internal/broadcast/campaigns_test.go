package broadcast_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/sandbox"
)

// arrivals reads what reached customers from the sandbox's own list, as anybody outside would.
func (n *node) arrivals() []sandbox.Delivery {
	n.t.Helper()
	var all []sandbox.Delivery
	for after := 0; ; {
		req, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, fmt.Sprintf("%s/_sandbox/deliveries?after=%d", n.box.url, after), nil)
		n.must(err)
		resp, err := http.DefaultClient.Do(req)
		n.must(err)
		var page struct {
			Items []sandbox.Delivery
			Next  int
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		_ = resp.Body.Close()
		n.must(err)
		all = append(all, page.Items...)
		if len(page.Items) == 0 || page.Next <= after {
			return all
		}
		after = page.Next
	}
}

// campaign plans a mass message to everybody for an instant, approved by a second person where that is wanted.
func (n *node) campaign(name, text string, at time.Time) (*broadcast.Broadcast, error) {
	ctx := n.t.Context()
	w := broadcast.Words{Name: name, Text: "【花间】" + text, Benefit: "知道店里的安排", SendAt: clock.At(at)}
	b, err := n.sends.Create(ctx, "S01", w)
	if err != nil {
		return nil, err
	}
	if b, err = n.sends.Submit(ctx, b.ID, "S01", nil, n.all); err != nil || b.State != broadcast.Review {
		return b, err
	}
	return n.sends.Approve(ctx, b.ID, "S02", n.all)
}

// reasons says what kept touches back, by rule, and whom the ladder holds.
func (n *node) reasons() string {
	var touches []struct {
		RuleID, State string
		N             int
	}
	n.must(n.d.Read().NewRaw("SELECT rule_id, state, COUNT(*) AS n FROM touch GROUP BY rule_id, state ORDER BY n DESC").Scan(n.t.Context(), &touches))
	var steps []struct {
		SubjectID, Rules string
		Rung             int
	}
	n.must(n.d.Read().NewRaw("SELECT subject_id, rules, rung FROM ladder").Scan(n.t.Context(), &steps))
	return fmt.Sprint(touches, steps)
}

// ownWords are those of a campaign: two of the first hundred share one sentence of three, so that none is held back as a repeat of
// another (FTG-14), which would leave the caps with nothing to do.
func ownWords(i int) string {
	first := []string{
		"周末护理课开放预约，老师会讲换季怎么补水。", "新到的山茶花精油放在一号柜台，可以先闻再买。", "本周三晚上门店盘点，营业到六点为止。", "会员日的礼包已经备好，请带上会员码来取。", "停车场从东门进，前两个小时不收费。",
		"防晒小讲堂改到周日下午，座位不多。", "空瓶回收开始了，五个旧瓶换一支护手霜。", "店里添了儿童角，家长做护理时孩子有人陪。", "下月起积分可以换体验课，不再换纸巾。", "春季色卡到了，口红可以在手背上试。",
	}
	second := []string{
		"想来的话回复时间就行。", "名额按先后顺序安排。", "雨天请走地下通道。", "详情看门口的海报。", "问题可以问您熟悉的顾问。",
		"老朋友带一位新朋友也欢迎。", "请提前一天告诉我们。", "当天会准备茶点。", "记得带上次的护理卡。", "不方便来就改下周。",
	}
	third := []string{
		"地址在梧桐路十二号。", "电话预约也可以。", "营业时间早十点到晚八点。", "二楼有休息区。", "门店支持刷卡。", "周一休息。", "儿童须由大人陪同。", "店里有充电的地方。", "宠物请放在门口的小屋。", "雨具可以借用。",
	}
	return first[i%10] + second[i/10%10] + third[(i+i/10)%10]
}

// TestAHundredCampaignsAtOnceHarassNobody lets many campaigns compete for everybody over nine days, while members confirm by day
// and try to by night, and some customers say stop in between. It is judged by the sandbox's list of deliveries alone. Here it is
// small; make soak-faults runs it with ZHIYIN_CAMPAIGNS=100x10000.
func TestAHundredCampaignsAtOnceHarassNobody(t *testing.T) {
	t.Parallel()
	campaigns, customers := 12, 150
	if s := os.Getenv("ZHIYIN_CAMPAIGNS"); s != "" {
		if _, err := fmt.Sscanf(s, "%dx%d", &campaigns, &customers); err != nil {
			t.Fatalf("ZHIYIN_CAMPAIGNS is %q, want 100x10000", s)
		}
	}
	start := tuesday.Add(10 * time.Hour) // 20:00
	n := newNode(t, newBoxOf(t, start, customers), dbtest.SQLite(t), "one")
	members, err := n.audience(t.Context(), customer.AudienceQuery{})
	n.must(err)
	n.all = 2 * customers // so that none counts double
	var made sync.WaitGroup
	errc := make(chan error, campaigns)
	for i := range campaigns {
		made.Go(func() {
			at := time.Date(2026, 11, 25+i%6, 11+i%8, 0, 0, 0, sandbox.Zone)
			_, err := n.campaign(fmt.Sprintf("活动 %d", i), ownWords(i), at)
			errc <- err
		})
	}
	made.Wait()
	close(errc)
	for err := range errc {
		n.must(err)
	}
	stops := map[string]time.Time{}
	said := 0
	for day := range 9 {
		for _, hour := range []int{10, 12, 15, 19, 23} {
			n.until(time.Date(2026, 11, 25+day, hour, 30, 0, 0, sandbox.Zone))
			for range max(1, len(members)/200) { // while tasks wait for their members
				who := members[(said*7)%len(members)].CustomerID
				if said++; stops[who].IsZero() && said <= len(members)/5 {
					n.must(n.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						return n.gov.OptOut(ctx, tx, testCorp, who, "page", "customer")
					}))
					stops[who] = n.world.Now().In(sandbox.Zone)
				}
			}
			if hour < 15 { // else members race with the stops, and find tasks that are being made again
				n.quiet()
			}
			n.confirmAll()
		}
	}
	n.until(time.Date(2026, 12, 4, 12, 0, 0, 0, sandbox.Zone))
	n.quiet()
	got := map[string][]time.Time{}
	late := 0
	for _, d := range n.arrivals() {
		if d.Kind != "mass_customer" || d.Origin != "api" {
			continue
		}
		at, err := time.Parse(time.RFC3339, d.Time)
		n.must(err)
		got[d.Customer] = append(got[d.Customer], at)
		l, first := at.In(sandbox.Zone), 9
		if l.Weekday() == time.Sunday {
			first = 10
		}
		if l.Hour() < first || l.Hour() >= 21 {
			t.Errorf("%s got something at %v", d.Customer, l)
		}
		if since, ok := stops[d.Customer]; ok && at.After(since) {
			late++
		}
	}
	if len(got) < customers/2 {
		t.Errorf("only %d of %d customers got anything: %s", len(got), customers, n.reasons())
	}
	most := 0
	for who, at := range got {
		most = max(most, len(at))
		slices.SortFunc(at, time.Time.Compare)
		for _, w := range governance.DefaultCaps().Per {
			for i := w.Cap; i < len(at); i++ {
				if at[i].Sub(at[i-w.Cap]) < time.Duration(w.Days)*24*time.Hour {
					t.Errorf("%s got %d within %d days: %v", who, w.Cap+1, w.Days, at[i-w.Cap:i+1])
				}
			}
		}
	}
	if most < 2 { // whichever day is reserved first, another is two days away
		t.Error("nobody got a second one: the caps were not tried")
	}
	var booked int
	n.must(n.d.Read().NewRaw("SELECT COUNT(*) FROM touch WHERE late AND state = 'committed'").Scan(t.Context(), &booked))
	if booked != late {
		t.Errorf("%d arrived after a stop, %d are counted as late", late, booked)
	}
	n.agrees()
	t.Logf("%d campaigns, %d customers: %d of them reached, at most %d times, %d said stop, %d deliveries late", campaigns, customers, len(got), most, len(stops), late)
}
