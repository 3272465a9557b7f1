package sandbox

import (
	"time"
)

const (
	archiveLife      = 5 * 24 * time.Hour // how far back messages and media can be pulled
	archiveNotifyGap = 15 * time.Second   // between two events, at least
	archiveAgent     = 2000004            // of the archive app, in its event
	archiveSeats     = 200                // members of a new world with a seat, at most
)

// Editions of a seat.
const (
	seatOffice     = 1
	seatService    = 2
	seatEnterprise = 3
)

// archive is the conversation archive (会话内容存档) of a world. Messages are kept
// plain and sealed when they are pulled, so that a message nobody reads costs
// no encryption.
type archive struct {
	log        []archived // by rising seq
	seq        uint64
	keyVersion int
	seats      map[int32]int // edition by number of the member
	consents   map[consentKey]consent
	rooms      []*innerRoom
	robots     []*robot
	files      map[string]*archiveFile
	fileOrder  []string // oldest first
	notified   time.Time
	planned    bool // an event is due when the gap is over
}

// innerRoom is a group of members only.
type innerRoom struct {
	id, name, notice string
	creator          int32
	members          []chatMember
	made             int64
}

func archiveFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/msgaudit/get_permit_user_list", byArchive, permitUserList).aMinute(1000),
			post("/cgi-bin/msgaudit/check_single_agree", byArchive, checkSingleAgree).aMinute(2500),
			post("/cgi-bin/msgaudit/check_room_agree", byArchive, checkRoomAgree).aMinute(1500),
			post("/cgi-bin/msgaudit/groupchat/get", byArchive, innerRoomGet).aMinute(2000),
			get("/cgi-bin/msgaudit/get_robot_info", byArchive, robotInfo).aMinute(600),
			post("/finance/v1/chatdata", 0, financeChatData).ofFinance().aMinute(4000),
			post("/finance/v1/decrypt", 0, financeDecrypt).ofFinance(),
			post("/finance/v1/media", 0, financeMedia).ofFinance().aMinute(25000),
			post("/finance/v1/health", 0, financeHealth).ofFinance(),
		},
		acts: []act{
			doing("send_red_packet", sendRedPacket),
			doing("agree_archive", agreeArchive),
			doing("disagree_archive", disagreeArchive),
			doing("staff_sends", staffSends),
			doing("staff_switches_corp", staffSwitchesCorp),
			doing("admin_sets_archive", adminSetsArchive),
			doing("admin_rotates_archive_key", adminRotatesArchiveKey),
		},
		build: buildArchive,
	}
}

// buildArchive gives the first members of a world a seat, each department a
// group of its members, and the corp a robot. The log is empty: the archive
// holds what is said from the start on.
func buildArchive(s *Sandbox) {
	w := s.world
	a := &archive{
		keyVersion: 1, seats: map[int32]int{}, consents: map[consentKey]consent{}, files: map[string]*archiveFile{},
	}
	w.archive = a
	for i := range min(len(w.staff), archiveSeats) {
		switch m := &w.staff[i]; {
		case m.department == 1:
			a.seats[int32(i)] = seatOffice
		case m.leader:
			a.seats[int32(i)] = seatEnterprise
		default:
			a.seats[int32(i)] = seatService
		}
	}
	made := w.ago(w.spec.Days, 10*time.Hour).Unix()
	byDepartment := map[int]*innerRoom{}
	for i := range w.staff {
		m := &w.staff[i]
		room := byDepartment[m.department]
		if room == nil {
			room = &innerRoom{
				id: "wr" + letters(30, w.seed, uint64(m.department), hashString("inner room")), name: w.departmentName(m.department) + "内部群",
				notice: "交接班请写在群里", creator: int32(i), made: made,
			}
			byDepartment[m.department] = room
			a.rooms = append(a.rooms, room)
		}
		if len(room.members) < chatLimit {
			room.members = append(room.members, chatMember{staff: true, who: int32(i), at: made})
		}
	}
	a.robots = []*robot{{id: "wb" + letters(30, w.seed, hashString("robot")), name: "值班提醒", creator: 0}}
}

func (w *world) departmentName(id int) string {
	for i := range w.departments {
		if w.departments[i].id == id {
			return w.departments[i].name
		}
	}
	return ""
}

func (a *archive) room(id string) *innerRoom {
	for _, r := range a.rooms {
		if r.id == id {
			return r
		}
	}
	return nil
}

// archiveOpen refuses calls while the corp has no archive.
func (s *Sandbox) archiveOpen() error {
	if !s.on("archive.open") {
		return refuse(301053, "the corp has not opened the archive (switch archive.open)")
	}
	return nil
}

// archiveNews tells the platform that there is something to pull, at most once
// in 15 seconds of the world.
func (s *Sandbox) archiveNews() {
	a := s.world.archive
	if a.planned {
		return
	}
	tell := func() {
		a.planned, a.notified = false, s.now()
		e := s.newMessage(AreaArchive, "archive.msgaudit_notify", "archive", "sys", "event", s.now())
		s.send(e.number("AgentID", archiveAgent).text("Event", "msgaudit_notify"))
	}
	if wait := archiveNotifyGap - s.now().Sub(a.notified); !a.notified.IsZero() && wait > 0 {
		a.planned = true
		s.after(wait, tell)
		return
	}
	tell()
}
