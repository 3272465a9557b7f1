package sandbox

// A pressed entry of the app's menu: the event of its type, and what it holds
// beside the key.
type menuPress struct {
	kind string
	more func(e *event)
}

func scanned(e *event) {
	e.within("ScanCodeInfo", func() { e.text("ScanType", "qrcode").text("ScanResult", "https://example.com/") })
}

func pictured(e *event) {
	e.within("SendPicsInfo", func() {
		e.number("Count", 1)
		e.within("PicList", func() { e.within("item", func() { e.text("PicMd5Sum", "d41d8cd98f00b204e9800998ecf8427e") }) })
	})
}

func located(e *event) {
	e.within("SendLocationInfo", func() {
		e.text("Location_X", "23").text("Location_Y", "113").text("Scale", "15").text("Label", "总部").text("Poiname", "")
	})
	e.text("AppType", "wxwork")
}

var menuPresses = map[string]menuPress{
	"click":              {"menu.click", nil},
	"view":               {"menu.view", nil},
	"view_miniprogram":   {"menu.view_miniprogram", nil},
	"scancode_push":      {"menu.scancode_push", scanned},
	"scancode_waitmsg":   {"menu.scancode_waitmsg", scanned},
	"pic_sysphoto":       {"menu.pic_sysphoto", pictured},
	"pic_photo_or_album": {"menu.pic_photo_or_album", pictured},
	"pic_weixin":         {"menu.pic_weixin", pictured},
	"location_select":    {"menu.location_select", located},
}

// staffClicksMenu is a member pressing an entry of the app's menu, the first
// unless its key, address or page is named.
func staffClicksMenu(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	for _, b := range s.world.app.menu {
		for _, e := range append([]menuButton{b}, b.SubButton...) {
			key := map[string]string{"view": e.URL, "view_miniprogram": e.PagePath}[e.Type]
			if key == "" {
				key = e.Key
			}
			press, known := menuPresses[e.Type]
			if !known || q.Key != "" && q.Key != key {
				continue
			}
			s.appEvent(m, press.kind, e.Type, key, press.more)
			return map[string]any{"staff": m.id, "key": key}, nil
		}
	}
	return nil, unknownID("entry of the menu", q.Key)
}
