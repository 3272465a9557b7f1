package sandbox

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/events.json
var eventsJSON []byte

// eventSample is the shape of one event, as an example document.
type eventSample struct {
	Area Area   `json:"area"`
	XML  string `json:"xml"`
}

var eventSamples = sync.OnceValue(func() map[string]eventSample {
	samples := map[string]eventSample{}
	if err := json.Unmarshal(eventsJSON, &samples); err != nil {
		panic("sandbox: data/events.json: " + err.Error())
	}
	return samples
})

// shortKinds are the names of emit that are no ids of events.
var shortKinds = map[string]string{
	"add_external_contact": "change_external_contact.add_external_contact",
	"kf_msg_or_event":      "kf.kf_msg_or_event",
	"text":                 "message.text",
	"bad_signature":        "message.text",
}

// Emission is what became of one emitted callback.
type Emission struct {
	OK     bool   `json:"ok"`
	Status int    `json:"status"` // 0 = no answer
	Body   string `json:"body"`   // as received
	Plain  string `json:"plain"`  // passive reply or echo, decrypted
	Tries  int    `json:"tries"`
}

type emitRequest struct {
	Kind   string            `json:"kind"`
	URL    string            `json:"url"`
	Area   Area              `json:"area"`
	Fields map[string]string `json:"fields"`
}

// emit sends one callback now and waits for what becomes of it. It does not
// touch the world, but a WelcomeCode in it is live.
func (s *Sandbox) emit(q emitRequest) (Emission, error) {
	if q.Kind == "verify" {
		return s.emitVerify(q)
	}
	id := q.Kind
	if full, ok := shortKinds[id]; ok {
		id = full
	}
	sample, ok := eventSamples()[id]
	if !ok {
		return Emission{}, fmt.Errorf("unknown kind %q: verify, add_external_contact, kf_msg_or_event, text, bad_signature or the id of an event", q.Kind)
	}
	if q.Area == "" {
		q.Area = sample.Area
	}
	s.mu.Lock()
	doc := s.fill(id, sample.XML, q.Fields)
	d, err := s.emission(q)
	s.mu.Unlock()
	if err != nil {
		return Emission{}, err
	}
	d.plain, d.badSig = doc, q.Kind == "bad_signature"
	if d.badSig {
		d.tries = 1
	}
	return s.emitTries(d), nil
}

// emission prepares a delivery to the URL asked for, or the area's own.
func (s *Sandbox) emission(q emitRequest) (*delivery, error) {
	t, ok := s.targets[q.Area]
	if !ok {
		return nil, fmt.Errorf("no area %q", q.Area)
	}
	if q.URL != "" {
		if err := s.opts.checkCallback(q.URL); err != nil {
			return nil, err
		}
		t.url = q.URL
	}
	if t.url == "" {
		return nil, fmt.Errorf("area %s has no callback target and the request names no url", q.Area)
	}
	k, err := newSealer(t.token, t.aesKey, s.corpID)
	if err != nil {
		return nil, err
	}
	s.callbacks.seq++
	return &delivery{
		url: t.url, sealer: k, at: s.now(), number: s.callbacks.seq,
		agent: s.agentFor(q.Area), tries: maxTries,
	}, nil
}

func (s *Sandbox) emitTries(d *delivery) Emission {
	var out Emission
	target, body := d.request()
	s.mu.Lock()
	s.hold()
	s.mu.Unlock()
	defer s.answered()
	for {
		out.Tries++
		status, answer, err := s.sender.do(http.MethodPost, target, body)
		out.Status, out.Body = status, string(answer)
		out.OK = err == nil && status == http.StatusOK
		if out.OK {
			out.Plain = d.openReply(out.Body)
		}
		if out.OK || out.Tries >= d.tries || (err == nil && s.repeatOnlyUnanswered()) {
			return out
		}
		if !wait(s.sender.ctx, retryGap) {
			return out
		}
	}
}

// openReply decrypts a passive reply; empty when there is none or it is wrong.
func (d *delivery) openReply(doc string) string {
	sealed := elementText(doc, "Encrypt")
	if sealed == "" {
		return ""
	}
	msg, err := d.sealer.open(elementText(doc, "MsgSignature"), elementText(doc, "TimeStamp"), elementText(doc, "Nonce"), sealed)
	if err != nil {
		return ""
	}
	return string(msg)
}

// emitVerify is the check WeCom makes when a callback URL is saved.
func (s *Sandbox) emitVerify(q emitRequest) (Emission, error) {
	if q.Area == "" {
		q.Area = AreaApp
	}
	s.mu.Lock()
	d, err := s.emission(q)
	s.mu.Unlock()
	if err != nil {
		return Emission{}, err
	}
	echo := strconv.FormatUint(hash(d.number, 14), 10)
	d.plain = echo
	var random [16]byte
	copy(random[:], letters(16, d.number))
	sealed := d.sealer.seal(random, []byte(echo))
	status, answer, err := s.sender.do(http.MethodGet, d.signed(sealed, url.Values{"echostr": {sealed}}), nil)
	out := Emission{Status: status, Body: string(answer), Plain: string(answer), Tries: 1}
	out.OK = err == nil && status == http.StatusOK && out.Body == echo
	return out, nil
}

var element = regexp.MustCompile(`<(\w+)>(<!\[CDATA\[)?[^<>\]]*(\]\]>)?</\w+>`)

// fill puts the corp, the present, ids of the world and the given fields into
// an example document. A field that the example lacks is added at its end.
func (s *Sandbox) fill(id, doc string, fields map[string]string) string {
	values := s.exampleValues(id)
	used := map[string]bool{}
	maps.Copy(values, fields)
	doc = element.ReplaceAllStringFunc(doc, func(m string) string {
		name := m[1:strings.IndexByte(m, '>')]
		v, ok := values[name]
		if !ok {
			return m
		}
		used[name] = true
		if strings.Contains(m, "<![CDATA[") {
			return "<" + name + "><![CDATA[" + strings.ReplaceAll(v, "]]>", "]]]]><![CDATA[>") + "]]></" + name + ">"
		}
		return "<" + name + ">" + escapeXML(v) + "</" + name + ">"
	})
	var more event
	for name, v := range fields {
		if !used[name] {
			more.text(name, v)
		}
	}
	return strings.TrimSuffix(doc, "</xml>") + more.b.String() + "</xml>"
}

// exampleValues are the values an emitted event gets unless the request says
// otherwise: ids that exist, and a live WelcomeCode.
func (s *Sandbox) exampleValues(id string) map[string]string {
	w := s.world
	v := map[string]string{
		"ToUserName": s.corpID, "CreateTime": strconv.FormatInt(s.now().Unix(), 10),
		"AgentID": strconv.Itoa(s.agentID), "MsgId": strconv.FormatUint(hash(w.seed, s.callbacks.seq, 15)>>1, 10),
		"TimeStamp": strconv.FormatInt(s.now().Unix(), 10),
	}
	if rel := w.pickRelation(hash(w.seed, s.callbacks.seq, 16)); rel != nil {
		v["UserID"], v["ExternalUserID"] = w.staff[rel.staff].id, w.customerID(rel.customer)
		v["State"] = rel.state
		if strings.HasPrefix(id, "change_external_contact.") {
			v["WelcomeCode"] = w.newWelcome(rel, s.now())
		}
	}
	if len(w.chats) > 0 {
		v["ChatId"] = w.chats[0].id
	}
	s.kfExample(id, v)
	return v
}
