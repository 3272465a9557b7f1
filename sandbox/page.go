package sandbox

import (
	"cmp"
	"embed"
	"net/http"
	"slices"
	"strings"
)

// The page at / shows the world, the last calls and callbacks, and lets a
// person act as a customer or a member from the browser. Its files hold no
// data: all of that comes from the control plane, with its rules of who may ask.

//go:embed page
var pageFiles embed.FS

func pageFamily() family {
	serve := func(name, kind string) func(*Sandbox, http.ResponseWriter, *http.Request) {
		return func(_ *Sandbox, w http.ResponseWriter, _ *http.Request) {
			body, err := pageFiles.ReadFile("page/" + name)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			h := w.Header()
			h.Set("Content-Type", kind+"; charset=utf-8")
			h.Set("Cache-Control", "no-cache")
			h.Set("Content-Security-Policy", "default-src 'self'; img-src data:; frame-ancestors 'none'")
			_, _ = w.Write(body) // a reader that went away is not our error
		}
	}
	return family{pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){
		"GET /{$}":            serve("index.html", "text/html"),
		"GET /_page/page.css": serve("page.css", "text/css"),
		"GET /_page/page.js":  serve("page.js", "text/javascript"),
		"GET /_page/words.js": serve("words.js", "text/javascript"),
	}}
}

// Most lines of each list of the page.
const (
	pageStaff     = 500
	pageCodes     = 50
	pageTasks     = 50
	pageCustomers = 30
)

type pageLine struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Note string `json:"note"`
}

type pageTask struct {
	Kind      string `json:"kind"` // mass_customer, mass_group or moment
	ID        string `json:"id"`
	Staff     string `json:"staff"`
	StaffName string `json:"staff_name"`
	Text      string `json:"text"`
	Receivers int    `json:"receivers"` // 0 for a moment
}

// pagePacket is a red packet of the corp in a member's hands.
type pagePacket struct {
	ID        string `json:"id"` // mch_billno
	Staff     string `json:"staff"`
	StaffName string `json:"staff_name"`
	From      string `json:"from"`
	Wish      string `json:"wish"`
	Amount    int    `json:"amount"` // fen
	Opened    bool   `json:"opened"`
}

type pageCustomer struct {
	pageLine
	Staff  []pageLine `json:"staff"`  // friends now
	Groups []pageLine `json:"groups"` // with the way they came as note
}

// PageWorld is what the page shows of the world: newest first, long lists cut.
type PageWorld struct {
	Corp      string        `json:"corp"`
	Staff     []pageLine    `json:"staff"`
	Ways      []pageLine    `json:"ways"`
	JoinWays  []pageLine    `json:"join_ways"`
	KF        []pageLine    `json:"kf"`
	Tasks     []pageTask    `json:"tasks"`
	Packets   []pagePacket  `json:"packets"`
	Customers []pageLine    `json:"customers"`
	Customer  *pageCustomer `json:"customer"` // the one that was asked for
}

// controlWorld answers GET /_sandbox/world?customer=ID.
func (s *Sandbox) controlWorld(r *http.Request, _ []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.world
	v := PageWorld{
		Corp: w.spec.Corp, Staff: []pageLine{}, Ways: []pageLine{}, JoinWays: []pageLine{}, KF: []pageLine{}, Tasks: s.openTasks(),
		Packets: s.pagePackets(), Customers: []pageLine{},
	}
	for i := range w.staff {
		if m := &w.staff[i]; !m.resigned && len(v.Staff) < pageStaff {
			v.Staff = append(v.Staff, pageLine{m.id, m.name, m.position})
		}
	}
	for _, way := range slices.Backward(w.ways) {
		if !way.deleted && len(v.Ways) < pageCodes {
			v.Ways = append(v.Ways, pageLine{way.id, cmp.Or(way.remark, strings.Join(way.users, " ")), way.state})
		}
	}
	for _, j := range slices.Backward(w.joinWays) {
		if len(v.JoinWays) < pageCodes {
			v.JoinWays = append(v.JoinWays, pageLine{j.id, j.remark, j.state})
		}
	}
	for _, a := range w.kf.live() {
		v.KF = append(v.KF, pageLine{ID: a.id, Name: a.name})
	}
	for n := len(w.customers) - 1; n >= 0 && len(v.Customers) < pageCustomers; n-- {
		if w.customers[n].live > 0 {
			v.Customers = append(v.Customers, pageLine{ID: w.customerID(int32(n)), Name: customerName(int32(n))})
		}
	}
	if id := r.URL.Query().Get("customer"); id != "" {
		n, err := w.namedCustomer(id)
		if err != nil {
			return nil, err
		}
		v.Customer = w.pageCustomer(n)
	}
	return v, nil
}

func (w *world) pageCustomer(n int32) *pageCustomer {
	v := &pageCustomer{pageLine: pageLine{ID: w.customerID(n), Name: customerName(n)}, Staff: []pageLine{}, Groups: []pageLine{}}
	for i := w.customers[n].first; i != 0; i = w.relations[i-1].next {
		if r := &w.relations[i-1]; r.friends() {
			v.Staff = append(v.Staff, pageLine{ID: w.staff[r.staff].id, Name: w.staff[r.staff].name, Note: r.state})
		}
	}
	for _, c := range w.chats {
		if !c.dismissed && c.place(false, n) >= 0 {
			v.Groups = append(v.Groups, pageLine{ID: c.id, Name: c.name})
		}
	}
	return v
}

// openTasks lists what members have not confirmed or declined, oldest first,
// as the acts take them.
func (s *Sandbox) openTasks() []pageTask {
	w, out := s.world, []pageTask{}
	for _, m := range w.messages {
		if m.cancelled || s.now().Unix() < m.dispatched {
			continue
		}
		kind := "mass_customer"
		if m.chatType == "group" {
			kind = "mass_group"
		}
		for _, t := range m.tasks {
			if t.sentAt == 0 && !t.declined && len(out) < pageTasks {
				out = append(out, pageTask{kind, m.id, w.staff[t.staff].id, w.staff[t.staff].name, m.text, len(t.targets)})
			}
		}
	}
	for _, m := range w.moments.all {
		if m.cancelled || s.now().Before(m.dispatched) {
			continue
		}
		for _, t := range m.tasks {
			if t.publishedAt == 0 && !t.declined && !w.staff[t.staff].resigned && len(out) < pageTasks {
				out = append(out, pageTask{"moment", m.id, w.staff[t.staff].id, w.staff[t.staff].name, m.text, 0})
			}
		}
	}
	return out
}

// pagePackets lists the red packets of the last day that members have got,
// newest first; those that wait can be opened as the act takes them.
func (s *Sandbox) pagePackets() []pagePacket {
	w, out := s.world, []pagePacket{}
	for _, p := range slices.Backward(w.payouts.list) {
		if s.now().Sub(p.made) > packetLife || len(out) == pageTasks {
			break
		}
		if opened := p.state == stateReceived; p.kind == packetKind && (opened || p.state == stateSent) {
			m := &w.staff[p.receiver]
			out = append(out, pagePacket{p.number, m.id, m.name, cmp.Or(p.given["sender_name"], w.app.settings.name), p.given["wishing"], p.amount, opened})
		}
	}
	return out
}
