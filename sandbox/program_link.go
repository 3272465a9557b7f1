package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// programLinks are the links into mini-programs that were made, and the tokens
// they were made with: those of a mini-program, not of the corp.
type programLinks struct {
	tokens map[string]programToken
	made   map[string]*programLink
}

type programToken struct {
	appID   string
	expires time.Time
}

// programLink opens a page of a mini-program; a zero end means it never ends.
type programLink struct {
	appID, path, query, version string
	end                         time.Time
}

const (
	ownProgram     = "wx5a6e0d3b1c2f4897" // the corp's mini-program
	longestLink    = 30                   // days
	queryLimit     = 1024
	pageTitleLimit = 20
)

// programLinkFamily is the links into mini-programs, which WeChat makes, not
// WeCom.
func programLinkFamily() family {
	return family{
		routes: []route{
			post("/wxa/generatescheme", 0, schemeMake),
			post("/wxa/generate_urllink", 0, urlLinkMake),
			post("/wxa/genwxashortlink", 0, shortLinkMake),
		},
		acts: []act{
			doing("program_gets_token", programGetsToken),
			doing("customer_opens_program_link", opensProgramLink),
		},
		build: func(s *Sandbox) {
			s.world.links = &programLinks{tokens: map[string]programToken{}, made: map[string]*programLink{}}
		},
	}
}

type programTokenQuery struct {
	AppID string `json:"appid"`
}

// programGetsToken is the mini-program's server getting its access_token, which
// WeChat gives by a call that is no part of WeCom.
func programGetsToken(s *Sandbox, q *programTokenQuery) (any, error) {
	if q.AppID == "" {
		q.AppID = ownProgram
	}
	l := s.world.links
	token := letters(64, s.world.seed, hashString(q.AppID), uint64(len(l.tokens)), hashString("program token"))
	l.tokens[token] = programToken{q.AppID, s.now().Add(tokenLife)}
	return map[string]any{"appid": q.AppID, "access_token": token}, nil
}

// program finds the mini-program that calls.
func (c *call) program() (string, error) {
	token := c.r.URL.Query().Get("access_token")
	got, ok := c.w.links.tokens[token]
	switch {
	case token == "":
		return "", refuse(41001, "the query has no access_token")
	case !ok:
		return "", refuse(40001, "this is no token of a mini-program: see the act program_gets_token")
	case !c.now.Before(got.expires):
		return "", refuse(40001, "the token expired at %s of the world", stamp(got.expires))
	case !c.s.on("program.released"):
		return "", refuse(85079, "the mini-program is not released (switch program.released)")
	}
	return got.appID, nil
}

// keep remembers a link; lasting ones never end, others do after the days given
// or those of the switch.
func (c *call) keep(prefix string, l *programLink, days int, lasting bool) string {
	if days == 0 {
		days, _ = strconv.Atoi(c.s.switches["program.link_days"]) // the switch holds numbers only
	}
	if !lasting && l.end.IsZero() {
		l.end = c.now.AddDate(0, 0, days)
	}
	link := prefix + letters(16, c.w.seed, uint64(len(c.w.links.made)), hashString(prefix))
	c.w.links.made[link] = l
	return link
}

type linkExpiry struct {
	Type     int   `json:"expire_type"`
	Time     int64 `json:"expire_time"`
	Interval int   `json:"expire_interval"`
}

// days checks when a link is to end: after so many days, or at a time.
func (q linkExpiry) days(now time.Time) (int, time.Time, error) {
	switch {
	case q.Type != 0 && q.Type != 1:
		return 0, time.Time{}, refuse(40058, "expire_type %d: must be 0 (at a time) or 1 (after days)", q.Type)
	case q.Type == 1 && q.Interval == 0:
		return 0, time.Time{}, refuse(40058, "expire_interval is missing")
	case q.Interval < 0 || q.Interval > longestLink:
		return 0, time.Time{}, refuse(40058, "expire_interval %d: at most %d days", q.Interval, longestLink)
	case q.Type == 1:
		return q.Interval, time.Time{}, nil
	case q.Time == 0:
		return 0, time.Time{}, nil
	}
	end := time.Unix(q.Time, 0)
	if !end.After(now) || end.After(now.AddDate(0, 0, longestLink)) {
		return 0, time.Time{}, refuse(40058, "expire_time %d: must be within the next %d days", q.Time, longestLink)
	}
	return 0, end, nil
}

type schemeQuery struct {
	Jump struct {
		Path    string `json:"path"`
		Query   string `json:"query"`
		Version string `json:"env_version"`
	} `json:"jump_wxa"`
	IsExpire bool `json:"is_expire"`
	linkExpiry
}

type schemeReply struct {
	reply
	OpenLink string `json:"openlink"`
}

func schemeMake(c *call, q *schemeQuery) (any, error) {
	app, err := c.program()
	if err != nil {
		return nil, err
	}
	switch v := q.Jump.Version; v {
	case "", "release", "trial", "develop":
	default:
		return nil, refuse(40058, "jump_wxa.env_version %q: must be release, trial or develop", v)
	}
	if err := longBytes("jump_wxa.query", q.Jump.Query, queryLimit); err != nil {
		return nil, err
	}
	days, end, err := q.days(c.now)
	switch {
	case err != nil:
		return nil, err
	case q.IsExpire && days == 0 && end.IsZero():
		return nil, refuse(40058, "is_expire wants expire_time or expire_interval")
	}
	l := &programLink{appID: app, path: q.Jump.Path, query: q.Jump.Query, version: q.Jump.Version, end: end}
	return schemeReply{reply: done(), OpenLink: c.keep("weixin://dl/business/?t=", l, days, false)}, nil
}

type urlLinkQuery struct {
	Path     string `json:"path"`
	Query    string `json:"query"`
	Type     int    `json:"expire_type"`
	Interval int    `json:"expire_interval"`
}

type urlLinkReply struct {
	reply
	URLLink string `json:"url_link"`
}

func urlLinkMake(c *call, q *urlLinkQuery) (any, error) {
	app, err := c.program()
	if err != nil {
		return nil, err
	}
	if err := longBytes("query", q.Query, queryLimit); err != nil {
		return nil, err
	}
	days, _, err := linkExpiry{Type: q.Type, Interval: q.Interval}.days(c.now)
	if err != nil {
		return nil, err
	}
	return urlLinkReply{reply: done(), URLLink: c.keep("https://wxaurl.cn/", &programLink{appID: app, path: q.Path, query: q.Query}, days, false)}, nil
}

type shortLinkQuery struct {
	PageURL   string `json:"page_url"`
	PageTitle string `json:"page_title"`
	Permanent bool   `json:"is_permanent"`
}

type shortLinkReply struct {
	reply
	Link string `json:"link"`
}

func shortLinkMake(c *call, q *shortLinkQuery) (any, error) {
	app, err := c.program()
	if err != nil {
		return nil, err
	}
	if q.PageURL == "" {
		return nil, refuse(40058, "page_url is missing")
	}
	if err := longBytes("page_url", q.PageURL, queryLimit); err != nil {
		return nil, err
	}
	if err := longer("page_title", q.PageTitle, pageTitleLimit); err != nil {
		return nil, err
	}
	l := &programLink{appID: app, path: q.PageURL}
	return shortLinkReply{reply: done(), Link: c.keep("#小程序://"+q.PageTitle+"/", l, 0, q.Permanent)}, nil
}

// longBytes refuses a text of more than most bytes.
func longBytes(name, text string, most int) error {
	if n := len(text); n > most {
		return refuse(40058, "%s has %d bytes, at most %d are allowed", name, n, most)
	}
	return nil
}

type programOpenQuery struct {
	Link     string `json:"link"`
	Customer string `json:"customer"`
}

// opensProgramLink is somebody following a link into a mini-program.
func opensProgramLink(s *Sandbox, q *programOpenQuery) (any, error) {
	l := s.world.links.made[q.Link]
	if l == nil {
		return nil, unknownID("link", q.Link)
	}
	if _, err := s.world.namedCustomer(q.Customer); err != nil {
		return nil, err
	}
	if !l.end.IsZero() && !s.now().Before(l.end) {
		return nil, errors.New("the link ended at " + stamp(l.end))
	}
	s.journal(entry{Kind: "program_link_opened", Customer: q.Customer, ID: l.appID, Detail: fmt.Sprintf("%s?%s", l.path, l.query)})
	return map[string]any{"appid": l.appID, "path": l.path, "query": l.query, "env_version": l.version}, nil
}
