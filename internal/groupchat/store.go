package groupchat

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

type chatRow struct {
	bun.BaseModel `bun:"table:groupchat,alias:g"`

	CorpID      string `bun:",pk"`
	ID          string `bun:",pk"`
	Name        string
	OwnerID     string
	Notice      string
	State       State
	Members     int
	Customers   int
	Version     string
	CreatedAt   clock.Time
	DismissedAt clock.Time
	ReadAt      clock.Time
}

type memberRow struct {
	bun.BaseModel `bun:"table:groupchat_member,alias:m"`

	CorpID    string `bun:",pk"`
	ChatID    string `bun:",pk"`
	ID        string `bun:",pk"`
	Kind      Kind
	Name      string
	JoinedAt  clock.Time
	JoinScene int
	InvitorID string
	State     string
}

type moveRow struct {
	bun.BaseModel `bun:"table:groupchat_move"`

	CorpID   string `bun:",pk"`
	ID       int64  `bun:",pk"`
	ChatID   string
	MemberID string
	Kind     Kind
	What     string
	At       clock.Time
	State    string
}

const insertMost = 500 // rows per statement

// getChat reads a group's row; ok is false when it is not known.
func getChat(ctx context.Context, q bun.IDB, corpID, id string) (row chatRow, ok bool, err error) {
	err = q.NewSelect().Model(&row).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return chatRow{}, false, nil
	}
	if err != nil {
		return chatRow{}, false, fmt.Errorf("read group %s: %w", id, err)
	}
	return row, true, nil
}

func putChat(ctx context.Context, tx *db.Tx, row chatRow) error {
	_, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").
		Set("owner_id = EXCLUDED.owner_id").Set("notice = EXCLUDED.notice").Set("state = EXCLUDED.state").
		Set("members = EXCLUDED.members").Set("customers = EXCLUDED.customers").Set("version = EXCLUDED.version").
		Set("created_at = EXCLUDED.created_at").Set("dismissed_at = EXCLUDED.dismissed_at").Set("read_at = EXCLUDED.read_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store group %s: %w", row.ID, err)
	}
	return nil
}

// markDismissed ends groups; those that had ended stay as they are. It answers how many it ended.
func markDismissed(ctx context.Context, tx *db.Tx, corpID string, ids []string, at clock.Time) (int64, error) {
	res, err := tx.NewUpdate().Model((*chatRow)(nil)).Set("state = ?", Dismissed).Set("dismissed_at = ?", at).
		Where("corp_id = ? AND state = ? AND id IN (?)", corpID, Live, bun.List(ids)).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("mark %d groups dismissed: %w", len(ids), err)
	}
	return res.RowsAffected()
}

func listMembers(ctx context.Context, q bun.IDB, corpID, chatID string) ([]Member, error) {
	var rows []memberRow
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND chat_id = ?", corpID, chatID).OrderExpr("joined_at DESC, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list members of group %s: %w", chatID, err)
	}
	members := make([]Member, len(rows))
	for i, r := range rows {
		members[i] = Member{
			ID: r.ID, Kind: r.Kind, Name: r.Name, JoinedAt: r.JoinedAt, JoinScene: r.JoinScene, InvitorID: r.InvitorID, State: r.State,
		}
	}
	return members, nil
}

// putMembers makes the stored members those of the chat.
func putMembers(ctx context.Context, tx *db.Tx, corpID string, c Chat, gone []Member) error {
	if len(gone) > 0 {
		ids := make([]string, len(gone))
		for i, m := range gone {
			ids[i] = m.ID
		}
		_, err := tx.NewDelete().Model((*memberRow)(nil)).Where("corp_id = ? AND chat_id = ? AND id IN (?)", corpID, c.ID, bun.List(ids)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take %d members out of group %s: %w", len(gone), c.ID, err)
		}
	}
	rows := make([]memberRow, len(c.Members))
	for i, m := range c.Members {
		rows[i] = memberRow{
			CorpID: corpID, ChatID: c.ID, ID: m.ID, Kind: m.Kind, Name: m.Name, JoinedAt: m.JoinedAt, JoinScene: m.JoinScene,
			InvitorID: m.InvitorID, State: m.State,
		}
	}
	for len(rows) > 0 {
		n := min(len(rows), insertMost)
		some := rows[:n]
		rows = rows[n:]
		_, err := tx.NewInsert().Model(&some).On("CONFLICT (corp_id, chat_id, id) DO UPDATE").Set("kind = EXCLUDED.kind").
			Set("name = EXCLUDED.name").Set("joined_at = EXCLUDED.joined_at").Set("join_scene = EXCLUDED.join_scene").
			Set("invitor_id = EXCLUDED.invitor_id").Set("state = EXCLUDED.state").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store %d members of group %s: %w", n, c.ID, err)
		}
	}
	return nil
}

// putMove records a join or leave; ok is false when it was recorded before.
func putMove(ctx context.Context, tx *db.Tx, row moveRow) (ok bool, err error) {
	row.ID = tx.NewID()
	res, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, chat_id, member_id, what, at) DO NOTHING").Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("record a %s in group %s: %w", row.What, row.ChatID, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// readSince answers which groups of ids were read at or after since.
func readSince(ctx context.Context, q bun.IDB, corpID string, ids []string, since clock.Time) (map[string]bool, error) {
	done := map[string]bool{}
	for len(ids) > 0 {
		n := min(len(ids), insertMost)
		var have []string
		err := q.NewSelect().Model((*chatRow)(nil)).Column("id").
			Where("corp_id = ? AND read_at >= ? AND id IN (?)", corpID, since, bun.List(ids[:n])).Scan(ctx, &have)
		if err != nil {
			return nil, fmt.Errorf("find groups that were read: %w", err)
		}
		for _, id := range have {
			done[id] = true
		}
		ids = ids[n:]
	}
	return done, nil
}

// liveBefore names the live groups that were read last before an instant.
func liveBefore(ctx context.Context, q bun.IDB, corpID string, t clock.Time) ([]string, error) {
	var ids []string
	err := q.NewSelect().Model((*chatRow)(nil)).Column("id").Where("corp_id = ? AND state = ? AND read_at < ?", corpID, Live, t).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list live groups: %w", err)
	}
	return ids, nil
}

// watchedSince answers since when every live group we know has been read at least once; 0 when none was.
func watchedSince(ctx context.Context, q bun.IDB, corpID string) (clock.Time, error) {
	var t clock.Time
	err := q.NewSelect().Model((*chatRow)(nil)).ColumnExpr("COALESCE(MIN(read_at), 0)").Where("corp_id = ? AND state = ? AND read_at > 0", corpID, Live).Scan(ctx, &t)
	if err != nil {
		return 0, fmt.Errorf("find since when groups are watched: %w", err)
	}
	return t, nil
}

// Brief is a group's name and size.
type Brief struct {
	ID      string
	Name    string
	OwnerID string
	Members int
	State   State
}

// Full says whether nobody can join by scanning any more.
func (b Brief) Full() bool { return b.Members >= ScanLimit || b.State != Live }

// Room is how many more may join by scanning.
func (b Brief) Room() int {
	if b.Full() {
		return 0
	}
	return ScanLimit - b.Members
}

// Briefs answers names and sizes of groups; a group that is not known is missing in the answer.
func Briefs(ctx context.Context, q bun.IDB, corpID string, ids []string) (map[string]Brief, error) {
	out := make(map[string]Brief, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []chatRow
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND id IN (?)", corpID, bun.List(ids)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d groups: %w", len(ids), err)
	}
	for _, r := range rows {
		out[r.ID] = Brief{ID: r.ID, Name: r.Name, OwnerID: r.OwnerID, Members: r.Members, State: r.State}
	}
	return out, nil
}
