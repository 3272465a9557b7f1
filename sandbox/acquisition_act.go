package sandbox

import (
	"errors"
	"slices"
	"time"
)

const (
	channelLimit = 64 // bytes of customer_channel; more is cut
	chatKeyLife  = 30 * time.Minute
	quotaLow     = 20
	addWayLink   = 16
)

// linkEvent begins an event of a link, or of the quota.
func (s *Sandbox) linkEvent(change, link string) *event {
	return s.newEvent(AreaExternal, "customer_acquisition."+change, "acquisition/"+link, "customer_acquisition", change)
}

type openLinkQuery struct {
	Link     string `json:"link"`
	Channel  string `json:"channel"` // customer_channel of the URL, which becomes the state
	Customer string `json:"customer"`
	Stop     string `json:"stop"`    // click, profile or request: how far the person goes
	Pending  bool   `json:"pending"` // the member has not confirmed yet
}

// openAcquisitionLink is somebody opening a link and, unless he stops before,
// adding the member it leads to.
func openAcquisitionLink(s *Sandbox, q *openLinkQuery) (any, error) {
	w := s.world
	l := w.pickLink(q.Link)
	if l == nil {
		return nil, unknownID("acquisition link", q.Link)
	}
	if q.Stop != "" && !slices.Contains([]string{"click", "profile", "request"}, q.Stop) {
		return nil, errors.New(`stop: there are "click", "profile" and "request"`)
	}
	cust, err := w.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	if cust < 0 {
		cust = w.newPerson()
	}
	state := cutBytes(q.Channel, channelLimit)
	out := map[string]any{"customer": w.customerID(cust), "link": l.id, "state": state, "staff": "", "added": false}
	s.journal(entry{Kind: "acquisition_click", Customer: w.customerID(cust), ID: l.id, Detail: state})
	if q.Stop == "click" {
		return out, nil
	}
	staff, ok := s.linkStaff(l, cust)
	if !ok || w.acquisition.balance() == 0 {
		out["why"] = "nobody behind the link can add customers, or the quota is used up"
		if !ok {
			s.send(s.linkEvent("link_unavailable", l.id).text("LinkId", l.id))
		}
		return out, nil
	}
	out["staff"] = w.staff[staff].id
	if s.on("acquisition.open_profile") {
		s.send(s.linkEvent("open_profile", l.id).text("LinkId", l.id).text("State", state))
	}
	if q.Stop == "profile" {
		return out, nil
	}
	if had := w.relationOf(staff, cust); had != nil && (had.friends() || had.half) {
		out["why"] = "the two are friends already"
		return out, nil
	}
	s.send(s.linkEvent("friend_request", l.id).text("LinkId", l.id).text("State", state))
	if q.Stop == "request" || (q.Pending && !l.skipVerify) {
		return out, nil
	}
	out["added"] = s.acquire(l, staff, cust, state, q.Pending)
	return out, nil
}

// acquire makes the relation and pays for it.
func (s *Sandbox) acquire(l *acquisitionLink, staff, cust int32, state string, pending bool) bool {
	w := s.world
	if !s.addFriend(staff, cust, state, pending) {
		return false
	}
	w.relationOf(staff, cust).addWay = addWayLink
	chat := &acquisitionChat{link: l, staff: staff, customer: cust, state: state}
	l.came = append(l.came, chat)
	w.acquisition.chats[pairKey{staff, cust}] = chat
	s.journal(entry{Kind: "acquisition_added", Staff: w.staff[staff].id, Customer: w.customerID(cust), ID: l.id, Detail: state})
	s.spendQuota()
	return true
}

// pickLink is the link of that id, or any live one; nil when there is none.
func (w *world) pickLink(id string) *acquisitionLink {
	if id != "" {
		return w.acquisition.index[id]
	}
	var live []*acquisitionLink
	for _, l := range w.acquisition.links {
		if !l.deleted {
			live = append(live, l)
		}
	}
	if len(live) == 0 {
		return nil
	}
	return live[w.draw(107)%uint64(len(live))]
}

// linkStaff is the member a person is led to: by the priority of the link one
// who is a friend already, else each in turn whose account can add customers.
func (s *Sandbox) linkStaff(l *acquisitionLink, cust int32) (int32, bool) {
	w := s.world
	if p := l.priority; p != nil {
		for i := w.customers[cust].first; i != 0; i = w.relations[i-1].next {
			r := &w.relations[i-1]
			if m := &w.staff[r.staff]; r.friends() && !m.resigned && (p.Type == 1 || slices.Contains(p.Users, m.id)) {
				return r.staff, true
			}
		}
	}
	members := slices.DeleteFunc(w.linkMembers(l.users, l.parties), func(n int32) bool { return w.staff[n].unfit != 0 })
	if len(members) == 0 {
		return 0, false
	}
	l.opened++
	return members[(l.opened-1)%uint64(len(members))], true
}

// acquiredSays counts what a customer of a link writes: the first message, and
// the third, fifth and tenth are told.
func (s *Sandbox) acquiredSays(r *relation) {
	w := s.world
	chat := w.acquisition.chats[pairKey{r.staff, r.customer}]
	if chat == nil {
		return
	}
	chat.received++
	switch chat.received {
	case 1:
		s.send(s.linkEvent("customer_start_chat", chat.link.id).text("UserID", w.staff[r.staff].id).
			text("ExternalUserID", w.customerID(r.customer)).text("LinkId", chat.link.id))
	case 3, 5, 10:
		d := w.acquisition
		d.seq++
		key := letters(32, w.seed, d.seq, hashString("chat key"))
		d.keys[key] = chatKey{chat: chat, received: chat.received, until: s.now().Add(chatKeyLife)}
		s.after(chatKeyLife, func() { delete(d.keys, key) })
		s.send(s.linkEvent("message_from_customer", chat.link.id).text("LinkId", chat.link.id).text("ChatKey", key))
	}
}

func (d *acquisitionDesk) balance() int {
	n := 0
	for _, lot := range d.lots {
		n += lot.balance
	}
	return n
}

// spendQuota takes one from what expires first and warns when little is left.
func (s *Sandbox) spendQuota() {
	d := s.world.acquisition
	i := slices.IndexFunc(d.lots, func(l quotaLot) bool { return l.balance > 0 })
	if i < 0 {
		return
	}
	d.lots[i].balance--
	d.used++
	switch d.balance() {
	case 0:
		s.send(s.linkEvent("balance_exhausted", ""))
	case quotaLow - 1:
		s.send(s.linkEvent("balance_low", ""))
	}
}

// addQuota adds a lot, and the warnings before it expires.
func (s *Sandbox) addQuota(amount int, expires time.Time) {
	d := s.world.acquisition
	at, _ := slices.BinarySearchFunc(d.lots, expires, func(l quotaLot, t time.Time) int { return l.expires.Compare(t) })
	d.lots = slices.Insert(d.lots, at, quotaLot{expires: expires, balance: amount})
	lot := func() *quotaLot {
		i := slices.IndexFunc(d.lots, func(l quotaLot) bool { return l.expires.Equal(expires) })
		return &d.lots[i]
	}
	for _, days := range []int{14, 7, 3, 2, 1} {
		if warn := expires.AddDate(0, 0, -days); warn.After(s.now()) {
			s.at(warn, func() {
				if left := lot().balance; left > 0 {
					s.send(s.linkEvent("quota_expire_soon", "").number("ExpireTime", expires.Unix()).number("ExpireQuotaNum", int64(left)))
				}
			})
		}
	}
	s.at(expires, func() { lot().balance = 0 })
}

type buyQuotaQuery struct {
	Amount int `json:"amount"`
	Days   int `json:"days"` // until it expires, default 365
}

// buyQuota is the corp paying for more customers.
func buyQuota(s *Sandbox, q *buyQuotaQuery) (any, error) {
	if q.Amount <= 0 || q.Days < 0 {
		return nil, errors.New("amount must be positive, days not negative")
	}
	if q.Days == 0 {
		q.Days = int(quotaLife / (24 * time.Hour))
	}
	before := s.world.acquisition.balance()
	expires := today(s.now()).AddDate(0, 0, q.Days)
	for slices.ContainsFunc(s.world.acquisition.lots, func(l quotaLot) bool { return l.expires.Equal(expires) }) {
		expires = expires.AddDate(0, 0, 1) // one lot a day
	}
	s.addQuota(q.Amount, expires)
	if before == 0 {
		s.send(s.linkEvent("balance_increased", ""))
	}
	return map[string]any{"balance": s.world.acquisition.balance(), "expires": expires.Unix()}, nil
}

type linkActQuery struct {
	Link string `json:"link"`
}

// adminDeletesLink is the administrator deleting a link in the console.
func adminDeletesLink(s *Sandbox, q *linkActQuery) (any, error) {
	l := s.world.pickLink(q.Link)
	if l == nil {
		return nil, unknownID("acquisition link", q.Link)
	}
	s.world.acquisition.drop(l)
	s.send(s.linkEvent("delete_link", l.id).text("LinkId", l.id))
	return map[string]any{"link": l.id}, nil
}
