package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	gosync "sync"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/doctor"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/internal/stats"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/wecom"
)

// callbacks remembers what came in lately on this node.
type callbacks struct {
	mu     gosync.Mutex
	took   []time.Duration // of the last ones, a ring
	next   int
	lastAt clock.WallTime
	last   inbound.Seen
	failed bool       // one could not be stored, and none was stored since
	gap    clock.Time // of the corp, when the last one could not be stored; never = no catch-up is owed
}

const remembered = 512

func (c *callbacks) note(s inbound.Seen, now clock.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.lastAt = s, clock.SystemWall().Now()
	if s.Took == 0 { // refused, or a check of the address
		return
	}
	if s.Err != nil {
		c.failed, c.gap = true, now
		return
	}
	c.failed = false
	if len(c.took) < remembered {
		c.took = append(c.took, s.Took)
		return
	}
	c.took[c.next], c.next = s.Took, (c.next+1)%remembered
}

// owed says since when a catch-up is due because a callback could not be stored; never = none is.
func (c *callbacks) owed() clock.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gap
}

// caughtUp notes that a catch-up was begun at the instant began, which proves that the database takes writes again. One
// that began before the last failure may have read too early, and does not count.
func (c *callbacks) caughtUp(began clock.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gap <= began {
		c.gap, c.failed = 0, false
	}
}

func (c *callbacks) p95() (time.Duration, clock.WallTime, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.took) == 0 {
		return 0, c.lastAt, c.failed
	}
	sorted := slices.Clone(c.took)
	slices.Sort(sorted)
	return sorted[len(sorted)*95/100], c.lastAt, c.failed
}

// sawCallback is told of every callback that came in.
func (a *App) sawCallback(s inbound.Seen) {
	a.seen.note(s, a.World.Now())
	a.metrics.seen(s)
	a.Doctor.Saw(doctor.Seen{Area: s.Area, Offset: s.Offset, Err: s.Err})
}

// welcomesLately counts the welcomes of the last week, for the doctor.
func (a *App) welcomesLately(ctx context.Context) (doctor.Welcomes, error) {
	const week = 7 * 24 * time.Hour
	n, err := a.Welcomes.Since(ctx, a.World.Now().Add(-week))
	return doctor.Welcomes(n), err
}

// health is the strip at the foot of the home page. Who sees a part of the corp is told how things are, and no number of the
// whole corp.
func (a *App) health(ctx context.Context, staff []string, lang string) (stats.Health, error) {
	var h stats.Health
	say := func(zh, en string, args ...any) string { return errs.Tf(zh, en, args...).In(lang) }
	h.Token.State, h.Token.Detail = "ok", say("有效", "valid")
	if area, err := a.tokenTrouble(ctx); err != nil {
		h.Token.State, h.Token.Detail = "error", say("%s 的接口令牌拿不到：%v", "no token for %s: %v", area, err)
	}
	p95, last, failed := a.seen.p95()
	h.Callback.State, h.Callback.Detail, h.Callback.LagP95MS = "ok", say("正常", "normal"), p95.Milliseconds()
	if last != 0 {
		t := last.Std().In(a.Zone)
		h.Callback.LastAt = &t
	}
	if failed {
		h.Callback.State, h.Callback.Detail = "error", say("存不下来，企业微信会重试", "cannot be stored; WeCom tries again")
	}
	run, err := a.Sync.Last(ctx)
	if err != nil {
		return h, err
	}
	n := run.Report.Parts["customers"]
	h.Sync.Read, h.Sync.Expected, h.Sync.FinishedAt = n.Stored, n.Expected, a.maybe(run.FinishedAt)
	switch {
	case run.State == sync.Running:
		h.Sync.State, h.Sync.Detail = "ok", say("正在同步", "running")
	case run.State == sync.Failed || n.Failed > 0:
		h.Sync.State, h.Sync.Detail = "error", say("有 %d 位没有存下", "not stored: %d", n.Failed)
	default:
		h.Sync.State, h.Sync.Detail = "ok", say("一致", "consistent")
	}
	if err := a.quota(ctx, &h, staff); err != nil {
		return h, err
	}
	h.Queue.Pending, h.Queue.Dead, err = a.Bus.Counts(ctx, a.CorpID)
	h.Callback.Backlog = h.Queue.Pending
	h.Queue.State, h.Queue.Detail = "ok", say("正常", "normal")
	if h.Queue.Dead > 0 {
		h.Queue.State, h.Queue.Detail = "warn", say("%d 件没有办成", "not done: %d", h.Queue.Dead)
	}
	if staff != nil {
		h.Sync.Read, h.Sync.Expected, h.Queue.Pending, h.Queue.Dead, h.Callback.Backlog = 0, 0, 0, 0, 0
		if h.Sync.State == "error" {
			h.Sync.Detail = say("没有读全", "incomplete")
		}
		if h.Queue.State == "warn" {
			h.Queue.Detail = say("有事没有办成", "something was not done")
		}
	}
	return h, err
}

// tokenTrouble asks for a token of each area that has a secret. A token that is held already costs nothing.
func (a *App) tokenTrouble(ctx context.Context) (wecom.Area, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, area := range []wecom.Area{wecom.AreaApp, wecom.AreaExternal, wecom.AreaKf} {
		if err := a.WeCom.Check(ctx, area); err != nil {
			return area, err
		}
	}
	return "", nil
}

// quota is how much of WeCom's monthly mass messages the most-reached customer has had, from members within the scope.
func (a *App) quota(ctx context.Context, h *stats.Health, staff []string) error {
	now := a.World.Now().In(a.Zone)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, a.Zone)
	h.Quota.State, h.Quota.Limit = "ok", month.AddDate(0, 1, -1).Day()
	each := a.DB.Read().NewSelect().TableExpr("touch").ColumnExpr("COUNT(*) AS n").
		Where("corp_id = ? AND delivered_at >= ? AND channel = 'mass_customer'", a.CorpID, clock.At(month)).GroupExpr("customer_id")
	if staff != nil {
		each.Where("staff_id IN (?)", bun.List(staff))
	}
	err := a.DB.Read().NewSelect().TableExpr("(?) AS x", each).ColumnExpr("COALESCE(MAX(n), 0)").Scan(ctx, &h.Quota.UsedMax)
	if err != nil {
		return fmt.Errorf("read the use of WeCom's quota: %w", err)
	}
	if h.Quota.UsedMax*10 >= h.Quota.Limit*8 {
		h.Quota.State = "warn"
	}
	return nil
}

func (a *App) heldToday(ctx context.Context, staff []string, lang string) (stats.Held, error) {
	now := a.World.Now()
	back, err := a.Governor.Held(ctx, a.CorpID, now.Day(a.Zone), now+1, staff)
	if err != nil {
		return stats.Held{}, err
	}
	out := stats.Held{Touches: back.Touches, Persons: back.Persons, Rules: []stats.HeldRule{}}
	for _, r := range back.Rules {
		out.Rules = append(out.Rules, stats.HeldRule{RuleID: r.RuleID, Reason: errs.T(r.ReasonZh, r.ReasonEn).In(lang), Count: r.Count})
	}
	return out, nil
}

// limits are what governance allows now, for the first page of governance. Night is what the policy calls so, whatever the corp
// tightened.
func (a *App) limits(ctx context.Context) (stats.Limits, error) {
	caps, policy, err := a.Governor.Caps(ctx, a.CorpID)
	if err != nil {
		return stats.Limits{}, err
	}
	var l stats.Limits
	for _, w := range caps.Per {
		l.Windows = append(l.Windows, stats.Window{Days: w.Days, Cap: w.Cap})
	}
	l.Mass.From, l.Mass.To, l.Mass.Limit = caps.MassMode.Period(a.World.Now(), a.Zone)
	l.Hours = policy.Quiet.Day
	return l, nil
}

func (a *App) todoSessions(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	n, oldest, err := a.Kf.Queue(ctx, kf.ReachOf(ctx, staff))
	if err != nil || n == 0 {
		return nil, err
	}
	minutes := int(a.World.Now().Sub(oldest).Round(time.Minute).Minutes())
	return []stats.Todo{{
		Kind: "session_waiting", Count: n, Link: "/inbox?view=waiting", Title: errs.T(fmt.Sprintf("%d 个会话在等人接待", n), errs.Count(n, "conversation", "conversations")+" waiting for a person").In(lang),
		Detail: longest(minutes).In(lang),
	}}, nil
}

// todoComments are customers' comments on Moments that wait for a member.
func (a *App) todoComments(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if !mayCall(ctx, "moment.answer") {
		return nil, nil
	}
	_, n, err := a.Moments.Answers(ctx, staff, 0, 1)
	if err != nil || n == 0 {
		return nil, err
	}
	return []stats.Todo{{
		Kind: "moment_comments", Count: n, Link: "/moments?tab=answers",
		Title:  errs.T(fmt.Sprintf("%d 条朋友圈评论等员工去回", n), errs.Count(n, "comment", "comments")+" on Moments to answer").In(lang),
		Detail: errs.T("评论的内容在企业微信里看，也在那里回", "What they say is read, and answered, in WeCom").In(lang),
	}}, nil
}

// longest says how long the first in the queue has waited.
func longest(minutes int) errs.Text {
	if minutes < 60 {
		return errs.T(fmt.Sprintf("最久等了 %d 分钟", minutes), "the longest for "+errs.Count(minutes, "minute", "minutes"))
	}
	return errs.Tf("最久等了 %d 小时 %d 分钟", "the longest for %d h %d min", minutes/60, minutes%60)
}

// todoDeadLetters is for those who may look at the list it leads to.
func (a *App) todoDeadLetters(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if staff != nil || !mayCall(ctx, "deadletter.read") {
		return nil, nil
	}
	rows, n, err := a.Bus.DeadLetters(ctx, a.CorpID, 0, 1)
	if err != nil || n == 0 {
		return nil, err
	}
	return []stats.Todo{{
		Kind: "dead_letters", Count: n, Link: "/settings/dead-letters", Title: errs.T(fmt.Sprintf("%d 件事没有办成", n), errs.Count(n, "thing", "things")+" could not be done").In(lang),
		Detail: errs.Tf("最近一件：%s", "the latest: %s", rows[0].Kind).In(lang),
	}}, nil
}

// todoSync is for those who may look at the sync.
func (a *App) todoSync(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if staff != nil || !mayCall(ctx, "sync.read") {
		return nil, nil
	}
	run, err := a.Sync.Last(ctx)
	if err != nil || (run.State != sync.Failed && run.Report.Parts["relations"].Failed == 0) {
		return nil, err
	}
	n := run.Report.Parts["relations"].Failed
	return []stats.Todo{{
		Kind: "sync_drift", Count: n, Link: "/settings/sync", Title: errs.T("同步没有读全", "The sync did not read everything").In(lang),
		Detail: errs.T(fmt.Sprintf("%d 个客户关系没有存下", n), errs.Count(n, "relation", "relations")+" not stored").In(lang),
	}}, nil
}

// todoLicences are papers that end soon or ended lately: texts that need them are refused then.
func (a *App) todoLicences(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if staff != nil || !mayCall(ctx, "licence.write") {
		return nil, nil
	}
	rows, err := a.Governor.LicencesToRenew(ctx, a.CorpID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	first := slices.MinFunc(rows, func(x, y *governance.Licence) int { return cmp.Compare(x.ValidUntil, y.ValidUntil) })
	day := first.ValidUntil.Add(-time.Second).In(a.Zone).Format(time.DateOnly)
	return []stats.Todo{{
		Kind: "licence", Count: len(rows), Link: "/record",
		Title:  errs.T(fmt.Sprintf("%d 份证照到期，要换新的", len(rows)), errs.Count(len(rows), "paper ends and needs", "papers end and need")+" a new one").In(lang),
		Detail: errs.T(a.Governor.LicenceName(first.Kind).ZH+"到 "+day+" 为止", a.Governor.LicenceName(first.Kind).EN+" holds until "+day).In(lang),
	}}, nil
}

// todoNotice is that the corp tells its customers nothing of their data yet (LAW-01).
func (a *App) todoNotice(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if staff != nil || !mayCall(ctx, "governance.write") {
		return nil, nil
	}
	told, err := a.Governor.HasNotice(ctx, a.CorpID)
	if err != nil || told {
		return nil, err
	}
	return []stats.Todo{{
		Kind: "privacy_notice", Count: 1, Link: "/purposes", Title: errs.T("还没有告诉客户怎样使用他们的信息", "Customers are not told yet what their data is used for").In(lang),
		Detail: errs.T("写好并发布个人信息的说明；之后只做说明里写明的事（LAW-01）", "Write and publish the notice; from then on only what it names is done (LAW-01)").In(lang),
	}}, nil
}

// todoPenalties are sites whose links rest until they are repaired: nothing but a person ends that.
func (a *App) todoPenalties(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if staff != nil || !mayCall(ctx, "site.write") {
		return nil, nil
	}
	rows, err := a.Governor.Penalties(ctx, a.CorpID)
	if err != nil {
		return nil, err
	}
	now := a.World.Now()
	rows = slices.DeleteFunc(rows, func(p *governance.SitePenalty) bool { return p.State(now) != governance.PenaltyRepair })
	if len(rows) == 0 {
		return nil, nil
	}
	oldest := rows[len(rows)-1]
	return []stats.Todo{{
		Kind: "site_penalty", Count: len(rows), Link: "/record",
		Title:  errs.T(fmt.Sprintf("%d 个网站要整改", len(rows)), errs.Count(len(rows), "site has", "sites have")+" to be repaired").In(lang),
		Detail: errs.T("微信停了 "+oldest.Host+" 的链接，登记恢复以前都不发", "WeChat stopped links to "+oldest.Host+"; none is sent until it is noted as restored").In(lang),
	}}, nil
}

// running is the newest mass messages, with what they cost.
func (a *App) running(ctx context.Context, staff []string) ([]stats.Running, error) {
	const show = 6
	list, err := a.Broadcasts.Lately(ctx, staff, show)
	if err != nil {
		return nil, err
	}
	out := make([]stats.Running, len(list))
	for i, b := range list {
		id := strconv.FormatInt(b.ID, 10)
		harm, err := a.Stats.Harm(ctx, "broadcast/"+id, staff)
		if err != nil {
			return nil, err
		}
		out[i] = stats.Running{
			ID: id, Name: b.Name, Kind: "broadcast", Planned: b.Counts.Matched, Delivered: b.Counts.Sent, Held: b.Counts.Held, Harm: harm,
			State: string(b.State),
		}
	}
	return out, nil
}

func (a *App) todoBroadcasts(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	list, err := a.Broadcasts.Lately(ctx, staff, 20)
	if err != nil {
		return nil, err
	}
	var out []stats.Todo
	me := web.Caller(ctx).User
	for _, b := range list {
		link := "/broadcasts/" + strconv.FormatInt(b.ID, 10)
		if b.State == broadcast.Review && staff == nil && mayCall(ctx, "broadcast.approve") && me != b.SubmittedBy && me != b.CreatedBy {
			out = append(out, stats.Todo{
				Kind: "broadcast_review", Count: b.Counts.Matched, Link: link,
				Title: errs.Tf("群发「%s」等你审批", "Mass message “%s” waits for your approval", b.Name).In(lang),
				Detail: errs.T(fmt.Sprintf("选中 %d 位客户", b.Counts.Matched),
					errs.Count(b.Counts.Matched, "customer", "customers")+" chosen").In(lang),
			})
		}
		if b.State != broadcast.Open || b.Unconfirmed == 0 {
			continue
		}
		out = append(out, stats.Todo{
			Kind: "broadcast_unconfirmed", Count: b.Unconfirmed, Link: link,
			Title: errs.T(fmt.Sprintf("群发「%s」还有 %d 名成员没有确认", b.Name, b.Unconfirmed),
				fmt.Sprintf("Mass message “%s”: %s yet to confirm", b.Name, errs.Count(b.Unconfirmed, "member", "members"))).In(lang),
			Detail: errs.Tf("任务 %s 关闭", "the task closes at %s", b.ClosesAt.In(a.Zone).Format("15:04")).In(lang),
		})
	}
	return out, nil
}

// watch begins a catch-up after a callback could not be stored, or after the corp's clock jumped. Whether storing works
// again shows when the catch-up is begun: nothing may come in that would tell.
func (a *App) watch(ctx context.Context) {
	const every = time.Second
	tick := time.NewTicker(every)
	defer tick.Stop()
	pace := pace{last: a.World.Now()}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		reason := sync.Reason("")
		jumped := pace.jumped(a.World.Now()) // looked at each time: it measures the pace
		switch {
		case a.seen.owed() != 0:
			reason = sync.Gap
		case jumped:
			reason = sync.Clock
		default:
			continue
		}
		if err := a.catchUp(ctx, reason); err != nil && ctx.Err() == nil {
			a.Log.Error("begin a catch-up", "reason", reason, "error", err)
		}
	}
}

// catchUp asks for everything that a lost callback may have told of: relations and groups by a sync, talks by reading on.
func (a *App) catchUp(ctx context.Context, reason sync.Reason) error {
	run, err := a.Sync.Begin(ctx, reason)
	if err != nil {
		return err
	}
	if err := a.Kf.CatchUp(ctx); err != nil {
		return fmt.Errorf("read on in customer service: %w", err)
	}
	a.seen.caughtUp(run.StartedAt)
	return nil
}

// pace tells a jump of the corp's clock from a clock that runs fast.
type pace struct {
	last  clock.Time
	usual time.Duration // world time between two looks, averaged
}

func (p *pace) jumped(now clock.Time) bool {
	const least, times = 30 * time.Minute, 10
	step := now.Sub(p.last).Abs()
	p.last = now
	jump := step > least && step > times*p.usual
	if !jump && step > 0 { // a world that stands is waited for: that does not make it slow
		p.usual = (3*p.usual + step) / 4
	}
	return jump
}
