package moment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/blob"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/notice"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/wecom"
)

const dayLong = 24 * time.Hour

// Config of a Service.
type Config struct {
	DB       *db.DB
	Bus      *bus.Bus
	World    clock.World
	Zone     *time.Location
	WeCom    *wecom.Client // for reading, files, and app messages to members
	Outreach *outreach.Service
	Governor *governance.Governor
	Blobs    *blob.Store
	CorpID   string
	Tags     Tags
	// Audience answers the persons of an audience, each once, with the member who is to publish.
	Audience func(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, error)
	// Carriers answers the live relations that carry a tag.
	Carriers func(ctx context.Context, tagID string) ([]customer.Member, error)
	Live     func(kind, id string)                                              // tells the consoles that are open; may be nil
	Names    func(ctx context.Context, ids []string) (map[string]string, error) // of customers
	// Erased answers which of the persons were erased and have not come back: nothing about them is stored. May be nil.
	Erased  func(ctx context.Context, q bun.IDB, customerIDs ...string) (map[string]bool, error)
	Key     []byte             // signs personal links to history pages; empty = links are the same for all
	Reviews governance.Reviews // the queue of texts that a person looks at; nil = none
	Notices *notice.Service    // how members are told something; nil = one of its own
	// Admitted says why the corp may not submit marketing with these texts; nil asks nobody.
	Admitted func(ctx context.Context, texts ...string) error
}

// Tags is what this room asks of the room of tags.
type Tags struct {
	Ensure func(ctx context.Context, name string) (id string, err error) // makes the tag when there is none of that name
	Names  func(ctx context.Context, ids []string) (map[string]string, error)
	Mark   func(ctx context.Context, customerID, staffID string, add, remove []string) (bus.Settle, error)
	// Consented refuses tags that tell sensitive data without a consent on record (LAW-07); field names where they stand. nil refuses none.
	Consented func(ctx context.Context, field string, tagIDs ...string) error
	// Assessed answers which impact assessments an audience chosen by these tags needs and has (LAW-17); nil = none.
	Assessed func(ctx context.Context, tags []string) (governance.Assessed, error)
}

// Service is the use cases of Moments.
type Service struct {
	Config

	// OnReacted is told inside the transaction that stores reactions to a Moment, new or known.
	OnReacted []func(ctx context.Context, tx *db.Tx, e Reacted) error
}

// Reacted is told when customers liked a Moment or commented on it: when each did so last.
type Reacted struct {
	CorpID string
	Last   map[string]clock.Time
}

// New makes the service. internal/app lets it hear of outreach.OnMoment and governance.OnOptOut.
func New(c Config) *Service {
	if c.Live == nil {
		c.Live = func(string, string) {}
	}
	if c.Reviews == nil {
		c.Reviews = governance.NoReviews{}
	}
	if c.Tags.Consented == nil {
		c.Tags.Consented = func(context.Context, string, ...string) error { return nil }
	}
	if c.Tags.Assessed == nil {
		c.Tags.Assessed = func(context.Context, []string) (governance.Assessed, error) { return governance.Assessed{}, nil }
	}
	return &Service{Config: c}
}

// Words are what a draft says, to whom and when.
type Words struct {
	Name      string
	Text      string
	Parts     []Part
	Audience  Audience
	Topic     string
	PublishAt clock.Time // 0 = as soon as sending is allowed
}

func (w Words) fields() []governance.Field {
	out := []governance.Field{{Name: "text", Text: w.Text}}
	for i, p := range w.Parts {
		if p.Kind == "link" {
			out = append(out, governance.Field{Name: fmt.Sprintf("parts/%d", i), Text: p.Title}, governance.Field{Name: fmt.Sprintf("parts/%d", i), Text: p.URL})
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

// check reads the content rules and the fold.
func (s *Service) check(ctx context.Context, w Words) (governance.Check, error) {
	c, err := s.Governor.CheckFor(ctx, s.CorpID, governance.Marketing, governance.Moment, w.fields()...)
	advice := lint(w.Text)
	if len(advice) > 0 && c.Verdict == governance.Allow {
		c.Verdict = governance.Warn
	}
	c.Findings = append(c.Findings, advice...)
	return c, err
}

// Create makes a draft.
func (s *Service) Create(ctx context.Context, by string, w Words) (*Moment, error) {
	if err := s.saveable(ctx, w); err != nil {
		return nil, err
	}
	now := s.World.Now()
	m := &Moment{CorpID: s.CorpID, ID: s.DB.NewID(), State: Draft, CreatedBy: by, CreatedAt: now, UpdatedAt: now}
	if err := m.take(w); err != nil {
		return nil, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(m).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a Moment: %w", err)
	}
	return m, nil
}

// saveable says what keeps a draft from being saved: WeCom's limits, a missing file, or words that are not allowed.
func (s *Service) saveable(ctx context.Context, w Words) error {
	if err := checkWords(w); err != nil {
		return err
	}
	if err := s.consented(ctx, w.Audience); err != nil {
		return err
	}
	for i, p := range w.Parts {
		if _, err := s.Blobs.Get(ctx, p.Hash); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return errs.Bad(fmt.Sprintf("parts[%d].hash", i), "moment.file", errs.T("文件不在了，请再传一次。", "The file is not here. Upload it again."))
			}
			return err
		}
	}
	c, err := s.check(ctx, w)
	if err != nil {
		return err
	}
	if f, blocked := c.Blocking(); blocked {
		if err := s.Governor.Suspect(ctx, s.CorpID, web.Caller(ctx).User, "", governance.Said{Title: w.Name, Fields: w.fields(), Check: c}); err != nil {
			return err
		}
		return s.Governor.Refuse(ctx, s.CorpID, web.Caller(ctx).User, "", f, f.Refusal("moment.content", errs.T("内容不能发表", "This cannot be published")))
	}
	return nil
}

var errNotDraft = errs.New(errs.Conflict, "moment.not_draft", errs.T("这条朋友圈已经提交，不能再改。可以复制成新的草稿。",
	"This Moment was submitted and cannot be changed. Copy it into a new draft."))

// Update changes a draft.
func (s *Service) Update(ctx context.Context, id int64, w Words) (*Moment, error) {
	if err := s.saveable(ctx, w); err != nil {
		return nil, err
	}
	var m *Moment
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.lock(ctx, tx, id); err != nil {
			return err
		}
		if m.State != Draft {
			return errNotDraft
		}
		if err := m.take(w); err != nil {
			return err
		}
		m.UpdatedAt = s.World.Now()
		return save(ctx, tx, m, "name", "text", "parts", "audience", "audience_key", "topic", "publish_at", "updated_at")
	})
	return m, err
}

// Delete removes a draft.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.State != Draft {
			return errNotDraft
		}
		if _, err := tx.NewDelete().Model(m).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("delete Moment %d: %w", id, err)
		}
		return nil
	})
}

// Get reads a Moment that was planned here.
func (s *Service) Get(ctx context.Context, id int64) (*Moment, error) {
	return getMoment(ctx, s.DB.Read(), s.CorpID, id)
}

// Counts counts the receivers of a Moment, for the staff given (nil = all).
func (s *Service) Counts(ctx context.Context, id int64, staffIDs []string) (Counts, error) {
	counts, err := s.counts(ctx, s.DB.Read(), []int64{id}, staffIDs)
	return counts[id], err
}

// Keep stores a picture or a film for a Moment, after looking at what WeCom would refuse.
func (s *Service) Keep(ctx context.Context, name string, content []byte) (Part, error) {
	p, err := measure(name, content)
	if err != nil {
		return Part{}, err
	}
	p.Hash, err = s.Blobs.Put(ctx, content)
	return p, err
}

// within narrows an audience to a data scope (staff ids; nil = all).
func within(a Audience, scope []string) Audience {
	switch {
	case scope == nil:
	case len(a.Staff) == 0:
		a.Staff = db.OrNobody(scope)
	default:
		a.Staff = db.OrNobody(slices.DeleteFunc(slices.Clone(a.Staff), func(id string) bool { return !slices.Contains(scope, id) }))
	}
	return a
}

// consented refuses an audience of tags that tell sensitive data without a consent on record.
func (s *Service) consented(ctx context.Context, a Audience) error {
	if err := s.Tags.Consented(ctx, "audience.tags", a.Tags...); err != nil {
		return err
	}
	return s.Tags.Consented(ctx, "audience.exclude_tags", a.ExcludeTags...)
}

// assessed answers which impact assessments an audience needs.
func (s *Service) assessed(ctx context.Context, a Audience) (governance.Assessed, error) {
	return s.Tags.Assessed(ctx, slices.Concat(a.Tags, a.ExcludeTags))
}

func (s *Service) members(ctx context.Context, a Audience) ([]customer.Member, error) {
	q := customer.AudienceQuery{TagIDs: a.Tags, TagMode: customer.TagMode(a.TagMode), ExcludeTagIDs: a.ExcludeTags}
	if len(a.Staff) > 0 {
		q.StaffIDs = a.Staff
	}
	return s.Audience(ctx, q)
}

func (s *Service) requests(id int64, by string, w Words, members []customer.Member, at, opens, closes clock.Time) []governance.Request {
	texts := w.texts()
	out := make([]governance.Request, len(members))
	for i, m := range members {
		out[i] = governance.Request{
			CorpID: s.CorpID, Key: touchKey(id, m.CustomerID), CustomerID: m.CustomerID, StaffID: m.StaffID,
			Channel: governance.Moment, Class: governance.Marketing, Open: w.Audience.Everybody(), Topic: w.Topic,
			CampaignID: campaignID(id), CampaignName: w.Name, Texts: texts, By: by, Reason: cmp.Or(w.Name, "Moment"), NotBefore: at,
			Expires: closes, Opens: opens, Closes: closes, AtOnce: true, Traits: !w.Audience.Everybody(),
		}
	}
	return out
}

// Plan says what a Moment would do at its time, as far as it is known now.
type Plan struct {
	governance.Tally
	Members  []customer.Member
	PerStaff map[string]int // reachable
	Check    governance.Check
	Fold     Fold
	OpensAt  clock.Time
	ClosesAt clock.Time
	Full     int              // of the reachable: WeCom has shown them as many of the corp's Moments this month as it does
	Approval governance.Cause // why a second person has to look
	Assessed governance.Assessed
}

// Plan decides about everybody as the Moment's own time would, and writes nothing.
func (s *Service) Plan(ctx context.Context, id int64, by string, w Words, scope []string) (*Plan, error) {
	if err := s.consented(ctx, w.Audience); err != nil {
		return nil, err
	}
	a := within(w.Audience, scope)
	members, err := s.members(ctx, a)
	if err != nil {
		return nil, err
	}
	p := &Plan{Members: members, PerStaff: map[string]int{}, Fold: FoldOf(w.Text)}
	if p.Check, err = s.check(ctx, w); err != nil {
		return nil, err
	}
	if p.OpensAt, p.ClosesAt, err = s.Governor.Window(ctx, s.CorpID, max(s.World.Now(), w.PublishAt)); err != nil {
		return nil, err
	}
	busy, err := s.staffDay(ctx, s.DB.Read(), p.OpensAt.Day(s.Zone))
	if err != nil {
		return nil, err
	}
	decisions, err := s.Governor.Plan(ctx, s.requests(id, by, w, members, p.OpensAt, p.OpensAt, p.ClosesAt)...)
	if err != nil {
		return nil, err
	}
	var reachable []string
	for i, d := range decisions {
		if d.OK() && busy[members[i].StaffID] >= maxStaffDay {
			decisions[i] = governance.Decision{State: governance.Held, RuleID: ruleStaffDay, Reason: reasonStaffDay, Next: p.OpensAt.Day(s.Zone).Add(dayLong)}
			continue
		}
		if d.OK() {
			p.PerStaff[members[i].StaffID]++
			reachable = append(reachable, members[i].CustomerID)
		}
	}
	p.Tally = governance.TallyOf(decisions)
	about := governance.About{
		Class: governance.Marketing, Channel: governance.Moment, Topic: w.Topic, At: p.OpensAt, Audience: p.Reachable, Staff: by, Tags: w.Audience.Tags,
	}
	if p.Check, err = s.Governor.WithHouse(ctx, s.CorpID, p.Check, about, w.fields()); err != nil {
		return nil, err
	}
	if p.Approval, err = s.Governor.CauseOf(ctx, s.CorpID, by, p.Check, p.Reachable); err != nil {
		return nil, err
	}
	if p.Assessed, err = s.assessed(ctx, w.Audience); err != nil {
		return nil, err
	}
	p.Approval = p.Assessed.Cause(p.Approval)
	y, mon, _ := p.OpensAt.In(s.Zone).Date()
	p.Full, err = s.shown(ctx, reachable, clock.At(time.Date(y, mon, 1, 0, 0, 0, 0, s.Zone)))
	return p, err
}

// Submit puts a Moment on the calendar. expect is the number of reachable customers its author saw; when it would reach more
// by now, nothing happens and the answer is a Conflict with the new number.
func (s *Service) Submit(ctx context.Context, id int64, by string, scope []string, expect int) (*Moment, error) {
	m, err := getMoment(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, err
	}
	if m.State != Draft {
		return nil, errNotDraft
	}
	w, err := m.words()
	if err != nil {
		return nil, err
	}
	if err := s.checkTime(ctx, w.PublishAt); err != nil {
		return nil, err
	}
	if s.Admitted != nil {
		if err := s.Admitted(ctx, w.texts()...); err != nil {
			return nil, err
		}
	}
	p, err := s.Plan(ctx, id, by, w, scope)
	if err != nil {
		return nil, err
	}
	if f, blocked := p.Check.Blocking(); blocked {
		if err := s.Governor.Suspect(ctx, s.CorpID, by, campaignID(id), governance.Said{Title: m.Name, Fields: w.fields(), Check: p.Check, Freeze: true}); err != nil {
			return nil, err
		}
		return nil, s.Governor.Refuse(ctx, s.CorpID, by, campaignID(id), f, f.Refusal("moment.content", errs.T("内容不能发表", "This cannot be published")))
	}
	switch {
	case len(p.Members) == 0:
		return nil, errs.New(errs.Conflict, "moment.nobody", errs.T("没有客户符合这些条件。", "No customer matches."))
	case p.Reachable == 0:
		return nil, errs.New(errs.Conflict, "moment.all_held", errs.T("这一天没有一位客户能看到它，原因见右侧的计划。改到别的日子。",
			"Nobody could see it on that day; the plan says why. Choose another day."))
	case p.Reachable > expect:
		return nil, errs.New(errs.Conflict, "moment.reach_changed", errs.T(
			fmt.Sprintf("现在可触达 %d 位，比你看到的 %d 位多。请再看一遍再提交。", p.Reachable, expect),
			fmt.Sprintf("It would reach %s now, more than the %d you saw. Look again before you submit.", errs.Count(p.Reachable, "customer", "customers"), expect)))
	}
	w.Audience = within(w.Audience, scope)
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "moments/"+s.CorpID); err != nil { // the calendar
			return err
		}
		now, err := s.lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if now.State != Draft || now.UpdatedAt != m.UpdatedAt {
			return errs.New(errs.Conflict, "moment.changed", errs.T("有人刚改过它。请再看一遍再提交。", "Somebody changed it meanwhile. Look again before you submit."))
		}
		if err := s.alone(ctx, tx, m, w.Audience, p.OpensAt); err != nil {
			return err
		}
		if err := m.take(w); err != nil {
			return err
		}
		m.State, m.SubmittedBy, m.SubmittedAt, m.OpensAt, m.ClosesAt = Scheduled, by, s.World.Now(), p.OpensAt, p.ClosesAt
		m.Approval, m.Reach, m.ReviewedBy, m.ReviewedAt, m.ReviewNote, m.Assessments = p.Approval, p.Reachable, "", 0, "", p.Assessed.Text()
		if m.Approval != governance.NoCause {
			m.State = Review
		}
		err = save(ctx, tx, m, "audience", "state", "submitted_by", "submitted_at", "opens_at", "closes_at", "approval", "assessments", "reach", "reviewed_by", "reviewed_at", "review_note")
		if err != nil {
			return err
		}
		if err := s.Reviews.Saw(ctx, tx, s.reviewText(m, w, p)); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(id) })
		if m.State == Review {
			return nil
		}
		return s.schedule(ctx, tx, m)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// checkTime refuses a wish for the past or for quiet hours.
func (s *Service) checkTime(ctx context.Context, at clock.Time) error {
	now := s.World.Now()
	if at == 0 {
		return nil
	}
	if at < now.Add(-time.Minute) {
		return errs.Bad("publish_at", "moment.past", errs.T("发表时间已经过去。请选一个以后的时间。", "That time has passed. Choose a later one."))
	}
	opens, _, err := s.Governor.Window(ctx, s.CorpID, at)
	if err != nil {
		return err
	}
	if opens > at {
		next := opens.In(s.Zone).Format("01-02 15:04")
		return errs.Bad("publish_at", "moment.quiet", errs.Tf("那时是安静时段，不发表（FTG-05）。最早 %s。", "Those are quiet hours: nothing is published then (FTG-05). The earliest is %s.", next))
	}
	return nil
}

// alone refuses a second Moment for the same audience through the same members on one day: both would use one tag, and who is
// meant by the one would see the other.
func (s *Service) alone(ctx context.Context, tx *db.Tx, m *Moment, a Audience, opensAt clock.Time) error {
	day := opensAt.Day(s.Zone)
	var rows []*Moment
	err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND audience_key = ? AND id <> ?", s.CorpID, m.AudienceKey, m.ID).
		Where("opens_at >= ? AND opens_at < ? AND state IN (?)", day, day.Add(dayLong), bun.List([]State{Review, Scheduled, Preparing, Making, Open})).Scan(ctx)
	if err != nil {
		return fmt.Errorf("look for Moments of the day: %w", err)
	}
	for _, other := range rows {
		w, err := other.words()
		if err != nil {
			return err
		}
		b := w.Audience.Staff
		if len(a.Staff) == 0 || len(b) == 0 || slices.ContainsFunc(a.Staff, func(id string) bool { return slices.Contains(b, id) }) {
			return errs.New(errs.Conflict, "moment.same_day", errs.Tf("当天已有一条发给同一批客户的「%s」。改到另一天，或先取消那一条。",
				"“%s” goes to the same customers on that day. Choose another day, or cancel that one first.", other.Name))
		}
	}
	return nil
}

// Cancel takes a Moment off the calendar, or stops it for members who have not published it. What was published stays.
func (s *Service) Cancel(ctx context.Context, id int64) (*Moment, error) {
	var m *Moment
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.lock(ctx, tx, id); err != nil || m.State == Cancelled {
			return err
		}
		if !m.State.running() && m.State != Review {
			return errs.New(errs.Conflict, "moment.not_running", errs.T("它没有在进行，没有可以取消的。", "It is not running: there is nothing to cancel."))
		}
		if err := s.Reviews.Withdrawn(ctx, tx, s.CorpID, "moment", fmt.Sprint(id)); err != nil {
			return err
		}
		return s.takeBack(ctx, tx, m, outcome{state: TakenBack, rule: codeCancelled, reason: reasonCancelled})
	})
	return m, err
}

// takeBack ends a running Moment before everybody has published it.
func (s *Service) takeBack(ctx context.Context, tx *db.Tx, m *Moment, o outcome) error {
	was := m.State
	m.State = Cancelled
	if err := save(ctx, tx, m, "state"); err != nil {
		return err
	}
	tx.OnCommit(func() { s.changed(m.ID) })
	switch was {
	case Open:
		return s.Outreach.CancelMoment(ctx, tx, m.ID, m.PostID)
	case Making: // WeCom's answer comes first
		return nil
	default:
		return s.end(ctx, tx, m, o)
	}
}

func (s *Service) changed(id int64) { s.Live("moment", fmt.Sprint(id)) }
