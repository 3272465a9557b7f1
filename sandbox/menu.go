package sandbox

// menuButton is one entry of the app's menu.
type menuButton struct {
	Name      string       `json:"name"`
	Type      string       `json:"type,omitempty"`
	Key       string       `json:"key,omitempty"`
	URL       string       `json:"url,omitempty"`
	AppID     string       `json:"appid,omitempty"`
	PagePath  string       `json:"pagepath,omitempty"`
	SubButton []menuButton `json:"sub_button,omitempty"`
}

// menuCodes are the errcodes of one level of a menu.
type menuCodes struct {
	kind, name, key, url int
	nameBytes            int
}

var (
	menuTop = menuCodes{kind: 40017, name: 40018, key: 40019, url: 40020, nameBytes: 16}
	menuSub = menuCodes{kind: 40024, name: 40025, key: 40026, url: 40027, nameBytes: 40}
)

// menuTypes says for each type of entry whether it needs a key (k), a url (u)
// or a mini program (m).
var menuTypes = map[string]byte{
	"click": 'k', "view": 'u', "view_miniprogram": 'm', "scancode_push": 'k', "scancode_waitmsg": 'k',
	"pic_sysphoto": 'k', "pic_photo_or_album": 'k', "pic_weixin": 'k', "location_select": 'k',
}

func menuFamily() family {
	return family{routes: []route{
		post("/cgi-bin/menu/create", byApp, menuCreate),
		get("/cgi-bin/menu/get", byApp, menuGet),
		get("/cgi-bin/menu/delete", byApp, menuDelete),
	}}
}

type menuQuery struct {
	Button []menuButton `json:"button"`
}

func menuCreate(c *call, q *menuQuery) (any, error) {
	agent := agentParam{AgentID: c.r.URL.Query().Get("agentid")}
	if err := agent.check(c); err != nil {
		return nil, err
	}
	if len(q.Button) == 0 || len(q.Button) > 3 {
		return nil, refuse(40016, "the menu has %d buttons, 1 to 3 are allowed", len(q.Button))
	}
	for i := range q.Button {
		b := &q.Button[i]
		if err := b.check(menuTop); err != nil {
			return nil, err
		}
		for j := range b.SubButton {
			if len(b.SubButton[j].SubButton) > 0 {
				return nil, refuse(40022, "a menu has two levels")
			}
			if err := b.SubButton[j].check(menuSub); err != nil {
				return nil, err
			}
		}
	}
	c.w.app.menu = q.Button
	return nil, nil
}

func (b *menuButton) check(codes menuCodes) error {
	switch {
	case b.Name == "":
		return refuse(41102, "a button has no name")
	case len(b.Name) > codes.nameBytes:
		return refuse(codes.name, "button %q: the name has more than %d bytes", b.Name, codes.nameBytes)
	case len(b.SubButton) > 5:
		return refuse(40023, "button %q has %d sub-buttons, at most 5 are allowed", b.Name, len(b.SubButton))
	case len(b.SubButton) > 0:
		return nil
	}
	needs, ok := menuTypes[b.Type]
	switch {
	case !ok:
		return refuse(codes.kind, "button %q: type %q is unknown", b.Name, b.Type)
	case len(b.Key) > 128 || needs == 'k' && b.Key == "":
		return refuse(codes.key, "button %q: key must have 1 to 128 bytes", b.Name)
	case len(b.URL) > 1024 || needs == 'u' && b.URL == "":
		return refuse(codes.url, "button %q: url must have 1 to 1024 bytes", b.Name)
	case needs == 'm' && (b.AppID == "" || b.PagePath == ""):
		return refuse(40058, "button %q: a mini program needs appid and pagepath", b.Name)
	}
	return nil
}

type menuReply struct {
	reply
	Button []menuButton `json:"button"`
}

func menuGet(c *call, q *agentParam) (any, error) {
	if err := q.check(c); err != nil {
		return nil, err
	}
	if c.w.app.menu == nil {
		return nil, refuse(46003, "no menu was created")
	}
	return menuReply{reply: done(), Button: c.w.app.menu}, nil
}

func menuDelete(c *call, q *agentParam) (any, error) {
	if err := q.check(c); err != nil {
		return nil, err
	}
	if c.w.app.menu == nil {
		return nil, refuse(46003, "no menu was created")
	}
	c.w.app.menu = nil
	return nil, nil
}
