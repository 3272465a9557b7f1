package sandbox

import "slices"

// place is one department of a member.
type place struct {
	department int
	order      uint32
	leader     bool
}

// memberCard is what the contacts secret wrote about a member, besides name,
// position and departments. Members of a new world have none.
type memberCard struct {
	alias, mobile, telephone, email, bizMail, address string
	bizMailAlias                                      []string
	nickname                                          string // of the Channels account, in the old place
	avatar                                            string // media id
	directLeader                                      []string
	attrs                                             []attribute
	outward                                           *outwardProfile
	outwardPosition                                   string
}

// attribute is one custom attribute of a member.
type attribute struct {
	Type        *int             `json:"type"` // 0 text, 1 web page, 2 mini program
	Name        string           `json:"name"`
	Text        *attributeText   `json:"text,omitempty"`
	Web         *attributeWeb    `json:"web,omitempty"`
	MiniProgram *attributeMiniPr `json:"miniprogram,omitempty"`
}

type attributeText struct {
	Value string `json:"value"`
}

type attributeWeb struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

type attributeMiniPr struct {
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath"`
	Title    string `json:"title"`
}

// outwardProfile is what customers see of a member.
type outwardProfile struct {
	CorpName string       `json:"external_corp_name,omitempty"`
	Channels *channelsRef `json:"wechat_channels,omitempty"`
	Attrs    []attribute  `json:"external_attr,omitempty"`
}

type channelsRef struct {
	Nickname string `json:"nickname"`
	Status   int    `json:"status"`
}

// The states of a member, as user/get shows them.
const (
	memberActive   = 1
	memberDisabled = 2
	memberNew      = 4 // has not logged in yet
)

func (m *member) status() int {
	switch {
	case m.disabled:
		return memberDisabled
	case m.fresh:
		return memberNew
	}
	return memberActive
}

// active is true for members who use the client.
func (m *member) active() bool { return !m.resigned && m.status() == memberActive }

// placesOf lists the departments of a member in the order they were given.
func (m *member) placesOf() []place {
	if len(m.places) == 0 {
		return []place{{department: m.department, leader: m.leader}}
	}
	return m.places
}

func (m *member) departments() []int {
	var out []int
	for _, p := range m.placesOf() {
		out = append(out, p.department)
	}
	return out
}

// leads says of each department whether the member leads it, as 1 or 0.
func (m *member) leads() []int {
	var out []int
	for _, p := range m.placesOf() {
		n := 0
		if p.leader {
			n = 1
		}
		out = append(out, n)
	}
	return out
}

// in is true when the member is directly in a department.
func (m *member) in(department int) bool {
	return m.department == department && len(m.places) == 0 ||
		slices.ContainsFunc(m.places, func(p place) bool { return p.department == department })
}

// leadsOf is true when the member leads a department.
func (m *member) leadsOf(department int) bool {
	return m.leader && m.department == department ||
		slices.ContainsFunc(m.places, func(p place) bool { return p.department == department && p.leader })
}

// setPlaces puts the member into departments; the first is the main one unless
// main says otherwise.
func (m *member) setPlaces(places []place, main int) {
	m.places = places
	m.department, m.leader = places[0].department, places[0].leader
	for _, p := range places {
		if p.department == main {
			m.department, m.leader = main, p.leader
		}
	}
}

// cardOrNone is the member's card to read; noCard is never written.
func (m *member) cardOrNone() *memberCard {
	if m.card == nil {
		return &memberCard{}
	}
	return m.card
}

// cardToWrite is the member's card, made when there was none.
func (m *member) cardToWrite() *memberCard {
	if m.card == nil {
		m.card = &memberCard{}
	}
	return m.card
}
