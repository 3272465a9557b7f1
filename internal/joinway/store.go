package joinway

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/groupchat"
)

type wayRow struct {
	bun.BaseModel `bun:"table:joinway,alias:w"`

	CorpID         string `bun:",pk"`
	ID             int64  `bun:",pk"`
	ConfigID       string
	Name           string
	Remark         string
	State          string
	Page           string
	AutoCreateRoom bool
	RoomBaseName   string
	RoomBaseID     int
	QRCode         string `bun:"qr_code"`
	Picture        string
	PictureType    string
	Joined         int64
	CreatedAt      clock.Time
	UpdatedAt      clock.Time
	DeletedAt      clock.Time
}

type roomRow struct {
	bun.BaseModel `bun:"table:joinway_room"`

	CorpID    string `bun:",pk"`
	JoinwayID int64  `bun:",pk"`
	ChatID    string `bun:",pk"`
	Position  int
	Made      bool
}

type askRow struct {
	bun.BaseModel `bun:"table:joinway_ask"`

	CorpID     string `bun:",pk"`
	JoinwayID  int64  `bun:",pk"`
	CustomerID string `bun:",pk"`
	At         clock.Time
	Via        string
}

type joinRow struct {
	bun.BaseModel `bun:"table:joinway_join"`

	CorpID     string     `bun:",pk"`
	JoinwayID  int64      `bun:",pk"`
	ChatID     string     `bun:",pk"`
	CustomerID string     `bun:",pk"`
	At         clock.Time `bun:",pk"`
	Via        string
}

func (r wayRow) way() Way {
	return Way{
		ID: r.ID, ConfigID: r.ConfigID, Name: r.Name, Remark: r.Remark, State: r.State, Page: r.Page, AutoCreateRoom: r.AutoCreateRoom,
		RoomBaseName: r.RoomBaseName, RoomBaseID: r.RoomBaseID, QRCode: r.QRCode, Joined: r.Joined, CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt,
	}
}

// find reads the codes that a query picks, with their rooms as they stand.
func find(ctx context.Context, q bun.IDB, corpID string, pick func(*bun.SelectQuery)) ([]Way, error) {
	var rows []wayRow
	query := q.NewSelect().Model(&rows).ExcludeColumn("picture").Where("w.corp_id = ?", corpID)
	pick(query)
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read group codes: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(rows))
	ways := make([]Way, len(rows))
	at := make(map[int64]int, len(rows))
	for i, r := range rows {
		ids[i], ways[i], at[r.ID] = r.ID, r.way(), i
	}
	var rooms []roomRow
	err := q.NewSelect().Model(&rooms).Where("corp_id = ? AND joinway_id IN (?)", corpID, bun.List(ids)).OrderExpr("joinway_id, position").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the rooms of group codes: %w", err)
	}
	chats := make([]string, len(rooms))
	for i, r := range rooms {
		chats[i] = r.ChatID
	}
	briefs, err := groupchat.Briefs(ctx, q, corpID, chats)
	if err != nil {
		return nil, err
	}
	for _, r := range rooms {
		b, known := briefs[r.ChatID]
		w := &ways[at[r.JoinwayID]]
		room := Room{ChatID: r.ChatID, Name: b.Name, Members: b.Members, Left: b.Room(), Full: b.Full(), Made: r.Made, Gone: known && b.State != groupchat.Live}
		if !known { // the group will be read soon; until then WeCom decides who gets in
			room.Full, room.Left = false, groupchat.ScanLimit
		}
		w.Rooms = append(w.Rooms, room)
	}
	return ways, nil
}

func findOne(ctx context.Context, q bun.IDB, corpID string, pick func(*bun.SelectQuery)) (Way, error) {
	ways, err := find(ctx, q, corpID, pick)
	if err != nil {
		return Way{}, err
	}
	if len(ways) == 0 {
		return Way{}, errs.Missing("群活码", "group code")
	}
	return ways[0], nil
}

func byID(id int64) func(*bun.SelectQuery) {
	return func(q *bun.SelectQuery) { q.Where("w.id = ? AND w.deleted_at = 0", id) }
}

func byPage(page string) func(*bun.SelectQuery) {
	return func(q *bun.SelectQuery) { q.Where("w.page = ?", page) }
}

// byState finds deleted codes too: who scanned a code before it ended still came by it.
func byState(state string) func(*bun.SelectQuery) {
	return func(q *bun.SelectQuery) { q.Where("w.state = ?", state) }
}

func saveWay(ctx context.Context, tx *db.Tx, corpID string, w Way) error {
	row := wayRow{
		CorpID: corpID, ID: w.ID, ConfigID: w.ConfigID, Name: w.Name, Remark: w.Remark, State: w.State, Page: w.Page,
		AutoCreateRoom: w.AutoCreateRoom, RoomBaseName: w.RoomBaseName, RoomBaseID: w.RoomBaseID, QRCode: w.QRCode,
		CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
	_, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").Set("remark = EXCLUDED.remark").
		Set("auto_create_room = EXCLUDED.auto_create_room").Set("room_base_name = EXCLUDED.room_base_name").
		Set("room_base_id = EXCLUDED.room_base_id").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store group code %q: %w", w.Name, err)
	}
	return saveRooms(ctx, tx, corpID, w.ID, w.Rooms)
}

func saveRooms(ctx context.Context, tx *db.Tx, corpID string, id int64, rooms []Room) error {
	_, err := tx.NewDelete().Model((*roomRow)(nil)).Where("corp_id = ? AND joinway_id = ?", corpID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("replace the rooms of group code %d: %w", id, err)
	}
	rows := make([]roomRow, len(rooms))
	for i, r := range rooms {
		rows[i] = roomRow{CorpID: corpID, JoinwayID: id, ChatID: r.ChatID, Position: i, Made: r.Made}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("store the rooms of group code %d: %w", id, err)
	}
	return nil
}
