package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// kfActs is what customers and servicers do in kf.
func kfActs() []act {
	return []act{
		doing("open_kf", openKf),
		doing("customer_sends_image", customerSendsImage),
		doing("customer_sends", customerSends),
		doing("customer_recalls", customerRecalls),
		doing("customer_blocks_kf", customerBlocksKf),
		doing("servicer_takes", servicerTakes),
		doing("servicer_says", servicerSays),
		doing("servicer_transfers", servicerTransfers),
		doing("servicer_ends", servicerEnds),
		doing("servicer_reopens", servicerReopens),
		doing("servicer_changes_status", servicerChangesStatus),
		doing("servicer_upgrades", servicerUpgrades),
		doing("servicer_rejects", servicerRejects),
		doing("servicer_recalls", servicerRecalls),
		doing("admin_sets_upgrade", adminSetsUpgrade),
		doing("admin_grants_kf", adminGrantsKf),
	}
}

// kfActor names an account (by id or name) and a customer; both may be left to
// the world.
type kfActor struct {
	KF       string `json:"kf"`
	OpenKfID string `json:"open_kfid"` // the same as kf
	Customer string `json:"customer"`
}

// kfByName finds the account an act names; nil for an empty name.
func (w *world) kfByName(q kfActor) (*kfAccount, error) {
	name := q.KF
	if name == "" {
		name = q.OpenKfID
	}
	live := w.kf.live()
	if len(live) == 0 {
		return nil, errors.New("the corp has no kf account")
	}
	for _, a := range live {
		if a.id == name || a.name == name {
			return a, nil
		}
	}
	if name != "" {
		return nil, unknownID("kf account", name)
	}
	return nil, nil
}

// kfCustomer finds the customer an act names; -1 when it names none.
func (w *world) kfCustomer(id string) (int32, error) {
	if id == "" {
		return -1, nil
	}
	n, ok := w.customerByID(id)
	if !ok {
		return 0, unknownID("customer", id)
	}
	if w.customers[n].wecom {
		return 0, fmt.Errorf("customer %q uses WeCom: kf is for WeChat users", id)
	}
	return n, nil
}

// kfSomebody is a customer by draw, a new person in an empty world.
func (w *world) kfSomebody(draw uint64) int32 {
	for range 16 {
		draw = mix(draw + gamma)
		if r := w.pickRelation(draw); r != nil && !w.customers[r.customer].wecom {
			return r.customer
		}
	}
	for {
		if n := w.newPerson(); !w.customers[n].wecom {
			return n
		}
	}
}

// kfTalk is the account and customer of an act that goes on with a session, of
// a state that fits; without names the newest that fits is meant.
func (s *Sandbox) kfTalk(q kfActor, fits func(state int) bool) (*kfAccount, int32, error) {
	w := s.world
	a, err := w.kfByName(q)
	if err != nil {
		return nil, 0, err
	}
	customer, err := w.kfCustomer(q.Customer)
	if err != nil {
		return nil, 0, err
	}
	var found *kfAccount
	var who int32
	var newest int64 = -1
	for _, cand := range w.kf.live() {
		if a != nil && cand != a {
			continue
		}
		for n, ks := range cand.sessions {
			if customer >= 0 && n != customer || !fits(ks.state(s.now())) {
				continue
			}
			at := max(ks.wroteAt, ks.enteredAt)
			if at > newest || at == newest && (cand.number < found.number || cand == found && n < who) {
				found, who, newest = cand, n, at
			}
		}
	}
	if found == nil {
		return nil, 0, errors.New("no kf session fits")
	}
	return found, who, nil
}

func anyState(int) bool { return true }

func inState(states ...int) func(int) bool {
	return func(have int) bool {
		return slices.Contains(states, have)
	}
}

func (s *Sandbox) kfAnswer(a *kfAccount, customer int32, msgid string) map[string]any {
	v := map[string]any{
		"kf": a.id, "open_kfid": a.id, "customer": s.world.customerID(customer), "state": a.session(customer).state(s.now()),
	}
	if msgid != "" {
		v["msgid"] = msgid
	}
	return v
}

type openKfQuery struct {
	kfActor
	Link       string `json:"link"` // as add_contact_way made it; scene_param may follow
	Scene      string `json:"scene"`
	SceneParam string `json:"scene_param"`
}

// openKf is a customer opening a kf chat through its link.
func openKf(s *Sandbox, q *openKfQuery) (any, error) {
	w := s.world
	a, err := w.kfByName(q.kfActor)
	if err != nil {
		return nil, err
	}
	if q.Link != "" {
		if a, err = w.followKfLink(q); err != nil {
			return nil, err
		}
	}
	if len(q.SceneParam) > 128 {
		return nil, errors.New("scene_param has more than 128 bytes: the chat does not open")
	}
	customer, err := w.kfCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	draw := w.draw(126)
	if a == nil {
		live := w.kf.live()
		a = live[draw%uint64(len(live))]
	}
	if customer < 0 {
		customer = w.kfSomebody(draw)
	}
	return s.kfEnter(a, customer, q.Scene, q.SceneParam), nil
}

// kfEnter raises enter_session. A welcome code goes with it when the customer
// had no welcome and wrote nothing in the last 48 hours.
func (s *Sandbox) kfEnter(a *kfAccount, customer int32, scene, param string) map[string]any {
	w, now, external := s.world, s.now(), s.world.customerID(customer)
	ks := a.session(customer)
	e := kfEvent{"external_userid": external, "scene": scene}
	if param != "" {
		e["scene_param"] = param
	}
	answer := s.kfAnswer(a, customer, "")
	if !within(ks.welcomedAt, now) && !within(ks.wroteAt, now) {
		e["welcome_code"] = w.kf.newCode(w.seed, a, customer, kfCodeWelcome, now)
		answer["welcome_code"] = e["welcome_code"]
	}
	ks.enteredAt, ks.scene, ks.sceneParam = now.Unix(), scene, param
	s.journal(entry{Kind: "kf_enter", Customer: external, ID: a.id, Detail: scene})
	s.tellEvent(a, "enter_session", e)
	return answer
}

func (w *world) followKfLink(q *openKfQuery) (*kfAccount, error) {
	u, err := url.Parse(q.Link)
	if err != nil {
		return nil, fmt.Errorf("kf link: %w", err)
	}
	link, ok := w.kf.links[u.Query().Get("enc_scene")]
	if !ok || link.account.deleted || u.Path != "/kf/"+w.kfLinkName(link.account) {
		return nil, errors.New("the kf link was changed or never made: the chat does not open")
	}
	q.Scene = link.scene
	if link.scene != "" && q.SceneParam == "" {
		q.SceneParam = u.Query().Get("scene_param")
	}
	return link.account, nil
}

// kfCustomerWrites is an item of a customer, and what it does to the session: a
// new one when the last had ended, and five messages for the API again.
func (s *Sandbox) kfCustomerWrites(a *kfAccount, customer int32, kind string, body any) string {
	ks := a.session(customer)
	begun := ks.state(s.now()) == kfEnded
	if begun {
		ks.stored, ks.servicer, ks.poolCode, ks.humanCode = kfNew, "", false, false
		ks.assistant, ks.moved, ks.rejected = false, false, false
	}
	ks.wroteAt, ks.replies = s.now().Unix(), 0
	a.countWrites(customer, ks, begun, s.now())
	external := s.world.customerID(customer)
	return s.tell(a, kfItem{origin: kfFromCustomer, customer: external, kind: kind, body: body})
}

// kfWriter is the account and customer of an act that may begin a session.
func (s *Sandbox) kfWriter(q kfActor) (*kfAccount, int32, error) {
	a, customer, err := s.kfTalk(q, anyState)
	if err == nil {
		if ks := a.session(customer); ks.rejected && ks.state(s.now()) == kfHuman {
			return nil, 0, fmt.Errorf("%s refuses messages of this customer", ks.servicer)
		}
		return a, customer, nil
	}
	w := s.world
	if a, err = w.kfByName(q); err != nil {
		return nil, 0, err
	}
	if customer, err = w.kfCustomer(q.Customer); err != nil {
		return nil, 0, err
	}
	draw := w.draw(127)
	if a == nil {
		a = w.kf.live()[draw%uint64(len(w.kf.live()))]
	}
	if customer < 0 {
		customer = w.kfSomebody(draw)
	}
	return a, customer, nil
}

// kfSays is a customer writing text to a kf account, or clicking in a menu.
func (s *Sandbox) kfSays(q *sayQuery) (any, error) {
	a, customer, err := s.kfWriter(kfActor{q.KF, q.OpenKfID, q.Customer})
	if err != nil {
		return nil, err
	}
	if q.Text == "" {
		q.Text = "在吗"
	}
	id := s.kfCustomerWrites(a, customer, "text", kfText{Content: q.Text, MenuID: q.MenuID})
	s.journal(entry{Kind: "customer_says", Customer: s.world.customerID(customer), ID: a.id, Detail: q.Text})
	return s.kfAnswer(a, customer, id), nil
}

// customerSendsImage is a customer sending a picture to a kf account.
func customerSendsImage(s *Sandbox, q *kfActor) (any, error) {
	a, customer, err := s.kfWriter(*q)
	if err != nil {
		return nil, err
	}
	id := s.world.media.add(mediaFile{kind: "image", name: "image.png", data: drawnImage(), made: s.now()}, s.world.seed)
	msgid := s.kfCustomerWrites(a, customer, "image", mediaRef{MediaID: id})
	s.journal(entry{Kind: "customer_sends_image", Customer: s.world.customerID(customer), ID: a.id})
	v := s.kfAnswer(a, customer, msgid)
	v["media_id"] = id
	return v, nil
}

type sendsQuery struct {
	kfActor
	MsgType string          `json:"msgtype"`
	Content json.RawMessage `json:"content"` // the part named like the msgtype; none for note, meeting, calendar
	Staff   string          `json:"staff"`   // to a member instead, where only the archive sees it
	Chat    string          `json:"chat"`    // or in a group
	Text    string          `json:"text"`
	Size    int             `json:"size"`
}

// archived is what a message to a member or in a group holds.
func (q *sendsQuery) archived() *archiveSend {
	return &archiveSend{MsgType: q.MsgType, Text: q.Text, Content: q.Content, Size: q.Size}
}

// customerSends is a customer sending any other kind: location, link, voice,
// merged_msg and so on, or one that nobody knows yet.
func customerSends(s *Sandbox, q *sendsQuery) (any, error) {
	if q.MsgType == "" || q.MsgType == "event" {
		return nil, errors.New(`field "msgtype" is missing or "event"`)
	}
	if q.Staff != "" || q.Chat != "" {
		return s.customerSendsArchived(q)
	}
	a, customer, err := s.kfWriter(q.kfActor)
	if err != nil {
		return nil, err
	}
	var body any
	if len(q.Content) > 0 {
		body = q.Content
	}
	id := s.kfCustomerWrites(a, customer, q.MsgType, body)
	s.journal(entry{Kind: "customer_sends", Customer: s.world.customerID(customer), ID: a.id, Detail: q.MsgType})
	return s.kfAnswer(a, customer, id), nil
}

type recallQuery struct {
	kfActor
	MsgID string `json:"msgid"`
}

// customerRecalls takes a message of the customer back.
func customerRecalls(s *Sandbox, q *recallQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, anyState)
	if err != nil {
		return nil, err
	}
	external := s.world.customerID(customer)
	for i := len(a.log) - 1; i >= 0; i-- {
		it := &a.log[i]
		if it.origin == kfFromCustomer && it.customer == external && (q.MsgID == "" || it.id == q.MsgID) {
			s.tellEvent(a, "user_recall_msg", kfEvent{"external_userid": external, "recall_msgid": it.id})
			return s.kfAnswer(a, customer, it.id), nil
		}
	}
	return nil, unknownID("message of the customer", q.MsgID)
}

type blockQuery struct {
	kfActor
	Blocked *bool `json:"blocked"` // default true
}

// customerBlocksKf makes a customer refuse messages of an account: what the API
// sends is accepted and fails afterwards.
func customerBlocksKf(s *Sandbox, q *blockQuery) (any, error) {
	a, customer, err := s.kfWriter(q.kfActor)
	if err != nil {
		return nil, err
	}
	a.session(customer).blocked = q.Blocked == nil || *q.Blocked
	return s.kfAnswer(a, customer, ""), nil
}
