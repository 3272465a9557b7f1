package sandbox

import (
	"slices"
	"time"
	"unicode/utf8"
)

// acquisitionDesk is the acquisition assistant (获客助手): links, what was paid
// for, and who came.
type acquisitionDesk struct {
	links []*acquisitionLink
	index map[string]*acquisitionLink
	lots  []quotaLot // by expiry
	used  int        // since ever
	chats map[pairKey]*acquisitionChat
	keys  map[string]chatKey
	seq   uint64 // of keys
}

func newAcquisitionDesk() *acquisitionDesk {
	return &acquisitionDesk{
		index: map[string]*acquisitionLink{}, chats: map[pairKey]*acquisitionChat{}, keys: map[string]chatKey{},
	}
}

// acquisitionLink leads to one of its members.
type acquisitionLink struct {
	id         string
	name       string
	created    int64
	users      []string
	parties    []int
	skipVerify bool
	markSource bool
	priority   *priorityOption
	by         caller
	deleted    bool
	opened     uint64
	came       []*acquisitionChat
}

// acquisitionChat is a customer who came through a link, and what he wrote.
type acquisitionChat struct {
	link            *acquisitionLink
	staff, customer int32
	state           string
	received        int
}

// chatKey stands for a customer in an event, for half an hour.
type chatKey struct {
	chat     *acquisitionChat
	received int
	until    time.Time
}

// quotaLot is quota bought at once; every added customer costs one.
type quotaLot struct {
	expires time.Time
	balance int
}

const (
	acquisitionPage     = 100
	acquisitionPeople   = 500  // a link leads to
	acquisitionPriority = 1000 // priority_userid_list
	acquisitionCustomer = 1000 // rows a page
	acquisitionName     = 30
	firstQuota          = 1000 // of a new world
	quotaLife           = 365 * 24 * time.Hour
)

func acquisitionFamily() family {
	const base = "/cgi-bin/externalcontact/customer_acquisition/"
	return family{
		routes: []route{
			post(base+"list_link", byApp, acquisitionList),
			post(base+"get", byApp, acquisitionGet),
			post(base+"create_link", byApp, acquisitionCreate),
			post(base+"update_link", byApp, acquisitionUpdate),
			post(base+"delete_link", byApp, acquisitionDelete),
			post(base+"customer", byApp, acquisitionCustomers),
			post(base+"statistic", byApp, acquisitionStatistic),
			post(base+"get_chat_info", byApp, acquisitionChatInfo),
			get("/cgi-bin/externalcontact/customer_acquisition_quota", byApp, acquisitionQuota),
		},
		acts: []act{
			doing("open_acquisition_link", openAcquisitionLink),
			doing("admin_buys_quota", buyQuota),
			doing("admin_deletes_link", adminDeletesLink),
		},
		build: func(s *Sandbox) {
			s.world.acquisition = newAcquisitionDesk()
			s.addQuota(firstQuota, today(s.now()).Add(quotaLife))
		},
	}
}

type linkRange struct {
	Users   []string `json:"user_list"`
	Parties []int    `json:"department_list"`
}

type priorityOption struct {
	Type  int      `json:"priority_type"`
	Users []string `json:"priority_userid_list,omitempty"`
}

type acquisitionQuery struct {
	LinkID     string          `json:"link_id"` // update only
	Name       string          `json:"link_name"`
	Range      *linkRange      `json:"range"`
	SkipVerify *bool           `json:"skip_verify"`
	MarkSource *bool           `json:"mark_source"`
	Priority   *priorityOption `json:"priority_option"`
}

type linkView struct {
	ID         string `json:"link_id,omitempty"`
	Name       string `json:"link_name"`
	URL        string `json:"url"`
	CreateTime int64  `json:"create_time"`
	SkipVerify *bool  `json:"skip_verify,omitempty"`
	MarkSource *bool  `json:"mark_source,omitempty"`
}

func (l *acquisitionLink) url() string { return "https://work.weixin.qq.com/ca/" + l.id }

type linkReply struct {
	reply
	Link linkView `json:"link"`
}

func acquisitionCreate(c *call, q *acquisitionQuery) (any, error) {
	d := c.w.acquisition
	switch {
	case q.LinkID != "":
		return nil, refuse(40058, "link_id is made by this call, not given")
	case c.s.switches["acquisition.category"] == "unset":
		return nil, refuse(41305, "switch acquisition.category: the corp has not set its business category")
	case len(d.index) >= c.s.count("acquisition.links"):
		return nil, refuse(41095, "the corp has %d links (switch acquisition.links)", len(d.index))
	case q.Name == "":
		return nil, refuse(40058, "link_name is empty")
	case q.Range == nil:
		return nil, refuse(40058, "range is missing")
	}
	l := &acquisitionLink{created: c.now.Unix(), skipVerify: true, markSource: true, by: c.caller}
	if err := c.fillLink(l, q); err != nil {
		return nil, err
	}
	d.links = append(d.links, l)
	l.id = "cawcde" + letters(12, c.w.seed, uint64(len(d.links)), hashString("acquisition link"))
	d.index[l.id] = l
	c.s.journal(entry{Kind: "acquisition_link_created", ID: l.id})
	return linkReply{reply: done(), Link: linkView{ID: l.id, Name: l.name, URL: l.url(), CreateTime: l.created}}, nil
}

// fillLink checks what a request holds and puts it into a link. Range and
// priority are replaced as a whole.
func (c *call) fillLink(l *acquisitionLink, q *acquisitionQuery) error {
	if n := utf8.RuneCountInString(q.Name); n > acquisitionName {
		return refuse(40058, "link_name has %d characters, at most %d are allowed", n, acquisitionName)
	}
	if q.Range != nil {
		n, err := c.linkPeople(q.Range)
		n = max(n, len(q.Range.Users), len(q.Range.Parties))
		switch {
		case err != nil:
			return err
		case n == 0 || n > acquisitionPeople:
			return refuse(40058, "range covers %d members: must be between 1 and %d", n, acquisitionPeople)
		}
	}
	if p := q.Priority; p != nil {
		switch {
		case !c.s.on("acquisition.priority"):
			return refuse(41200, "switch acquisition.priority is off: priority_option is for some business categories only")
		case p.Type != 1 && p.Type != 2:
			return refuse(40058, "priority_type %d: must be 1 or 2", p.Type)
		case (p.Type == 2 && len(p.Users) == 0) || len(p.Users) > acquisitionPriority:
			return refuse(40058, "priority_userid_list holds %d members: type 2 needs between 1 and %d", len(p.Users), acquisitionPriority)
		}
		for _, id := range p.Users {
			if _, ok := c.w.staffByID(id); !ok {
				return refuse(60011, "priority_userid_list names %q, who is no member in the visible range", id)
			}
		}
		l.priority = &priorityOption{Type: p.Type, Users: slices.Clone(p.Users)}
	}
	if q.Name != "" {
		l.name = q.Name
	}
	if q.Range != nil {
		l.users, l.parties = slices.Clone(q.Range.Users), slices.Clone(q.Range.Parties)
	}
	setIf(&l.skipVerify, q.SkipVerify)
	setIf(&l.markSource, q.MarkSource)
	return nil
}

// linkPeople counts the members a range covers.
func (c *call) linkPeople(r *linkRange) (int, error) {
	for _, id := range r.Users {
		if _, ok := c.w.staffByID(id); !ok {
			return 0, refuse(60011, "user_list names %q, who is no member in the visible range", id)
		}
	}
	for _, p := range r.Parties {
		if _, err := c.w.under(p); err != nil || p == 0 {
			return 0, refuse(60011, "department_list names %d, which does not exist", p)
		}
	}
	return len(c.w.linkMembers(r.Users, r.Parties)), nil
}

// linkMembers are the members behind a range now, departments expanded.
func (w *world) linkMembers(users []string, parties []int) []int32 {
	out, err := w.wayMembers(&contactWay{users: users, parties: parties})
	if err != nil {
		return nil // a department that was deleted since leads to nobody
	}
	return out
}

// linkParam finds a link of the app.
func (c *call) linkParam(id string) (*acquisitionLink, error) {
	l := c.w.acquisition.index[id]
	if l == nil || l.by != c.caller {
		return nil, refuse(40058, "no acquisition link %q of this app", id)
	}
	return l, nil
}

func acquisitionUpdate(c *call, q *acquisitionQuery) (any, error) {
	l, err := c.linkParam(q.LinkID)
	if err != nil {
		return nil, err
	}
	next := *l
	if err := c.fillLink(&next, q); err != nil {
		return nil, err
	}
	*l = next
	return nil, nil
}

type linkIDQuery struct {
	LinkID string `json:"link_id"`
}

// acquisitionDelete causes no event: only deletion in the console does.
func acquisitionDelete(c *call, q *linkIDQuery) (any, error) {
	l, err := c.linkParam(q.LinkID)
	if err != nil {
		return nil, err
	}
	c.w.acquisition.drop(l)
	return nil, nil
}

func (d *acquisitionDesk) drop(l *acquisitionLink) {
	l.deleted = true
	delete(d.index, l.id)
}
