package moment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// WeCom tells nothing when a member publishes or deletes a Moment: what there is has to be read. The newest days are read every
// half hour, so that what members publish by themselves counts soon; all of it every eight hours, month by month back, so that
// a deleted post has been missing twice within a day (WC-19).
const (
	recentEvery = 30 * time.Minute
	wholeEvery  = 8 * time.Hour
	recentBack  = 2 * dayLong
	window      = 30 * dayLong // the most that one list call spans. Official page: document/path/93333
	emptyEnough = 6            // empty windows in a row after which nothing older is looked for
	windowsMost = 60
	missedMost  = 2
	echoesBack  = 14 * dayLong // how long reactions are read on
	observeBack = 2 * dayLong  // what was published before we looked is not booked any more
	observeStep = 200          // customers booked in one transaction
)

// Post is our own copy of one Moment of the corp.
type Post struct {
	bun.BaseModel `bun:"table:moment_post"`

	CorpID    string `bun:",pk"`
	ID        string `bun:",pk"` // WeCom's
	MomentID  int64
	Creator   string
	MadeAt    clock.Time
	Open      bool
	Text      string
	Topics    string
	LinkTitle string
	LinkURL   string `bun:"link_url"`
	Place     string
	Missed    int
	HiddenAt  clock.Time
	KnownAt   clock.Time
}

// Media is a picture or film of a post.
type Media struct {
	bun.BaseModel `bun:"table:moment_media"`

	CorpID  string `bun:",pk"`
	PostID  string `bun:",pk"`
	N       int    `bun:",pk"`
	Kind    string // image, video, cover
	MediaID string
	Hash    string
	Type    string
	Width   int
	Height  int
}

type author struct {
	bun.BaseModel `bun:"table:moment_author"`

	CorpID  string `bun:",pk"`
	PostID  string `bun:",pk"`
	StaffID string `bun:",pk"`
	ReadAt  clock.Time
}

type aim struct {
	bun.BaseModel `bun:"table:moment_aim"`

	CorpID     string `bun:",pk"`
	PostID     string `bun:",pk"`
	CustomerID string `bun:",pk"`
}

// Echo is a like or a comment.
type Echo struct {
	bun.BaseModel `bun:"table:moment_echo"`

	CorpID  string `bun:",pk"`
	PostID  string `bun:",pk"`
	StaffID string `bun:",pk"` // whose publication
	Kind    string `bun:",pk"` // like, comment
	Person  string `bun:",pk"`
	ByStaff bool
	At      clock.Time `bun:",pk"`
}

type reconcileStep struct {
	Whole bool
}

// Start begins to read what the corp has published. The readings go on by themselves; starting twice is starting once.
func (s *Service) Start(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.World.Now()
		if err := s.putReconcile(ctx, tx, true, now); err != nil {
			return err
		}
		return s.putReconcile(ctx, tx, false, now.Add(recentEvery))
	})
}

// putReconcile puts one reading on the table. One of each slot of time is enough, whoever asks.
func (s *Service) putReconcile(ctx context.Context, tx *db.Tx, whole bool, at clock.Time) error {
	every := recentEvery
	if whole {
		every = wholeEvery
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: reconcileKind, Key: fmt.Sprint(reconcileKind, "/", whole, "/", int64(at)/every.Milliseconds()),
		OrderKey: reconcileKind, Payload: reconcileStep{whole}, DueAt: at,
	})
	return err
}

// reconcile makes our copy equal to what WeCom lists. A repeat writes the same again.
func (s *Service) reconcile(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p reconcileStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	began := s.World.Now()
	from, err := s.walk(ctx, began, p.Whole)
	if errors.Is(err, wecom.ErrMomentsClosed) { // the corp has none
		from, err = 0, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.fetch(ctx); err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		if from != 0 {
			if err := s.missing(ctx, tx, from, began); err != nil {
				return err
			}
		}
		if err := s.active(ctx, tx, began); err != nil {
			return err
		}
		every := recentEvery
		if p.Whole {
			every = wholeEvery
		}
		return s.putReconcile(ctx, tx, p.Whole, began.Add(every))
	}, nil
}

// walk reads back from now and answers how far it came.
func (s *Service) walk(ctx context.Context, now clock.Time, whole bool) (from clock.Time, err error) {
	oldest := now.Add(-recentBack)
	if whole {
		if oldest, err = s.oldest(ctx); err != nil {
			return 0, err
		}
	}
	end, empty := now.Add(time.Second), 0
	for range windowsMost {
		start := end.Add(-window)
		if !whole {
			start = oldest
		}
		n, err := s.readWindow(ctx, start, end, now)
		if err != nil {
			return 0, err
		}
		if empty++; n > 0 {
			empty = 0
		}
		from, end = start, start.Add(time.Second) // the interval is open: its first second belongs to the next one
		if !whole || start < oldest && empty >= 1 && oldest != 0 || empty >= emptyEnough {
			break
		}
	}
	return from, nil
}

// oldest is when the oldest post that we show was made; 0 = none is known.
func (s *Service) oldest(ctx context.Context) (clock.Time, error) {
	var at clock.Time
	err := s.DB.Read().NewSelect().Model((*Post)(nil)).ColumnExpr("COALESCE(MIN(made_at), 0)").Where("corp_id = ? AND hidden_at = 0", s.CorpID).Scan(ctx, &at)
	if err != nil {
		return 0, fmt.Errorf("find the oldest Moment: %w", err)
	}
	return at, nil
}

func (s *Service) readWindow(ctx context.Context, start, end, now clock.Time) (n int, err error) {
	f := wecom.MomentFilter{By: wecom.MomentByAll, Start: start.Unix(), End: end.Unix(), Limit: 20}
	for more := true; more; more = f.Cursor != "" {
		page, next, err := s.WeCom.Moments(ctx, f)
		if errors.Is(err, wecom.ErrMomentsClosed) {
			return 0, err
		}
		if err != nil {
			return 0, calls.Failed(err, "list Moments")
		}
		for _, m := range page {
			if err := s.take(ctx, m, now); err != nil {
				return 0, err
			}
		}
		n += len(page)
		f.Cursor = next
	}
	return n, nil
}

// take stores one post with what hangs on it.
func (s *Service) take(ctx context.Context, m wecom.Moment, now clock.Time) error {
	post, err := s.store(ctx, m)
	if err != nil {
		return err
	}
	staff := []string{post.Creator}
	if post.Creator == "" {
		staff, err = s.published(ctx, post.ID)
		if errors.Is(err, wecom.ErrNoMoment) || wecom.ClassOf(err) == wecom.ClassBadRequest { // deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
	}
	var known []author
	if err := s.DB.Read().NewSelect().Model(&known).Where("corp_id = ? AND post_id = ?", s.CorpID, post.ID).Scan(ctx); err != nil {
		return fmt.Errorf("read the authors of %s: %w", post.ID, err)
	}
	read := map[string]bool{}
	for _, a := range known {
		read[a.StaffID] = a.ReadAt != 0
	}
	for _, id := range staff {
		if !read[id] {
			if err := s.readAuthor(ctx, post, id, now); err != nil {
				return err
			}
		}
		if post.MadeAt > now.Add(-echoesBack) {
			if err := s.readEchoes(ctx, post.ID, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) store(ctx context.Context, m wecom.Moment) (*Post, error) {
	p := &Post{
		CorpID: s.CorpID, ID: m.ID, Creator: string(m.Creator), MadeAt: clock.Unix(m.CreateTime), Open: m.Visible == wecom.MomentPublic,
		Text: m.Text.Content, KnownAt: s.World.Now(),
	}
	if m.CreateType == wecom.MomentByCorp {
		p.Creator = ""
	}
	if m.Link != nil {
		p.LinkTitle, p.LinkURL = m.Link.Title, m.Link.URL
	}
	if m.Location != nil {
		p.Place = m.Location.Name
	}
	var media []Media
	for i, im := range m.Images {
		media = append(media, Media{CorpID: s.CorpID, PostID: m.ID, N: i, Kind: "image", MediaID: im.MediaID})
	}
	if m.Video != nil {
		media = append(media, Media{CorpID: s.CorpID, PostID: m.ID, N: 0, Kind: "video", MediaID: m.Video.MediaID})
		if m.Video.Thumb != "" {
			media = append(media, Media{CorpID: s.CorpID, PostID: m.ID, N: 1, Kind: "cover", MediaID: m.Video.Thumb})
		}
	}
	topic := ""
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ours := new(Moment)
		err := tx.NewSelect().Model(ours).Where("corp_id = ? AND post_id = ?", s.CorpID, m.ID).Scan(ctx)
		switch {
		case err == nil:
			// What is for everybody is aimed at those who want marketing, and meant for whoever looks.
			p.MomentID, p.Open, topic = ours.ID, ours.AudienceKey == "", ours.Topic
		case !db.IsNoRows(err):
			return fmt.Errorf("look for the plan of %s: %w", m.ID, err)
		}
		if topics := topicsOf(topic, p.Text); len(topics) > 0 {
			p.Topics = "\n" + strings.Join(topics, "\n") + "\n"
		}
		_, err = tx.NewInsert().Model(p).On("CONFLICT (corp_id, id) DO UPDATE").Set("moment_id = EXCLUDED.moment_id").Set("open = EXCLUDED.open").
			Set("text = EXCLUDED.text").Set("topics = EXCLUDED.topics").Set("link_title = EXCLUDED.link_title").Set("link_url = EXCLUDED.link_url").
			Set("place = EXCLUDED.place").Set("missed = 0").Set("hidden_at = 0").Set("known_at = EXCLUDED.known_at").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store Moment %s: %w", m.ID, err)
		}
		return put(ctx, tx, media)
	})
	return p, err
}

// readAuthor notes who published a post, whom it was meant for when it was not for everybody, and, for what we had not planned,
// who saw it.
func (s *Service) readAuthor(ctx context.Context, p *Post, staffID string, now clock.Time) error {
	if !p.Open {
		for cursor, more := "", true; more; more = cursor != "" {
			page, next, err := s.WeCom.MomentRange(ctx, p.ID, wecom.StaffID(staffID), cursor, 1000)
			if wecom.ClassOf(err) == wecom.ClassRefused { // taken back since
				return nil
			}
			if err != nil {
				return s.readFailed(err, "read whom "+p.ID+" was meant for")
			}
			gone, err := s.erased(ctx, page)
			if err != nil {
				return err
			}
			rows := make([]aim, 0, len(page))
			for _, id := range page {
				if !gone[string(id)] {
					rows = append(rows, aim{CorpID: s.CorpID, PostID: p.ID, CustomerID: string(id)})
				}
			}
			if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, rows) }); err != nil {
				return err
			}
			cursor = next
		}
	}
	if p.MomentID == 0 && p.MadeAt > now.Add(-observeBack) {
		texts := []string{p.Text, p.LinkTitle, p.LinkURL}
		err := s.viewers(ctx, p.ID, staffID, func(customers []string) error {
			for part := range slices.Chunk(customers, observeStep) {
				err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					for _, c := range part {
						if err := s.observe(ctx, tx, p.ID, staffID, c, p.Open, texts, p.MadeAt); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		row := &author{CorpID: s.CorpID, PostID: p.ID, StaffID: staffID, ReadAt: now}
		_, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, post_id, staff_id) DO UPDATE").Set("read_at = EXCLUDED.read_at").Exec(ctx)
		if err != nil {
			return fmt.Errorf("note who published %s: %w", p.ID, err)
		}
		return nil
	})
}

func (s *Service) readEchoes(ctx context.Context, postID, staffID string) error {
	found, err := s.WeCom.MomentEchoes(ctx, postID, wecom.StaffID(staffID))
	if wecom.ClassOf(err) == wecom.ClassRefused || wecom.ClassOf(err) == wecom.ClassGone {
		return nil
	}
	if err != nil {
		return s.readFailed(err, "read the reactions to "+postID)
	}
	var rows []Echo
	note := func(kind string, list []wecom.MomentEcho) {
		for _, e := range list {
			row := Echo{CorpID: s.CorpID, PostID: postID, StaffID: staffID, Kind: kind, Person: string(e.Customer), At: clock.Unix(e.At)}
			if e.Staff != "" {
				row.Person, row.ByStaff = string(e.Staff), true
			}
			rows = append(rows, row)
		}
	}
	note("like", found.Likes)
	note("comment", found.Comments)
	if rows, err = s.withoutErased(ctx, rows); err != nil {
		return err
	}
	last := map[string]clock.Time{} // when each customer reacted last
	for _, e := range rows {
		if !e.ByStaff {
			last[e.Person] = max(last[e.Person], e.At)
		}
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, tell := range s.OnReacted {
			if err := tell(ctx, tx, Reacted{CorpID: s.CorpID, Last: last}); err != nil {
				return err
			}
		}
		_, err := tx.NewDelete().Model((*Echo)(nil)).Where("corp_id = ? AND post_id = ? AND staff_id = ?", s.CorpID, postID, staffID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("write the reactions to %s: %w", postID, err)
		}
		if err := put(ctx, tx, rows); err != nil {
			return err
		}
		return s.toAnswer(ctx, tx, postID, staffID, rows)
	})
}

// withoutErased leaves out what persons did who were erased and have not come back.
func (s *Service) withoutErased(ctx context.Context, rows []Echo) ([]Echo, error) {
	var ids []wecom.ExternalUserID
	for _, e := range rows {
		if !e.ByStaff {
			ids = append(ids, wecom.ExternalUserID(e.Person))
		}
	}
	gone, err := s.erased(ctx, ids)
	return slices.DeleteFunc(rows, func(e Echo) bool { return !e.ByStaff && gone[e.Person] }), err
}

// erased answers which of the persons were erased and have not come back.
func (s *Service) erased(ctx context.Context, page []wecom.ExternalUserID) (map[string]bool, error) {
	if s.Erased == nil {
		return nil, nil
	}
	ids := make([]string, len(page))
	for i, id := range page {
		ids[i] = string(id)
	}
	return s.Erased(ctx, s.DB.Read(), ids...)
}

// missing counts the posts that a complete reading did not list any more; what was missed twice is deleted.
func (s *Service) missing(ctx context.Context, tx *db.Tx, from, began clock.Time) error {
	_, err := tx.NewUpdate().Model((*Post)(nil)).Set("missed = missed + 1").
		Set("hidden_at = CASE WHEN missed + 1 >= ? THEN ? ELSE 0 END", missedMost, began).
		Where("corp_id = ? AND hidden_at = 0 AND known_at < ? AND made_at > ?", s.CorpID, began, from.Add(time.Second)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("look for deleted Moments: %w", err)
	}
	return nil
}

// fetch brings pictures and films here while WeCom still has them.
func (s *Service) fetch(ctx context.Context) error {
	var rows []*Media
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND hash = '' AND type = ''", s.CorpID).Limit(500).Scan(ctx)
	if err != nil {
		return fmt.Errorf("look for pictures to fetch: %w", err)
	}
	for _, m := range rows {
		file, err := s.WeCom.DownloadMedia(ctx, m.MediaID)
		switch {
		case errors.Is(err, wecom.ErrMediaExpired):
			m.Type = "gone"
		case err != nil:
			return calls.Failed(err, "fetch a picture of "+m.PostID)
		default:
			if m.Hash, err = s.Blobs.Put(ctx, file.Content); err != nil {
				return err
			}
			m.Type = http.DetectContentType(file.Content)
			if size, _, err := image.DecodeConfig(bytes.NewReader(file.Content)); err == nil {
				m.Width, m.Height = size.Width, size.Height
			}
		}
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return save(ctx, tx, m, "hash", "type", "width", "height") }); err != nil {
			return err
		}
	}
	return nil
}
