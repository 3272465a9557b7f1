package sandbox

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
)

// clientFamily stands for the WeCom client of a member: a window on one
// conversation, and the script that a page in its sidebar talks to.
func clientFamily() family {
	return family{
		acts: []act{doing("staff_opens_sidebar", staffOpensSidebar)},
		pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){
			"GET /open/js/jweixin-1.2.0.js":      serveClientScript,
			"GET /wwopen/js/jwxwork-1.0.0.js":    serveClientScript,
			"GET /client/wx.js":                  serveClientScript,
			"GET /client":                        serveClientStart,
			"GET /client/{session}":              serveClientWindow,
			"GET /client/{session}/call":         serveClientCall,
			"GET /client/{session}/conversation": serveConversation,
		},
		build: func(s *Sandbox) { s.clients = map[string]*clientWindow{} },
	}
}

// Entries are the ways into a page that getContext tells apart.
const (
	entryProfile = "contact_profile"
	entrySingle  = "single_chat_tools"
	entryGroup   = "group_chat_tools"
	entryAttach  = "chat_attachment"
	entryKf      = "single_kf_tools"
	entryNormal  = "normal"
)

var clientEntries = []string{entryProfile, entrySingle, entryGroup, entryAttach, entryKf, entryNormal}

// clientWindow is a window of a member's client. Whoever knows its id acts as
// the member, so that the id is no draw of the world's, and the window no part
// of it.
type clientWindow struct {
	id       string
	staff    int32
	customer int32 // -1: none
	chat     string
	kf       string
	entry    string
	url      string

	load string   // the page that talks now: what was configured ends with it
	apis []string // of agentConfig; nil before it
}

type openSidebarQuery struct {
	Staff    string `json:"staff"`
	Customer string `json:"customer"`
	Chat     string `json:"chat"`
	KF       string `json:"kf"`
	Entry    string `json:"entry"`
	URL      string `json:"url"` // of the page; empty: the home of the app
}

// openWindow opens a window of the client: with a customer, in a customer
// group, in a session of a kf account, or with no conversation.
func (s *Sandbox) openWindow(q *openSidebarQuery) (*clientWindow, error) {
	win, err := s.conversation(q)
	if err != nil {
		return nil, err
	}
	if q.URL == "" {
		q.URL = s.world.app.settings.home
	}
	if q.URL != "" && !hasScheme(q.URL) {
		return nil, fmt.Errorf("url %q: must begin with http:// or https://", q.URL)
	}
	win.id, win.url = rand.Text(), q.URL
	if len(s.clients) >= clientWindows {
		clear(s.clients)
	}
	s.clients[win.id] = win
	return win, nil
}

// clientWindows may be open at once; one more closes all others.
const clientWindows = 1000

func staffOpensSidebar(s *Sandbox, q *openSidebarQuery) (any, error) {
	w := s.world
	win, err := s.openWindow(q)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"session": win.id, "page": "/client/" + win.id, "staff": w.staff[win.staff].id, "entry": win.entry}
	if win.customer >= 0 {
		out["customer"] = w.customerID(win.customer)
	}
	if win.chat != "" {
		out["chat"] = win.chat
	}
	return out, nil
}

// conversation finds what a window shows.
func (s *Sandbox) conversation(q *openSidebarQuery) (*clientWindow, error) {
	w := s.world
	win := &clientWindow{customer: -1, entry: q.Entry}
	usual := func(entry string) {
		if win.entry == "" {
			win.entry = entry
		}
	}
	switch {
	case q.Entry != "" && !slices.Contains(clientEntries, q.Entry):
		return nil, fmt.Errorf("entry %q: must be one of %v", q.Entry, clientEntries)
	case q.Entry == entryNormal:
		m, err := s.appMember(q.Staff)
		if err != nil {
			return nil, err
		}
		win.staff = w.staffIndexOf(m)
	case q.Chat != "" || q.Entry == entryGroup:
		usual(entryGroup)
		return win, s.groupConversation(q, win)
	case q.KF != "" || q.Entry == entryKf:
		usual(entryKf)
		a, customer, err := s.kfTalk(kfActor{KF: q.KF, Customer: q.Customer}, inState(kfHuman))
		if err != nil {
			return nil, err
		}
		n, ok := w.staffByID(a.session(customer).servicer)
		if !ok {
			return nil, unknownID("member", a.session(customer).servicer)
		}
		win.staff, win.customer, win.kf = n, customer, a.id
	default:
		usual(entrySingle)
		r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).alive)
		if err != nil {
			return nil, err
		}
		win.staff, win.customer = r.staff, r.customer
	}
	if (win.chat != "") != (win.entry == entryGroup) && win.entry != entryAttach || (win.kf != "") != (win.entry == entryKf) {
		return nil, fmt.Errorf("entry %q does not lead into this conversation", win.entry)
	}
	return win, nil
}

func (s *Sandbox) groupConversation(q *openSidebarQuery, win *clientWindow) error {
	if win.entry != entryGroup && win.entry != entryAttach {
		return fmt.Errorf("entry %q does not lead into a group", win.entry)
	}
	c, err := s.pickChat(q.Chat, func(*chat) bool { return true })
	if err != nil {
		return err
	}
	win.staff, win.chat = c.owner, c.id
	if q.Staff != "" {
		n, ok := s.world.staffByID(q.Staff)
		if !ok || c.place(true, n) < 0 {
			return unknownID("member of the group", q.Staff)
		}
		win.staff = n
	}
	return nil
}
