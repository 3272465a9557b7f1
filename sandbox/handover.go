package sandbox

import (
	"time"
)

// handoverBook is every customer and group that was given to another member.
type handoverBook struct {
	all    []*handover
	open   map[pairKey]*handover // waiting, by giver and customer
	gone   map[pairKey]bool      // customers once moved away from a member
	givers map[pairKey]int32     // who gave a customer, by taker and customer
	moves  map[int32][]int64     // unix times of moves between serving members, by customer
	groups groupMoves
}

// groupMoves counts what groups changed hands.
type groupMoves struct {
	byChat  map[uint64][]int64 // unix times, by number of the group
	day     time.Time
	between map[pairKey]int // on that day, by old and new owner
}

// pairKey is a member and somebody else by number.
type pairKey struct{ staff, other int32 }

func newHandoverBook() *handoverBook {
	return &handoverBook{
		open: map[pairKey]*handover{}, gone: map[pairKey]bool{}, givers: map[pairKey]int32{},
		moves:  map[int32][]int64{},
		groups: groupMoves{byChat: map[uint64][]int64{}, between: map[pairKey]int{}},
	}
}

// handover is one customer on the way from one member to another.
type handover struct {
	customer, from, to int32
	resigned           bool // the giver has left the corp
	status             int
	at                 int64  // done: when; waiting: when it will be
	message            string // to the customer, afterwards
}

// Status of a handover, as transfer_result has it.
const (
	handoverDone    = 1
	handoverWaiting = 2
	handoverRefused = 3
	handoverFull    = 4
)

const (
	handoverWait      = 24 * time.Hour
	handoverBatch     = 100
	handoverMessage   = 200 // characters
	handoverMoves     = 2   // of one customer or group in 90 days
	handoverWindow    = 90  // days
	handoverResults   = 1000
	leaverLife        = 365 // days after leaving
	addWayAssigned    = 202
	handoverGroupsDay = 300
)

func handoverFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/externalcontact/transfer_customer", byExternal, handOver),
			post("/cgi-bin/externalcontact/transfer_result", byExternal, handoverResult),
			post("/cgi-bin/externalcontact/resigned/transfer_customer", byExternal, handOverOfLeaver),
			post("/cgi-bin/externalcontact/resigned/transfer_result", byExternal, handoverResultOfLeaver),
			post("/cgi-bin/externalcontact/get_unassigned_list", byExternal, unassignedList).
				alias("/cgi-bin/crm/get_unassigned_list"),
			post("/cgi-bin/externalcontact/groupchat/onjob_transfer", byExternal, groupHandOver),
			post("/cgi-bin/externalcontact/groupchat/transfer", byExternal, groupHandOverOfLeaver),
		},
		acts: []act{
			doing("customer_refuses_transfer", refuseHandover),
			doing("staff_changes_account", changeAccount),
		},
	}
}

// memberParam finds a serving member that a call names; field says where.
func (w *world) memberParam(field, id string) (int32, error) {
	if id == "" {
		return 0, refuse(41009, "%s is missing", field)
	}
	n, ok := w.staffByID(id)
	if !ok {
		return 0, refuse(40003, "%s names %q, who is no serving member", field, id)
	}
	return n, nil
}

// leaverParam finds a member who has left, at most a year ago.
func (c *call) leaverParam(id string) (int32, error) {
	if id == "" {
		return 0, refuse(41009, "handover_userid is missing")
	}
	n, ok := c.w.anyStaff(id)
	switch {
	case !ok:
		return 0, refuse(40003, "no member %q", id)
	case !c.w.staff[n].resigned:
		return 0, refuse(40097, "%s has not resigned", id)
	case c.now.Sub(c.w.leftAt(n)) > leaverLife*24*time.Hour:
		return 0, refuse(40003, "%s resigned more than a year ago", id)
	}
	return n, nil
}

// leftAt is when a member resigned.
func (w *world) leftAt(n int32) time.Time {
	if at := w.staff[n].resignedAt; at != 0 {
		return time.Unix(at, 0)
	}
	return w.began
}

type handoverQuery struct {
	Handover string   `json:"handover_userid"`
	Takeover string   `json:"takeover_userid"`
	External []string `json:"external_userid"`
	Message  string   `json:"transfer_success_msg"` // ignored when the giver has left
}

type handoverRow struct {
	ExternalUserID string `json:"external_userid"`
	ErrCode        int    `json:"errcode"`
}

type handoverReply struct {
	reply
	Customer []handoverRow `json:"customer"`
}

func handOver(c *call, q *handoverQuery) (any, error) {
	from, err := c.w.memberParam("handover_userid", q.Handover)
	if err != nil {
		return nil, err
	}
	if err := longer("transfer_success_msg", q.Message, handoverMessage); err != nil {
		return nil, err
	}
	return c.handOver(q, from, false)
}

func handOverOfLeaver(c *call, q *handoverQuery) (any, error) {
	from, err := c.leaverParam(q.Handover)
	if err != nil {
		return nil, err
	}
	q.Message = ""
	return c.handOver(q, from, true)
}

func (c *call) handOver(q *handoverQuery, from int32, resigned bool) (any, error) {
	to, err := c.w.memberParam("takeover_userid", q.Takeover)
	switch {
	case err != nil:
		return nil, err
	case from == to:
		return nil, refuse(40130, "handover_userid and takeover_userid are both %s", q.Takeover)
	case len(q.External) == 0:
		return nil, refuse(41035, "external_userid is empty")
	case len(q.External) > handoverBatch:
		return nil, refuse(40058, "external_userid holds %d customers, at most %d are allowed", len(q.External), handoverBatch)
	}
	if err := c.w.accountError(to, true); err != nil {
		return nil, err
	}
	if !resigned {
		if err := c.w.accountError(from, false); err != nil {
			return nil, err
		}
	}
	out := handoverReply{reply: done(), Customer: make([]handoverRow, 0, len(q.External))}
	for _, id := range q.External {
		cust, code := c.mayHandOver(id, from, to, resigned)
		if code == 0 {
			c.s.startHandover(&handover{customer: cust, from: from, to: to, resigned: resigned, message: q.Message})
		}
		out.Customer = append(out.Customer, handoverRow{ExternalUserID: id, ErrCode: code})
	}
	return out, nil
}

// mayHandOver is the code of one customer of a call; 0 starts the handover.
func (c *call) mayHandOver(id string, from, to int32, resigned bool) (int32, int) {
	w := c.w
	cust, ok := w.customerByID(id)
	if !ok {
		return 0, 40096
	}
	r := w.relationOf(from, cust)
	waiting := w.handovers.open[pairKey{from, cust}]
	switch {
	case r == nil:
		return 0, 40131
	case !r.alive():
		return 0, 84061
	case waiting != nil && waiting.to == to:
		return 0, 40129
	case waiting != nil:
		return 0, 40100
	case !resigned && w.handovers.movedLately(cust, c.now) >= handoverMoves:
		return 0, 40128
	case w.staff[to].live >= c.s.count("customer.member_limit"):
		if had := w.relationOf(to, cust); had == nil || !had.alive() {
			return 0, 40099
		}
	}
	return cust, 0
}

// movedLately counts the moves of a customer between serving members.
func (b *handoverBook) movedLately(cust int32, now time.Time) int {
	since, n := today(now).AddDate(0, 0, -handoverWindow).Unix(), 0
	for _, at := range b.moves[cust] {
		if at >= since {
			n++
		}
	}
	return n
}

type handoverResultQuery struct {
	Handover string `json:"handover_userid"`
	Takeover string `json:"takeover_userid"`
	Cursor   string `json:"cursor"`
}

type handoverResultRow struct {
	ExternalUserID string `json:"external_userid"`
	Status         int    `json:"status"`
	TakeoverTime   int64  `json:"takeover_time"`
}

type handoverResultReply struct {
	reply
	Customer   []handoverResultRow `json:"customer"`
	NextCursor string              `json:"next_cursor"`
}

func handoverResult(c *call, q *handoverResultQuery) (any, error) {
	from, err := c.w.memberParam("handover_userid", q.Handover)
	if err != nil {
		return nil, err
	}
	return c.handoverResult(q, from, false)
}

func handoverResultOfLeaver(c *call, q *handoverResultQuery) (any, error) {
	from, err := c.leaverParam(q.Handover)
	if err != nil {
		return nil, err
	}
	return c.handoverResult(q, from, true)
}

// handoverResult lists the handovers between two members, the last of each
// customer.
func (c *call) handoverResult(q *handoverResultQuery, from int32, resigned bool) (any, error) {
	if q.Takeover == "" {
		return nil, refuse(41009, "takeover_userid is missing")
	}
	to, ok := c.w.anyStaff(q.Takeover)
	if !ok {
		return nil, refuse(40003, "no member %q", q.Takeover)
	}
	filter := hash(uint64(from), uint64(to), 131)
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	all, last := c.w.handovers.all, map[int32]*handover{}
	for _, h := range all {
		if h.from == from && h.to == to && h.resigned == resigned {
			last[h.customer] = h
		}
	}
	out := handoverResultReply{reply: done(), Customer: []handoverResultRow{}}
	for ; at < len(all); at++ {
		h := all[at]
		if last[h.customer] != h {
			continue
		}
		if len(out.Customer) == handoverResults {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.Customer = append(out.Customer, handoverResultRow{
			ExternalUserID: c.w.customerID(h.customer), Status: h.status, TakeoverTime: h.at,
		})
	}
	return out, nil
}
