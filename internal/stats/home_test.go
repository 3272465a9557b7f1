package stats

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestTheFirstReplyIsComparedOnlyWithADayThatHadOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
		s := serve(d, time.UTC, now)
		today := clock.At(now.Truncate(24 * time.Hour))
		answered := func(id int, at clock.Time, after time.Duration) {
			t.Helper()
			exec(t, d, "INSERT INTO kf_session (corp_id, id, account_id, customer_id, state, wecom_state, opened_at, last_at) VALUES ('ww1', ?, 'kf1', ?, 'ended', 4, ?, ?)", id, id, at, at)
			exec(t, d, "INSERT INTO kf_message (corp_id, id, account_id, msgid, session_id, customer_id, at, origin, type, state) VALUES ('ww1', ?, 'kf1', ?, ?, ?, ?, 'bot', 'text', 'sent')",
				id, id, id, id, at.Add(after))
		}
		reply := func() (got FirstReply) {
			t.Helper()
			if err := s.firstReply(t.Context(), &got, today, today.Add(-24*time.Hour), clock.At(now), nil); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := reply(); got.Known || got.Delta != nil {
			t.Fatalf("without a conversation: %+v", got)
		}
		answered(1, today.Add(time.Hour), 20*time.Second)
		if got := reply(); !got.Known || got.Value != 20 || got.Delta != nil {
			t.Fatalf("with none yesterday: %+v", got)
		}
		answered(2, today.Add(-time.Hour), 35*time.Second)
		if got := reply(); got.Value != 20 || got.Delta == nil || *got.Delta != -15 {
			t.Fatalf("with 35 s yesterday: %+v", got)
		}
	})
}
