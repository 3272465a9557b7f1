package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// robot posts into groups of members. Whoever knows its key may make it speak.
type robot struct {
	id, name string
	creator  int32
	key      string // of the webhook; empty for one that has none
	chat     string
	stopped  bool
	removed  bool // from its group
	media    *mediaStore
	since    time.Time // of the window
	inWindow int
	blocked  time.Time // until then
}

func webhookFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/webhook/send", 0, webhookSend).upTo(4 * megabyte),
			{path: "/cgi-bin/webhook/upload_media", who: 0, raw: webhookUpload},
		},
		acts: []act{
			doing("staff_adds_robot", staffAddsRobot),
			doing("staff_changes_robot", staffChangesRobot),
		},
	}
}

// robotMessages is what a robot may post within a minute; one more silences it
// for a minute.
const (
	robotMessages = 20
	robotWindow   = time.Minute
)

// webhookRobot is the robot whose key the query has.
func (c *call) webhookRobot() (*robot, error) {
	key := c.r.URL.Query().Get("key")
	i := slices.IndexFunc(c.w.archive.robots, func(r *robot) bool { return key != "" && r.key == key })
	if i < 0 || c.w.archive.robots[i].removed {
		return nil, refuse(93000, "no robot has the key %q, or it was removed from its group", key)
	}
	r := c.w.archive.robots[i]
	if r.stopped {
		return nil, refuse(93004, "the robot %s is stopped", r.id)
	}
	return r, nil
}

// mayPost refuses a robot that posted too much.
func (r *robot) mayPost(now time.Time) error {
	switch {
	case now.Before(r.blocked):
	case !now.Before(r.since.Add(robotWindow)):
		r.since, r.inWindow = now, 0
		return nil
	case r.inWindow < robotMessages:
		return nil
	default:
		r.blocked = now.Add(robotWindow)
	}
	return refuse(45009, "more than %d messages in a minute, silent until %s of the world (switch quota.call)", robotMessages, stamp(r.blocked))
}

func webhookSend(c *call, q *webhookQuery) (any, error) {
	r, err := c.webhookRobot()
	if err != nil {
		return nil, err
	}
	if c.s.on("quota.call") {
		if err := r.mayPost(c.now); err != nil {
			return nil, err
		}
	}
	c.robot = r
	if err := q.check(c, r); err != nil {
		return nil, err
	}
	r.inWindow++
	c.s.journal(entry{Kind: "robot_message", Chat: r.chat, ID: r.id, Detail: q.summary(c.w)})
	c.s.archiveRobot(r, q)
	return nil, nil
}

// archiveRobot archives what a robot said in a group that has an archive.
func (s *Sandbox) archiveRobot(r *robot, q *webhookQuery) {
	room := s.world.archive.room(r.chat)
	if room == nil {
		return
	}
	m := inRoom(room.id, room.members)
	m.from = speaker{robotSpeaks, int32(slices.Index(s.world.archive.robots, r))}
	switch q.MsgType {
	case "text":
		s.archiveText(m, q.Text.Content)
	case "markdown":
		m.kind, m.body = "markdown", map[string]any{"content": q.Markdown.Content}
		s.archiveSay(m)
	}
}

// webhookUpload keeps a file that only this robot can post.
func webhookUpload(c *call, w http.ResponseWriter) int {
	c.s.mu.Lock()
	r, err := c.webhookRobot()
	c.s.mu.Unlock()
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	kind := c.r.URL.Query().Get("type")
	if kind != "file" && kind != "voice" {
		return c.s.answer(w, c, nil, refuse(40004, "type %q: must be file or voice", kind))
	}
	f, err := readUpload(w, c.r, "media")
	if err == nil {
		err = f.check(kind, mediaKinds[kind].size, mediaKinds[kind].code)
	}
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	c.s.mu.Lock()
	f.kind, f.made = kind, c.s.now()
	id := r.media.add(f, hash(c.s.world.seed, hashString(r.id)))
	c.s.mu.Unlock()
	return c.s.answer(w, c, mediaUploadReply{
		reply: done(), Type: kind, MediaID: id, CreatedAt: strconv.FormatInt(f.made.Unix(), 10),
	}, nil)
}

type addRobotQuery struct {
	Chat  string `json:"chat"`  // a group of members, or one of the app
	Staff string `json:"staff"` // who adds it, a member of the group
	Name  string `json:"name"`
}

// staffAddsRobot is a member adding a robot to a group; the answer tells its key.
func staffAddsRobot(s *Sandbox, q *addRobotQuery) (any, error) {
	w := s.world
	var members []int32
	if q.Chat == "" {
		q.Chat = w.archive.rooms[0].id
	}
	if room := w.archive.room(q.Chat); room != nil {
		for _, m := range room.members {
			members = append(members, m.who)
		}
	} else if chat := w.appChats.index[q.Chat]; chat != nil && chat.shown {
		members = chat.members
	}
	members = slices.DeleteFunc(slices.Clone(members), func(n int32) bool { return w.staff[n].resigned })
	if len(members) == 0 {
		return nil, unknownID("group of members that can be seen", q.Chat)
	}
	by := members[0]
	if q.Staff != "" {
		n, ok := w.staffByID(q.Staff)
		if !ok || !slices.Contains(members, n) {
			return nil, unknownID("member of the group", q.Staff)
		}
		by = n
	}
	if q.Name == "" {
		q.Name = "消息推送"
	}
	n := uint64(len(w.archive.robots))
	h := hex32(w.seed, n, hashString("webhook key"))
	r := &robot{
		id: "wb" + letters(30, w.seed, n, hashString("robot")), name: q.Name, creator: by, chat: q.Chat, media: newMediaStore(),
		key: h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:],
	}
	w.archive.robots = append(w.archive.robots, r)
	s.journal(entry{Kind: "robot_added", Staff: w.staff[by].id, Chat: r.chat, ID: r.id, Detail: r.name})
	return map[string]any{
		"robot": r.id, "key": r.key, "chat": r.chat, "staff": w.staff[by].id, "path": "/cgi-bin/webhook/send?key=" + r.key,
	}, nil
}

type changeRobotQuery struct {
	Robot   string `json:"robot"`
	Stopped *bool  `json:"stopped"`
	Removed bool   `json:"removed"`
}

// staffChangesRobot stops a robot, starts it again, or takes it out of its
// group for good.
func staffChangesRobot(s *Sandbox, q *changeRobotQuery) (any, error) {
	all := s.world.archive.robots
	i := slices.IndexFunc(all, func(r *robot) bool { return r.key != "" && r.id == q.Robot })
	if i < 0 {
		return nil, unknownID("robot with a key", q.Robot)
	}
	if q.Stopped != nil {
		all[i].stopped = *q.Stopped
	}
	all[i].removed = all[i].removed || q.Removed
	return map[string]any{"robot": q.Robot, "stopped": all[i].stopped, "removed": all[i].removed}, nil
}
