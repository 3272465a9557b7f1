package sandbox

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed data/client.js
var clientScript []byte

//go:embed data/client.html
var clientHTML string

// serveClientScript serves the stand-in under the names of the real scripts.
// Both names may be loaded: the second finds the work done.
func serveClientScript(_ *Sandbox, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(clientScript) // a reader that went away is not our error
}

// clientView is what the pages of the client show.
type clientView struct {
	Corp, Staff, With, Entry string
	Session                  string
	CustomerID, Chat, KF     string
	URL, Base                string // of the sidebar, of this window
	Entries                  []string
	Members                  []whoLine
	Home                     string
}

// serveClientStart asks which window to open, and opens it. It acts on the
// world, so that it answers those alone who may use the control plane.
func serveClientStart(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	if err := s.mayControl(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	closeToFrames(w)
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.Get("open") == "" {
		v := clientView{
			Corp: s.world.spec.Corp, Entries: clientEntries, Home: s.world.app.settings.home,
			Staff: q.Get("staff"), CustomerID: q.Get("customer"), Chat: q.Get("chat"), KF: q.Get("kf"),
		}
		if q.Get("url") != "" {
			v.Home = q.Get("url")
		}
		for i := range s.world.staff {
			if m := &s.world.staff[i]; !m.resigned && len(v.Members) < whoLines {
				v.Members = append(v.Members, whoLine{ID: m.id, Name: m.name})
			}
		}
		showClient(w, "start", v)
		return
	}
	out, err := s.openWindow(&openSidebarQuery{
		Staff: q.Get("staff"), Customer: q.Get("customer"), Chat: q.Get("chat"), KF: q.Get("kf"), Entry: q.Get("entry"), URL: q.Get("url"),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/client/"+out.id, http.StatusSeeOther)
}

// serveClientWindow shows one conversation and opens the sidebar. The browser
// is the member's from now on, so that logins of the page are silent.
func serveClientWindow(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	closeToFrames(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	win := s.clients[r.PathValue("session")]
	if win == nil {
		http.NotFound(w, r)
		return
	}
	staff := s.world.staff[win.staff].id
	http.SetCookie(w, &http.Cookie{Name: whoCookie, Value: staff, Path: "/connect/oauth2/authorize", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	v := clientView{
		Corp: s.world.spec.Corp, Staff: staff, Entry: win.entry, Session: win.id, Chat: win.chat, KF: win.kf, URL: win.url, Base: requestBase(r) + "/client/" + win.id,
	}
	switch {
	case win.chat != "":
		v.With = s.world.chatIndex[win.chat].name
	case win.customer >= 0:
		v.With, v.CustomerID = customerName(win.customer), s.world.customerID(win.customer)
	}
	if v.URL != "" {
		v.URL, _, _ = strings.Cut(v.URL, "#")
		v.URL += "#sandbox-client=" + url.QueryEscape(v.Base)
	}
	showClient(w, "window", v)
}

// closeToFrames keeps other sites from showing the client inside them.
func closeToFrames(w http.ResponseWriter) {
	w.Header().Set("X-Frame-Options", "DENY")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

func showClient(w http.ResponseWriter, name string, v clientView) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = clientTemplate.ExecuteTemplate(w, name, v) // a reader that went away is not our error
}

var clientTemplate = template.Must(template.New("client").Parse(clientHTML))

// said is one line of a conversation.
type said struct {
	Time string `json:"time"`
	From string `json:"from"` // member, customer or api
	Text string `json:"text"`
}

const (
	conversationLines = 50
	conversationRows  = 20_000 // looked through for them, from the newest
)

// serveConversation is the end of what was said in a window.
func serveConversation(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	win := s.clients[r.PathValue("session")]
	if win == nil {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	lines := s.conversationOf(win)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{"items": lines})
}

func (s *Sandbox) conversationOf(win *clientWindow) []said {
	lines, staff, customer := []said{}, s.world.staff[win.staff].id, ""
	if win.customer >= 0 {
		customer = s.world.customerID(win.customer)
	}
	here := func(who, with, chat string) bool {
		if win.chat != "" {
			return chat == win.chat
		}
		return customer != "" && chat == "" && with == customer && (who == staff || win.kf != "")
	}
	rows := s.world.deliveries.list
	for i := len(rows) - 1; i >= max(0, len(rows)-conversationRows) && len(lines) < conversationLines; i-- {
		if d := &rows[i]; here(d.Staff, d.Customer, d.Chat) && (d.Channel == "kf") == (win.kf != "") {
			lines = append(lines, said{d.Time, d.Origin, d.Text})
		}
	}
	found, entries := 0, s.world.entries.list
	for i := len(entries) - 1; i >= max(0, len(entries)-conversationRows) && found < conversationLines; i-- {
		if e := &entries[i]; (e.Kind == "customer_says" || e.Kind == "customer_sends") && here(e.Staff, e.Customer, e.Chat) {
			lines = append(lines, said{e.Time, "customer", e.Detail})
			found++
		}
	}
	slices.Reverse(lines)
	slices.SortStableFunc(lines, func(a, b said) int { return strings.Compare(a.Time, b.Time) })
	return lines[max(0, len(lines)-conversationLines):]
}
