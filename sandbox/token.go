package sandbox

import (
	"time"
)

// tokenLife is how long an access_token lives in world time.
const tokenLife = 7200 * time.Second

// accessToken is one issued token.
type accessToken struct {
	who     caller
	secret  string
	expires time.Time
}

// tokenStore keeps the tokens by value and the live one of each secret.
type tokenStore struct {
	issued map[string]accessToken
	live   map[string]string // secret -> token
	count  uint64
	wrong  map[int64]int // wrong secrets by world hour
}

func newTokenStore() tokenStore {
	return tokenStore{issued: map[string]accessToken{}, live: map[string]string{}, wrong: map[int64]int{}}
}

func (t *tokenStore) check(token string, now time.Time) (caller, error) {
	if token == "" {
		return 0, refuse(41001, "the query has no access_token")
	}
	got, ok := t.issued[token]
	if !ok {
		return 0, refuse(40014, "this access_token was never issued")
	}
	if !now.Before(got.expires) {
		return 0, refuse(42001, "the access_token expired at %s of the world", stamp(got.expires))
	}
	return got.who, nil
}

// issue answers the live token of secret, or a new one.
func (t *tokenStore) issue(seed uint64, secret string, who caller, now time.Time) (string, time.Duration) {
	if token, ok := t.live[secret]; ok {
		if left := t.issued[token].expires.Sub(now); left > 0 {
			return token, left
		}
	}
	t.count++
	token := letters(64, seed, hashString(secret), t.count)
	t.issued[token] = accessToken{who: who, secret: secret, expires: now.Add(tokenLife)}
	t.live[secret] = token
	return token, tokenLife
}

// expireAll ends every token issued so far.
func (t *tokenStore) expireAll(now time.Time) int {
	n := 0
	for token, a := range t.issued {
		if a.expires.After(now) {
			a.expires = now
			t.issued[token] = a
			n++
		}
	}
	clear(t.live)
	return n
}

// whoHas is the set of areas a secret may act for; 0 for a wrong one. The app
// stands in the callable lists of customer contact and kf.
func (s *Sandbox) whoHas(secret string) caller {
	switch secret {
	case s.secrets.App:
		return byApp | byExternal | byKF
	case s.secrets.External:
		return byExternal
	case s.secrets.KF:
		return byKF
	case s.secrets.Contact:
		return byContact
	case s.secrets.Archive:
		return byArchive
	}
	return 0
}

func tokenFamily() family {
	return family{routes: []route{
		get("/cgi-bin/gettoken", 0, getToken),
		get("/cgi-bin/get_api_domain_ip", byAnyone, ipList),
		get("/cgi-bin/getcallbackip", byAnyone, ipList),
	}}
}

type getTokenQuery struct {
	CorpID     string `json:"corpid"`
	CorpSecret string `json:"corpsecret"`
}

type getTokenReply struct {
	reply
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
}

// wrongSecretsAnHour bans the caller's address for the rest of the hour.
const wrongSecretsAnHour = 2000

func getToken(c *call, q *getTokenQuery) (any, error) {
	s, hour := c.s, c.now.Unix()/3600
	switch {
	case q.CorpID == "":
		return nil, refuse(41002, "the query has no corpid")
	case q.CorpSecret == "":
		return nil, refuse(41004, "the query has no corpsecret")
	case q.CorpID != s.corpID:
		return nil, refuse(40013, "this corp is %s", s.corpID)
	case s.tokens.wrong[hour] >= wrongSecretsAnHour:
		return nil, refuse(45009, "%d wrong secrets in this hour, the address is banned until it ends", wrongSecretsAnHour)
	}
	who := s.whoHas(q.CorpSecret)
	if who == 0 {
		s.tokens.wrong[hour]++
		return nil, refuse(40001, "no area of this corp has that secret")
	}
	token, left := s.tokens.issue(s.opts.Seed, q.CorpSecret, who, c.now)
	return getTokenReply{reply: done(), AccessToken: token, ExpiresIn: int(left / time.Second)}, nil
}

type ipListReply struct {
	reply
	IPList []string `json:"ip_list"`
}

// ipList answers the sandbox's own address, for both directions.
func ipList(*call, *none) (any, error) {
	return ipListReply{reply: done(), IPList: []string{"127.0.0.1"}}, nil
}
