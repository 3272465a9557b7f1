package sandbox

import (
	"slices"
)

// contactWay is a "contact me" code.
type contactWay struct {
	id          string
	number      uint64
	kind, scene int
	style       int
	remark      string
	state       string
	skipVerify  bool
	users       []string
	parties     []int
	isTemp      bool
	expiresIn   int
	chatExpires int
	unionID     string
	exclusive   bool
	markSource  bool
	conclusions *conclusions
	created     int64
	deleted     bool
	scans       uint64
}

const (
	maxWayMembers = 100
	waysPerCorp   = 500_000
	tempTTL       = 604800
	tempTTLMax    = 1209600
	chatTTL       = 86400
)

func (w *world) addWay(way *contactWay) *contactWay {
	way.number = uint64(len(w.ways)) + 1
	way.id = hex32(w.seed, way.number, 51)
	w.ways = append(w.ways, way)
	w.wayIndex[way.id] = way
	return way
}

func contactWayFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/add_contact_way", byExternal, wayAdd).alias("/cgi-bin/crm/add_contact_way"),
		post("/cgi-bin/externalcontact/get_contact_way", byExternal, wayGet).alias("/cgi-bin/crm/get_contact_way"),
		post("/cgi-bin/externalcontact/list_contact_way", byExternal, wayList),
		post("/cgi-bin/externalcontact/update_contact_way", byExternal, wayUpdate).alias("/cgi-bin/crm/update_contact_way"),
		post("/cgi-bin/externalcontact/del_contact_way", byExternal, wayDelete).alias("/cgi-bin/crm/del_contact_way"),
	}}
}

type conclusions struct {
	Text *struct {
		Content string `json:"content"`
	} `json:"text,omitempty"`
	Image *struct {
		MediaID string `json:"media_id,omitempty"`
		PicURL  string `json:"pic_url,omitempty"`
	} `json:"image,omitempty"`
	Link *struct {
		Title  string `json:"title"`
		PicURL string `json:"picurl"`
		Desc   string `json:"desc"`
		URL    string `json:"url"`
	} `json:"link,omitempty"`
	MiniProgram *struct {
		Title      string `json:"title"`
		PicMediaID string `json:"pic_media_id"`
		AppID      string `json:"appid"`
		Page       string `json:"page"`
	} `json:"miniprogram,omitempty"`
}

type wayAddQuery struct {
	Type          int          `json:"type" bad:"41037"`
	Scene         int          `json:"scene" bad:"41038"`
	Style         int          `json:"style"`
	Remark        string       `json:"remark"`
	SkipVerify    *bool        `json:"skip_verify"`
	State         string       `json:"state"`
	User          []string     `json:"user"`
	Party         []int        `json:"party"`
	IsTemp        bool         `json:"is_temp"`
	ExpiresIn     int          `json:"expires_in"`
	ChatExpiresIn int          `json:"chat_expires_in"`
	UnionID       string       `json:"unionid"`
	IsExclusive   bool         `json:"is_exclusive"`
	MarkSource    *bool        `json:"mark_source"`
	Conclusions   *conclusions `json:"conclusions"`
}

type wayAddReply struct {
	reply
	ConfigID string `json:"config_id"`
	QRCode   string `json:"qr_code,omitempty"`
}

func wayAdd(c *call, q *wayAddQuery) (any, error) {
	switch {
	case q.Type == 0:
		return nil, refuse(41037, "type is missing")
	case q.Scene == 0:
		return nil, refuse(41038, "scene is missing")
	case q.Type != 1 && q.Type != 2:
		return nil, refuse(41039, "type %d: must be 1 or 2", q.Type)
	case q.Scene != 1 && q.Scene != 2:
		return nil, refuse(41040, "scene %d: must be 1 or 2", q.Scene)
	case len(c.w.wayIndex)+len(c.w.joinIndex) >= waysPerCorp:
		return nil, refuse(41045, "a corp has at most %d contact and join ways", waysPerCorp)
	case q.IsTemp && q.Type != 1:
		return nil, refuse(41039, "a temp way has one member: type must be 1")
	}
	way := &contactWay{
		kind: q.Type, scene: q.Scene, style: q.Style, remark: q.Remark, state: q.State,
		skipVerify: q.SkipVerify == nil || *q.SkipVerify, users: slices.Clone(q.User), parties: slices.Clone(q.Party),
		isTemp: q.IsTemp, unionID: q.UnionID, exclusive: q.IsExclusive, markSource: q.MarkSource == nil || *q.MarkSource,
		conclusions: q.Conclusions, created: c.now.Unix(),
	}
	if q.IsTemp {
		way.expiresIn, way.chatExpires = q.ExpiresIn, q.ChatExpiresIn
		if way.expiresIn == 0 {
			way.expiresIn = tempTTL
		}
		if way.chatExpires == 0 {
			way.chatExpires = chatTTL
		}
	}
	if err := c.checkWay(way); err != nil {
		return nil, err
	}
	c.w.addWay(way)
	out := wayAddReply{reply: done(), ConfigID: way.id}
	if way.scene == 2 {
		out.QRCode = c.qrURL(way.id)
	}
	return out, nil
}

// checkWay refuses a way whose members, style or texts are wrong.
func (c *call) checkWay(way *contactWay) error {
	styles := 3
	if way.kind == 2 {
		styles = 2
	}
	if way.scene == 1 && (way.style < 0 || way.style > styles) {
		return refuse(41042, "style %d: must be between 1 and %d", way.style, styles)
	}
	if err := longer("remark", way.remark, 30); err != nil {
		return err
	}
	if err := longer("state", way.state, 30); err != nil {
		return err
	}
	if way.kind == 1 && (len(way.users) != 1 || len(way.parties) > 0) {
		return refuse(40058, "a way of type 1 has exactly one user and no party")
	}
	if way.expiresIn > tempTTLMax || way.chatExpires > tempTTLMax {
		return refuse(40058, "expires_in and chat_expires_in are at most %d s", tempTTLMax)
	}
	for _, id := range way.users {
		if _, ok := c.w.staffByID(id); !ok {
			return refuse(60011, "user names %q, who is no member in the visible range", id)
		}
	}
	members, err := c.w.wayMembers(way)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		return refuse(40058, "user and party together name nobody")
	}
	if len(members) > maxWayMembers {
		return refuse(41041, "the way has %d members, at most %d are allowed", len(members), maxWayMembers)
	}
	return nil
}

// wayMembers are the members behind a way now, departments expanded.
func (w *world) wayMembers(way *contactWay) ([]int32, error) {
	var out []int32
	for _, id := range way.users {
		if n, ok := w.staffByID(id); ok {
			out = append(out, n)
		}
	}
	for _, p := range way.parties {
		below, err := w.membersOf(p, true)
		if err != nil {
			return nil, err
		}
		for _, m := range below {
			n, _ := w.staffByID(m.id)
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out, nil
}

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
		State: way.state, User: slices.Concat([]string{}, way.users), Party: slices.Concat([]int{}, way.parties),
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
	return nil, nil
}
