package governance

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/net/publicsuffix"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// Site is a site that the corp answers for. It is never changed, only withdrawn.
type Site struct {
	bun.BaseModel `bun:"table:site"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	Host    string // as guard.SiteOf; what lies below it is meant too
	Kind    SiteKind
	Note    string
	MadeBy  string
	MadeAt  clock.Time
	EndedID int64
	EndedBy string
	EndedAt clock.Time
}

// SiteKind says why the corp answers for a site.
type SiteKind string

// The kinds of sites.
const (
	OwnSite     SiteKind = "own"
	TrustedSite SiteKind = "trusted" // of a partner, by contract
)

const (
	mostSites   = 200 // in force, of a corp
	longestHost = 253
	shortLinks  = "short" // class of hosts
)

// Sites are the sites of a corp, those in force first, then the newest.
func (g *Governor) Sites(ctx context.Context, corpID string) ([]*Site, error) {
	var rows []*Site
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("ended_id = 0 DESC, id DESC").Limit(2 * mostSites).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	return rows, nil
}

// OwnHost is the site under which customers reach the platform itself; it needs no record. "" = it is not known.
func (g *Governor) OwnHost() string { return g.host }

// AddSite puts a site on record; host may be given as an address.
func (g *Governor) AddSite(ctx context.Context, s Site) (*Site, error) {
	s.Note = strings.TrimSpace(s.Note)
	s.MadeAt, s.EndedID, s.EndedBy, s.EndedAt = g.world.Now(), 0, "", 0
	host, err := g.readHost(s.Host)
	if err != nil {
		return nil, err
	}
	s.Host = host
	switch {
	case s.Kind != OwnSite && s.Kind != TrustedSite:
		return nil, errs.Bad("kind", "site.kind", errs.T("选自己的网站，或合作方的。", "Choose an own site or one of a partner."))
	case s.Kind == TrustedSite && s.Note == "":
		return nil, errs.Bad("note", "site.contract", errs.T("合作方的网站，写明依据哪份合同。", "Of a partner's site, say by which contract."))
	case utf8.RuneCountInString(s.Note) > longestNote:
		return nil, errs.Bad("note", "site.note", errs.Tf("备注最多 %d 个字。", "A note has at most %d characters.", longestNote))
	case shared(host):
		return nil, errs.Bad("host", "site.shared", errs.T("这个域名下面是许多别人的网站，登记到自己的那一级，例如 shop.example.com。", "Below that domain are the sites of many others; record your own one, such as shop.example.com."))
	case g.book.guard.ClassOf(host) == shortLinks:
		return nil, errs.Bad("host", "site.short", errs.T("短链服务谁都能用，看不出跳到哪里，不能登记。", "Anybody can use a service of short links, which hides where it leads; it cannot be put on record."))
	}
	err = g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "site/"+s.CorpID); err != nil {
			return err
		}
		var rows []Site
		if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND ended_id = 0", s.CorpID).Scan(ctx); err != nil {
			return fmt.Errorf("read the sites: %w", err)
		}
		if len(rows) >= mostSites {
			return errs.New(errs.Conflict, "site.most", errs.Tf("最多登记 %d 个，先撤回不用的。", "At most %d can be on record; withdraw some first.", mostSites))
		}
		if slices.ContainsFunc(rows, func(x Site) bool { return x.Host == host }) {
			return errs.Bad("host", "site.known", errs.T("这个网站已经登记过。", "This site is on record already."))
		}
		s.ID = tx.NewID()
		if _, err := tx.NewInsert().Model(&s).Exec(ctx); err != nil {
			return fmt.Errorf("record a site: %w", err)
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: s.CorpID, Act: "site.add", Subject: audit.Of("site", strconv.FormatInt(s.ID, 10)), Who: s.MadeBy, At: s.MadeAt,
			Detail: audit.Detail{"host": s.Host, "kind": s.Kind},
		})
	})
	return &s, err
}

// readHost is the site that somebody names.
func (g *Governor) readHost(address string) (string, error) {
	host, err := guard.SiteOf(address)
	if err != nil || len(host) > longestHost || !strings.Contains(host, ".") || host[len(host)-1] <= '9' {
		return "", errs.Bad("host", "site.host", errs.T("写网站的域名，例如 shop.example.com；IP 地址不行。", "Give the domain of the site, such as shop.example.com; not an IP address."))
	}
	return host, nil
}

// shared says whether a host is one below which strangers have their sites: a top-level domain, or a domain of a provider.
func shared(host string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err != nil
}

// EndSite withdraws a site: links to it are foreign from now on.
func (g *Governor) EndSite(ctx context.Context, corpID string, id int64, by string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := max(g.world.Now(), 1)
		n, err := endRow(ctx, tx, (*Site)(nil), corpID, id, by, now)
		if err != nil || n == 0 {
			return errOr(err, errs.Missing("网站", "site"))
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: "site.withdraw", Subject: audit.Of("site", strconv.FormatInt(id, 10)), Who: by, At: now})
	})
}

// sitesAt adds to a record the sites and penalties that a decision with an id sees at an instant.
func (g *Governor) sitesAt(ctx context.Context, q bun.IDB, r *guard.Record, corpID string, at clock.Time, id int64) error {
	var sites []Site
	err := q.NewSelect().Model(&sites).Column("host").Where("corp_id = ? AND id < ? AND (ended_id = 0 OR ended_id > ?)", corpID, id, id).OrderExpr("id").Scan(ctx)
	if err != nil {
		return fmt.Errorf("read the sites on record: %w", err)
	}
	if g.host != "" {
		r.Sites = append(r.Sites, g.host)
	}
	for i := range sites {
		r.Sites = append(r.Sites, sites[i].Host)
	}
	r.Penalties, err = g.penaltiesAt(ctx, q, corpID, at, id)
	return err
}
