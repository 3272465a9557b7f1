package governance

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestLastBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := &Governor{db: d, zone: time.UTC}
		at := func(hour int) clock.Time { return clock.Time(1_800_000_000_000).Add(time.Duration(hour) * time.Hour) }
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for i, row := range []struct {
				customer, staff string
				state           State
				delivered       clock.Time
			}{
				{"wm1", "S01", Committed, at(1)},
				{"wm1", "S01", Committed, at(5)},
				{"wm1", "S02", Committed, at(7)},
				{"wm1", "S01", "held", 0},
				{"wm2", "S01", Committed, at(-900)},
			} {
				touch := &Touch{
					CorpID: "ww1", ID: int64(i + 1), Key: string(rune('a' + i)), CustomerID: row.customer, StaffID: row.staff, Channel: "mass_customer",
					Class: Marketing, State: row.state, RuleVersion: "v", ReservedAt: at(0), DeliveredAt: row.delivered, Texts: `["你好"]`, Why: "[]",
				}
				if _, err := tx.NewInsert().Model(touch).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name  string
			ask   Instant
			staff []string
			want  int64
		}{
			{"the last one", Instant{"wm1", at(9)}, nil, 3},
			{"the last one of then", Instant{"wm1", at(6)}, nil, 2},
			{"at the very moment", Instant{"wm1", at(5)}, nil, 2},
			{"before the first", Instant{"wm1", at(0)}, nil, 0},
			{"of members in scope", Instant{"wm1", at(9)}, []string{"S01"}, 2},
			{"of nobody in scope", Instant{"wm1", at(9)}, []string{}, 0},
			{"longer ago than asked", Instant{"wm2", at(9)}, nil, 0},
			{"never touched", Instant{"wm3", at(9)}, nil, 0},
		} {
			found, err := g.LastBefore(t.Context(), "ww1", []Instant{tt.ask}, at(-100), tt.staff)
			if err != nil {
				t.Fatal(err)
			}
			var got int64
			if touch := found[tt.ask]; touch != nil {
				if got = touch.ID; touch.FirstText() != "你好" {
					t.Errorf("%s: text %q", tt.name, touch.FirstText())
				}
			}
			if got != tt.want {
				t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
			}
		}
	})
}
