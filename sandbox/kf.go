package sandbox

import (
	"slices"
	"strings"
	"time"
)

// Limits of WeChat customer service (微信客服).
const (
	kfAccountLimit   = 5000
	kfWindow         = 48 * time.Hour // after the customer's last message: talk, session, activity
	kfRepliesAllowed = 5              // API messages after one message of the customer
	kfWelcomeLife    = 20 * time.Second
	kfEndCodeLife    = 20 * time.Second
	kfReplyCodeLife  = 48 * time.Hour
)

// States of a kf session.
const (
	kfNew       = 0 // nobody has answered yet
	kfAssistant = 1 // answered by the API
	kfPool      = 2 // waiting for a servicer
	kfHuman     = 3 // with a servicer
	kfEnded     = 4 // ended or not begun
)

// kfDesk is the kf part of a world.
type kfDesk struct {
	accounts []*kfAccount // deleted ones too
	index    map[string]*kfAccount
	former   map[string]*kfAccount // by ids from before an upgrade of the app
	upgrades uint64
	codes    map[string]*kfCode
	links    map[string]kfLink
	tokens   idSpace // of callbacks, see newKfToken
	tokenSeq int
	codeSeq  uint64

	knowledge *knowledge
	upgrade   kfUpgrade
}

// kfAccount is one kf account: what customers see as one shop assistant.
type kfAccount struct {
	number      int
	id, name    string
	avatar      string // media id it was made with; empty = drawn
	deleted     bool
	servicers   []*kfServicer
	departments []int // all members of them serve too
	log         []kfItem
	dropped     int // items of the log that are older than anybody may read
	cursors     idSpace
	sessions    map[int32]*kfSession
	order       []int32 // customers of sessions, oldest first
	msgids      map[string]bool
	minute      int64 // window of sync_msg calls without a token
	inMinute    int
	days        map[int64]*kfDay // by first second
	revoked     bool             // the app may not manage it any more
}

// kfServicer is a member who serves an account, and whether they take customers.
type kfServicer struct {
	staff     string
	stopped   bool
	suspended bool // stopped for a while
}

// kfSession is what an account and a customer have with each other.
type kfSession struct {
	stored     int
	servicer   string // of state 3, the last one in state 4
	wroteAt    int64  // last message of the customer, unix seconds; 0 = never
	replies    int    // API messages since then
	enteredAt  int64
	welcomedAt int64
	scene      string
	sceneParam string
	poolCode   bool // the reply code of this session's first move to 2 was given
	humanCode  bool // the same for 3
	blocked    bool // the customer refuses messages
	rejected   bool // the servicer refuses the customer's
	assistant  bool // the API answered in this session
	moved      bool // and it went on to people
	servedAt   int64
	answered   bool // the servicer wrote in this session
	advice     *kfAdvice
}

// state is the state at now: a session ends by itself 48 hours after the
// customer's last message.
func (ks *kfSession) state(now time.Time) int {
	if ks == nil {
		return kfEnded
	}
	if ks.stored != kfEnded && !now.Before(time.Unix(ks.wroteAt, 0).Add(kfWindow)) {
		ks.stored = kfEnded
	}
	return ks.stored
}

// within reports whether at, in unix seconds, lies in the 48 hours before now.
func within(at int64, now time.Time) bool {
	return at != 0 && now.Before(time.Unix(at, 0).Add(kfWindow))
}

func kfFamily() family {
	return family{
		routes: slices.Concat([]route{
			post("/cgi-bin/kf/account/add", byKF, kfAccountAdd),
			post("/cgi-bin/kf/account/del", byKF, kfAccountDel),
			post("/cgi-bin/kf/account/update", byKF, kfAccountUpdate),
			post("/cgi-bin/kf/account/list", byKF, kfAccountList).orGet(),
			post("/cgi-bin/kf/add_contact_way", byKF, kfAddContactWay),
			post("/cgi-bin/kf/servicer/add", byKF, kfServicerAdd),
			post("/cgi-bin/kf/servicer/del", byKF, kfServicerDel),
			get("/cgi-bin/kf/servicer/list", byKF, kfServicerList),
			post("/cgi-bin/kf/sync_msg", byKF, kfSync),
			post("/cgi-bin/kf/send_msg", byKF, kfSend),
			post("/cgi-bin/kf/send_msg_on_event", byKF, kfSendOnEvent),
			post("/cgi-bin/kf/service_state/get", byKF, kfStateGet),
			post("/cgi-bin/kf/service_state/trans", byKF, kfStateTrans),
			post("/cgi-bin/kf/customer/batchget", byKF, kfCustomerBatch),
			post("/cgi-bin/kf/get_corp_statistic", byKF, kfCorpStat),
			post("/cgi-bin/kf/get_servicer_statistic", byKF, kfServicerStat),
		}, kfKnowledgeRoutes(), kfUpgradeRoutes()),
		acts:  kfActs(),
		build: buildKF,
	}
}

// buildKF makes the accounts of a new world. Each has a customer who wrote a
// while ago and was answered, so that there is something to read from the start
// and nothing that waits for an answer.
func buildKF(s *Sandbox) {
	w := s.world
	w.kf = &kfDesk{
		index: map[string]*kfAccount{}, former: map[string]*kfAccount{}, codes: map[string]*kfCode{}, links: map[string]kfLink{},
		tokens: newIDSpace(w.seed, "ENC", "kf token"), knowledge: newKnowledge(w.seed),
	}
	w.buildUpgrade()
	for i, name := range w.spec.KF {
		a := w.kf.add(w.seed, name)
		for n := range min(4, len(w.staff)) {
			a.servicers = append(a.servicers, &kfServicer{staff: w.staff[(i*4+n)%len(w.staff)].id})
		}
		r := w.pickRelation(hash(w.seed, uint64(i), 121))
		if r == nil || w.customers[r.customer].wecom {
			continue
		}
		at := w.began.Add(-time.Duration(5+20*i) * time.Hour).Unix()
		ks := a.session(r.customer)
		ks.enteredAt, ks.welcomedAt = at-30, at-30
		ks.stored, ks.wroteAt, ks.replies = kfAssistant, at, 1
		customer := w.customerID(r.customer)
		a.append(w, kfItem{at: at, origin: kfFromCustomer, customer: customer, kind: "text", body: kfText{Content: "请问门店几点关门"}})
		a.append(w, kfItem{at: at + 5, hidden: true, customer: customer, kind: "text"})
		a.append(w, kfItem{at: at + 40, origin: kfFromCustomer, customer: customer, kind: "text", body: kfText{Content: "好的 谢谢"}})
		ks.wroteAt, ks.replies = at+40, 0
	}
}

// add makes an account.
func (d *kfDesk) add(seed uint64, name string) *kfAccount {
	n := len(d.accounts)
	a := &kfAccount{
		number: n, id: "wk" + letters(30, seed, uint64(n), hashString("kf account")), name: name,
		cursors:  newIDSpace(hash(seed, uint64(n)), "", "kf cursor"),
		sessions: map[int32]*kfSession{}, msgids: map[string]bool{}, days: map[int64]*kfDay{},
	}
	d.accounts = append(d.accounts, a)
	d.index[a.id] = a
	return a
}

// live are the accounts that were not deleted.
func (d *kfDesk) live() []*kfAccount {
	var out []*kfAccount
	for _, a := range d.accounts {
		if !a.deleted {
			out = append(out, a)
		}
	}
	return out
}

// session is the one with a customer, begun when there is none.
func (a *kfAccount) session(customer int32) *kfSession {
	ks := a.sessions[customer]
	if ks == nil {
		ks = &kfSession{stored: kfEnded}
		a.sessions[customer] = ks
		a.order = append(a.order, customer)
	}
	return ks
}

// kfAccount finds the account a call names.
func (c *call) kfAccount(id string) (*kfAccount, error) {
	if !strings.HasPrefix(id, "wk") || len(id) > 64 {
		return nil, refuse(95000, "open_kfid %q: ids of kf accounts begin with wk", id)
	}
	a := c.w.kf.index[id]
	if a == nil && c.s.switches["kf.former_ids"] == "accept" {
		a = c.w.kf.former[id]
	}
	if a == nil || a.deleted {
		return nil, refuse(95004, "no kf account %q", id)
	}
	if a.revoked {
		return nil, refuse(60030, "the app may not manage kf account %q any more", a.name)
	}
	return a, nil
}

// kfPair finds the account and the customer a call names.
func (c *call) kfPair(openKfID, external string) (*kfAccount, int32, error) {
	a, err := c.kfAccount(openKfID)
	if err != nil {
		return nil, 0, err
	}
	n, ok := c.w.customerByID(external)
	if !ok {
		return nil, 0, refuse(40058, "no external contact %q in this corp", external)
	}
	return a, n, nil
}

// serves finds the servicer by userid: named, or through a department.
func (a *kfAccount) serves(w *world, userid string) *kfServicer {
	for _, sv := range a.servicers {
		if strings.EqualFold(sv.staff, userid) {
			return sv
		}
	}
	n, ok := w.staffByID(userid)
	if !ok {
		return nil
	}
	for _, dep := range a.departments {
		if found, err := w.under(dep); err == nil {
			for _, d := range found {
				if w.staff[n].in(d.id) {
					return &kfServicer{staff: w.staff[n].id}
				}
			}
		}
	}
	return nil
}
