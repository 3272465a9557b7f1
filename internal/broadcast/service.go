package broadcast

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB       *db.DB
	Bus      *bus.Bus
	World    clock.World
	Zone     *time.Location
	WeCom    *wecom.Client // only for reading results and for previews to the author
	Outreach *outreach.Service
	Governor *governance.Governor
	CorpID   string
	// Audience answers the persons of an audience, each once, with the member who is to speak.
	Audience  func(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, error)
	Customers func(ctx context.Context) (int, error) // how many persons have a live relation
	Live      func(kind, id string)                  // tells the consoles that are open; may be nil
}

// Service is the use cases of mass messages.
type Service struct{ Config }

// New makes the service. internal/app lets it hear of outreach.OnMass, governance.OnOptOut and customer.OnLost.
func New(c Config) *Service {
	if c.Live == nil {
		c.Live = func(string, string) {}
	}
	return &Service{c}
}

// Words are what a draft says and to whom.
type Words struct {
	Name        string
	Text        string
	Attachments []outreach.Attachment
	Audience    Audience
	Topic       string
	Benefit     string     // what the customer has of it; needed to submit (OWN-01)
	SendAt      clock.Time // not before; 0 = as soon as sending hours allow
}

func (w Words) fields() []governance.Field {
	out := []governance.Field{{Name: "text", Text: w.Text}}
	for i, a := range w.Attachments {
		for _, t := range a.Texts() {
			out = append(out, governance.Field{Name: fmt.Sprintf("attachments/%d", i), Text: t})
		}
	}
	return out
}

func (w Words) texts() []string {
	fields := w.fields()
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Text
	}
	return out
}

func (w Words) stored() (attachments, audience string, err error) {
	as := w.Attachments
	if as == nil {
		as = []outreach.Attachment{}
	}
	a, err := json.Marshal(as)
	if err != nil {
		return "", "", fmt.Errorf("write attachments: %w", err)
	}
	b, err := json.Marshal(w.Audience)
	if err != nil {
		return "", "", fmt.Errorf("write the audience: %w", err)
	}
	return string(a), string(b), nil
}

func (b *Broadcast) words() (Words, error) {
	as, err := b.attachments()
	if err != nil {
		return Words{}, err
	}
	audience, err := b.audience()
	return Words{
		Name: b.Name, Text: b.Text, Attachments: as, Audience: audience, Topic: b.Topic, Benefit: b.Benefit, SendAt: b.SendAt,
	}, err
}

// Create makes a draft.
func (s *Service) Create(ctx context.Context, by string, w Words) (*Broadcast, error) {
	if err := s.check(ctx, w); err != nil {
		return nil, err
	}
	attachments, audience, err := w.stored()
	if err != nil {
		return nil, err
	}
	now := s.World.Now()
	b := &Broadcast{
		CorpID: s.CorpID, ID: s.DB.NewID(), Name: w.Name, Text: w.Text, Attachments: attachments, Audience: audience, Topic: w.Topic,
		Benefit: w.Benefit, SendAt: w.SendAt, Cost: 1, State: Draft, CreatedBy: by, CreatedAt: now, UpdatedAt: now,
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(b).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a mass message: %w", err)
	}
	return b, nil
}

var errNotDraft = errs.New(errs.Conflict, "broadcast.not_draft", errs.T("这次群发已经提交，不能再改。可以复制成新的草稿。",
	"This mass message was submitted and cannot be changed. Copy it into a new draft."))

// Update changes a draft.
func (s *Service) Update(ctx context.Context, id int64, w Words) (*Broadcast, error) {
	if err := s.check(ctx, w); err != nil {
		return nil, err
	}
	attachments, audience, err := w.stored()
	if err != nil {
		return nil, err
	}
	var b *Broadcast
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if b, err = s.lockBroadcast(ctx, tx, id); err != nil {
			return err
		}
		if b.State != Draft {
			return errNotDraft
		}
		b.Name, b.Text, b.Attachments, b.Audience, b.Topic, b.UpdatedAt = w.Name, w.Text, attachments, audience, w.Topic, s.World.Now()
		b.Benefit, b.SendAt = w.Benefit, w.SendAt
		return save(ctx, tx, b, "name", "text", "attachments", "audience", "topic", "benefit", "send_at", "updated_at")
	})
	return b, err
}

// check says what is wrong with a draft.
func (s *Service) check(ctx context.Context, w Words) error {
	if err := checkWords(w.Name, w.Text, w.Benefit, w.Attachments); err != nil {
		return err
	}
	return s.checkTime(ctx, w.SendAt)
}

// checkTime refuses a time at which nothing may arrive.
func (s *Service) checkTime(ctx context.Context, at clock.Time) error {
	if at == 0 {
		return nil
	}
	if at < s.World.Now() {
		return errs.Bad("send_at", "broadcast.past", errs.T("发送时间已经过去，请选以后的时间，或者留空马上发。", "The time to send has passed; choose a later one, or none to send at once."))
	}
	if at > s.World.Now().Add(maxAhead) {
		return errs.Bad("send_at", "broadcast.too_far", errs.Tf("最多提前 %d 天安排。", "At most %d days ahead.", int(maxAhead.Hours()/24)))
	}
	opens, closes, err := s.Governor.Window(ctx, s.CorpID, at)
	if err != nil {
		return err
	}
	if opens != at {
		o, c := opens.In(s.Zone), closes.In(s.Zone)
		return errs.Bad("send_at", "broadcast.quiet", errs.T(
			fmt.Sprintf("这个时间在安静时段（FTG-05）。最近可以发的是 %d月%d日 %s 到 %s。", o.Month(), o.Day(), o.Format("15:04"), c.Format("15:04")),
			fmt.Sprintf("That is in quiet hours (FTG-05). The nearest allowed time is %s to %s.", o.Format("2 Jan 15:04"), c.Format("15:04"))))
	}
	return nil
}

// maxAhead is how far ahead a mass message can be set.
const maxAhead = 90 * 24 * time.Hour

// Delete removes a draft.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := s.lockBroadcast(ctx, tx, id)
		if err != nil {
			return err
		}
		if b.State != Draft {
			return errNotDraft
		}
		if _, err := tx.NewDelete().Model(b).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("delete mass message %d: %w", id, err)
		}
		return nil
	})
}

// members are the persons of an audience within a data scope (staff ids; nil = all).
func (s *Service) members(ctx context.Context, a Audience, scope []string) ([]customer.Member, error) {
	q := customer.AudienceQuery{TagIDs: a.Tags, TagMode: customer.TagMode(a.TagMode), ExcludeTagIDs: a.ExcludeTags}
	switch {
	case len(a.Staff) > 0 && scope != nil:
		q.StaffIDs = []string{}
		for _, id := range a.Staff {
			for _, allowed := range scope {
				if id == allowed {
					q.StaffIDs = append(q.StaffIDs, id)
				}
			}
		}
	case len(a.Staff) > 0:
		q.StaffIDs = a.Staff
	case scope != nil:
		q.StaffIDs = scope
	}
	return s.Audience(ctx, q)
}

func (s *Service) requests(id int64, by string, w Words, members []customer.Member, cost int) []governance.Request {
	texts := w.texts()
	out := make([]governance.Request, len(members))
	for i, m := range members {
		out[i] = governance.Request{
			CorpID: s.CorpID, Key: touchKey(id, m.CustomerID), CustomerID: m.CustomerID, StaffID: m.StaffID,
			Channel: governance.MassCustomer, Class: governance.Marketing, Topic: w.Topic, CampaignID: campaignID(id), CampaignName: w.Name,
			Texts: texts, By: by, Reason: cmp.Or(w.Benefit, w.Name, "mass message"), Cost: cost, NotBefore: w.SendAt,
		}
	}
	return out
}

// Plan says what a mass message would do now.
type Plan struct {
	governance.Tally
	Members  []customer.Member
	PerStaff map[string]int // reachable
	Check    governance.Check
	OpensAt  clock.Time // when tasks are made: now, or when sending hours begin
	ClosesAt clock.Time // when what nobody confirmed is taken back
	Limit    int        // WeCom's own quota of the period (WC-01)
	UsedMost int        // the most that one of the audience has had of it
	OptOuts  float64    // expected opt-outs per 1,000 reached, from the last 90 days; below 0 = nothing known
	Cost     int        // 2 when it goes to nearly all (OWN-12)
	Approval Approval   // why a second person has to look
}

// Plan decides about everybody as Submit would, and writes nothing. by is who plans, scope their data scope.
func (s *Service) Plan(ctx context.Context, id int64, by string, w Words, scope []string) (*Plan, error) {
	members, err := s.members(ctx, w.Audience, scope)
	if err != nil {
		return nil, err
	}
	cost, err := s.cost(ctx, len(members))
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, id, by, w, members, cost)
}

func (s *Service) plan(ctx context.Context, id int64, by string, w Words, members []customer.Member, cost int) (*Plan, error) {
	p := &Plan{Members: members, Cost: cost, PerStaff: map[string]int{}, Check: s.Governor.CheckFor(governance.Marketing, governance.MassCustomer, w.fields()...)}
	decisions, err := s.Governor.Plan(ctx, s.requests(id, by, w, members, cost)...)
	if err != nil {
		return nil, err
	}
	p.Tally = governance.TallyOf(decisions)
	for i, d := range decisions {
		if d.OK() {
			p.PerStaff[members[i].StaffID]++
		}
	}
	p.Approval = s.approval(p.Check, p.Reachable)
	now := s.World.Now()
	if p.OpensAt, p.ClosesAt, err = s.Governor.Window(ctx, s.CorpID, max(now, w.SendAt)); err != nil {
		return nil, err
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.CustomerID
	}
	if p.Limit, p.UsedMost, err = s.Governor.Platform(ctx, s.CorpID, ids...); err != nil {
		return nil, err
	}
	optOuts, reached, err := s.Governor.Harm(ctx, s.CorpID, now.Add(-90*24*time.Hour))
	if err != nil {
		return nil, err
	}
	p.OptOuts = -1
	if reached > 0 {
		p.OptOuts = 1000 * float64(optOuts) / float64(reached)
	}
	return p, nil
}

// Submit freezes the audience and starts the mass message. expect is the number of reachable customers its author saw;
// when it would reach more by now, nothing happens and the answer is a Conflict with the new number. Words that the content
// rules refuse start nothing; what reaches many or is in doubt waits for a second person. When everybody is held back it is booked like any other, and ends at once: the ledger
// then shows each customer with the reason.
func (s *Service) Submit(ctx context.Context, id int64, by string, scope []string, expect int) (*Broadcast, error) {
	b, err := getBroadcast(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, err
	}
	if b.State != Draft {
		return nil, errNotDraft
	}
	w, err := b.words()
	if err != nil {
		return nil, err
	}
	p, err := s.Plan(ctx, id, by, w, scope)
	if err != nil {
		return nil, err
	}
	if f, blocked := p.Check.Blocking(); blocked {
		return nil, f.Refusal("broadcast.content", errs.T("内容不能发送", "This cannot be sent"))
	}
	if err := s.checkTime(ctx, b.SendAt); err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(b.Benefit) == "":
		return nil, errs.Bad("benefit", "broadcast.no_benefit", errs.T("写明这条消息对客户有什么用，审批和账本里都会看到（OWN-01）。",
			"Say what the customer has of it; approvers and the ledger show it (OWN-01)."))
	case len(p.Members) == 0: // with nobody to hold back there is nothing to book
		return nil, errs.New(errs.Conflict, "broadcast.nobody", errs.T("没有客户符合这些条件。", "No customer matches."))
	case p.Reachable > expect:
		return nil, grown(p.Reachable, expect)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := s.lockBroadcast(ctx, tx, id)
		if err != nil {
			return err
		}
		if now.State != Draft || now.UpdatedAt != b.UpdatedAt {
			return errs.New(errs.Conflict, "broadcast.changed", errs.T("有人刚改过它。请再看一遍再提交。", "Somebody changed it meanwhile. Look again before you submit."))
		}
		b.State, b.SubmittedBy, b.SubmittedAt, b.OpensAt, b.ClosesAt = Planned, by, s.World.Now(), p.OpensAt, p.ClosesAt
		b.Cost, b.Approval, b.ReviewedBy, b.ReviewedAt, b.ReviewNote = p.Cost, p.Approval, "", 0, ""
		if b.Approval != NoApproval {
			b.State = Review
		}
		err = save(ctx, tx, b, "state", "submitted_by", "submitted_at", "opens_at", "closes_at", "cost", "approval", "reviewed_by", "reviewed_at", "review_note")
		if err != nil {
			return err
		}
		rows := make([]*Receiver, len(p.Members))
		for i, m := range p.Members {
			rows[i] = &Receiver{CorpID: s.CorpID, BroadcastID: id, CustomerID: m.CustomerID, StaffID: m.StaffID, State: Matched}
		}
		if err := insert(ctx, tx, rows); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(id) })
		if b.State == Review {
			return nil
		}
		return s.next(ctx, tx, reserveKind, id, 0, 0)
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (s *Service) changed(id int64) { s.Live("broadcast", fmt.Sprint(id)) }
