package sandbox

import (
	"slices"
)

type linkListQuery struct {
	Limit  int    `json:"limit"`
	Cursor string `json:"cursor"`
}

type linkListReply struct {
	reply
	LinkIDList []string `json:"link_id_list"`
	NextCursor string   `json:"next_cursor"`
}

func acquisitionList(c *call, q *linkListQuery) (any, error) {
	const filter = 151
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, acquisitionPage, acquisitionPage)
	out := linkListReply{reply: done(), LinkIDList: []string{}}
	for links := c.w.acquisition.links; at < len(links); at++ {
		if links[at].deleted || links[at].by != c.caller {
			continue
		}
		if len(out.LinkIDList) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.LinkIDList = append(out.LinkIDList, links[at].id)
	}
	return out, nil
}

type linkGetReply struct {
	reply
	Link     linkView        `json:"link"`
	Range    linkRange       `json:"range"`
	Priority *priorityOption `json:"priority_option,omitempty"`
}

func acquisitionGet(c *call, q *linkIDQuery) (any, error) {
	l, err := c.linkParam(q.LinkID)
	if err != nil {
		return nil, err
	}
	skip, mark := l.skipVerify, l.markSource
	out := linkGetReply{
		reply: done(), Link: linkView{Name: l.name, URL: l.url(), CreateTime: l.created, SkipVerify: &skip, MarkSource: &mark},
		Range: linkRange{Users: copied(l.users), Parties: copied(l.parties)},
	}
	if p := l.priority; p != nil {
		out.Priority = &priorityOption{Type: p.Type, Users: slices.Clone(p.Users)}
	}
	return out, nil
}

type linkCustomerQuery struct {
	LinkID string `json:"link_id"`
	Limit  int    `json:"limit"`
	Cursor string `json:"cursor"`
}

type linkCustomerView struct {
	ExternalUserID string `json:"external_userid"`
	UserID         string `json:"userid"`
	ChatStatus     int    `json:"chat_status"` // 0 has not written, 1 has
	State          string `json:"state"`
}

type linkCustomerReply struct {
	reply
	List       []linkCustomerView `json:"customer_list"`
	NextCursor string             `json:"next_cursor"`
}

func acquisitionCustomers(c *call, q *linkCustomerQuery) (any, error) {
	l, err := c.linkParam(q.LinkID)
	if err != nil {
		return nil, err
	}
	filter := hash(hashString(l.id), 152)
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, acquisitionCustomer, acquisitionCustomer)
	out := linkCustomerReply{reply: done(), List: []linkCustomerView{}}
	for ; at < len(l.came); at++ {
		if len(out.List) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		chat := l.came[at]
		v := linkCustomerView{ExternalUserID: c.w.customerID(chat.customer), UserID: c.w.staff[chat.staff].id, State: chat.state}
		if chat.received > 0 {
			v.ChatStatus = 1
		}
		out.List = append(out.List, v)
	}
	return out, nil
}

type linkStatisticQuery struct {
	LinkID    string `json:"link_id"`
	StartTime int64  `json:"start_time"`
	EndTime   int64  `json:"end_time"`
}

type linkStatisticReply struct {
	reply
	Clicked int `json:"click_link_customer_cnt"`
	Added   int `json:"new_customer_cnt"`
}

// acquisitionStatistic counts people in the journal, each once.
func acquisitionStatistic(c *call, q *linkStatisticQuery) (any, error) {
	l, err := c.linkParam(q.LinkID)
	if err != nil {
		return nil, err
	}
	from, to, err := c.statisticSpan(q.StartTime, q.EndTime)
	if err != nil {
		return nil, err
	}
	clicked, added := map[string]bool{}, map[string]bool{}
	for _, e := range c.w.entriesOf(from, to) {
		if e.ID != l.id {
			continue
		}
		switch e.Kind {
		case "acquisition_click":
			clicked[e.Customer] = true
		case "acquisition_added":
			added[e.Customer] = true
		}
	}
	return linkStatisticReply{reply: done(), Clicked: len(clicked), Added: len(added)}, nil
}

type quotaView struct {
	Expires int64 `json:"expire_date"`
	Balance int   `json:"balance"`
}

type quotaReply struct {
	reply
	Total   int         `json:"total"`
	Balance int         `json:"balance"`
	List    []quotaView `json:"quota_list"`
}

func acquisitionQuota(c *call, _ *none) (any, error) {
	d := c.w.acquisition
	out := quotaReply{reply: done(), Total: d.used, Balance: d.balance(), List: []quotaView{}}
	for _, lot := range d.lots {
		if lot.balance > 0 {
			out.List = append(out.List, quotaView{Expires: lot.expires.Unix(), Balance: lot.balance})
		}
	}
	return out, nil
}

type chatInfoQuery struct {
	ChatKey string `json:"chat_key"`
}

type chatInfo struct {
	Received int    `json:"recv_msg_cnt"`
	LinkID   string `json:"link_id"`
	State    string `json:"state"`
}

type chatInfoReply struct {
	reply
	UserID         string   `json:"userid"`
	ExternalUserID string   `json:"external_userid"`
	ChatInfo       chatInfo `json:"chat_info"`
}

func acquisitionChatInfo(c *call, q *chatInfoQuery) (any, error) {
	k, ok := c.w.acquisition.keys[q.ChatKey]
	if !ok || !c.now.Before(k.until) || k.chat.link.by != c.caller {
		return nil, refuse(41201, "no chat_key %q of the last half hour", q.ChatKey)
	}
	return chatInfoReply{
		reply: done(), UserID: c.w.staff[k.chat.staff].id, ExternalUserID: c.w.customerID(k.chat.customer),
		ChatInfo: chatInfo{Received: k.received, LinkID: k.chat.link.id, State: k.chat.state},
	}, nil
}
