package joinway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	WeCom  *wecom.Client
	CorpID string
	// URL makes an absolute address of a path of ours.
	URL func(path string) string
	// Fetch reads a picture from the internet, through the one guarded client. Nil: pictures are drawn here.
	Fetch func(ctx context.Context, url string) (body []byte, contentType string, err error)
	Live  func(kind, id string) // tells the consoles that are open; may be nil
}

// Service is the use cases of group codes.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Create makes a code at WeCom and stores it.
func (s *Service) Create(ctx context.Context, w Way) (Way, error) {
	if err := w.Check(); err != nil {
		return w, err
	}
	if err := s.known(ctx, w.Rooms); err != nil {
		return w, err
	}
	w.ID = s.DB.NewID()
	w.State = "g" + strconv.FormatInt(w.ID, 36) // never used again, at most 30 characters
	w.Page = strings.ToLower(rand.Text()[:16])
	w.CreatedAt, w.UpdatedAt = s.World.Now(), s.World.Now()
	var err error
	if w.ConfigID, err = s.WeCom.AddJoinWay(ctx, w.wire()); err != nil {
		return w, calls.Refused(err, "make a group code")
	}
	made, err := s.WeCom.JoinWay(ctx, w.ConfigID)
	if err == nil {
		w.QRCode = made.QRCode
		err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := saveWay(ctx, tx, s.CorpID, w); err != nil {
				return err
			}
			return s.askPicture(ctx, tx, w.ID)
		})
	} else {
		err = calls.Refused(err, "read the new group code")
	}
	if err != nil { // what we do not know must not stay there
		if e := s.WeCom.DeleteJoinWay(context.WithoutCancel(ctx), w.ConfigID); e != nil {
			err = errors.Join(err, fmt.Errorf("take back group code %s: %w", w.ConfigID, e))
		}
		return w, err
	}
	return s.Get(ctx, w.ID)
}

// Update changes a code at WeCom and in our tables. Its state, picture and page never change. Rooms that WeCom made stay.
func (s *Service) Update(ctx context.Context, w Way) (Way, error) {
	former, err := s.Get(ctx, w.ID)
	if err != nil {
		return w, err
	}
	made := map[string]bool{}
	for _, r := range former.Rooms {
		made[r.ChatID] = r.Made
	}
	for i := range w.Rooms {
		w.Rooms[i].Made = made[w.Rooms[i].ChatID]
	}
	if err := w.Check(); err != nil {
		return w, err
	}
	if err := s.known(ctx, w.Rooms); err != nil {
		return w, err
	}
	w.ConfigID, w.State, w.Page, w.QRCode, w.CreatedAt = former.ConfigID, former.State, former.Page, former.QRCode, former.CreatedAt
	w.UpdatedAt = s.World.Now()
	if err := s.WeCom.UpdateJoinWay(ctx, w.wire()); err != nil {
		return w, calls.Refused(err, "change a group code")
	}
	if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return saveWay(ctx, tx, s.CorpID, w) }); err != nil {
		return w, err
	}
	return s.Get(ctx, w.ID)
}

// Delete ends a code at WeCom. Our row stays, so that members who came by it keep their source.
func (s *Service) Delete(ctx context.Context, id int64) error {
	w, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := s.WeCom.DeleteJoinWay(ctx, w.ConfigID); err != nil && !errors.Is(err, wecom.ErrConfigID) {
		return calls.Refused(err, "end a group code")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*wayRow)(nil)).Set("deleted_at = ?", s.World.Now()).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end group code %d: %w", id, err)
		}
		return nil
	})
}

// Get answers a code with its rooms as they stand.
func (s *Service) Get(ctx context.Context, id int64) (Way, error) {
	return findOne(ctx, s.DB.Read(), s.CorpID, byID(id))
}

// List answers all codes, the newest first.
func (s *Service) List(ctx context.Context) ([]Way, error) {
	return find(ctx, s.DB.Read(), s.CorpID, func(q *bun.SelectQuery) { q.Where("w.deleted_at = 0").OrderExpr("w.id DESC") })
}

// Exists says whether a code can be used: for keyword rules.
func (s *Service) Exists(ctx context.Context, id int64) (bool, error) {
	_, err := s.Get(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return err == nil, err
}

// PageURL is the address of a code's public page.
func (s *Service) PageURL(w Way) string { return s.URL("/p/groups/" + w.Page) }

// Invitation is what a customer who asks for a group is answered with.
type Invitation struct {
	Name string
	URL  string // of the public page
	Open bool   // somebody who scans now gets in
}

// Invite answers how a customer gets into a group, and remembers that they asked: their join soon after is its result.
// via is what they were told through, for example "kf". An ended code answers NotFound.
func (s *Service) Invite(ctx context.Context, tx *db.Tx, id int64, customerID, via string) (Invitation, error) {
	w, err := findOne(ctx, tx, s.CorpID, byID(id))
	if err != nil {
		return Invitation{}, err
	}
	row := askRow{CorpID: s.CorpID, JoinwayID: id, CustomerID: customerID, At: s.World.Now(), Via: via}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (corp_id, joinway_id, customer_id) DO UPDATE").Set("at = EXCLUDED.at").Set("via = EXCLUDED.via").Exec(ctx)
	if err != nil {
		return Invitation{}, fmt.Errorf("remember who asked for group code %d: %w", id, err)
	}
	return Invitation{Name: w.Name, URL: s.PageURL(w), Open: w.Open()}, nil
}

// Joined books a join that came by one of our codes. It is a subscriber of groupchat's OnJoined.
func (s *Service) Joined(ctx context.Context, tx *db.Tx, e groupchat.Joined) error {
	if e.State == "" || e.Kind != groupchat.Customer {
		return nil
	}
	ways, err := find(ctx, tx, e.CorpID, byState(e.State))
	if err != nil || len(ways) == 0 {
		return err // the state of somebody else's code
	}
	w := ways[0]
	row := joinRow{CorpID: e.CorpID, JoinwayID: w.ID, ChatID: e.ChatID, CustomerID: e.MemberID, At: e.At}
	var ask askRow
	err = tx.NewSelect().Model(&ask).Where("corp_id = ? AND joinway_id = ? AND customer_id = ?", e.CorpID, w.ID, e.MemberID).Scan(ctx)
	switch {
	case err == nil && e.At <= ask.At.Add(askedFor):
		row.Via = ask.Via
	case err != nil && !db.IsNoRows(err):
		return fmt.Errorf("find who was shown group code %d: %w", w.ID, err)
	}
	res, err := tx.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("book a join by group code %d: %w", w.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = tx.NewUpdate().Model((*wayRow)(nil)).Set("joined = joined + 1").Where("corp_id = ? AND id = ?", e.CorpID, w.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count a join by group code %d: %w", w.ID, err)
	}
	if s.Live != nil {
		tx.OnCommit(func() { s.Live("joinway", strconv.FormatInt(w.ID, 10)) })
	}
	return s.madeRoom(ctx, tx, w, e.ChatID)
}

// madeRoom adds a group that WeCom made because the others were full: nothing else tells us of it.
func (s *Service) madeRoom(ctx context.Context, tx *db.Tx, w Way, chatID string) error {
	for _, r := range w.Rooms {
		if r.ChatID == chatID {
			return nil
		}
	}
	row := roomRow{CorpID: s.CorpID, JoinwayID: w.ID, ChatID: chatID, Position: len(w.Rooms), Made: true}
	if _, err := tx.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("add group %s to group code %d: %w", chatID, w.ID, err)
	}
	return nil
}

// known refuses rooms that are no live customer group of ours.
func (s *Service) known(ctx context.Context, rooms []Room) error {
	ids := make([]string, len(rooms))
	for i, r := range rooms {
		ids[i] = r.ChatID
	}
	briefs, err := groupchat.Briefs(ctx, s.DB.Read(), s.CorpID, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if b, ok := briefs[id]; !ok || b.State != groupchat.Live {
			return errs.Bad("chat_ids", "joinway.room_gone", errs.Tf("客户群 %s 不存在或已解散。", "Group %s does not exist or was dismissed.", id))
		}
	}
	return nil
}
