package broadcast

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/notice"
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
	Audience func(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, error)
	// Muster answers the same in no order, quick for millions, and how many persons have a live relation at all.
	Muster func(ctx context.Context, q customer.AudienceQuery) (chosen []customer.Member, all int, err error)
	// InDepartments answers the members of departments and of all below them, and which of the departments there are not.
	InDepartments func(ctx context.Context, departments ...int64) (members []string, unknown []int64, err error)
	// Groups answers the live groups of an audience, People how many customers are in some groups.
	Groups func(ctx context.Context, q groupchat.RoomQuery) ([]groupchat.Room, error)
	People func(ctx context.Context, chatIDs []string) (int, error)
	// Materials fills in what the library knows of attachments, and refuses those it does not have.
	Materials func(ctx context.Context, as []outreach.Attachment) error
	Live      func(kind, id string) // tells the consoles that are open; may be nil
	Reviews   governance.Reviews    // the queue of texts that a person looks at; nil = none
	Notices   *notice.Service       // how members are told something
	// Admitted says why the corp may not submit marketing with these texts; nil asks nobody.
	Admitted func(ctx context.Context, texts ...string) error
	// Consented refuses tags that tell sensitive data without a consent on record (LAW-07); field names where they stand. nil refuses none.
	Consented func(ctx context.Context, q bun.IDB, field string, tagIDs ...string) error
	// Assessed answers which impact assessments an audience chosen by these tags, or by behaviour, needs and has (LAW-17); nil = none.
	Assessed func(ctx context.Context, q bun.IDB, tags []string, behaviour bool) (governance.Assessed, error)
	// Step is how many receivers one transaction puts into tasks or takes back; 0 = 500. A message with no more is done at once.
	Step int
}

// Service is the use cases of mass messages.
type Service struct {
	Config

	harm  atomic.Pointer[harm] // what sending cost lately, where counting it takes long
	step  atomic.Int64         // how many receivers the next transaction reserves
	ahead ahead                // the parts that are decided before their transaction
}

// New makes the service. internal/app lets it hear of outreach.OnMass, outreach.Wanted, governance.OnOptOut and customer.OnLost.
func New(c Config) *Service {
	if c.Live == nil {
		c.Live = func(string, string) {}
	}
	if c.Reviews == nil {
		c.Reviews = governance.NoReviews{}
	}
	if c.Consented == nil {
		c.Consented = func(context.Context, bun.IDB, string, ...string) error { return nil }
	}
	if c.Assessed == nil {
		c.Assessed = func(context.Context, bun.IDB, []string, bool) (governance.Assessed, error) {
			return governance.Assessed{}, nil
		}
	}
	if c.Materials == nil {
		c.Materials = func(context.Context, []outreach.Attachment) error { return nil }
	}
	c.Step = cmp.Or(c.Step, mostTaken)
	s := &Service{Config: c}
	s.step.Store(firstStep)
	return s
}

// Words are what a draft says and to whom.
type Words struct {
	Kind        Kind // empty = to customers
	Name        string
	Text        string
	Attachments []outreach.Attachment
	Audience    Audience
	Topic       string
	Benefit     string     // what the customer has of it; needed to submit (OWN-01)
	SendAt      clock.Time // not before; 0 = as soon as sending hours allow
	Winback     bool       // the one last question to customers who have been silent (FTG-13)

	closing string // the line that the text ends with; see closed
}

func (w Words) fields() []governance.Field {
	out := []governance.Field{{Name: "text", Text: w.Text}}
	for i, a := range w.Attachments {
		for _, t := range a.Texts() {
			out = append(out, governance.Field{Name: fmt.Sprintf("attachments/%d", i), Text: t})
		}
	}
	if w.closing != "" {
		out = append(out, governance.Field{Name: "closing", Text: w.closing})
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
		Kind: b.Kind, Name: b.Name, Text: b.Text, Attachments: as, Audience: audience, Topic: b.Topic, Benefit: b.Benefit, SendAt: b.SendAt, Winback: b.Winback,
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
		CorpID: s.CorpID, ID: s.DB.NewID(), Kind: cmp.Or(w.Kind, ToCustomers), Name: w.Name, Text: w.Text, Attachments: attachments, Audience: audience, Topic: w.Topic,
		Benefit: w.Benefit, SendAt: w.SendAt, Winback: w.Winback, Cost: 1, State: Draft, CreatedBy: by, CreatedAt: now, UpdatedAt: now,
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
		b.Kind, b.Benefit, b.SendAt, b.Winback = cmp.Or(w.Kind, ToCustomers), w.Benefit, w.SendAt, w.Winback
		return save(ctx, tx, b, "winback", "kind", "name", "text", "attachments", "audience", "topic", "benefit", "send_at", "updated_at")
	})
	return b, err
}

// check says what is wrong with a draft, and fills in what the library knows of its files.
func (s *Service) check(ctx context.Context, w Words) error {
	if err := checkWords(s.closed(w)); err != nil {
		return err
	}
	if err := w.Audience.check(w.Kind); err != nil {
		return err
	}
	if err := s.consented(ctx, s.DB.Read(), w.Audience); err != nil {
		return err
	}
	if w.Winback && w.Kind == ToGroups {
		return errs.Bad("winback", "broadcast.winback", errs.T("「最后一问」只发给客户本人，不发到群里（FTG-13）。", "The last question goes to customers, not to groups (FTG-13)."))
	}
	if err := s.Materials(ctx, w.Attachments); err != nil {
		return err
	}
	return s.checkTime(ctx, w.SendAt)
}

// consented refuses an audience of tags that tell sensitive data without a consent on record.
func (s *Service) consented(ctx context.Context, q bun.IDB, a Audience) error {
	if err := s.Consented(ctx, q, "audience.tags", a.Tags...); err != nil {
		return err
	}
	return s.Consented(ctx, q, "audience.exclude_tags", a.ExcludeTags...)
}

// assessed answers which impact assessments a message needs. In groups nobody is chosen by what is known of them.
func (s *Service) assessed(ctx context.Context, q bun.IDB, w Words) (governance.Assessed, error) {
	if w.Kind == ToGroups {
		return governance.Assessed{}, nil
	}
	return s.Assessed(ctx, q, slices.Concat(w.Audience.Tags, w.Audience.ExcludeTags), w.Winback)
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
		return s.next(ctx, tx, forgetKind, id, 0, 0)
	})
}

// request is what a mass message asks for each of its receivers.
func (s *Service) request(id int64, by string, w Words, cost int) governance.Request {
	return governance.Request{
		CorpID: s.CorpID, Channel: w.channel(), Class: governance.Marketing, Topic: w.Topic, CampaignID: campaignID(id),
		CampaignName: w.Name, Texts: w.texts(), By: by, Reason: cmp.Or(w.Benefit, w.Name, "mass message"), Cost: cost, NotBefore: w.SendAt, Winback: w.Winback,
		Traits: w.Audience.byTraits() || w.Winback, // the last question goes to those whose silence was seen
	}
}

func (s *Service) changed(id int64) { s.Live("broadcast", fmt.Sprint(id)) }
