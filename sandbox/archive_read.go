package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

type permitQuery struct {
	Type int `json:"type"`
}

type permitReply struct {
	reply
	IDs []string `json:"ids"`
}

// permitUserList answers the members who are archived, all or of one edition.
func permitUserList(c *call, q *permitQuery) (any, error) {
	if err := c.s.archiveOpen(); err != nil {
		return nil, err
	}
	if q.Type < 0 || q.Type > seatEnterprise {
		return nil, refuse(40058, "type %d: must be 1 (office), 2 (service) or 3 (enterprise)", q.Type)
	}
	out := permitReply{reply: done(), IDs: []string{}}
	for i := range c.w.staff {
		edition, ok := c.w.archive.seats[int32(i)]
		if ok && !c.w.staff[i].resigned && (q.Type == 0 || q.Type == edition) {
			out.IDs = append(out.IDs, c.w.staff[i].id)
		}
	}
	return out, nil
}

type roomMemberView struct {
	MemberID string `json:"memberid"`
	JoinTime int64  `json:"jointime"`
}

type roomReply struct {
	reply
	RoomName   string           `json:"roomname"`
	Creator    string           `json:"creator"`
	CreateTime int64            `json:"room_create_time"`
	Notice     string           `json:"notice"`
	Members    []roomMemberView `json:"members"`
}

// innerRoomGet answers a group of members; groups with customers are read
// through customer contact.
func innerRoomGet(c *call, q *roomQuery) (any, error) {
	if err := c.s.archiveOpen(); err != nil {
		return nil, err
	}
	if q.RoomID == "" {
		return nil, refuse(40058, "roomid is missing")
	}
	room := c.w.archive.room(q.RoomID)
	if room == nil {
		return nil, refuse(301059, "%q is no group of members only", q.RoomID)
	}
	out := roomReply{
		reply: done(), RoomName: room.name, Creator: c.w.staff[room.creator].id, CreateTime: room.made, Notice: room.notice,
		Members: []roomMemberView{},
	}
	for _, m := range room.members {
		if !c.w.staff[m.who].resigned {
			out.Members = append(out.Members, roomMemberView{MemberID: c.w.staff[m.who].id, JoinTime: m.at})
		}
	}
	return out, nil
}

type robotQuery struct {
	RobotID string `json:"robot_id"`
}

type robotView struct {
	RobotID string `json:"robot_id"`
	Name    string `json:"name"`
	Creator string `json:"creator_userid"`
}

type robotReply struct {
	reply
	Data robotView `json:"data"`
}

func robotInfo(c *call, q *robotQuery) (any, error) {
	if err := c.s.archiveOpen(); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(q.RobotID, "wb") {
		return nil, refuse(40058, "robot_id %q: ids of robots begin with wb", q.RobotID)
	}
	i := slices.IndexFunc(c.w.archive.robots, func(r *robot) bool { return r.id == q.RobotID })
	if i < 0 {
		return nil, refuse(40058, "no robot %q", q.RobotID)
	}
	r := c.w.archive.robots[i]
	return robotReply{reply: done(), Data: robotView{RobotID: r.id, Name: r.name, Creator: c.w.staff[r.creator].id}}, nil
}

type seatQuery struct {
	Staff   string `json:"staff"`
	Edition int    `json:"edition"` // 1 office, 2 service, 3 enterprise; 0 takes the seat away
}

// adminSetsArchive is the administrator giving a member a seat, or taking it.
func adminSetsArchive(s *Sandbox, q *seatQuery) (any, error) {
	n, ok := s.world.staffByID(q.Staff)
	if !ok {
		return nil, unknownID("member", q.Staff)
	}
	if q.Edition < 0 || q.Edition > seatEnterprise {
		return nil, fmt.Errorf("edition %d: must be 0 (none), 1, 2 or 3", q.Edition)
	}
	if q.Edition == 0 {
		delete(s.world.archive.seats, n)
	} else {
		s.world.archive.seats[n] = q.Edition
	}
	return map[string]any{"staff": s.world.staff[n].id, "edition": q.Edition}, nil
}

// adminRotatesArchiveKey is the administrator uploading a new public key: what
// is said from now on is sealed for it.
func adminRotatesArchiveKey(s *Sandbox, _ *none) (any, error) {
	next := s.world.archive.keyVersion + 1
	if _, err := s.archiveKeys.version(next); err != nil {
		return nil, err
	}
	s.world.archive.keyVersion = next
	return map[string]any{"publickey_ver": next}, nil
}
