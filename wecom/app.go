package wecom

import (
	"context"
	"net/url"
	"strconv"
	"strings"
)

// AppText is a text message to staff, 2048 bytes.
type AppText struct {
	Content string `json:"content"`
}

// AppCard is a card that opens a page.
type AppCard struct {
	Title       string `json:"title"`       // 128 characters
	Description string `json:"description"` // 512 characters
	URL         string `json:"url"`
	Button      string `json:"btntxt,omitempty"` // 4 characters
}

// AppMarkdown is formatted text; phones with WeChat do not show it.
type AppMarkdown struct {
	Content string `json:"content"` // 2048 bytes
}

// AppMessage goes from the app to members, never to customers. Exactly one of
// Text, Card and Markdown is set.
type AppMessage struct {
	Staff       []StaffID // 1000; or Departments, or both
	Departments []int     // 100
	Text        *AppText
	Card        *AppCard
	Markdown    *AppMarkdown

	// SameFor drops an identical message within so many seconds, at most 14400.
	SameFor int
}

// AppSent is WeCom's answer: some receivers may be invalid although the message
// was sent.
type AppSent struct {
	MsgID              string
	InvalidStaff       []StaffID // in lower case
	InvalidDepartments []string
	Unlicensed         []StaffID
}

// SendAppMessage tells members something, 30 a minute and 1000 an hour to one
// of them; WeCom drops more without a word.
// https://developer.work.weixin.qq.com/document/path/90236
func (c *Client) SendAppMessage(ctx context.Context, m AppMessage) (AppSent, error) {
	in := struct {
		ToUser   string       `json:"touser,omitempty"`
		ToParty  string       `json:"toparty,omitempty"`
		MsgType  string       `json:"msgtype"`
		AgentID  int          `json:"agentid"`
		Text     *AppText     `json:"text,omitempty"`
		Card     *AppCard     `json:"textcard,omitempty"`
		Markdown *AppMarkdown `json:"markdown,omitempty"`
		Check    int          `json:"enable_duplicate_check,omitempty"`
		Interval int          `json:"duplicate_check_interval,omitempty"`
	}{AgentID: c.agent, Text: m.Text, Card: m.Card, Markdown: m.Markdown}
	switch {
	case m.Card != nil:
		in.MsgType = "textcard"
	case m.Markdown != nil:
		in.MsgType = "markdown"
	default:
		in.MsgType = "text"
	}
	if m.SameFor > 0 {
		in.Check, in.Interval = 1, m.SameFor
	}
	in.ToUser = bars(m.Staff, func(s StaffID) string { return string(s) })
	in.ToParty = bars(m.Departments, strconv.Itoa)
	var r struct {
		head
		MsgID        string `json:"msgid"`
		InvalidUser  string `json:"invaliduser"`
		InvalidParty string `json:"invalidparty"`
		Unlicensed   string `json:"unlicenseduser"`
	}
	err := c.write(ctx, AreaApp, familyApp, "message/send", in, &r)
	return AppSent{
		MsgID: r.MsgID, InvalidStaff: split[StaffID](r.InvalidUser),
		InvalidDepartments: split[string](r.InvalidParty), Unlicensed: split[StaffID](r.Unlicensed),
	}, err
}

// bars joins ids as message/send wants them.
func bars[T any](ids []T, text func(T) string) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = text(id)
	}
	return strings.Join(list, "|")
}

func split[T ~string](s string) []T {
	var list []T
	for part := range strings.SplitSeq(s, "|") {
		if part != "" {
			list = append(list, T(part))
		}
	}
	return list
}

// Agent is the corp's app.
type Agent struct {
	ID             int    `json:"agentid"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	Closed         Flag   `json:"close"`
	RedirectDomain string `json:"redirect_domain"`
	HomeURL        string `json:"home_url"`
	Visible        struct {
		Staff []struct {
			ID StaffID `json:"userid"`
		} `json:"user"`
	} `json:"allow_userinfos"`
	VisibleDepartments struct {
		IDs []int `json:"partyid"`
	} `json:"allow_partys"`
}

// Agent reads the app of Config.AgentID.
// https://developer.work.weixin.qq.com/document/path/90227
func (c *Client) Agent(ctx context.Context) (Agent, error) {
	var r struct {
		head
		Agent
	}
	err := c.get(ctx, AreaApp, familyApp, "agent/get", url.Values{"agentid": {strconv.Itoa(c.agent)}}, &r)
	return r.Agent, err
}

type ipList struct {
	head
	IPs []string `json:"ip_list"`
}

// CallbackIPs lists the addresses and ranges callbacks come from; they change
// about once a day.
// https://developer.work.weixin.qq.com/document/path/92521
func (c *Client) CallbackIPs(ctx context.Context) ([]string, error) {
	var r ipList
	err := c.get(ctx, AreaApp, familyApp, "getcallbackip", nil, &r)
	return r.IPs, err
}

// APIDomainIPs lists the addresses and ranges of the API's hosts.
// https://developer.work.weixin.qq.com/document/path/92520
func (c *Client) APIDomainIPs(ctx context.Context) ([]string, error) {
	var r ipList
	err := c.get(ctx, AreaApp, familyApp, "get_api_domain_ip", nil, &r)
	return r.IPs, err
}
