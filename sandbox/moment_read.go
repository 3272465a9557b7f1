package sandbox

import "time"

const momentWindow = 30 * 24 * time.Hour

type momentListQuery struct {
	StartTime  int64  `json:"start_time"`
	EndTime    int64  `json:"end_time"`
	Creator    string `json:"creator"`
	FilterType *int   `json:"filter_type"`
	Cursor     string `json:"cursor"`
	Limit      int    `json:"limit"`
}

type momentView struct {
	MomentID    string       `json:"moment_id"`
	Creator     string       `json:"creator,omitempty"`
	CreateTime  int64        `json:"create_time"`
	CreateType  int          `json:"create_type"`
	VisibleType int          `json:"visible_type"`
	Text        *textView    `json:"text,omitempty"`
	Image       []mediaRef   `json:"image,omitempty"`
	Video       *momentVideo `json:"video,omitempty"`
	Link        *momentLink  `json:"link,omitempty"`
	Location    *momentPlace `json:"location,omitempty"`
}

type momentVideo struct {
	MediaID string `json:"media_id"`
	Thumb   string `json:"thumb_media_id"`
}

type momentLink struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

type momentListReply struct {
	reply
	NextCursor string       `json:"next_cursor"`
	List       []momentView `json:"moment_list"`
}

func momentList(c *call, q *momentListQuery) (any, error) {
	switch {
	case !c.s.on("moment.open"):
		return nil, refuse(41211, "switch moment.open is off: the corp has not opened Moments")
	case q.StartTime <= 0 || q.EndTime <= 0 || q.EndTime < q.StartTime:
		return nil, refuse(40058, "start_time and end_time are required, in this order")
	case q.EndTime-q.StartTime > int64(momentWindow/time.Second):
		return nil, refuse(40058, "end_time is more than 30 days after start_time")
	case q.FilterType != nil && (*q.FilterType < 0 || *q.FilterType > 2):
		return nil, refuse(40058, "filter_type %d: must be between 0 and 2", *q.FilterType)
	}
	kind := 2
	if q.FilterType != nil {
		kind = *q.FilterType
	}
	filter := hash(uint64(q.StartTime), uint64(q.EndTime), hashString(q.Creator), uint64(kind))
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, 20, 20)
	out := momentListReply{reply: done(), List: []momentView{}}
	for all := c.w.moments.all; at < len(all); at++ {
		m := all[at]
		v := c.w.viewMoment(m)
		// The window is open at both ends.
		if m.created <= q.StartTime || m.created >= q.EndTime || c.now.Before(m.listed) || m.deleted ||
			(q.Creator != "" && q.Creator != v.Creator) || (kind != 2 && kind != v.CreateType) {
			continue
		}
		if len(out.List) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.List = append(out.List, v)
	}
	return out, nil
}

func (w *world) viewMoment(m *moment) momentView {
	v := momentView{MomentID: m.id, CreateTime: m.created, VisibleType: 1}
	if m.personal() {
		v.Creator, v.CreateType = w.staff[m.byMember].id, 1
	}
	if m.partly {
		v.VisibleType = 0
	}
	if m.text != "" {
		v.Text = &textView{m.text}
	}
	if m.place != nil {
		place := *m.place
		v.Location = &place
	}
	for _, p := range m.parts {
		switch p.kind {
		case "image":
			v.Image = append(v.Image, mediaRef{p.media})
		case "video":
			v.Video = &momentVideo{p.media, p.thumb}
		case "link":
			v.Link = &momentLink{p.title, p.url}
		}
	}
	return v
}

type momentTaskQuery struct {
	MomentID string `json:"moment_id"`
	Cursor   string `json:"cursor"`
	Limit    int    `json:"limit"`
}

type momentTaskView struct {
	UserID string `json:"userid"`
	Status int    `json:"publish_status"`
}

type momentTaskReply struct {
	reply
	NextCursor string           `json:"next_cursor"`
	TaskList   []momentTaskView `json:"task_list"`
}

func momentTasks(c *call, q *momentTaskQuery) (any, error) {
	m, err := c.corpMomentParam(q.MomentID)
	if err != nil {
		return nil, err
	}
	if c.now.Before(m.dispatched) {
		return nil, refuse(41079, "the moment is dispatched until %s of the world", stamp(m.dispatched))
	}
	filter := hash(m.number, 121)
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, 1000, 500)
	out := momentTaskReply{reply: done(), TaskList: []momentTaskView{}}
	for ; at < len(m.tasks); at++ {
		if len(out.TaskList) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		v := momentTaskView{UserID: c.w.staff[m.tasks[at].staff].id}
		if m.tasks[at].publishedAt != 0 {
			v.Status = 1
		}
		out.TaskList = append(out.TaskList, v)
	}
	return out, nil
}

type momentPageQuery struct {
	MomentID string `json:"moment_id"`
	UserID   string `json:"userid"`
	Cursor   string `json:"cursor"`
	Limit    int    `json:"limit"`
}

// publishedParam finds what the member a call names has published.
func (c *call) publishedParam(momentID, userid string) (*moment, *momentTask, error) {
	m, err := c.momentParam(momentID)
	if err != nil {
		return nil, nil, err
	}
	if userid == "" {
		return nil, nil, refuse(41009, "userid is missing")
	}
	staff, ok := c.w.anyStaff(userid)
	if !ok {
		return nil, nil, refuse(40003, "no member %q", userid)
	}
	t := m.task(staff)
	switch {
	case t == nil:
		return nil, nil, refuse(41061, "the moment is not one of %s", userid)
	case t.publishedAt == 0:
		return nil, nil, refuse(41062, "%s has not published the moment yet", userid)
	}
	return m, t, nil
}

// viewersOf are the customers in the range of a published task. Of history
// nobody wrote them down: they are the customers of the time.
func (w *world) viewersOf(m *moment, t *momentTask) []momentViewer {
	if !m.history {
		return t.viewers
	}
	var out []momentViewer
	for _, n := range w.staff[t.staff].relations {
		if r := &w.relations[n]; r.addedAt < m.created {
			out = append(out, momentViewer{customer: r.customer, seen: true})
		}
	}
	return out
}

type momentCustomerView struct {
	UserID         string `json:"userid,omitempty"`
	ExternalUserID string `json:"external_userid"`
}

type momentCustomerReply struct {
	reply
	NextCursor   string               `json:"next_cursor"`
	CustomerList []momentCustomerView `json:"customer_list"`
}

// momentCustomers is the range chosen at publishing.
func momentCustomers(c *call, q *momentPageQuery) (any, error) {
	return c.pageViewers(q, false, pageSize(q.Limit, 1000, 500))
}

// momentSendResult is who can see it since.
func momentSendResult(c *call, q *momentPageQuery) (any, error) {
	return c.pageViewers(q, true, pageSize(q.Limit, 5000, 3000))
}

func (c *call) pageViewers(q *momentPageQuery, seenOnly bool, limit int) (any, error) {
	m, t, err := c.publishedParam(q.MomentID, q.UserID)
	if err != nil {
		return nil, err
	}
	userid := c.w.staff[t.staff].id
	filter := hash(m.number, uint64(t.staff), 122)
	if seenOnly {
		filter, userid = hash(filter, 123), ""
	}
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	out := momentCustomerReply{reply: done(), CustomerList: []momentCustomerView{}}
	for viewers := c.w.viewersOf(m, t); at < len(viewers); at++ {
		if seenOnly && !viewers[at].seen {
			continue
		}
		if len(out.CustomerList) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.CustomerList = append(out.CustomerList, momentCustomerView{
			UserID: userid, ExternalUserID: c.w.customerID(viewers[at].customer),
		})
	}
	return out, nil
}

type momentCommentsQuery struct {
	MomentID string `json:"moment_id"`
	UserID   string `json:"userid"`
}

type momentEchoView struct {
	ExternalUserID string `json:"external_userid,omitempty"`
	UserID         string `json:"userid,omitempty"`
	CreateTime     int64  `json:"create_time"`
}

type momentCommentsReply struct {
	reply
	CommentList []momentEchoView `json:"comment_list"`
	LikeList    []momentEchoView `json:"like_list"`
}

func momentComments(c *call, q *momentCommentsQuery) (any, error) {
	_, t, err := c.publishedParam(q.MomentID, q.UserID)
	if err != nil {
		return nil, err
	}
	view := func(echoes []momentEcho) []momentEchoView {
		out := make([]momentEchoView, 0, len(echoes))
		for _, e := range echoes {
			v := momentEchoView{CreateTime: e.at}
			if e.staff {
				v.UserID = c.w.staff[e.who].id
			} else {
				v.ExternalUserID = c.w.customerID(e.who)
			}
			out = append(out, v)
		}
		return out
	}
	return momentCommentsReply{reply: done(), CommentList: view(t.comments), LikeList: view(t.likes)}, nil
}
