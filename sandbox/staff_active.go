package sandbox

import (
	"strings"
	"time"
)

// activeDay is a day and who used the client on it.
type activeDay struct {
	day   int64 // unix seconds of its beginning
	staff map[int32]bool
}

// activeKept is how far back the days are known.
const activeKept = 30

// usesClient are the kinds of the journal that a member does in the client;
// kinds that begin with staff_ are too, but for those of passive.
var (
	usesClient = map[string]bool{
		"add_external_contact": true, "edit_external_contact": true, "del_external_contact": true, "mass_confirmed": true, "mass_declined": true,
		"moment_published": true, "moment_declined": true, "group_create": true, "refund_asked": true, "red_packet_opened": true,
		"message_intercepted": true, "message_warned": true,
	}
	passive = map[string]bool{
		"staff_joins": true, "staff_resigns": true, "staff_invited": true, "staff_changed": true, "staff_account": true,
	}
)

// worked notes that a member used the client today.
func (s *Sandbox) worked(id string) {
	w := s.world
	n, ok := w.anyStaff(id)
	if !ok {
		return
	}
	today := today(s.now()).Unix()
	if len(w.active) == 0 || w.active[len(w.active)-1].day != today {
		if len(w.active) > activeKept {
			w.active = append([]activeDay(nil), w.active[1:]...)
		}
		w.active = append(w.active, activeDay{today, map[int32]bool{}})
	}
	w.active[len(w.active)-1].staff[n] = true
}

// workedAt notes what a row of the journal tells of its member.
func (s *Sandbox) workedAt(e *entry) {
	if e.Staff != "" && (usesClient[e.Kind] || strings.HasPrefix(e.Kind, "staff_") && !passive[e.Kind]) {
		s.worked(e.Staff)
	}
}

type activeStatQuery struct {
	Date string `json:"date"`
}

type activeStatReply struct {
	reply
	ActiveCount int `json:"active_cnt"`
}

// userActiveStat counts the members who used the client on a day. Of the days
// before the world began it is known who added a customer then.
func userActiveStat(c *call, q *activeStatQuery) (any, error) {
	day, err := time.ParseInLocation(time.DateOnly, q.Date, Zone)
	now := today(c.now)
	if err != nil || day.After(now) || day.Before(now.AddDate(0, 0, -activeKept)) {
		return nil, refuse(40058, "date %q must be yyyy-mm-dd, of the last %d days", q.Date, activeKept)
	}
	who := map[int32]bool{}
	for _, d := range c.w.active {
		if d.day == day.Unix() {
			for n := range d.staff {
				who[n] = true
			}
		}
	}
	if day.Before(c.w.began) {
		end := min(day.AddDate(0, 0, 1).Unix(), c.w.began.Unix())
		for i := range c.w.relations {
			if r := &c.w.relations[i]; r.addedAt >= day.Unix() && r.addedAt < end {
				who[r.staff] = true
			}
		}
	}
	return activeStatReply{reply: done(), ActiveCount: len(who)}, nil
}
