package governance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// NoticeText is a paragraph of a notice. Where no English was written, readers of English see the Chinese.
type NoticeText struct {
	ZH string `json:"zh" maxLength:"8000" doc:"4 to 2000 characters"`
	EN string `json:"en,omitempty" maxLength:"8000" doc:"left out: readers of English see the Chinese"`
}

// In is the paragraph in a language.
func (t NoticeText) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// NoticePurpose is what a notice says of one purpose.
type NoticePurpose struct {
	ID   Purpose    `json:"id" enum:"service,lifecycle,marketing,traits,sensitive"`
	Text NoticeText `json:"text" doc:"what it means to the reader"`
}

// NoticeBody is what people read.
type NoticeBody struct {
	Who      NoticeText      `json:"who" doc:"who the corp is, and how to reach it"`
	How      NoticeText      `json:"how" doc:"which data, where from, how it is used"`
	Keep     NoticeText      `json:"keep" doc:"how long it is kept"`
	Rights   NoticeText      `json:"rights" doc:"what people can ask for, and how"`
	Purposes []NoticePurpose `json:"purposes" minItems:"1" maxItems:"5"`
}

// PrivacyNotice is one version of what the corp tells its customers about their data (LAW-01). None is ever changed.
type PrivacyNotice struct {
	bun.BaseModel `bun:"table:privacy_notice"`

	CorpID   string `bun:",pk"`
	ID       int64  `bun:",pk"`
	Version  int
	Body     string // JSON of NoticeBody
	SHA256   string `bun:"sha256"`
	Again    bool   // purpose, manner or kind of data changed: who was told before is asked again
	Purposes string // JSON of []Purpose
	Changes  string
	MadeBy   string
	MadeAt   clock.Time
}

// Reads is the body.
func (n *PrivacyNotice) Reads() (NoticeBody, error) {
	var b NoticeBody
	if err := json.Unmarshal([]byte(n.Body), &b); err != nil {
		return b, fmt.Errorf("read notice %d: %w", n.Version, err)
	}
	return b, nil
}

// Intact says whether the text still is the one whose digest was kept.
func (n *PrivacyNotice) Intact() bool { return digest(n.Body) == n.SHA256 }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// notice is what decisions look at: the version in force, what it names, and since when people are asked again.
type notice struct {
	version int // 0 = the corp has none
	sha     string
	names   string     // purposes, each between commas
	again   int64      // id of the last version that asks again: older consents do not count; 0 = none does
	since   clock.Time // when that was: who came before was told of something else
}

// grant says whether the notice names what a touch is for: Text of its step is the first that it does not, After its version.
func (n notice) grant(class Class, traits bool) grant {
	st := Step{RuleID: ruleNotice, After: n.version}
	for _, p := range purposesOf(class, traits) {
		if !n.named(p) {
			st.Text = string(p)
			return grant{st, false}
		}
	}
	return grant{st, true}
}

// named says whether the notice names a purpose.
func (n notice) named(p Purpose) bool { return strings.Contains(n.names, ","+string(p)+",") }

// noticeIn is the notice in force; upTo is the newest version that counts, 0 = none does.
func noticeIn(ctx context.Context, q bun.IDB, corpID string, upTo int) (notice, error) {
	var n notice
	if upTo == 0 {
		return n, nil
	}
	var rows []PrivacyNotice
	err := q.NewSelect().Model(&rows).Column("id", "version", "sha256", "again", "purposes", "made_at").
		Where("corp_id = ? AND version <= ?", corpID, upTo).OrderExpr("version").Scan(ctx)
	if err != nil {
		return n, fmt.Errorf("read the notice of %s: %w", corpID, err)
	}
	for _, r := range rows {
		var names []string
		if err := json.Unmarshal([]byte(r.Purposes), &names); err != nil {
			return n, fmt.Errorf("read the purposes of notice %d: %w", r.Version, err)
		}
		n.version, n.sha, n.names = r.Version, r.SHA256, ","+strings.Join(names, ",")+","
		if r.Again {
			n.again, n.since = r.ID, r.MadeAt
		}
	}
	return n, nil
}

// newest is more than any version of a notice.
const newest = math.MaxInt32

// Notices are all versions, the newest first.
func (g *Governor) Notices(ctx context.Context, corpID string) ([]PrivacyNotice, error) {
	var rows []PrivacyNotice
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("version DESC").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the notices of %s: %w", corpID, err)
	}
	return rows, nil
}

// Names says whether the notice in force names a purpose; a corp without one is not held to it.
func (g *Governor) Names(ctx context.Context, q bun.IDB, corpID string, p Purpose) (bool, error) {
	n, err := noticeIn(ctx, q, corpID, newest)
	return n.version == 0 || n.named(p), err
}

// Notice reads one version.
func (g *Governor) Notice(ctx context.Context, corpID string, version int) (*PrivacyNotice, error) {
	n := new(PrivacyNotice)
	err := g.db.Read().NewSelect().Model(n).Where("corp_id = ? AND version = ?", corpID, version).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("这一版告知", "version of the notice")
	}
	if err != nil {
		return nil, fmt.Errorf("read notice %d: %w", version, err)
	}
	return n, nil
}

// HasNotice says whether the corp has a notice at all.
func (g *Governor) HasNotice(ctx context.Context, corpID string) (bool, error) {
	n, err := g.db.Read().NewSelect().Model((*PrivacyNotice)(nil)).Where("corp_id = ?", corpID).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("count the notices of %s: %w", corpID, err)
	}
	return n > 0, nil
}

// check says what is wrong with a notice that somebody publishes, and brings its purposes into their order.
func (b *NoticeBody) check() error {
	for _, f := range []struct {
		name string
		text *NoticeText
		what errs.Text
	}{
		{"who", &b.Who, errs.T("谁在处理、怎样联系", "who the corp is and how to reach it")},
		{"how", &b.How, errs.T("处理哪些信息、怎样处理", "which data is used, and how")},
		{"keep", &b.Keep, errs.T("保存多久", "how long it is kept")},
		{"rights", &b.Rights, errs.T("客户有哪些权利、怎样行使", "what rights people have, and how to use them")},
	} {
		if err := f.text.check(f.name, f.what); err != nil {
			return err
		}
	}
	var list []NoticePurpose
	for _, p := range Purposes() {
		i := slices.IndexFunc(b.Purposes, func(x NoticePurpose) bool { return x.ID == p.ID })
		if i < 0 {
			if p.Must {
				return errs.Bad("purposes", "notice.service", errs.T("「服务」这个用途一定要写。", "The purpose “service” has to be named."))
			}
			continue
		}
		x := b.Purposes[i]
		if err := x.Text.check("purposes."+string(p.ID), errs.T("「"+p.Title.ZH+"」用来做什么", "what “"+p.Title.EN+"” means to the reader")); err != nil {
			return err
		}
		list = append(list, x)
	}
	if len(list) != len(b.Purposes) {
		return errs.Bad("purposes", "notice.purpose", errs.T("每个用途写一次，只能是登记册里有的。", "Name each purpose once, and only those of the register."))
	}
	b.Purposes = list
	return nil
}

func (t *NoticeText) check(field string, what errs.Text) error {
	const least, most = 4, 2000
	t.ZH, t.EN = strings.TrimSpace(t.ZH), strings.TrimSpace(t.EN)
	if n := utf8.RuneCountInString(t.ZH); n < least || n > most || utf8.RuneCountInString(t.EN) > most {
		return errs.Bad(field, "notice.text", errs.T(fmt.Sprintf("写明%s，%d 到 %d 个字。", what.ZH, least, most), fmt.Sprintf("Say %s, in Chinese, in %d to %d characters; English at most as many.", what.EN, least, most)))
	}
	return nil
}

// PublishNotice puts a new version in force. again says that purpose, manner or kind of data changed: consents of before count no
// longer, and who came before is asked again (LAW-04).
func (g *Governor) PublishNotice(ctx context.Context, corpID, by string, body NoticeBody, again bool, changes string) (*PrivacyNotice, error) {
	if err := body.check(); err != nil {
		return nil, err
	}
	changes, err := said("changes", changes, errs.T("写明这一版是什么、改了什么", "Say what this version is, or what it changes"))
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write the notice: %w", err)
	}
	names := make([]Purpose, len(body.Purposes))
	for i, p := range body.Purposes {
		names[i] = p.ID
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, fmt.Errorf("write the purposes: %w", err)
	}
	n := &PrivacyNotice{CorpID: corpID, Body: string(raw), SHA256: digest(string(raw)), Again: again, Purposes: string(list), Changes: changes, MadeBy: by}
	err = g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "notice/"+corpID); err != nil {
			return err
		}
		last, err := noticeIn(ctx, tx, corpID, newest)
		if err != nil {
			return err
		}
		if last.sha == n.SHA256 && !again {
			return errs.New(errs.Conflict, "notice.same", errs.Tf("和正在用的第 %d 版一字不差，不用再发布。", "It reads exactly as version %d, which is in force.", last.version))
		}
		n.ID, n.Version, n.MadeAt = tx.NewID(), last.version+1, g.world.Now()
		if _, err := tx.NewInsert().Model(n).Exec(ctx); err != nil {
			return fmt.Errorf("store notice %d: %w", n.Version, err)
		}
		tx.Changed(corpID, areaTouch) // of everybody
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: corpID, Act: "notice.publish", Subject: audit.Of("notices", strconv.Itoa(n.Version)), Who: by, At: n.MadeAt,
			Detail: audit.Detail{"sha256": n.SHA256, "again": again, "purposes": names},
		})
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}
