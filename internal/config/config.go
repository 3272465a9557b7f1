// Package config reads what serve and its sister commands are told: flags, then environment, then a file; then what was
// set in the console (internal/setting lays it under). Every variable stands once, in the table of vars.go, from which
// the checks, the messages and docs/configuration.md follow.
//
// Everything wrong or missing is named at once, by the variable's name and with what to do. Secrets have the type Secret
// and print as ***; each has a twin NAME_FILE that names a file to read it from.
package config

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Secret is a text that never shows itself.
type Secret string

const hidden = "***"

// Reveal answers the text. Whoever calls it hands it to what needs it and to nothing else.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the text from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON hides the text from JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Source says where a value came from.
type Source string

// The sources, from strong to weak.
const (
	Flag    Source = "flag"
	Env     Source = "env"
	File    Source = "file"
	Console Source = "console"
	Default Source = "default"
)

// Pair is the token and key of callbacks.
type Pair struct {
	Token  Secret
	AESKey Secret
}

// Areas are the parts of WeCom's API with secrets and callbacks of their own.
var Areas = []string{"app", "contact", "external", "kf", "archive"}

// Official hosts of WeCom.
const (
	OfficialBaseURL  = "https://qyapi.weixin.qq.com"
	OfficialOpenURL  = "https://open.weixin.qq.com"
	OfficialLoginURL = "https://login.work.weixin.qq.com"
)

// Config is everything serve can be told. The zero value of a field means what vars.go says.
type Config struct {
	Listen         string
	PublicURL      string
	Data           string
	DatabaseURL    Secret // holds a password
	NATSURL        Secret // may hold a password
	AdminPassword  Secret
	MasterKeyFile  string
	Zone           *time.Location
	TLSCert        string
	TLSKey         string
	TrustedProxies []netip.Prefix

	BaseURL    string // never empty
	OpenURL    string // never empty
	LoginURL   string // never empty
	Proxy      Secret // may hold a password
	Unofficial bool
	CorpID     string
	AgentID    int
	Secrets    map[string]Secret // by area; empty external and kf mean the app's
	Callback   Pair
	Callbacks  map[string]Pair // by area; what is empty means the common pair
	Skew       time.Duration   // how far a callback's time may be off the corp's clock

	ArchiveURL       string
	ArchiveKeysDir   string
	PayURL           string
	PayMchID         string
	PayKey           Secret
	PayCert          string
	PayCertKey       string
	ClockURL         string
	BackupPassphrase Secret

	// Warnings are not wrong but worth a look: variables that nobody reads.
	Warnings []string

	sources map[string]Source
}

// Source says where a variable's value came from.
func (c *Config) Source(variable string) Source {
	if s, ok := c.sources[variable]; ok {
		return s
	}
	return Default
}

// Clone answers a copy that shares nothing that Lay writes to.
func (c *Config) Clone() *Config {
	d := *c
	d.Secrets, d.Callbacks, d.sources = maps.Clone(c.Secrets), maps.Clone(c.Callbacks), maps.Clone(c.sources)
	if d.sources == nil {
		d.sources = map[string]Source{}
	}
	return &d
}

// CallbackPair answers the token and key of an area's callbacks ("" = common), and the variables they came from or
// should be set in.
func (c *Config) CallbackPair(area string) (p Pair, tokenVar, keyVar string) {
	p, tokenVar, keyVar = c.Callback, commonToken, commonKey
	own := c.Callbacks[area]
	if own.Token != "" {
		p.Token, tokenVar = own.Token, areaVar(area, "_CALLBACK_TOKEN")
	}
	if own.AESKey != "" {
		p.AESKey, keyVar = own.AESKey, areaVar(area, "_CALLBACK_AES_KEY")
	}
	return p, tokenVar, keyVar
}

// Official says whether the platform talks with the real WeCom.
func (c *Config) Official() bool {
	u, err := url.Parse(c.BaseURL)
	return err == nil && u.Host == strings.TrimPrefix(OfficialBaseURL, "https://")
}

// Loopback says whether the platform listens on this machine only.
func (c *Config) Loopback() bool { return isLoopback(hostOf(c.Listen)) }
