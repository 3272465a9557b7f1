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
	used        bool // a temp way by which somebody was added
}

const (
	maxWayMembers = 100
	waysPerCorp   = 500_000
	tempTTL       = 604800
	tempTTLMax    = 1209600
	chatTTL       = 86400
	tempWaysADay  = 100_000
)

func (w *world) addWay(way *contactWay) *contactWay {
	way.number = uint64(len(w.ways)) + 1
	way.id = hex32(w.seed, way.number, 51)
	w.ways = append(w.ways, way)
	w.wayIndex[way.id] = way
	if way.isTemp {
		w.tempWays++
		w.tempMade.count++
	}
	return way
}

// wayDay counts the temp ways made on a day.
type wayDay struct {
	day   int64 // unix seconds of its beginning
	count int
}

// mayAddTempWay refuses one too many of a day. The facts name the limit and no
// code: the switch chooses one.
func (c *call) mayAddTempWay() error {
	if d := today(c.now).Unix(); c.w.tempMade.day != d {
		c.w.tempMade = wayDay{day: d}
	}
	code := 41045
	switch c.s.switches["contact_way.temp_daily"] {
	case "off":
		return nil
	case "45009":
		code = 45009
	}
	if c.w.tempMade.count >= tempWaysADay {
		return refuse(code, "%d temp ways were made today, which is all a corp may (switch contact_way.temp_daily)", c.w.tempMade.count)
	}
	return nil
}

// waysFull says whether the corp has as many lasting ways as it may.
func (w *world) waysFull() bool {
	return len(w.wayIndex)-w.tempWays+len(w.joinIndex) >= waysPerCorp
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

// check refuses closing words that are too long. Empty parts are tolerated:
// real SDKs send them.
func (q *conclusions) check() error {
	if q == nil {
		return nil
	}
	if q.Text != nil && len(q.Text.Content) > textLimit {
		return refuse(40058, "conclusions.text.content has %d bytes, at most %d are allowed", len(q.Text.Content), textLimit)
	}
	if l := q.Link; l != nil {
		switch {
		case len(l.Title) > 128 || len(l.Desc) > 512:
			return refuse(40058, "conclusions.link: title at most 128 bytes, desc 512")
		case (l.Title == "") != (l.URL == ""):
			return refuse(40058, "conclusions.link needs title and url")
		}
	}
	if m := q.MiniProgram; m != nil && m.Title+m.PicMediaID+m.AppID+m.Page != "" {
		if m.Title == "" || len(m.Title) > 64 || m.PicMediaID == "" || m.AppID == "" || m.Page == "" {
			return refuse(40058, "conclusions.miniprogram needs a title of at most 64 bytes, pic_media_id, appid and page")
		}
	}
	return nil
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
	case !q.IsTemp && c.w.waysFull():
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
	if way.isTemp {
		if err := c.mayAddTempWay(); err != nil {
			return nil, err
		}
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
	if err := way.conclusions.check(); err != nil {
		return err
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
