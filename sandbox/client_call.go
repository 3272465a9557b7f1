package sandbox

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// clientAnswer is what the client answers to a call of the page's script. The
// script makes err_msg of the old and errMsg of the new form of it.
type clientAnswer struct {
	OK     bool           `json:"ok"`
	Reason string         `json:"reason,omitempty"` // why not
	Code   int            `json:"code,omitempty"`   // of agentConfig
	Hint   string         `json:"hint,omitempty"`   // for the person who debugs
	Data   map[string]any `json:"data,omitempty"`
}

// Reasons why the client refuses a call.
const (
	noPermission   = "no permission" // agentConfig was not done
	notConfigured  = "nopermission"  // it did not list the function
	notVisible     = "user not in allow list"
	withoutContext = "without context of external contact"
	noSuchFunction = "function not exist"
)

func failed(reason, hint string, args ...any) clientAnswer {
	return clientAnswer{Reason: reason, Hint: fmt.Sprintf(hint, args...)}
}

// serveClientCall answers a script element, so that the page needs no more
// leave than it needs for the script itself.
func serveClientCall(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil {
		http.Error(w, "n: must be a number", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	answer := failed("fail", "the window is closed: open it anew")
	if win := s.clients[r.PathValue("session")]; win != nil {
		answer = s.clientCall(win, q.Get("function"), q.Get("load"), q.Get("url"), []byte(q.Get("args")))
	}
	s.mu.Unlock()
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(w, "wecomStandIn.answer(%d, %s)\n", n, body) // a reader that went away is not our error
}

// clientCall does one call of the page at address page, which load tells apart
// from the pages before it.
func (s *Sandbox) clientCall(win *clientWindow, function, load, page string, args []byte) clientAnswer {
	if load != win.load {
		win.load, win.apis = load, nil
	}
	page, _, _ = strings.Cut(page, "#")
	switch function {
	case "config":
		return s.clientConfig(page, args)
	case "agentConfig":
		return s.clientAgentConfig(win, page, args)
	}
	fn, ok := map[string]func(*clientWindow, []byte) clientAnswer{
		"getContext": s.clientContext, "getCurExternalContact": s.clientContact, "getCurExternalChat": s.clientChat,
		"sendChatMessage": s.clientSend,
	}[function]
	switch {
	case !ok:
		return failed(noSuchFunction, "the sandbox's client has no %q", function)
	case win.apis == nil:
		return failed(noPermission, "agentConfig was not done by this page")
	case !slices.Contains(win.apis, function):
		return failed(notConfigured, "jsApiList of agentConfig has no %q", function)
	case s.world.staff[win.staff].resigned || !s.world.appSees(win.staff):
		return failed(notVisible, "the member is outside the visible range of the app")
	}
	return fn(win, args)
}

// configArgs are those of config and agentConfig, whose names differ.
type configArgs struct {
	AppID     string   `json:"appId"`
	CorpID    string   `json:"corpid"`
	AgentID   string   `json:"agentid"`
	Timestamp string   `json:"timestamp"`
	Nonce     string   `json:"nonceStr"`
	Signature string   `json:"signature"`
	APIs      []string `json:"jsApiList"`
}

// signedBy reports whether a ticket of that kind, alive or not, signed the
// page.
func (s *Sandbox) signedBy(kind, page string, a *configArgs) (signed, alive bool) {
	t := s.world.app.tickets[kind]
	if t == nil {
		return false, false
	}
	return a.Signature == jsSignature(t.value, a.Nonce, a.Timestamp, page), s.now().Before(t.expires)
}

// jsSignature signs a page, all values raw.
func jsSignature(ticket, nonce, timestamp, page string) string {
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + timestamp + "&url=" + page))
	return hex.EncodeToString(sum[:])
}

func (s *Sandbox) clientConfig(page string, args []byte) clientAnswer {
	var a configArgs
	u, err := url.Parse(page)
	if json.Unmarshal(args, &a) != nil || err != nil {
		return failed("fail", "the arguments do not fit")
	}
	signed, alive := s.signedBy("corp", page, &a)
	switch {
	case a.AppID != s.corpID:
		return failed("fail", "appId must be the id of the corp, %s", s.corpID)
	case !s.world.app.settings.trustsScript(u):
		return failed("not match any reliable domain", "the page is not of the trusted domain %s", s.world.app.settings.domain)
	case !signed || !alive:
		return failed("invalid signature", "not signed with the live ticket of get_jsapi_ticket for %s", page)
	}
	return clientAnswer{OK: true}
}

func (s *Sandbox) clientAgentConfig(win *clientWindow, page string, args []byte) clientAnswer {
	var a configArgs
	u, err := url.Parse(page)
	if json.Unmarshal(args, &a) != nil || err != nil {
		return failed("fail", "the arguments do not fit")
	}
	no := func(code int, hint string, args ...any) clientAnswer {
		out := failed("fail", hint, args...)
		out.Code = code
		return out
	}
	signed, alive := s.signedBy("agent", page, &a)
	byCorp, _ := s.signedBy("corp", page, &a)
	switch {
	case a.CorpID != s.corpID:
		return no(92002, "corpid must be %s", s.corpID)
	case a.AgentID != strconv.Itoa(s.agentID):
		return no(40093, "the ticket is of agent %d, not of %q", s.agentID, a.AgentID)
	case !s.world.app.settings.trustsScript(u):
		return no(80001, "the page is not of the trusted domain %s", s.world.app.settings.domain)
	case byCorp:
		return no(42012, "signed with the ticket of get_jsapi_ticket: agentConfig wants that of ticket/get")
	case !signed:
		return no(40093, "not signed with the ticket of ticket/get for %s", page)
	case !alive:
		return no(42012, "the ticket of ticket/get has expired")
	}
	win.apis = append([]string{}, a.APIs...)
	return clientAnswer{OK: true}
}

func (s *Sandbox) clientContext(win *clientWindow, _ []byte) clientAnswer {
	return clientAnswer{OK: true, Data: map[string]any{"entry": win.entry}}
}

// withCustomer is the relation of a window with a customer; nil without one.
func (s *Sandbox) withCustomer(win *clientWindow) *relation {
	if win.customer < 0 || win.kf != "" {
		return nil
	}
	if r := s.world.relationOf(win.staff, win.customer); r != nil && r.alive() {
		return r
	}
	return nil
}

func (s *Sandbox) clientContact(win *clientWindow, _ []byte) clientAnswer {
	if s.withCustomer(win) == nil {
		return failed(withoutContext, "the window shows no customer of the member (entry %s)", win.entry)
	}
	return clientAnswer{OK: true, Data: map[string]any{"userId": s.world.customerID(win.customer)}}
}

// inChat is the group of a window while the member is in it; nil without one.
func (s *Sandbox) inChat(win *clientWindow) *chat {
	if c := s.world.chatIndex[win.chat]; c != nil && !c.dismissed && c.place(true, win.staff) >= 0 {
		return c
	}
	return nil
}

func (s *Sandbox) clientChat(win *clientWindow, _ []byte) clientAnswer {
	if win.entry != entryGroup || s.inChat(win) == nil {
		return failed(withoutContext, "the window shows no customer group of the member (entry %s)", win.entry)
	}
	return clientAnswer{OK: true, Data: map[string]any{"chatId": win.chat}}
}
