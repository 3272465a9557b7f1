package tag

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Grounds are what a person wrote about a tag whose name tells sensitive data (LAW-07): why it is needed, or by what separate consent
// of the customers it may choose audiences. They hold for the name of then.
type Grounds struct {
	bun.BaseModel `bun:"table:sensitive_tag"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	TagID   string
	Name    string
	Kind    GroundsKind
	Reason  string
	MadeBy  string
	MadeAt  clock.Time
	EndedBy string
	EndedAt clock.Time
}

// GroundsKind says what grounds are for.
type GroundsKind string

// The kinds.
const (
	Need    GroundsKind = "need"    // why the tag is made or renamed so
	Consent GroundsKind = "consent" // an owner answers for it
)

const (
	leastReason = 4
	mostReason  = 300
)

// Sensitive is a tag whose name tells sensitive data.
type Sensitive struct {
	Tag
	Group   string
	Class   string
	Title   errs.Text
	Words   string   // what tells it, in normal form
	Need    *Grounds // nil: it was made in WeCom
	Consent *Grounds // nil: it may choose no audience
}

// nameOf is how a tag is read: a group "faith" tells what its tags mean.
func nameOf(group, name string) string { return group + "：" + name }

// marked says what sensitive data the name of a tag tells.
func (s *Service) marked(group, name string) (governance.Sensitive, bool) {
	return s.Governor.Sensitive(nameOf(group, name))
}

// Sensitive lists the tags whose names tell sensitive data; of some ids, nil = of all.
func (s *Service) Sensitive(ctx context.Context, ids []string) ([]Sensitive, error) {
	return s.sensitive(ctx, s.DB.Read(), ids)
}

// SensitiveIn is Sensitive as a transaction sees it.
func (s *Service) SensitiveIn(ctx context.Context, q bun.IDB, ids []string) ([]Sensitive, error) {
	return s.sensitive(ctx, q, ids)
}

func (s *Service) sensitive(ctx context.Context, from bun.IDB, ids []string) ([]Sensitive, error) {
	var rows []struct{ ID, GroupID, Name, GroupName string }
	q := from.NewSelect().TableExpr("tag AS t").ColumnExpr("t.id, t.group_id, t.name, COALESCE(g.name, '') AS group_name").
		Join("LEFT JOIN tag_group AS g ON g.corp_id = t.corp_id AND g.id = t.group_id").Where("t.corp_id = ?", s.CorpID).OrderExpr("t.group_id, t.id")
	if ids != nil {
		q.Where("t.id IN (?)", bun.List(ids))
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the names of tags: %w", err)
	}
	var out []Sensitive
	var found []string
	for _, r := range rows {
		if m, ok := s.marked(r.GroupName, r.Name); ok {
			out = append(out, Sensitive{Tag: Tag{ID: r.ID, GroupID: r.GroupID, Name: r.Name}, Group: r.GroupName, Class: m.Class, Title: m.Title, Words: m.Words})
			found = append(found, r.ID)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	var grounds []*Grounds
	err := from.NewSelect().Model(&grounds).Where("corp_id = ? AND ended_at = 0 AND tag_id IN (?)", s.CorpID, bun.List(found)).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the grounds of sensitive tags: %w", err)
	}
	for i := range out {
		for _, g := range grounds {
			if g.TagID != out[i].ID || g.Name != nameOf(out[i].Group, out[i].Name) {
				continue
			}
			if g.Kind == Consent {
				out[i].Consent = g
			} else {
				out[i].Need = g
			}
		}
	}
	return out, nil
}

// Consented refuses tags that tell sensitive data without a separate consent on record: nobody is chosen by them, and nobody is given
// one from here. field is where they stand in what somebody sent.
func (s *Service) Consented(ctx context.Context, field string, tagIDs ...string) error {
	return s.ConsentedIn(ctx, s.DB.Read(), field, tagIDs...)
}

// ConsentedIn is Consented as a transaction sees it.
func (s *Service) ConsentedIn(ctx context.Context, q bun.IDB, field string, tagIDs ...string) error {
	if len(tagIDs) == 0 {
		return nil
	}
	found, err := s.sensitive(ctx, q, tagIDs)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(t Sensitive) bool { return t.Consent == nil })
	if i < 0 && len(found) > 0 {
		return s.named(ctx, q, field, found[0])
	}
	if i < 0 {
		return nil
	}
	t := found[i]
	return errs.Bad(field, "tag.no_consent", errs.T(
		fmt.Sprintf("标签「%s」是敏感个人信息（%s），没有登记单独同意，不能用来挑选客户，也不能从这里打上（LAW-07）。去掉它，或请所有者在「治理 › 证照与网站」登记依据。", t.Name, t.Title.ZH),
		fmt.Sprintf("The tag “%s” is sensitive data (%s) without a separate consent on record: it chooses no customers and is given to none from here (LAW-07). Take it out, or ask an owner to record the consent under Governance › Licences and sites.", t.Name, t.Title.EN)))
}

// named refuses a sensitive tag where the notice in force does not say that such data is used (LAW-01).
func (s *Service) named(ctx context.Context, q bun.IDB, field string, t Sensitive) error {
	ok, err := s.Governor.Names(ctx, q, s.CorpID, governance.ForSensitive)
	if err != nil || ok {
		return err
	}
	return errs.Bad(field, "tag.not_in_notice", errs.Tf("标签「%s」是敏感个人信息，而企业告知客户的说明里没有写这个用途（LAW-01）。在「个人信息 › 用途与告知」发布写明的一版。",
		"The tag “%s” is sensitive data, and the notice to customers does not name that purpose (LAW-01). Publish a version that does under Personal data › Purposes and notice.", t.Name))
}

// SetConsent records by what separate consent of the customers a sensitive tag may choose audiences, in place of what was recorded.
func (s *Service) SetConsent(ctx context.Context, tagID, by, reason string) (*Grounds, error) {
	t, err := s.sensitiveOne(ctx, tagID)
	if err != nil {
		return nil, err
	}
	if reason, err = checkReason(reason, errs.T("写明客户在哪里、怎样单独同意的", "Say where and how customers gave this separate consent")); err != nil {
		return nil, err
	}
	var g *Grounds
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		g, err = s.ground(ctx, tx, Grounds{TagID: tagID, Name: nameOf(t.Group, t.Name), Kind: Consent, Reason: reason, MadeBy: by}, t.Class)
		return err
	})
	return g, err
}

// EndConsent withdraws it.
func (s *Service) EndConsent(ctx context.Context, tagID, by string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := s.endGrounds(ctx, tx, tagID, Consent, by)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Missing("登记的同意", "consent on record")
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "tag_consent.withdraw", Subject: audit.Of("tag", tagID), Who: by, At: s.World.Now()})
	})
}

// ground writes grounds in the place of those that hold.
func (s *Service) ground(ctx context.Context, tx *db.Tx, g Grounds, class string) (*Grounds, error) {
	if err := tx.Lock(ctx, "sensitive_tag/"+s.CorpID); err != nil {
		return nil, err
	}
	if _, err := s.endGrounds(ctx, tx, g.TagID, g.Kind, g.MadeBy); err != nil {
		return nil, err
	}
	g.CorpID, g.ID, g.MadeAt = s.CorpID, tx.NewID(), s.World.Now()
	if _, err := tx.NewInsert().Model(&g).Exec(ctx); err != nil {
		return nil, fmt.Errorf("write the grounds of tag %s: %w", g.TagID, err)
	}
	act := map[GroundsKind]string{Need: "tag_sensitive.make", Consent: "tag_consent.record"}[g.Kind]
	return &g, audit.Log(ctx, tx, audit.Entry{
		CorpID: s.CorpID, Act: act, Subject: audit.Of("tag", g.TagID), Who: g.MadeBy, At: g.MadeAt,
		Detail: audit.Detail{"class": class, "row": strconv.FormatInt(g.ID, 10)},
	})
}

func (s *Service) endGrounds(ctx context.Context, tx *db.Tx, tagID string, kind GroundsKind, by string) (int64, error) {
	res, err := tx.NewUpdate().Model((*Grounds)(nil)).Set("ended_by = ?", by).Set("ended_at = ?", max(s.World.Now(), 1)).
		Where("corp_id = ? AND tag_id = ? AND kind = ? AND ended_at = 0", s.CorpID, tagID, kind).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("end the grounds of tag %s: %w", tagID, err)
	}
	return res.RowsAffected()
}

func (s *Service) sensitiveOne(ctx context.Context, tagID string) (*Sensitive, error) {
	found, err := s.Sensitive(ctx, []string{tagID})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errs.Missing("敏感标签", "sensitive tag")
	}
	return &found[0], nil
}

func checkReason(reason string, ask errs.Text) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < leastReason || n > mostReason {
		return "", errs.Bad("reason", "tag.reason", errs.T(
			fmt.Sprintf("%s，%d 到 %d 个字。", ask.ZH, leastReason, mostReason), fmt.Sprintf("%s, in %d to %d characters.", ask.EN, leastReason, mostReason)))
	}
	return reason, nil
}

// Make makes tags as Add does, for a person: a name that tells sensitive data wants a reason.
func (s *Service) Make(ctx context.Context, by, groupID, groupName string, names []string, reason string) (Group, error) {
	group := groupName
	if groupID != "" {
		var row groupRow
		err := s.DB.Read().NewSelect().Model(&row).Where("corp_id = ? AND id = ?", s.CorpID, groupID).Scan(ctx)
		if err != nil && !db.IsNoRows(err) {
			return Group{}, fmt.Errorf("read tag group %s: %w", groupID, err)
		}
		group = row.Name
	}
	reason, err := s.needed(group, names, reason)
	if err != nil {
		return Group{}, err
	}
	g, err := s.Add(ctx, groupID, groupName, names)
	if err != nil {
		return Group{}, err
	}
	return g, s.keepNeed(ctx, by, cmp.Or(g.Name, group), g.Tags, names, reason)
}

// RenameBy renames a tag as Rename does, for a person: a name that tells sensitive data wants a reason.
func (s *Service) RenameBy(ctx context.Context, by, id, name, reason string) error {
	var group string
	err := s.DB.Read().NewRaw("SELECT g.name FROM tag AS t JOIN tag_group AS g ON g.corp_id = t.corp_id AND g.id = t.group_id WHERE t.corp_id = ? AND t.id = ?",
		s.CorpID, id).Scan(ctx, &group)
	if err != nil && !db.IsNoRows(err) {
		return fmt.Errorf("read the group of tag %s: %w", id, err)
	}
	if reason, err = s.needed(group, []string{name}, reason); err != nil {
		return err
	}
	if err := s.Rename(ctx, id, name); err != nil {
		return err
	}
	return s.keepNeed(ctx, by, group, []Tag{{ID: id, Name: name}}, []string{name}, reason)
}

// needed asks for a reason where one of the names tells sensitive data.
func (s *Service) needed(group string, names []string, reason string) (string, error) {
	for _, name := range names {
		m, ok := s.marked(group, name)
		if !ok {
			continue
		}
		if strings.TrimSpace(reason) == "" {
			return "", errs.Bad("reason", "tag.sensitive", errs.T(
				fmt.Sprintf("「%s」是敏感个人信息（%s，LAW-07）。换一个名称；确有必要，写明理由，会记录下来。", name, m.Title.ZH),
				fmt.Sprintf("“%s” is sensitive data (%s, LAW-07). Choose another name; if it is needed, say why: that goes on record.", name, m.Title.EN)))
		}
		return checkReason(reason, errs.T("写明为什么需要这个标签", "Say why the tag is needed"))
	}
	return "", nil
}

// keepNeed records the reason with each tag of these names that tells sensitive data.
func (s *Service) keepNeed(ctx context.Context, by, group string, tags []Tag, names []string, reason string) error {
	if reason == "" {
		return nil
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, t := range tags {
			m, ok := s.marked(group, t.Name)
			if !ok || !slices.Contains(names, t.Name) {
				continue
			}
			if _, err := s.ground(ctx, tx, Grounds{TagID: t.ID, Name: nameOf(group, t.Name), Kind: Need, Reason: reason, MadeBy: by}, m.Class); err != nil {
				return err
			}
		}
		return nil
	})
}
