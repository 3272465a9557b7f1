package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Explanation is everything about one touch: what the why page shows. Held and sent ones have the same anatomy.
type Explanation struct {
	Touch    Touch
	Sentence errs.Text
	Course   []Stage // what it went through, in order
	Rules    []Step  // as they were read
	Window   *Step   // the sliding limit that decided, or the tightest one read; nil for service
	Timeline []Stage // the customer's counted touches around it
	After    []Aftermath
	Options  []errs.Text // what can be done
	Twin     int64       // the touch that says nearly the same, of one held back for it; 0 = none
}

// Stage is a state at an instant.
type Stage struct {
	State   State
	At      clock.Time
	TouchID int64
}

// Aftermath is something that happened to the customer after the touch.
type Aftermath struct {
	At   clock.Time
	Text errs.Text
}

// Get reads one touch.
func (g *Governor) Get(ctx context.Context, corpID string, touchID int64) (*Touch, error) {
	found, err := g.touchesByID(ctx, g.db.Read(), corpID, []int64{touchID})
	if err != nil {
		return nil, err
	}
	t, ok := found[touchID]
	if !ok {
		return nil, errs.Missing("触达", "touch")
	}
	return t, nil
}

// Explain answers everything about one touch.
func (g *Governor) Explain(ctx context.Context, corpID string, touchID int64) (*Explanation, error) {
	t, err := g.Get(ctx, corpID, touchID)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Touch: *t, Course: t.course(), Sentence: g.sentence(t)}
	if err := json.Unmarshal([]byte(t.Why), &e.Rules); err != nil {
		return nil, fmt.Errorf("read the reasons of touch %d: %w", touchID, err)
	}
	e.Window = tightest(e.Rules)
	for _, st := range e.Rules {
		if st.RuleID != ruleAlike {
			continue
		}
		if e.Twin, err = g.twinOf(ctx, g.db.Read(), t, st); err != nil {
			return nil, fmt.Errorf("look for what touch %d is like: %w", t.ID, err)
		}
	}
	if err := g.around(ctx, e); err != nil {
		return nil, err
	}
	e.Options = g.options(t)
	return e, nil
}

// course lists the states a touch went through. A late delivery comes after its release.
func (t *Touch) course() []Stage {
	first := Reserved
	if t.State == Held && t.CommittedAt == 0 {
		first = Held
	}
	out := []Stage{{State: first, At: t.ReservedAt}}
	for _, s := range []Stage{
		{State: Tasked, At: t.TaskedAt}, {State: Released, At: t.ReleasedAt}, {State: Delivered, At: t.DeliveredAt}, {State: Committed, At: t.CommittedAt},
	} {
		if s.At != 0 {
			s.TouchID = t.ID
			out = append(out, s)
		}
	}
	out[0].TouchID = t.ID
	slices.SortStableFunc(out, func(a, b Stage) int { return int(min(1, max(-1, a.At-b.At))) })
	return out
}

// tightest is the sliding limit that refused, or else the one with least room.
func tightest(steps []Step) *Step {
	var best *Step
	for i := range steps {
		s := &steps[i]
		if s.Days == 0 || s.Verdict == NotRead || s.RuleID == ruleAlike {
			continue
		}
		if s.Verdict == Refused {
			return s
		}
		if best == nil || s.Cap-s.After < best.Cap-best.After {
			best = s
		}
	}
	return best
}

// around reads the customer's other counted touches of the 30 days before, those after, and what followed.
func (g *Governor) around(ctx context.Context, e *Explanation) error {
	t := e.Touch
	var rows []Touch
	err := g.db.Read().NewSelect().Model(&rows).
		Where("corp_id = ? AND customer_id = ? AND (customer_id <> '' OR chat_id = ?) AND class IN (?, ?)", t.CorpID, t.CustomerID, t.ChatID, Marketing, Lifecycle).
		Where("state IN (?, ?, ?, ?) OR id = ?", Reserved, Tasked, Delivered, Committed, t.ID).
		Where("reserved_at > ?", t.EarliestAt.Add(-31*24*time.Hour)).OrderExpr("id").Limit(200).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read the touches around %d: %w", t.ID, err)
	}
	for _, r := range rows {
		at := r.DeliveredAt
		if at == 0 {
			at = r.ReservedAt
		}
		e.Timeline = append(e.Timeline, Stage{State: r.State, At: at, TouchID: r.ID})
	}
	if t.CustomerID == "" {
		return nil
	}
	var stops []OptOutRow
	err = g.db.Read().NewSelect().Model(&stops).
		Where("corp_id = ? AND customer_id = ? AND since >= ?", t.CorpID, t.CustomerID, t.ReservedAt).OrderExpr("since").Limit(5).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read what followed touch %d: %w", t.ID, err)
	}
	for _, s := range stops {
		text := errs.T("客户选择不再接收营销消息。", "The customer asked for no more marketing.")
		if t.DeliveredAt != 0 && s.Since <= t.DeliveredAt.Add(24*time.Hour) {
			text = errs.T("触达后 24 小时内，客户选择不再接收营销消息。", "Within 24 hours of this touch the customer asked for no more marketing.")
		}
		e.After = append(e.After, Aftermath{At: s.Since, Text: text})
	}
	return nil
}

// sentence says in one sentence what became of the touch.
func (g *Governor) sentence(t *Touch) errs.Text {
	when := func(at clock.Time) (zh, en string) {
		l := at.In(g.zone)
		return fmt.Sprintf("%d月%d日（%s）%s", l.Month(), l.Day(), [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}[l.Weekday()], l.Format("15:04")),
			l.Format("Mon 2 Jan 15:04")
	}
	two := func(zh, en string, at clock.Time) errs.Text {
		z, e := when(at)
		return errs.T(fmt.Sprintf(zh, z), fmt.Sprintf(en, e))
	}
	if t.forgotten() {
		return errs.T("这位客户的信息已经删除：这里只留下一次计数，不知道是谁，也不留内容和理由。", "This person's data was removed: only the count stays here, without who it was, the words or the reasons.")
	}
	switch t.State {
	case Held:
		if t.NextAt != 0 {
			z, e := when(t.NextAt)
			return errs.T(fmt.Sprintf("没有发送：%s最早 %s 可再发。", t.ReasonZh, z), fmt.Sprintf("Not sent: %s Next possible %s.", t.ReasonEn, e))
		}
		return errs.T("没有发送："+t.ReasonZh, "Not sent: "+t.ReasonEn)
	case Reserved:
		if t.RuleID == ruleQuiet {
			return two("正在等待允许发送的时段，%s 起可以发。", "Waiting for sending hours; it can go out from %s.", t.NextAt)
		}
		return errs.T("已占用一次触达，还没有交给企业微信。", "One contact is reserved; WeCom has not been asked yet.")
	case Tasked:
		if t.Channel == MassGroup {
			return errs.T("任务已交给群主，等待群主在企业微信里确认。", "The group's owner has the task and has not confirmed it in WeCom yet.")
		}
		if t.Channel == MassCustomer {
			return errs.T("任务已交给成员，等待成员在企业微信里确认。", "The member has the task and has not confirmed it in WeCom yet.")
		}
		return errs.T("已交给企业微信，等待结果。", "WeCom has it; the result is not known yet.")
	case Delivered, Committed:
		switch {
		case t.SeenOnly && t.Channel == MassGroup:
			return two("群主自己在 %s 发到了群里，事后计入。", "The group's owner sent it on their own at %s; it was booked afterwards.", t.DeliveredAt)
		case t.SeenOnly:
			return two("成员自己在 %s 发给了客户，事后计入。", "A member sent it on their own at %s; it was booked afterwards.", t.DeliveredAt)
		case t.Late:
			return two("%s 送达，但已晚于客户退订、任务取消或允许的时段，记为迟到。",
				"It arrived at %s, after an opt-out, a cancellation or outside of sending hours, and is booked as late.", t.DeliveredAt)
		}
		return two("已于 %s 送达。", "Delivered at %s.", t.DeliveredAt)
	case Released:
		return errs.T("没有送达，占用的次数已退回："+t.ReasonZh, "Not delivered, the reserved contact was given back: "+t.ReasonEn)
	}
	return errs.Text{}
}

// options names the ways out that exist; "it" is the mass message or the Moment.
func (g *Governor) options(t *Touch) []errs.Text {
	if t.State != Held && t.State != Released {
		return nil
	}
	switch t.RuleID {
	case ruleOpenMoment:
		return []errs.Text{errs.T("改到另一天发表。", "Publish it on another day.")}
	case ruleRank:
		return []errs.Text{errs.T("改期后重新建一次，那时再争名额。", "Make it again for another time, when there is room.")}
	case ruleShare:
		return []errs.Text{errs.T("换个主题或渠道，或到时间后重新建一次。", "Take another topic or channel, or make it again after that time.")}
	case ruleRamp, ruleStaffDay:
		return []errs.Text{errs.T("改天再发，或请另一位也加了这位客户的员工发。", "Send it on another day, or let another member of this customer send it.")}
	case ruleCap, rulePlatform:
		return []errs.Text{errs.T("到时间后重新建一次，这位客户会重新计入。", "Make another one after that time; this customer is counted in again.")}
	case ruleRoom:
		return []errs.Text{errs.T("到时间后重新建一次，这个群会重新计入。", "Make another one after that time; this group is counted in again.")}
	case rulePreference:
		return []errs.Text{errs.T("这是客户自己的选择，只有本人能在偏好页上改。", "The customer chose this; only they can change it, on the preference page.")}
	case ruleConsent:
		return []errs.Text{errs.T("请客户本人在偏好页上同意，或凭客户的话登记新的同意，再重新建一次。", "The customer says yes on the preference page, or their words are recorded as a new consent; then make it again.")}
	case rulePurpose:
		return []errs.Text{errs.T("请客户本人在偏好页上同意，或凭客户的话登记新的同意，再重新建一次。服务和答复照常。", "The customer says yes on the preference page, or their words are recorded as a new consent; then make it again. Service and answers go on.")}
	case ruleNotice:
		return []errs.Text{errs.T("在「用途与告知」里发布写明这个用途的新一版，再重新建一次。", "Publish a version that names this purpose under “Purposes and notice”, then make it again.")}
	case ruleMinor:
		return []errs.Text{errs.T("在客户页登记监护人对这个用途的同意，或更正年龄标记，再重新建一次。发给全部客户、不按标签挑选的消息，仍会到达 14 岁以上的。", "Record the guardian's consent to this purpose on the customer's page, or correct the mark of age; then make it again. What goes to everybody, chosen by no tag, still reaches who is 14 or older.")}
	case ruleTraits:
		return []errs.Text{errs.T("发给全部客户、或只按员工挑选的消息仍会到达；只有客户本人能在偏好页上改。",
			"What goes to everybody, or is chosen by member only, still reaches them; only they can change it, on the preference page.")}
	case ruleHalt:
		return []errs.Text{errs.T("由管理者在「停发」里恢复，恢复后重新建一次。", "A manager lets sending go on under “Stop sending”; then make it again.")}
	case ruleLimited:
		return []errs.Text{errs.T("重新建一次：也加了这位客户的同事会代发；账号恢复后，由管理者在「停发」里恢复。", "Make it again: a colleague who has the customer sends it; once the account is restored, a manager lets it go on under “Stop sending”.")}
	case ruleAlike:
		return []errs.Text{errs.T("换新的内容，或等到那之后。", "Say something new, or wait until then.")}
	case ruleSunset:
		return []errs.Text{errs.T("客户自己有任何举动（写信、进群、点赞、改偏好）就恢复；在别处有回应的，可以在客户页登记。",
			"Anything the customer does (writes, joins a group, likes, changes a preference) ends it; what they did elsewhere can be noted on their page.")}
	case ruleGrievance:
		return []errs.Text{errs.T("先把客户的事办好，在客户的页面上登记结束；再过两天可以重新建一次。",
			"Settle it with the customer and note its end on their page; two days later make it again.")}
	case ruleHoldout:
		return []errs.Text{errs.T("对照组的比例可以在「频次与时段」里改，改后重新建一次。", "The size of the holdout can be changed under “Caps and hours”; then make it again.")}
	case ruleOptOut, ruleSuppressed:
		return []errs.Text{errs.T("只有客户本人可以恢复接收，例如在偏好页上点「恢复接收」。", "Only the customer can resume, for example on the preference page.")}
	case ruleLease, ruleQuiet:
		return []errs.Text{errs.T("重新建一次。", "Make it again.")}
	}
	if r := g.book.Rule(t.RuleID); r != nil && r.Check != nil {
		return []errs.Text{r.WayOut.Text()}
	}
	return nil
}
