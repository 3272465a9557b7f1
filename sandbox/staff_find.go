package sandbox

import (
	"slices"
	"strings"
	"time"
)

// guesses counts wrong numbers and mailboxes by day and call.
type guesses struct {
	day   time.Time
	wrong map[string]int
}

// guess refuses when too many wrong ones were tried today: above a fifth of
// the account limit the call is blocked for the day.
func (c *call) guess() error {
	g := &c.w.guesses
	if day := today(c.now); !day.Equal(g.day) || g.wrong == nil {
		g.day, g.wrong = day, map[string]int{}
	}
	if most := c.w.accountLimit() / 5; g.wrong[c.route.path] >= most {
		return refuse(45009, "%d wrong guesses today, the call is blocked until tomorrow", most)
	}
	return nil
}

func (c *call) wrongGuess(code int, hint, what string) error {
	c.w.guesses.wrong[c.route.path]++
	return refuse(code, hint, what)
}

type userIDReply struct {
	reply
	UserID string `json:"userid"`
}

type mobileQuery struct {
	Mobile string `json:"mobile"`
}

func userByMobile(c *call, q *mobileQuery) (any, error) {
	if len(q.Mobile) < 5 || len(q.Mobile) > 32 {
		return nil, refuse(60103, "mobile must have 5 to 32 bytes")
	}
	if err := c.guess(); err != nil {
		return nil, err
	}
	mobile := plainMobile(q.Mobile)
	m := c.w.findStaff(nil, func(card *memberCard) bool { return card.mobile == mobile })
	if m == nil {
		return nil, c.wrongGuess(46004, "no member has the mobile %q", q.Mobile)
	}
	return userIDReply{reply: done(), UserID: m.id}, nil
}

type emailQuery struct {
	Email     string `json:"email"`
	EmailType int    `json:"email_type"`
}

func userByEmail(c *call, q *emailQuery) (any, error) {
	switch {
	case q.Email == "":
		return nil, refuse(60147, "email is missing")
	case q.EmailType < 0 || q.EmailType > 2:
		return nil, refuse(40058, "email_type must be 1 (corp mailbox) or 2 (personal mailbox)")
	}
	if err := c.guess(); err != nil {
		return nil, err
	}
	m := c.w.findStaff(nil, func(card *memberCard) bool {
		if q.EmailType == 2 {
			return strings.EqualFold(card.email, q.Email)
		}
		return strings.EqualFold(card.bizMail, q.Email)
	})
	switch {
	case m != nil:
		return userIDReply{reply: done(), UserID: m.id}, nil
	case q.EmailType == 2:
		return nil, c.wrongGuess(60147, "no member has the mailbox %q", q.Email)
	}
	return nil, c.wrongGuess(60148, "no member has the corp mailbox %q", q.Email)
}

// staffOpenID is the id of a member's WeChat account for payments.
func (w *world) staffOpenID(n int32) string {
	return "o" + letters(27, w.seed, uint64(n), hashString("openid of a member"))
}

type toOpenIDQuery struct {
	UserID  string   `json:"userid"`
	AgentID *agentID `json:"agentid"`
}

type toOpenIDReply struct {
	reply
	OpenID string `json:"openid"`
	AppID  string `json:"appid,omitempty"`
}

func userToOpenID(c *call, q *toOpenIDQuery) (any, error) {
	n, err := c.memberParam(q.UserID)
	if err != nil {
		return nil, err
	}
	if !c.w.staff[n].active() {
		return nil, refuse(43004, "member %q has not logged in with WeChat", q.UserID)
	}
	out := toOpenIDReply{reply: done(), OpenID: c.w.staffOpenID(n)}
	if q.AgentID != nil && q.AgentID.given {
		if q.AgentID.n < 0 {
			return nil, refuse(40058, "agentid is no number")
		}
		out.AppID = "wx" + hex32(c.w.seed, uint64(q.AgentID.n), hashString("appid"))[:16]
	}
	return out, nil
}

type openIDQuery struct {
	OpenID string `json:"openid"`
}

func userFromOpenID(c *call, q *openIDQuery) (any, error) {
	for n := range c.w.staff {
		if m := &c.w.staff[n]; !m.resigned && q.OpenID != "" && c.w.staffOpenID(int32(n)) == q.OpenID {
			return userIDReply{reply: done(), UserID: m.id}, nil
		}
	}
	return nil, refuse(40073, "no member has the openid %q", q.OpenID)
}

type joinQRQuery struct {
	SizeType int `json:"size_type"`
}

type joinQRReply struct {
	reply
	JoinQRCode string `json:"join_qrcode"`
}

// joinQRLife is how long the picture that joins the corp works.
const joinQRLife = 7 * 24 * time.Hour

var joinQRSizes = []int{171, 399, 741, 2052}

// corpJoinQRCode answers the picture; its name carries the day it was made.
func corpJoinQRCode(c *call, q *joinQRQuery) (any, error) {
	size := max(q.SizeType, 0)
	if size == 0 {
		size = 1
	}
	if q.SizeType < 0 || size > len(joinQRSizes) {
		return nil, refuse(40058, "size_type must be 1, 2, 3 or 4")
	}
	id := "join" + letters(24, c.w.seed, uint64(today(c.now).Unix()), hashString("join the corp"))
	c.w.joinCodes[id] = c.now.Add(joinQRLife)
	return joinQRReply{reply: done(), JoinQRCode: c.qrURL(id) + "?size=" + itoa(joinQRSizes[size-1])}, nil
}

// verification is a member who must prove again who it is before the client
// lets it in.
type verification struct {
	code    string // for the verification page, once
	tfaCode string // for tfa_succ
}

func userAuthSucc(c *call, q *userDeleteQuery) (any, error) {
	n, err := c.memberParam(q.UserID)
	if err != nil {
		return nil, refuse(60111, "no member %q", q.UserID)
	}
	return c.verified(n, "")
}

// verified lets a member in who stood under second verification.
func (c *call) verified(n int32, tfaCode string) (any, error) {
	m := &c.w.staff[n]
	v := c.w.verifying[m.id]
	switch {
	case v == nil:
		return nil, refuse(40208, "member %q is not under second verification", m.id)
	case tfaCode != "" && v.tfaCode != tfaCode:
		return nil, refuse(40207, "tfa_code is not that of get_tfa_info")
	}
	delete(c.w.verifying, m.id)
	c.s.activate(m)
	return nil, nil
}

// activate is a member entering the corp for the first time.
func (s *Sandbox) activate(m *member) {
	if m.fresh {
		m.fresh = false
		s.journal(entry{Kind: "staff_activates", Staff: m.id})
		s.rangeChanged(m, "subscribe")
	}
}

type tfaInfoQuery struct {
	Code string `json:"code"`
}

type tfaInfoReply struct {
	reply
	UserID  string `json:"userid"`
	TFACode string `json:"tfa_code"`
}

func authTFAInfo(c *call, q *tfaInfoQuery) (any, error) {
	for id, v := range c.w.verifying {
		if q.Code != "" && v.code == q.Code {
			v.code = ""
			v.tfaCode = letters(32, c.w.seed, hashString(q.Code), hashString("tfa"))
			return tfaInfoReply{reply: done(), UserID: id, TFACode: v.tfaCode}, nil
		}
	}
	return nil, refuse(40029, "the code is unknown or was used already")
}

type tfaSuccQuery struct {
	UserID  string `json:"userid"`
	TFACode string `json:"tfa_code"`
}

func userTFASucc(c *call, q *tfaSuccQuery) (any, error) {
	n, ok := c.w.staffByID(q.UserID)
	switch {
	case !ok:
		return nil, refuse(40208, "no member %q is under second verification", q.UserID)
	case q.TFACode == "":
		return nil, refuse(40207, "tfa_code is missing")
	}
	return c.verified(n, q.TFACode)
}

// staffActivates is a member logging in for the first time.
func staffActivates(s *Sandbox, q *staffQuery) (any, error) {
	n, err := s.freshMember(q.Staff)
	if err != nil {
		return nil, err
	}
	s.activate(&s.world.staff[n])
	return map[string]any{"staff": s.world.staff[n].id}, nil
}

// freshMember is the named member, or the first who has not logged in.
func (s *Sandbox) freshMember(id string) (int32, error) {
	if id != "" {
		if n, ok := s.world.staffByID(id); ok {
			return n, nil
		}
		return 0, unknownID("member", id)
	}
	for n := range s.world.staff {
		if m := &s.world.staff[n]; m.fresh && !m.resigned {
			return int32(n), nil
		}
	}
	return 0, unknownID("member who has not logged in", "")
}

// staffVerifiesAgain is a member whom the client sends to the corp's page for
// second verification, with a code.
func staffVerifiesAgain(s *Sandbox, q *staffQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	v := &verification{code: letters(43, s.world.draw(132), hashString(m.id))}
	s.world.verifying[m.id] = v
	return map[string]any{"staff": m.id, "code": v.code}, nil
}

// attributeKind is one custom attribute that the administrator has created.
type attributeKind struct {
	name    string
	kind    int // 0 text, 1 web page, 2 mini program
	outward bool
}

type attributeActQuery struct {
	Name    string `json:"name"`
	Type    int    `json:"type"`
	Outward bool   `json:"outward"`
}

// adminAddsAttribute is the administrator creating a custom attribute.
func adminAddsAttribute(s *Sandbox, q *attributeActQuery) (any, error) {
	kind := attributeKind{name: q.Name, kind: q.Type, outward: q.Outward}
	if q.Name == "" || q.Type < 0 || q.Type > 2 {
		return nil, unknownID("attribute: name, and type 0, 1 or 2;", q.Name)
	}
	if !slices.Contains(s.world.attributes, kind) {
		s.world.attributes = append(s.world.attributes, kind)
	}
	return map[string]any{"name": q.Name}, nil
}
