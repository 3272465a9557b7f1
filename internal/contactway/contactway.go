// Package contactway keeps the corp's channel codes: codes by which customers add staff, each with a state that comes
// back with every customer who scans it.
//
// A code is written to WeCom first and to our table right after, in the same use case: WeCom tells no callback about what
// the API writes. The list of codes at WeCom (list_contact_way) finds a code whose table row a crash took away.
package contactway

import (
	"slices"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Limits of WeCom. Official page: document/path/92228.
const (
	MaxRemark = 30  // characters
	MaxState  = 30  // characters
	MaxStaff  = 100 // members and departments together
)

// Contactway is one channel code.
type Contactway struct {
	ID          int64
	ConfigID    string // WeCom's id
	Name        string
	State       string
	StaffIDs    []string
	Departments []int
	SkipVerify  bool
	Remark      string
	QRCode      string   // URL of WeCom's picture
	TagIDs      []string // given to whoever comes this way
	Passed      []string // of StaffIDs, those whom the code at WeCom leaves out: they have no room for customers
	Purpose     Purpose  // what it tells who comes by it that their data is for
	// PurposeSince is when that began; 0 = it was never otherwise.
	PurposeSince clock.Time
	SavedBy      string // who saves it: of a change of the purpose it is kept
	Enabled      bool
	CreatedAt    clock.Time
}

// Validate checks what an operator entered.
func (c Contactway) Validate() error {
	switch {
	case c.Name == "":
		return errs.Bad("name", "contactway.name", errs.T("请给渠道活码起个名字。", "Give the channel code a name."))
	case len(c.StaffIDs)+len(c.Departments) == 0:
		return errs.Bad("staff", "contactway.staff", errs.T("至少选一位成员或一个部门。", "Choose at least one member or department."))
	case len(c.StaffIDs)+len(c.Departments) > MaxStaff:
		return errs.Bad("staff", "contactway.staff", errs.Tf("最多 %d 位成员和部门。", "At most %d members and departments.", MaxStaff))
	case utf8.RuneCountInString(c.Remark) > MaxRemark:
		return errs.Bad("remark", "contactway.remark", errs.Tf("备注最多 %d 个字。", "The remark may have %d characters.", MaxRemark))
	}
	return c.Purpose.check()
}

// pass answers the members whom the code has to pass over (WC-10), given how many customers each has and how many anybody may have:
// nobody when none has room, for somebody has to answer who scans it. Whoever is passed over comes back once a hundredth of
// their places is free, so that a code does not change with every customer who comes and goes.
func (c Contactway) pass(have map[string]int, most int) []string {
	var full []string
	for _, id := range c.StaffIDs {
		if have[id] >= most || have[id] > most-most/100 && slices.Contains(c.Passed, id) {
			full = append(full, id)
		}
	}
	if len(full) == len(c.StaffIDs) {
		return nil
	}
	return full
}

// full says that the code names members, and that none of them has room.
func (c Contactway) full(have map[string]int, most int) bool {
	return len(c.StaffIDs) > 0 && !slices.ContainsFunc(c.StaffIDs, func(id string) bool { return have[id] < most })
}

// answering are the members whom the code at WeCom names.
func (c Contactway) answering() []string {
	return slices.DeleteFunc(slices.Clone(c.StaffIDs), func(id string) bool { return slices.Contains(c.Passed, id) })
}
