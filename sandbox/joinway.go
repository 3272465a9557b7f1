package sandbox

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// joinWay is a code by which people join one of up to five groups.
type joinWay struct {
	id         string
	number     uint64
	scene      int
	remark     string
	autoCreate bool
	baseName   string
	baseID     int
	made       int // rooms created so far
	chats      []string
	state      string
	markSource bool
	by         caller
}

const chatsPerJoinWay = 5

func (w *world) addJoinWay(j *joinWay) {
	w.joinWays = append(w.joinWays, j)
	j.number = uint64(len(w.joinWays))
	j.id = hex32(w.seed, j.number, 71)
	w.joinIndex[j.id] = j
}

func joinWayFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/groupchat/add_join_way", byExternal, joinWayAdd),
		post("/cgi-bin/externalcontact/groupchat/get_join_way", byExternal, joinWayGet),
		post("/cgi-bin/externalcontact/groupchat/update_join_way", byExternal, joinWayUpdate),
		post("/cgi-bin/externalcontact/groupchat/del_join_way", byExternal, joinWayDelete),
	}}
}

type joinWayQuery struct {
	ConfigID       string   `json:"config_id"` // update only
	Scene          int      `json:"scene"`
	Remark         string   `json:"remark"`
	AutoCreateRoom *int     `json:"auto_create_room"`
	RoomBaseName   string   `json:"room_base_name"`
	RoomBaseID     int      `json:"room_base_id"`
	ChatIDList     []string `json:"chat_id_list"`
	State          string   `json:"state"`
	MarkSource     *bool    `json:"mark_source"`
}

// joinWayFrom checks a request and makes the way it describes.
func (c *call) joinWayFrom(q *joinWayQuery) (*joinWay, error) {
	switch {
	case q.Scene != 1 && q.Scene != 2:
		return nil, refuse(40058, "scene %d: must be 1 or 2", q.Scene)
	case q.AutoCreateRoom != nil && *q.AutoCreateRoom != 0 && *q.AutoCreateRoom != 1:
		return nil, refuse(40058, "auto_create_room %d: must be 0 or 1", *q.AutoCreateRoom)
	case len(q.ChatIDList) == 0:
		return nil, refuse(40058, "chat_id_list is empty")
	case len(q.ChatIDList) > chatsPerJoinWay:
		return nil, refuse(41091, "chat_id_list has %d groups, at most %d are allowed", len(q.ChatIDList), chatsPerJoinWay)
	}
	if err := longer("state", q.State, 30); err != nil {
		return nil, err
	}
	if err := longer("room_base_name", q.RoomBaseName, 40); err != nil {
		return nil, err
	}
	for _, id := range q.ChatIDList {
		if _, err := c.w.chatParam(id); err != nil {
			return nil, err
		}
	}
	return &joinWay{
		scene: q.Scene, remark: cut(q.Remark, 30), autoCreate: q.AutoCreateRoom == nil || *q.AutoCreateRoom == 1,
		baseName: q.RoomBaseName, baseID: q.RoomBaseID, chats: slices.Clone(q.ChatIDList), state: q.State,
		markSource: q.MarkSource == nil || *q.MarkSource, by: c.caller,
	}, nil
}

// cut shortens a text to at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

type joinWayAddReply struct {
	reply
	ConfigID string `json:"config_id"`
}

func joinWayAdd(c *call, q *joinWayQuery) (any, error) {
	if q.ConfigID != "" {
		return nil, refuse(40058, "config_id is made by this call, not given")
	}
	if c.w.waysFull() {
		return nil, refuse(41045, "a corp has at most %d contact and join ways", waysPerCorp)
	}
	j, err := c.joinWayFrom(q)
	if err != nil {
		return nil, err
	}
	c.w.addJoinWay(j)
	return joinWayAddReply{reply: done(), ConfigID: j.id}, nil
}

// joinWayParam finds the way a call names; an app manages its own only.
func (c *call) joinWayParam(id string) (*joinWay, error) {
	if id == "" {
		return nil, refuse(41043, "config_id is missing")
	}
	j := c.w.joinIndex[id]
	if j == nil || j.by != c.caller {
		return nil, refuse(41044, "no join way %q of this app", id)
	}
	return j, nil
}

type joinWayView struct {
	ConfigID       string   `json:"config_id"`
	Scene          int      `json:"scene"`
	Remark         string   `json:"remark"`
	AutoCreateRoom int      `json:"auto_create_room"`
	RoomBaseName   string   `json:"room_base_name"`
	RoomBaseID     int      `json:"room_base_id"`
	ChatIDList     []string `json:"chat_id_list"`
	QRCode         string   `json:"qr_code"`
	State          string   `json:"state"`
	MarkSource     bool     `json:"mark_source"`
}

type joinWayGetReply struct {
	reply
	JoinWay joinWayView `json:"join_way"`
}

func joinWayGet(c *call, q *wayIDQuery) (any, error) {
	j, err := c.joinWayParam(q.ConfigID)
	if err != nil {
		return nil, err
	}
	v := joinWayView{
		ConfigID: j.id, Scene: j.scene, Remark: j.remark, RoomBaseName: j.baseName, RoomBaseID: j.baseID,
		ChatIDList: slices.Clone(j.chats), QRCode: c.qrURL(j.id), State: j.state, MarkSource: j.markSource,
	}
	if j.autoCreate {
		v.AutoCreateRoom = 1
	}
	return joinWayGetReply{reply: done(), JoinWay: v}, nil
}

func joinWayUpdate(c *call, q *joinWayQuery) (any, error) {
	j, err := c.joinWayParam(q.ConfigID)
	if err != nil {
		return nil, err
	}
	next, err := c.joinWayFrom(q)
	if err != nil {
		return nil, err
	}
	next.id, next.number, next.made = j.id, j.number, j.made
	*j = *next
	return nil, nil
}

func joinWayDelete(c *call, q *wayIDQuery) (any, error) {
	j, err := c.joinWayParam(q.ConfigID)
	if err != nil {
		return nil, err
	}
	delete(c.w.joinIndex, j.id)
	return nil, nil
}

// roomFor is the group a scan of the way leads to: the first with room, or a
// new one when all are full and the way creates rooms; nil when there is none.
func (s *Sandbox) roomFor(j *joinWay) *chat {
	w := s.world
	var first *chat
	for _, id := range j.chats {
		c := w.chatIndex[id]
		if c == nil || c.dismissed {
			continue
		}
		if first == nil {
			first = c
		}
		if len(c.members) < scanLimit {
			return c
		}
	}
	if !j.autoCreate || first == nil {
		return nil
	}
	name := j.baseName
	if name == "" {
		name = first.name + " "
	}
	c := w.addChat(fmt.Sprintf("%s%d", name, j.baseID+j.made), first.owner, s.now())
	j.made++
	s.listRoom(j, c.id)
	s.journal(entry{Kind: "group_create", Chat: c.id, Staff: w.staff[c.owner].id, ID: j.id})
	s.send(s.chatEvent(c, "change_external_chat.create", "create"))
	return c
}

// listRoom puts a created room into the way's list. The pages do not say what
// happens to a list of five; the switch groupchat.auto_create decides.
func (s *Sandbox) listRoom(j *joinWay, id string) {
	if len(j.chats) < chatsPerJoinWay {
		j.chats = append(j.chats, id)
		return
	}
	switch s.switches["groupchat.auto_create"] {
	case "replace":
		j.chats = append(j.chats[1:], id)
	case "append":
		j.chats = append(j.chats, id)
	}
}
