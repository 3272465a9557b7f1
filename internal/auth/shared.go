package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// An account belongs to one person (ACC-10). Two sessions of one account that are used at the same time, from two networks and by two
// browsers, may be two persons, or one person with a computer and a phone: nothing is stopped, an owner is asked.

const (
	sharedWithin = 10 * time.Minute // two uses so near each other are at the same time; a use is noted each seenEvery
	movedEvery   = time.Minute      // how often a session that changes its address is noted
	maxAgent     = 300              // bytes of what a browser says of itself
)

// SharedState says what an account in two places is.
type SharedState string

// The states.
const (
	SharedOpen SharedState = "open"       // an owner has to look
	OnePerson  SharedState = "one_person" // with two devices: these two browsers are not asked about again
	IsShared   SharedState = "shared"     // two persons; seen again, it is asked again
)

// Use is where and with what a session was used.
type Use struct {
	Addr    string    `json:"addr"`
	Browser string    `json:"browser"`
	Agent   string    `json:"agent" doc:"what the browser says of itself"`
	Began   time.Time `json:"began" doc:"when the session began"`
	Seen    time.Time `json:"seen" doc:"when it was used last"`
}

// Shared is an account that was used in two places at the same time.
type Shared struct {
	bun.BaseModel `bun:"table:shared_login"`

	CorpID    string `bun:",pk"`
	ID        int64  `bun:",pk"`
	Account   string
	Browsers  string // JSON
	Uses      string // JSON
	FoundAt   clock.WallTime
	LastAt    clock.WallTime
	Times     int
	State     SharedState
	DecidedBy string
	DecidedAt clock.WallTime
	Note      string
}

func (s *Shared) uses() (out []Use) {
	_ = json.Unmarshal([]byte(s.Uses), &out) // written by us
	return out
}

// who is whose session it is.
func (r sessionRow) who() string { return r.Account + r.StaffID } // one of them is empty

func (r sessionRow) use() Use {
	return Use{Addr: r.Addr, Browser: browser(r.Agent), Agent: r.Agent, Began: r.CreatedAt.Std(), Seen: r.SeenAt.Std()}
}

// apart says whether two sessions are in two places, by two browsers, at the same time: both were used after both had begun.
func (r sessionRow) apart(o sessionRow) bool {
	began := max(r.CreatedAt, o.CreatedAt)
	return r.Addr != "" && o.Addr != "" && r.Agent != o.Agent && network(r.Addr) != network(o.Addr) &&
		r.SeenAt >= began && o.SeenAt >= began && max(r.SeenAt.Sub(o.SeenAt), o.SeenAt.Sub(r.SeenAt)) <= sharedWithin
}

// network is what stays of an address while one device keeps its place: of IPv6 the first half, the rest changes by itself.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Is4() {
		return addr
	}
	p, _ := a.Prefix(64) // of an IPv6 address it always is one
	return p.String()
}

// browser is what a browser says of itself, in short: its name and where it runs. What is not known is called so.
func browser(agent string) string {
	first := func(names ...[2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return "?"
	}
	name := first([2]string{"wxwork", "WeCom"}, [2]string{"MicroMessenger", "WeChat"}, [2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox", "Firefox"},
		[2]string{"Chrome", "Chrome"}, [2]string{"Safari", "Safari"})
	on := first([2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Windows", "Windows"}, [2]string{"Macintosh", "macOS"},
		[2]string{"Linux", "Linux"})
	return name + " · " + on
}

// used notes that a session is used, and where; then it looks whether the account is in two places.
func (s *Service) used(ctx context.Context, row sessionRow, c web.Credentials, now clock.WallTime) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		was := row
		row.SeenAt = now
		if c.Addr.IsValid() {
			row.Addr, row.Agent = c.Addr.String(), agentOf(c)
		}
		_, err := tx.NewUpdate().Model(&row).WherePK().Column("seen_at", "addr", "agent").Exec(ctx)
		if err != nil {
			return fmt.Errorf("note that a session is used: %w", err)
		}
		if was.apart(row) { // one session in two places: its cookie was copied
			if err := s.found(ctx, tx, row, was); err != nil {
				return err
			}
		}
		return s.lookApart(ctx, tx, row)
	})
}

// elsewhere says whether the session is used elsewhere than it was.
func (r sessionRow) elsewhere(c web.Credentials) bool {
	return c.Addr.IsValid() && (r.Addr != c.Addr.String() || r.Agent != agentOf(c))
}

func agentOf(c web.Credentials) string {
	agent := strings.ToValidUTF8(strings.ReplaceAll(c.Agent, "\x00", ""), "�")
	for len(agent) > maxAgent {
		_, n := utf8.DecodeLastRuneInString(agent)
		agent = agent[:len(agent)-n]
	}
	return agent
}

func (s *Service) lookApart(ctx context.Context, tx *db.Tx, mine sessionRow) error {
	var others []sessionRow
	err := tx.NewSelect().Model(&others).Where("corp_id = ? AND account = ? AND staff_id = ? AND hash <> ? AND seen_at >= ? AND expires_at > ?",
		s.CorpID, mine.Account, mine.StaffID, mine.Hash, mine.SeenAt.Add(-sharedWithin), mine.SeenAt).OrderExpr("hash").Scan(ctx)
	if err != nil {
		return fmt.Errorf("look for other sessions of %s: %w", mine.who(), err)
	}
	for _, o := range others {
		if mine.apart(o) {
			if err := s.found(ctx, tx, mine, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// found keeps the evidence, once for each account and pair of browsers while nobody has looked.
func (s *Service) found(ctx context.Context, tx *db.Tx, mine, other sessionRow) error {
	pair := []string{browser(mine.Agent), browser(other.Agent)}
	slices.Sort(pair)
	browsers, err := json.Marshal(pair)
	if err != nil {
		return fmt.Errorf("write two browsers: %w", err)
	}
	uses, err := json.Marshal([]Use{mine.use(), other.use()})
	if err != nil {
		return fmt.Errorf("write two uses: %w", err)
	}
	if err := tx.Lock(ctx, "shared-login/"+s.CorpID+"/"+mine.who()); err != nil {
		return err
	}
	former := new(Shared)
	err = tx.NewSelect().Model(former).Where("corp_id = ? AND account = ? AND browsers = ? AND state IN (?, ?)", s.CorpID, mine.who(), string(browsers), SharedOpen, OnePerson).
		OrderExpr("id DESC").Limit(1).Scan(ctx)
	switch {
	case err == nil && former.State == OnePerson:
		return nil
	case err == nil:
		_, err := tx.NewUpdate().Model((*Shared)(nil)).Set("times = times + 1").Set("last_at = ?", mine.SeenAt).Where("corp_id = ? AND id = ?", s.CorpID, former.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("note that %s is in two places again: %w", mine.who(), err)
		}
		return nil
	case !db.IsNoRows(err):
		return fmt.Errorf("look whether %s was in two places: %w", mine.who(), err)
	}
	row := &Shared{
		CorpID: s.CorpID, ID: tx.NewID(), Account: mine.who(), Browsers: string(browsers), Uses: string(uses), FoundAt: mine.SeenAt, LastAt: mine.SeenAt, Times: 1, State: SharedOpen,
	}
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("note that %s is in two places: %w", mine.who(), err)
	}
	return logShared(ctx, tx, "login.shared", audit.System, row, audit.Detail{"case": strconv.FormatInt(row.ID, 10), "browsers": pair})
}

func logShared(ctx context.Context, tx *db.Tx, act, who string, r *Shared, d audit.Detail) error {
	return audit.Log(ctx, tx, audit.Entry{CorpID: r.CorpID, Act: act, Subject: audit.Of("accounts", r.Account), Who: who, Detail: d})
}

// DecideShared is what an owner says of an account in two places.
func (s *Service) DecideShared(ctx context.Context, id int64, by string, onePerson bool, note string) error {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 500 {
		return errs.Bad("note", "login.shared_note", errs.T("写明怎么弄清的、做了什么，2 到 500 个字。", "Say how it was cleared up and what was done, in 2 to 500 characters."))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := new(Shared)
		err := tx.NewSelect().Model(r).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
		if db.IsNoRows(err) {
			return errs.Missing("账号线索", "case of an account")
		}
		if err != nil {
			return fmt.Errorf("read an account in two places: %w", err)
		}
		r.State, r.DecidedBy, r.DecidedAt, r.Note = IsShared, by, s.Wall.Now(), note
		if onePerson {
			r.State = OnePerson
		}
		res, err := tx.NewUpdate().Model(r).WherePK().Where("state = ?", SharedOpen).Column("state", "decided_by", "decided_at", "note").Exec(ctx)
		if err != nil {
			return fmt.Errorf("decide about an account in two places: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = errs.New(errs.Conflict, "login.shared_decided", errs.T("有人已经处理了。", "Somebody has decided already."))
			}
			return err
		}
		return logShared(ctx, tx, "login.judge", by, r, audit.Detail{"case": strconv.FormatInt(id, 10), "state": r.State})
	})
}

// SharedLogins lists accounts in two places, those that wait for an owner first.
func (s *Service) SharedLogins(ctx context.Context, limit int) ([]*Shared, error) {
	var rows []*Shared
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).
		OrderExpr("CASE WHEN state = ? THEN 0 ELSE 1 END, id DESC", SharedOpen).Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts in two places: %w", err)
	}
	return rows, nil
}
