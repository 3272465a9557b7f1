package notice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Quota is how many messages of apps may be sent (WC-18), each receiver counted. WeCom drops what is beyond a member's without a
// word, so it is never tried.
// Official page: https://developer.work.weixin.qq.com/document/path/90312
type Quota struct {
	MemberMin  int `json:"member_min"`
	MemberHour int `json:"member_hour"`
	MemberDay  int `json:"member_day"`
	CorpMin    int `json:"person_min"`
	CorpHour   int `json:"person_hour"`
	AccountDay int `json:"account_day"` // a day, for each account of the corp
}

// window is one sliding limit.
type window struct {
	of   string // "" = of all members together
	long time.Duration
	most int
}

const day = 24 * time.Hour

func (q Quota) member(id string) []window {
	return []window{{id, time.Minute, q.MemberMin}, {id, time.Hour, q.MemberHour}, {id, day, q.MemberDay}}
}

func (q Quota) corp(members int) []window {
	return []window{{"", time.Minute, q.CorpMin}, {"", time.Hour, q.CorpHour}, {"", day, q.AccountDay * max(members, 1)}}
}

type messageRow struct {
	bun.BaseModel `bun:"table:app_message"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	StaffID string
	At      clock.Time
}

// full is a window that has no room, and when it has.
type full struct {
	window
	until clock.Time
}

// text says which limit it is and when to try again.
func (f *full) text(zone *time.Location, now clock.Time) errs.Text {
	at := f.until.In(zone)
	when := at.Format("15:04:05")
	if at.Format(time.DateOnly) != now.In(zone).Format(time.DateOnly) {
		when = at.Format("01-02 15:04")
	}
	long := map[time.Duration][2]string{time.Minute: {"每分钟", "a minute"}, time.Hour: {"每小时", "an hour"}, day: {"每天", "a day"}}[f.long]
	whoZH, whoEN := "一位成员", "one member"
	if f.of == "" {
		whoZH, whoEN = "全部成员", "all members together"
	}
	return errs.T(fmt.Sprintf("给%s的应用消息到了企业微信的上限（%s %d 条，WC-18），请在 %s 以后再试。", whoZH, long[0], f.most, when),
		fmt.Sprintf("App messages to %s are at WeCom's limit (%d %s, WC-18). Try again after %s.", whoEN, f.most, long[1], when))
}

// take counts n messages to each of staff whom the limits let have them, on all nodes together; whoever is left waits for what full
// says. With all, everybody is counted or nobody. What was taken stays taken, also when the call fails: it may have arrived.
func (s *Service) take(ctx context.Context, staff []string, n int, all bool) (now []string, wait *full, err error) {
	members, err := s.Members(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, wait = nil, nil // a transaction may be tried again
		if err := tx.Lock(ctx, "app-messages/"+s.CorpID); err != nil {
			return err
		}
		at := s.World.Now()
		_, err := tx.NewDelete().Model((*messageRow)(nil)).Where("corp_id = ? AND at <= ?", s.CorpID, at.Add(-day)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("forget old messages of the app: %w", err)
		}
		var rows []messageRow
		for _, id := range slices.Compact(slices.Sorted(slices.Values(staff))) {
			f, err := s.full(ctx, tx, at, n, len(rows), slices.Concat(s.Quota.member(id), s.Quota.corp(members)))
			if err != nil {
				return err
			}
			if f != nil {
				if wait == nil || f.until > wait.until {
					wait = f
				}
				continue
			}
			now = append(now, id)
			for range n {
				rows = append(rows, messageRow{CorpID: s.CorpID, ID: tx.NewID(), StaffID: id, At: at})
			}
		}
		if all && wait != nil || len(rows) == 0 {
			now = nil
			return nil
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("count %d messages of the app: %w", len(rows), err)
		}
		return nil
	})
	return now, wait, err
}

// full answers the window that has no room for n more for the longest, nil when all have. taken are others' of this transaction.
func (s *Service) full(ctx context.Context, tx *db.Tx, at clock.Time, n, taken int, windows []window) (*full, error) {
	var out *full
	for _, w := range windows {
		place := max(w.most-n, 0) // the newest one that has to leave first
		if w.of == "" {
			place = max(place-taken, 0)
		}
		q := tx.NewSelect().Model((*messageRow)(nil)).Column("at").Where("corp_id = ? AND at > ?", s.CorpID, at.Add(-w.long))
		if w.of != "" {
			q.Where("staff_id = ?", w.of)
		}
		var in clock.Time
		err := q.OrderExpr("at DESC").Offset(int64(place)).Limit(1).Scan(ctx, &in)
		if db.IsNoRows(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("count the messages of the app: %w", err)
		}
		if until := in.Add(w.long); out == nil || until > out.until {
			out = &full{w, until}
		}
	}
	return out, nil
}
