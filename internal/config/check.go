package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"

	"zhiyin.dev/zhiyin/internal/auth"
)

// Problem is one thing that is wrong or missing.
type Problem struct {
	Variable string
	Text     string // goes on after the variable's name: "has 42 characters, ..."
}

// Error names everything that is wrong or missing.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	var b strings.Builder
	if len(e.Problems) == 1 {
		b.WriteString("one setting is wrong or missing:")
	} else {
		fmt.Fprintf(&b, "%d settings are wrong or missing:", len(e.Problems))
	}
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.Variable + " " + p.Text)
	}
	return b.String()
}

func (e *Error) add(variable, text string) {
	e.Problems = append(e.Problems, Problem{variable, text})
}

func (e *Error) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

var corpID = regexp.MustCompile(`^w[0-9A-Za-z_-]{2,63}$`)

// check looks at what several variables say together.
func (c *Config) check(bad *Error) {
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		bad.add("ZHIYIN_LISTEN", "is host:port, for example 127.0.0.1:8420")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
			bad.add("ZHIYIN_PUBLIC_URL", "is a URL such as https://crm.example.com/zhiyin, without ? and #")
		}
	}
	if u := c.DatabaseURL.Reveal(); u != "" && !strings.HasPrefix(u, "postgres://") && !strings.HasPrefix(u, "postgresql://") {
		bad.add("ZHIYIN_DATABASE_URL", "is postgres://..., or empty for SQLite in the data directory")
	}
	if p := c.AdminPassword.Reveal(); p != "" && !c.Loopback() {
		if err := auth.CheckPassword(p); err != nil {
			bad.add("ZHIYIN_ADMIN_PASSWORD", "is too short or too common for an address that others reach; use at least 8 characters")
		}
	}
	c.checkTLS(bad)
	c.checkHosts(bad)
	if c.CorpID != "" && !corpID.MatchString(c.CorpID) {
		bad.add("ZHIYIN_WECOM_CORP_ID", "is letters and digits that begin with ww (old corps: wx); the admin console shows it under My Company")
	}
	if c.ClockURL != "" && c.Official() {
		bad.add("ZHIYIN_CLOCK_URL", "follows a sandbox's clock, but ZHIYIN_WECOM_BASE_URL is the official host; take one of them away")
	}
}

func (c *Config) checkTLS(bad *Error) {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		missing, there := "ZHIYIN_TLS_KEY", "ZHIYIN_TLS_CERT"
		if c.TLSCert == "" {
			missing, there = there, missing
		}
		bad.add(missing, "is missing, but "+there+" is set; HTTPS needs both")
	}
	for name, path := range map[string]string{"ZHIYIN_TLS_CERT": c.TLSCert, "ZHIYIN_TLS_KEY": c.TLSKey} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			bad.add(name, "names a file that is not there or cannot be read: "+path)
		}
	}
}

// checkHosts keeps secrets from going to wrong hosts: http to loopback only, unofficial hosts only when asked for.
func (c *Config) checkHosts(bad *Error) {
	for _, h := range []struct{ name, value, official string }{
		{"ZHIYIN_WECOM_BASE_URL", c.BaseURL, OfficialBaseURL},
		{"ZHIYIN_WECOM_OPEN_URL", c.OpenURL, OfficialOpenURL},
		{"ZHIYIN_WECOM_LOGIN_URL", c.LoginURL, OfficialLoginURL},
		{"ZHIYIN_CLOCK_URL", c.ClockURL, ""},
		{"ZHIYIN_ARCHIVE_URL", c.ArchiveURL, ""},
		{"ZHIYIN_PAY_URL", c.PayURL, "https://api.mch.weixin.qq.com"},
	} {
		if h.value == "" {
			continue
		}
		u, err := url.Parse(h.value)
		official, _ := url.Parse(h.official) // constants
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "":
			bad.add(h.name, "is a URL such as "+OfficialBaseURL)
		case isLoopback(u.Hostname()):
		case u.Scheme == "http":
			bad.add(h.name, "uses http to "+u.Hostname()+", which would send secrets in the open; use https, http is for loopback only")
		case u.Host != official.Host && !c.Unofficial:
			bad.add(h.name, "is "+u.Hostname()+", which is not WeCom's; set ZHIYIN_WECOM_UNOFFICIAL=1 if you mean it")
		}
	}
	if p := c.Proxy.Reveal(); p != "" {
		if u, err := url.Parse(p); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			bad.add("ZHIYIN_WECOM_PROXY", "is a URL such as http://proxy.example.com:3128")
		}
	}
}

// Required names everything that must be set before the platform can talk with WeCom. Ask after Lay.
func (c *Config) Required() error {
	bad := &Error{}
	if c.CorpID == "" {
		bad.add("ZHIYIN_WECOM_CORP_ID", "is missing; the admin console shows it under My Company")
	}
	if c.Secrets["app"] == "" && (c.Secrets["external"] == "" || c.Secrets["contact"] == "") {
		bad.add("ZHIYIN_WECOM_APP_SECRET", "is missing; the admin console shows it on the app's page (older corps set ZHIYIN_WECOM_CONTACT_SECRET and ZHIYIN_WECOM_EXTERNAL_SECRET instead)")
	}
	if c.Secrets["app"] != "" && c.AgentID == 0 {
		bad.add("ZHIYIN_WECOM_AGENT_ID", "is missing; the admin console shows it on the app's page")
	}
	token, key := c.Callback.Token != "", c.Callback.AESKey != ""
	for _, p := range c.Callbacks {
		token, key = token || p.Token != "", key || p.AESKey != ""
	}
	if !token {
		bad.add(commonToken, "is missing; it is made on the page where the admin console asks for the callback URL")
	}
	if !key {
		bad.add(commonKey, "is missing; it is made on the page where the admin console asks for the callback URL")
	}
	return bad.orNil()
}

func hostOf(listen string) string {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	return host
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
