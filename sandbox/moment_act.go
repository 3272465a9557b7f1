package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type publishQuery struct {
	Staff    string       `json:"staff"`
	Moment   string       `json:"moment"` // a corp moment waiting for the member; else the member's own
	Text     string       `json:"text"`
	Tags     []string     `json:"tags"` // of an own one: visible to customers with one of them
	Location *momentPlace `json:"location"`
}

// publishMoment is a member publishing: a corp moment that waits, or something
// of his own.
func publishMoment(s *Sandbox, q *publishQuery) (any, error) {
	if q.Moment != "" {
		if q.Text != "" || q.Location != nil || len(q.Tags) > 0 {
			return nil, errors.New("a corp moment is published as it is: leave out text, tags and location")
		}
		return s.publishCorpMoment(q.Staff, q.Moment)
	}
	w := s.world
	staff, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	if q.Text == "" {
		q.Text = "今天也在店里等您"
	}
	m := &moment{
		created: s.now().Unix(), listed: s.now(), dispatched: s.now(), byMember: staff,
		text: q.Text, place: q.Location, partly: len(q.Tags) > 0,
	}
	for _, id := range q.Tags {
		t := w.tagIndex[id]
		if t == nil {
			return nil, unknownID("tag", id)
		}
		m.tags = append(m.tags, t.number)
	}
	task := &momentTask{staff: staff}
	m.tasks = []*momentTask{task}
	w.addMoment(m)
	return s.viewPublished(m, task, s.publish(m, task)), nil
}

func (s *Sandbox) publishCorpMoment(staff, id string) (any, error) {
	m, t, err := s.openMoment(staff, id)
	if err != nil {
		return nil, err
	}
	return s.viewPublished(m, t, s.publish(m, t)), nil
}

func (s *Sandbox) viewPublished(m *moment, t *momentTask, seen int) map[string]any {
	return map[string]any{"moment": m.id, "staff": s.world.staff[t.staff].id, "viewers": len(t.viewers), "seen": seen}
}

// openMoment finds the task an act means: the oldest unpublished one that fits.
func (s *Sandbox) openMoment(userid, id string) (*moment, *momentTask, error) {
	w := s.world
	staff := int32(-1)
	if userid != "" {
		n, ok := w.staffByID(userid)
		if !ok {
			return nil, nil, unknownID("member", userid)
		}
		staff = n
	}
	if id != "" && w.moments.index[id] == nil {
		return nil, nil, unknownID("moment", id)
	}
	for _, m := range w.moments.all {
		if m.cancelled || (id != "" && m.id != id) || s.now().Before(m.dispatched) {
			continue
		}
		for _, t := range m.tasks {
			if t.publishedAt == 0 && !t.declined && !w.staff[t.staff].resigned && (staff < 0 || t.staff == staff) {
				return m, t, nil
			}
		}
	}
	return nil, nil, errors.New("no moment waits: none is dispatched and unpublished")
}

// Showings of a moment after which a customer sees no more of the kind.
const (
	corpMomentsAMonth = 4
	ownMomentsADay    = 3
)

// publish shows a moment to the member's customers in its range: friends who
// have not seen as many as WeCom shows one person.
func (s *Sandbox) publish(m *moment, t *momentTask) int {
	w, now := s.world, s.now()
	t.publishedAt = now.Unix()
	d := Delivery{Staff: w.staff[t.staff].id, Channel: "moment", Kind: "moment", Origin: "api", Task: m.id, Text: m.summary()}
	if m.personal() {
		d.Origin = "member"
	}
	seen := 0
	for _, n := range w.staff[t.staff].relations {
		r := &w.relations[n]
		if !r.alive() || (m.partly && !r.hasAny(m.tags)) {
			continue
		}
		v := momentViewer{customer: r.customer, seen: !r.left && !s.overMoments(m, n, r.customer, now)}
		t.viewers = append(t.viewers, v)
		if v.seen {
			d.Customer = w.customerID(r.customer)
			s.delivered(d)
			seen++
		}
	}
	s.journal(entry{Kind: "moment_published", Staff: d.Staff, ID: m.id, Detail: strconv.Itoa(seen)})
	s.planEchoes(m, t)
	return seen
}

// overMoments counts one more showing, or reports that there were enough: 4 of
// the corp in a month, 3 of one member in a day (switch moment.cap).
func (s *Sandbox) overMoments(m *moment, rel, cust int32, now time.Time) bool {
	if !s.on("moment.cap") {
		return false
	}
	day := today(now)
	since, most, got, key := day.AddDate(0, 0, 1-day.Day()).Unix(), corpMomentsAMonth, s.world.moments.shown, cust
	if m.personal() {
		since, most, got, key = day.Unix(), ownMomentsADay, s.world.moments.ownShown, rel
	}
	kept := slices.DeleteFunc(got[key], func(at int64) bool { return at < since })
	if len(kept) >= most {
		got[key] = kept
		return true
	}
	got[key] = append(kept, now.Unix())
	return false
}

// summary is the moment in one line for the oracle.
func (m *moment) summary() string {
	var out strings.Builder
	out.WriteString(m.text)
	for _, p := range m.parts {
		out.WriteString("[" + p.kind + "]")
		if p.kind == "link" {
			out.WriteString(p.title + " " + p.url)
		}
	}
	return out.String()
}

func (s *Sandbox) declineMoment(m *moment, t *momentTask) {
	t.declined = true
	s.journal(entry{Kind: "moment_declined", Staff: s.world.staff[t.staff].id, ID: m.id})
}

type deleteMomentQuery struct {
	Moment string `json:"moment"` // the newest published one when empty
}

// deleteMoment takes a Moment away from everybody: a member deletes what he
// published of his own, an administrator what the corp had published.
func deleteMoment(s *Sandbox, q *deleteMomentQuery) (any, error) {
	all := s.world.moments.all
	i := len(all) - 1
	for ; i >= 0; i-- {
		m := all[i]
		if m.id == q.Moment || q.Moment == "" && !m.deleted && slices.ContainsFunc(m.tasks, func(t *momentTask) bool { return t.publishedAt != 0 }) {
			break
		}
	}
	switch {
	case i < 0 && q.Moment != "":
		return nil, unknownID("moment", q.Moment)
	case i < 0:
		return nil, errors.New("nobody has published a moment")
	case all[i].deleted:
		return nil, fmt.Errorf("moment %s is deleted already", all[i].id)
	}
	m := all[i]
	m.deleted, m.cancelled = true, true
	s.journal(entry{Kind: "moment_deleted", ID: m.id})
	return map[string]any{"moment": m.id}, nil
}

type echoQuery struct {
	Moment   string `json:"moment"`
	Staff    string `json:"staff"`    // whose publication
	Customer string `json:"customer"` // who reacts; the author when "by_staff"
	ByStaff  bool   `json:"by_staff"`
	Text     string `json:"text"` // of a comment
}

func likeMoment(s *Sandbox, q *echoQuery) (any, error) {
	m, t, e, err := s.echo(q)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(t.likes, func(o momentEcho) bool { return o.staff == e.staff && o.who == e.who }) {
		return nil, fmt.Errorf("moment %s is liked by that person already", m.id)
	}
	return s.like(m, t, e), nil
}

func (s *Sandbox) like(m *moment, t *momentTask, e momentEcho) map[string]any {
	t.likes = append(t.likes, e)
	return s.echoed("moment_liked", m, t, e, "")
}

func commentMoment(s *Sandbox, q *echoQuery) (any, error) {
	m, t, e, err := s.echo(q)
	if err != nil {
		return nil, err
	}
	if q.Text == "" {
		q.Text = "好看"
	}
	return s.comment(m, t, e, q.Text), nil
}

func (s *Sandbox) comment(m *moment, t *momentTask, e momentEcho, text string) map[string]any {
	t.comments = append(t.comments, e)
	return s.echoed("moment_commented", m, t, e, text)
}

// echoed writes down a like or a comment; no callback tells of one.
func (s *Sandbox) echoed(kind string, m *moment, t *momentTask, e momentEcho, text string) map[string]any {
	staff := s.world.staff[t.staff].id
	out := map[string]any{"moment": m.id, "staff": staff}
	row := entry{Kind: kind, Staff: staff, ID: m.id, Detail: text}
	if !e.staff {
		row.Customer = s.world.customerID(e.who)
		out["customer"] = row.Customer
	}
	s.journal(row)
	return out
}

// echo finds the publication and the person an act means.
func (s *Sandbox) echo(q *echoQuery) (*moment, *momentTask, momentEcho, error) {
	w := s.world
	if q.Moment != "" && w.moments.index[q.Moment] == nil {
		return nil, nil, momentEcho{}, unknownID("moment", q.Moment)
	}
	for _, m := range slices.Backward(w.moments.all) {
		if m.deleted || q.Moment != "" && m.id != q.Moment {
			continue
		}
		for _, t := range m.tasks {
			if t.publishedAt == 0 || (q.Staff != "" && w.staff[t.staff].id != q.Staff) {
				continue
			}
			e := momentEcho{staff: q.ByStaff, who: t.staff, at: s.now().Unix()}
			if q.ByStaff {
				return m, t, e, nil
			}
			if n, ok := w.viewer(m, t, q.Customer); ok {
				e.who = n
				return m, t, e, nil
			}
		}
	}
	return nil, nil, momentEcho{}, errors.New("no published moment was seen by such a person")
}

// viewer is the customer of that id among those who saw it, or one by draw.
func (w *world) viewer(m *moment, t *momentTask, id string) (int32, bool) {
	viewers := w.viewersOf(m, t)
	if id == "" {
		from := w.draw(106)
		for i := range viewers {
			if v := viewers[(from+uint64(i))%uint64(len(viewers))]; v.seen {
				return v.customer, true
			}
		}
		return 0, false
	}
	n, ok := w.customerByID(id)
	return n, ok && slices.ContainsFunc(viewers, func(v momentViewer) bool { return v.seen && v.customer == n })
}
