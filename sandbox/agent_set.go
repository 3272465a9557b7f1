package sandbox

import (
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// agentSettings are what the app changes about itself.
type agentSettings struct {
	name, description string // empty: as at start
	logo              string // name of a picture; empty: as at start
	domain, home      string
	location          bool // tell where members are when they enter
	quietEnter        bool // do not tell that they enter
	month             time.Time
	domains           int // changes of the trusted domain in this month
}

type agentSetQuery struct {
	AgentID        agentID `json:"agentid"`
	ReportLocation *int    `json:"report_location_flag"`
	LogoMediaID    string  `json:"logo_mediaid"`
	Name           *string `json:"name"`
	Description    *string `json:"description"`
	RedirectDomain *string `json:"redirect_domain"`
	ReportEnter    *int    `json:"isreportenter"`
	HomeURL        *string `json:"home_url"`
}

const (
	agentName             = 32
	agentDescriptionLeast = 4
	agentDescriptionMost  = 120
	domainsAMonth         = 20
)

var domainForm = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?(:[0-9]{1,5})?$`)

// agentSet changes what the query has and leaves the rest.
func agentSet(c *call, q *agentSetQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	if err := q.checkTexts(); err != nil {
		return nil, err
	}
	set, media := &c.w.app.settings, c.w.media
	if q.LogoMediaID != "" && !media.has(q.LogoMediaID, "image", c.now) {
		return nil, refuse(40007, "logo_mediaid %q is no live image", q.LogoMediaID)
	}
	if q.RedirectDomain != nil && *q.RedirectDomain != set.domain {
		if err := c.setDomain(*q.RedirectDomain); err != nil {
			return nil, err
		}
	}
	if q.LogoMediaID != "" {
		f := *media.files[q.LogoMediaID]
		set.logo = "logo_" + letters(20, c.w.seed, hashString(q.LogoMediaID))
		media.images[set.logo] = &f
	}
	for _, text := range []struct{ given, kept *string }{{q.Name, &set.name}, {q.Description, &set.description}, {q.HomeURL, &set.home}} {
		if text.given != nil {
			*text.kept = *text.given
		}
	}
	if q.ReportLocation != nil {
		set.location = *q.ReportLocation == 1
	}
	if q.ReportEnter != nil {
		set.quietEnter = *q.ReportEnter == 0
	}
	c.s.journal(entry{Kind: "app_changed"})
	return nil, nil
}

func (q *agentSetQuery) checkTexts() error {
	flag := func(n *int) bool { return n == nil || *n == 0 || *n == 1 }
	chars := func(s *string) int { return utf8.RuneCountInString(*s) }
	switch {
	case q.Name != nil && (*q.Name == "" || chars(q.Name) > agentName):
		return refuse(45022, "name must have 1 to %d characters", agentName)
	case q.Description != nil && (chars(q.Description) < agentDescriptionLeast || chars(q.Description) > agentDescriptionMost):
		return refuse(45004, "description must have %d to %d characters", agentDescriptionLeast, agentDescriptionMost)
	case !flag(q.ReportLocation) || !flag(q.ReportEnter):
		return refuse(40058, "report_location_flag and isreportenter are 0 or 1")
	case q.HomeURL != nil && *q.HomeURL != "" && !hasScheme(*q.HomeURL):
		return refuse(40058, "home_url must begin with http:// or https://")
	}
	return nil
}

// setDomain changes the trusted domain; an empty one trusts every domain again.
func (c *call) setDomain(domain string) error {
	set := &c.w.app.settings
	month := today(c.now).AddDate(0, 0, 1-c.now.In(Zone).Day())
	if !month.Equal(set.month) {
		set.month, set.domains = month, 0
	}
	switch {
	case domain != "" && !domainForm.MatchString(domain):
		return refuse(80001, "redirect_domain %q is no domain, with or without a port", domain)
	case domain != "" && !c.s.on("agent.domain_proven"):
		return refuse(85005, "nobody has proven to own %q (switch agent.domain_proven)", domain)
	case set.domains >= domainsAMonth:
		return refuse(85004, "the trusted domain was changed %d times this month", set.domains)
	}
	set.domains++
	set.domain = domain
	return nil
}

// trusts is true for pages that a login may return to: host and port are those
// of the trusted domain.
func (a *agentSettings) trusts(page *url.URL) bool {
	return a.domain == "" || strings.EqualFold(hostOf(page), a.domain)
}

// trustsScript is true for pages that may use the script interface: those of
// the trusted domain and of what is below it.
func (a *agentSettings) trustsScript(page *url.URL) bool {
	host, domain := strings.ToLower(hostOf(page)), strings.ToLower(a.domain)
	return domain == "" || host == domain || strings.HasSuffix(host, "."+domain)
}

// hostOf is the host of a page, with the port when it is not the usual one.
func hostOf(page *url.URL) string {
	if port := page.Port(); port == "80" && page.Scheme == "http" || port == "443" && page.Scheme == "https" {
		return page.Hostname()
	}
	return page.Host
}
