package broadcast

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// A member with very many customers would have all their answers at once (FTG-17). So a mass message gives each member at most an
// hour's share of receivers within an hour; whoever is over it waits for a later run of the steps that make tasks. How much was
// given is read from the tasks: a step that is done again finds them.

const ruleEven = "FTG-17"

var reasonNoTurn = errs.T("到允许发送的时段结束，还没有轮到这位客户：一位成员一小时只发给一部分客户。",
	"Sending hours ended before this customer's turn came: a member sends to a part of their customers an hour.")

// spread leaves for later what is over the hour's share of its member.
func (s *Service) spread(ctx context.Context, tx *db.Tx, b *Broadcast, d *divided) error {
	if b.Kind != ToCustomers || len(d.due) == 0 {
		return nil
	}
	most, err := s.Governor.StaffHour(ctx, tx, s.CorpID)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	var staff []string
	for _, r := range d.due {
		if !seen[r.StaffID] {
			seen[r.StaffID] = true
			staff = append(staff, r.StaffID)
		}
	}
	now := s.World.Now()
	var rows []struct {
		StaffID string
		N       int
		First   clock.Time
	}
	err = tx.NewRaw(`SELECT staff_id, SUM(customers) AS n, MIN(created_at) AS first FROM broadcast_task
		WHERE corp_id = ? AND broadcast_id = ? AND staff_id IN (?) AND round = 1 AND created_at > ? GROUP BY staff_id`,
		s.CorpID, b.ID, bun.List(staff), now.Add(-time.Hour)).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("count what members got of mass message %d within an hour: %w", b.ID, err)
	}
	used, first := map[string]int{}, map[string]clock.Time{}
	for _, r := range rows {
		used[r.StaffID], first[r.StaffID] = r.N, r.First
	}
	due := d.due[:0]
	for _, r := range d.due {
		if used[r.StaffID] < most {
			used[r.StaffID]++
			due = append(due, r)
			continue
		}
		since := first[r.StaffID]
		if since == 0 {
			since = now
		}
		d.next = soonest(d.next, since.Add(time.Hour))
	}
	d.due = due
	return nil
}

// lasts says when the last receivers of a mass message get their tasks, and how many do not fit into its hours.
func lasts(perStaff map[string]int, most int, opens, closes clock.Time) (at clock.Time, over int) {
	const hour = clock.Time(time.Hour / time.Millisecond)
	parts := int(max(closes-opens-1, 0)/hour) + 1
	need := 1
	for _, n := range perStaff {
		need = max(need, min((n+most-1)/most, parts))
		over += max(n-parts*most, 0)
	}
	return opens + clock.Time(need-1)*hour, over
}
