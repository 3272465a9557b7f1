package sandbox

import "slices"

type wayIDQuery struct {
	ConfigID string `json:"config_id"`
}

// wayParam finds the way a call names.
func (w *world) wayParam(id string) (*contactWay, error) {
	if id == "" {
		return nil, refuse(41043, "config_id is missing")
	}
	way := w.wayIndex[id]
	if way == nil {
		return nil, refuse(41044, "no contact way %q", id)
	}
	return way, nil
}

type wayView struct {
	ConfigID      string       `json:"config_id"`
	Type          int          `json:"type"`
	Scene         int          `json:"scene"`
	Style         int          `json:"style,omitempty"`
	Remark        string       `json:"remark"`
	SkipVerify    bool         `json:"skip_verify"`
	State         string       `json:"state"`
	QRCode        string       `json:"qr_code,omitempty"`
	User          []string     `json:"user"`
	Party         []int        `json:"party"`
	IsTemp        bool         `json:"is_temp"`
	ExpiresIn     int          `json:"expires_in,omitempty"`
	ChatExpiresIn int          `json:"chat_expires_in,omitempty"`
	UnionID       string       `json:"unionid,omitempty"`
	MarkSource    bool         `json:"mark_source"`
	Conclusions   *conclusions `json:"conclusions,omitempty"`
}

type wayGetReply struct {
	reply
	ContactWay wayView `json:"contact_way"`
}

func wayGet(c *call, q *wayIDQuery) (any, error) {
	way, err := c.w.wayParam(q.ConfigID)
	if err != nil {
		return nil, err
	}
	v := wayView{
		ConfigID: way.id, Type: way.kind, Scene: way.scene, Remark: way.remark, SkipVerify: way.skipVerify,
		State: way.state, User: copied(way.users), Party: copied(way.parties),
		IsTemp: way.isTemp, ExpiresIn: way.expiresIn, ChatExpiresIn: way.chatExpires, UnionID: way.unionID,
		MarkSource: way.markSource, Conclusions: c.readConclusions(way.conclusions),
	}
	if way.scene == 1 {
		v.Style = way.style
	} else {
		v.QRCode = c.qrURL(way.id)
	}
	return wayGetReply{reply: done(), ContactWay: v}, nil
}

// readConclusions shows an image by URL: the read side never shows a media id.
func (c *call) readConclusions(written *conclusions) *conclusions {
	if written == nil || written.Image == nil {
		return written
	}
	read := *written
	image := *written.Image
	image.PicURL, image.MediaID = c.base+"/avatar/0.svg", ""
	read.Image = &image
	return &read
}

type wayListQuery struct {
	StartTime int64  `json:"start_time"`
	EndTime   int64  `json:"end_time"`
	Cursor    string `json:"cursor"`
	Limit     int    `json:"limit"`
}

type wayIDView struct {
	ConfigID string `json:"config_id"`
}

type wayListReply struct {
	reply
	ContactWay []wayIDView `json:"contact_way"`
	NextCursor string      `json:"next_cursor"`
}

func wayList(c *call, q *wayListQuery) (any, error) {
	from, to := q.StartTime, q.EndTime
	if from == 0 {
		from = c.now.AddDate(0, 0, -90).Unix()
	}
	if to == 0 {
		to = c.now.Unix()
	}
	if from > to {
		return nil, refuse(40058, "start_time is after end_time")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	limit = min(limit, 1000)
	filter := hash(uint64(q.StartTime), uint64(q.EndTime))
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	out := wayListReply{reply: done(), ContactWay: []wayIDView{}}
	for ; at < len(c.w.ways); at++ {
		way := c.w.ways[at]
		if way.deleted || way.isTemp || way.created < from || way.created > to {
			continue
		}
		if len(out.ContactWay) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.ContactWay = append(out.ContactWay, wayIDView{ConfigID: way.id})
	}
	return out, nil
}

type wayUpdateQuery struct {
	ConfigID      string       `json:"config_id"`
	Remark        *string      `json:"remark"`
	SkipVerify    *bool        `json:"skip_verify"`
	Style         int          `json:"style"`
	State         *string      `json:"state"`
	User          []string     `json:"user"`
	Party         []int        `json:"party"`
	ExpiresIn     int          `json:"expires_in"`
	ChatExpiresIn int          `json:"chat_expires_in"`
	UnionID       string       `json:"unionid"`
	MarkSource    *bool        `json:"mark_source"`
	Conclusions   *conclusions `json:"conclusions"`
}

func wayUpdate(c *call, q *wayUpdateQuery) (any, error) {
	way, err := c.w.wayParam(q.ConfigID)
	if err != nil {
		return nil, err
	}
	if way.isTemp && c.now.Unix() > way.created+int64(way.expiresIn) {
		return nil, refuse(41044, "an expired temp way cannot be changed")
	}
	next := *way
	setIf(&next.remark, q.Remark)
	setIf(&next.state, q.State)
	setIf(&next.skipVerify, q.SkipVerify)
	setIf(&next.markSource, q.MarkSource)
	if q.Style != 0 {
		next.style = q.Style
	}
	if q.User != nil {
		next.users = slices.Clone(q.User)
	}
	if q.Party != nil {
		next.parties = slices.Clone(q.Party)
	}
	if way.isTemp {
		if q.ExpiresIn != 0 {
			next.expiresIn = q.ExpiresIn
		}
		if q.ChatExpiresIn != 0 {
			next.chatExpires = q.ChatExpiresIn
		}
		if q.UnionID != "" {
			next.unionID = q.UnionID
		}
		if q.Conclusions != nil {
			next.conclusions = q.Conclusions
		}
	}
	if err := c.checkWay(&next); err != nil {
		return nil, err
	}
	*way = next
	return nil, nil
}

func setIf[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

func wayDelete(c *call, q *wayIDQuery) (any, error) {
	way, err := c.w.wayParam(q.ConfigID)
	if err != nil {
		return nil, err
	}
	way.deleted = true
	delete(c.w.wayIndex, way.id)
	if way.isTemp {
		c.w.tempWays--
	}
	return nil, nil
}
