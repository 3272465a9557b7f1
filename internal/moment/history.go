package moment

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// HistoryPage is an open page that shows what the brand, or one member, has published.
type HistoryPage struct {
	bun.BaseModel `bun:"table:moment_page"`

	CorpID   string `bun:",pk"`
	Slug     string `bun:",pk"`
	StaffID  string // "" = the brand's
	Title    string
	OpenedAt clock.Time
	OpenedBy string
	ClosedAt clock.Time
}

// PagePath is the path of a history page.
func PagePath(slug string) string { return "/p/moments/" + slug }

// Pages lists the history pages, the brand's first.
func (s *Service) Pages(ctx context.Context) ([]HistoryPage, error) {
	var rows []HistoryPage
	if err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("staff_id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list history pages: %w", err)
	}
	return rows, nil
}

// OpenPage opens the history page of a member ("" = the brand's). One that was closed gets its former address again.
func (s *Service) OpenPage(ctx context.Context, staffID, title, by string) (*HistoryPage, error) {
	if title = strings.TrimSpace(title); title == "" || len([]rune(title)) > 20 {
		return nil, errs.Bad("title", "moment.page_title", errs.T("标题需要 1 到 20 个字，客户会看到。", "The title needs 1 to 20 characters; customers see it."))
	}
	p := &HistoryPage{CorpID: s.CorpID, Slug: strings.ToLower(rand.Text()[:12]), StaffID: staffID, Title: title, OpenedAt: s.World.Now(), OpenedBy: by}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(p).On("CONFLICT (corp_id, staff_id) DO UPDATE").Set("title = EXCLUDED.title").
			Set("opened_at = EXCLUDED.opened_at").Set("opened_by = EXCLUDED.opened_by").Set("closed_at = 0").Exec(ctx)
		if err != nil {
			return fmt.Errorf("open a history page: %w", err)
		}
		return tx.NewSelect().Model(p).Where("corp_id = ? AND staff_id = ?", s.CorpID, staffID).Scan(ctx)
	})
	return p, err
}

// ClosePage closes a history page: its address shows nothing from now on.
func (s *Service) ClosePage(ctx context.Context, slug string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.page(ctx, tx, slug)
		if err != nil {
			return err
		}
		p.ClosedAt = s.World.Now()
		return save(ctx, tx, p, "closed_at")
	})
}

// PageOf answers the path of a member's open page, else of the brand's; "" when neither is open.
func (s *Service) PageOf(ctx context.Context, staffID string) (string, error) {
	pages, err := s.Pages(ctx)
	if err != nil {
		return "", err
	}
	path := ""
	for _, p := range pages {
		if p.ClosedAt == 0 && (p.StaffID == "" || p.StaffID == staffID) {
			path = PagePath(p.Slug) // the brand's comes first
		}
	}
	return path, nil
}

// page reads one that is open.
func (s *Service) page(ctx context.Context, q bun.IDB, slug string) (*HistoryPage, error) {
	p := new(HistoryPage)
	err := q.NewSelect().Model(p).Where("corp_id = ? AND slug = ? AND closed_at = 0", s.CorpID, slug).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("历史页", "history page")
	}
	if err != nil {
		return nil, fmt.Errorf("read a history page: %w", err)
	}
	return p, nil
}

// Ask chooses posts of a history page. Reader is the customer who reads, "" when it is not known.
type Ask struct {
	Reader string
	Query  string
	Topic  string
	Month  string // "2026-10"
	Before string // of the page before
}

// one page of the history holds at most this many posts, and this many bytes of text: it opens at once on a phone.
const (
	postsMost = 30
	bytesMost = 24_000
)

// visible are the posts that a page shows to its reader: published by somebody, not deleted, and for everybody or for them.
func (s *Service) visible(q *bun.SelectQuery, p *HistoryPage, a Ask) *bun.SelectQuery {
	by := s.DB.Read().NewSelect().Model((*author)(nil)).ModelTableExpr("moment_author AS au").ColumnExpr("1").Where("au.corp_id = po.corp_id AND au.post_id = po.id")
	if p.StaffID != "" {
		by = by.Where("au.staff_id = ?", p.StaffID)
	}
	q = q.ModelTableExpr("moment_post AS po").Where("po.corp_id = ? AND po.hidden_at = 0", s.CorpID).Where("EXISTS (?)", by)
	if a.Reader == "" {
		return q.Where("po.open")
	}
	aimed := s.DB.Read().NewSelect().Model((*aim)(nil)).ModelTableExpr("moment_aim AS ai").ColumnExpr("1").
		Where("ai.corp_id = po.corp_id AND ai.post_id = po.id AND ai.customer_id = ?", a.Reader)
	return q.Where("(po.open OR EXISTS (?))", aimed)
}

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// History answers the newest posts that the page shows, and the mark of those before them ("" = there are none).
func (s *Service) History(ctx context.Context, p *HistoryPage, a Ask) (posts []*Post, next string, err error) {
	q := s.visible(s.DB.Read().NewSelect().Model(&posts), p, a)
	if a.Query != "" {
		q = q.Where("(LOWER(po.text) LIKE ? ESCAPE '!' OR LOWER(po.link_title) LIKE ? ESCAPE '!')",
			"%"+likeEscape.Replace(strings.ToLower(a.Query))+"%", "%"+likeEscape.Replace(strings.ToLower(a.Query))+"%")
	}
	if a.Topic != "" {
		q = q.Where("po.topics LIKE ? ESCAPE '!'", "%\n"+likeEscape.Replace(a.Topic)+"\n%")
	}
	if month, err := time.ParseInLocation("2006-01", a.Month, s.Zone); err == nil {
		q = q.Where("po.made_at >= ? AND po.made_at < ?", clock.At(month), clock.At(month.AddDate(0, 1, 0)))
	}
	if ms, id, ok := strings.Cut(a.Before, "-"); ok {
		if at, err := strconv.ParseInt(ms, 10, 64); err == nil {
			q = q.Where("(po.made_at < ? OR po.made_at = ? AND po.id < ?)", at, at, id)
		}
	}
	if err := q.ColumnExpr("po.*").OrderExpr("po.made_at DESC, po.id DESC").Limit(postsMost + 1).Scan(ctx); err != nil {
		return nil, "", fmt.Errorf("read the history: %w", err)
	}
	size := 0
	for i, post := range posts {
		size += len(post.Text) + len(post.LinkURL)
		if i == postsMost || i > 0 && size > bytesMost {
			last := posts[i-1]
			return posts[:i], fmt.Sprint(int64(last.MadeAt), "-", last.ID), nil
		}
	}
	return posts, "", nil
}

// monthCount counts what a page shows of one month.
func (s *Service) monthCount(ctx context.Context, p *HistoryPage, a Ask, month time.Time) (int, error) {
	n, err := s.visible(s.DB.Read().NewSelect().Model((*Post)(nil)), p, a).
		Where("po.made_at >= ? AND po.made_at < ?", clock.At(month), clock.At(month.AddDate(0, 1, 0))).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the posts of a month: %w", err)
	}
	return int(n), nil
}

// first is when the oldest post that a page shows was made; 0 = it shows none.
func (s *Service) first(ctx context.Context, p *HistoryPage, a Ask) (at clock.Time, err error) {
	err = s.visible(s.DB.Read().NewSelect().Model((*Post)(nil)), p, a).ColumnExpr("po.made_at").OrderExpr("po.made_at").Limit(1).Scan(ctx, &at)
	if db.IsNoRows(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("find the oldest post of the history: %w", err)
	}
	return at, nil
}

// topics are what the newest posts are about, most frequent first.
func (s *Service) topics(ctx context.Context, p *HistoryPage, a Ask) ([]string, error) {
	var lines []string
	err := s.visible(s.DB.Read().NewSelect().Model((*Post)(nil)), p, a).Where("po.topics <> ''").ColumnExpr("po.topics").
		OrderExpr("po.made_at DESC").Limit(100).Scan(ctx, &lines)
	if err != nil {
		return nil, fmt.Errorf("read topics: %w", err)
	}
	n := map[string]int{}
	var out []string
	for _, l := range lines {
		for t := range strings.SplitSeq(strings.Trim(l, "\n"), "\n") {
			if n[t]++; n[t] == 1 {
				out = append(out, t)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y string) int { return n[y] - n[x] })
	return out[:min(len(out), 6)], nil
}

// media reads the pictures and films of posts, in their order.
func (s *Service) media(ctx context.Context, ids []string) (map[string][]*Media, error) {
	out := map[string][]*Media{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []*Media
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND post_id IN (?)", s.CorpID, bun.List(ids)).OrderExpr("post_id, n").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	for _, m := range rows {
		out[m.PostID] = append(out[m.PostID], m)
	}
	return out, nil
}

// picture reads a file that a page shows to its reader.
func (s *Service) picture(ctx context.Context, p *HistoryPage, a Ask, hash string) (*Media, []byte, error) {
	var rows []*Media
	shown := s.visible(s.DB.Read().NewSelect().Model((*Post)(nil)), p, a).ColumnExpr("po.id")
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND hash = ? AND post_id IN (?)", s.CorpID, hash, shown).Limit(1).Scan(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("look for a picture: %w", err)
	}
	if hash == "" || len(rows) == 0 {
		return nil, nil, errs.Missing("图片", "picture")
	}
	content, err := s.Blobs.Get(ctx, hash)
	return rows[0], content, err
}
