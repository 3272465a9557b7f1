package sandbox

import (
	"slices"
	"strconv"
)

func agentFamily() family {
	return family{routes: []route{
		get("/cgi-bin/agent/get", byApp, agentGet),
		get("/cgi-bin/agent/list", byApp, agentList),
	}}
}

// agentParam is the agentid of a query.
type agentParam struct {
	AgentID string `json:"agentid"`
}

func (q *agentParam) check(c *call) error {
	if q.AgentID == "" {
		return agentID{}.check(c)
	}
	n, err := strconv.Atoi(q.AgentID)
	if err != nil {
		n = -1
	}
	return agentID{given: true, n: n}.check(c)
}

type agentBrief struct {
	AgentID int    `json:"agentid"`
	Name    string `json:"name"`
	Logo    string `json:"square_logo_url"`
}

type agentReply struct {
	reply
	agentBrief
	Description    string       `json:"description"`
	AllowUsers     allowUsers   `json:"allow_userinfos"`
	AllowParties   allowParties `json:"allow_partys"`
	AllowTags      allowTags    `json:"allow_tags"`
	Close          int          `json:"close"`
	RedirectDomain string       `json:"redirect_domain"`
	ReportLocation int          `json:"report_location_flag"`
	ReportEnter    int          `json:"isreportenter"`
	HomeURL        string       `json:"home_url"`
}

type allowUsers struct {
	User []allowUser `json:"user"`
}

type allowUser struct {
	UserID string `json:"userid"`
}

type allowParties struct {
	PartyID []int `json:"partyid"`
}

type allowTags struct {
	TagID []int `json:"tagid"`
}

// viewAgent is the one app of the corp.
func (c *call) viewAgent() agentBrief {
	set := &c.w.app.settings
	out := agentBrief{AgentID: c.s.agentID, Name: set.name, Logo: c.base + "/wwpic/" + set.logo}
	if set.name == "" {
		out.Name = c.w.spec.Corp + "助手"
	}
	if set.logo == "" {
		out.Logo = c.base + "/avatar/0.svg"
	}
	return out
}

func agentGet(c *call, q *agentParam) (any, error) {
	if err := q.check(c); err != nil {
		return nil, err
	}
	set := &c.w.app.settings
	out := agentReply{
		reply: done(), agentBrief: c.viewAgent(), Description: set.description, RedirectDomain: set.domain, HomeURL: set.home,
		AllowUsers: allowUsers{User: []allowUser{}}, AllowParties: allowParties{PartyID: append([]int{}, c.w.app.visible.parties...)},
		AllowTags: allowTags{TagID: append([]int{}, c.w.app.visible.tags...)},
	}
	if set.description == "" {
		out.Description = "客户运营"
	}
	if set.location {
		out.ReportLocation = 1
	}
	if !set.quietEnter {
		out.ReportEnter = 1
	}
	for i := range c.w.staff {
		m := &c.w.staff[i]
		if !m.resigned && (c.w.app.visible.whole() || slices.Contains(c.w.app.visible.staff, m.id)) {
			out.AllowUsers.User = append(out.AllowUsers.User, allowUser{UserID: m.id})
		}
	}
	return out, nil
}

type agentListReply struct {
	reply
	AgentList []agentBrief `json:"agentlist"`
}

func agentList(c *call, _ *none) (any, error) {
	return agentListReply{reply: done(), AgentList: []agentBrief{c.viewAgent()}}, nil
}
