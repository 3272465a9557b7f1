// Package joinway keeps group codes: one code, up to five customer groups behind it, filled one after the other.
//
// It makes, changes and ends codes at WeCom, shows customers the code of a group that has room on a public page, and
// knows who came by which code: WeCom gives the code's state back with every member who used it.
//
// Callers: the console, internal/kf (Invite: a keyword's answer), customers' phones (/p/groups/...).
package joinway

import (
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Way is a group code.
type Way struct {
	ID             int64
	ConfigID       string // WeCom's id
	Name           string
	Remark         string
	State          string // comes back with every member who came this way
	Page           string // last part of the public page's address
	AutoCreateRoom bool   // WeCom makes a new group when all are full
	RoomBaseName   string
	RoomBaseID     int
	QRCode         string // URL of WeCom's picture
	Rooms          []Room // in the order WeCom fills them
	Joined         int64
	CreatedAt      clock.Time
	UpdatedAt      clock.Time
	DeletedAt      clock.Time
}

// Room is one of the groups behind a code.
type Room struct {
	ChatID  string
	Name    string
	Members int
	Left    int  // how many more may join by scanning
	Full    bool // at 200 members, or dismissed
	Gone    bool // dismissed
	Made    bool // by WeCom, because the others were full
}

// Limits of WeCom. Official page: https://developer.work.weixin.qq.com/document/path/92229
const (
	maxRooms    = 5
	maxRemark   = 30 // characters; WeCom cuts what is longer
	maxBaseName = 40 // characters
	maxName     = 60 // ours
)

// askedFor is how long after an answer a join still counts as its result.
const askedFor = 30 * 24 * time.Hour

// Check says what is wrong with a code that is to be made or changed, by field, or nil.
func (w *Way) Check() error {
	w.Name, w.Remark, w.RoomBaseName = strings.TrimSpace(w.Name), strings.TrimSpace(w.Remark), strings.TrimSpace(w.RoomBaseName)
	switch {
	case w.Name == "":
		return errs.Bad("name", "joinway.name_empty", errs.T("请给群活码起个名字。", "Give the group code a name."))
	case utf8.RuneCountInString(w.Name) > maxName:
		return errs.Bad("name", "joinway.name_long", errs.Tf("名字最多 %d 个字。", "A name has at most %d characters.", maxName))
	case utf8.RuneCountInString(w.Remark) > maxRemark:
		return errs.Bad("remark", "joinway.remark_long", errs.Tf("备注最多 %d 个字。", "A remark has at most %d characters.", maxRemark))
	case len(w.Rooms) == 0:
		return errs.Bad("chat_ids", "joinway.no_room", errs.T("至少选一个客户群。", "Choose at least one group."))
	case len(w.own()) > maxRooms:
		return errs.Bad("chat_ids", "joinway.many_rooms", errs.Tf("一个群活码最多 %d 个群。", "A group code has at most %d groups.", maxRooms))
	case w.AutoCreateRoom && w.RoomBaseName == "":
		return errs.Bad("room_base_name", "joinway.no_base_name", errs.T("自动建群需要群名前缀。", "New groups need the beginning of a name."))
	case utf8.RuneCountInString(w.RoomBaseName) > maxBaseName:
		return errs.Bad("room_base_name", "joinway.base_name_long", errs.Tf("群名前缀最多 %d 个字。", "The beginning of a group's name has at most %d characters.", maxBaseName))
	case w.RoomBaseID < 0:
		return errs.Bad("room_base_id", "joinway.base_id", errs.T("起始序号不能是负数。", "The first number must not be negative."))
	}
	seen := map[string]bool{}
	for _, r := range w.Rooms {
		if seen[r.ChatID] {
			return errs.Bad("chat_ids", "joinway.room_twice", errs.T("同一个群选了两次。", "A group was chosen twice."))
		}
		seen[r.ChatID] = true
	}
	return nil
}

// own are the rooms we chose, without those that WeCom made.
func (w *Way) own() []Room {
	var out []Room
	for _, r := range w.Rooms {
		if !r.Made {
			out = append(out, r)
		}
	}
	return out
}

// Next is the room that who scans now comes into: the first with room. ok is false when all are full; then the code
// still works if WeCom makes new rooms.
func (w *Way) Next() (r Room, ok bool) {
	for _, r := range w.Rooms {
		if !r.Full {
			return r, true
		}
	}
	return Room{}, false
}

// Open says whether somebody who scans now gets into a group.
func (w *Way) Open() bool {
	_, ok := w.Next()
	return w.DeletedAt == 0 && (ok || w.AutoCreateRoom)
}

// RoomLeft is how many more may join by scanning, over all rooms.
func (w *Way) RoomLeft() int {
	n := 0
	for _, r := range w.Rooms {
		n += r.Left
	}
	return n
}
