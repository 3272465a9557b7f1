package sandbox

import (
	"fmt"
	"strconv"
)

// appWritings are the kinds of messages that members write to the app, and what
// is in them.
var appWritings = map[string]func(s *Sandbox, e *event, text string){
	"text": func(_ *Sandbox, e *event, text string) { e.text("Content", text) },
	"image": func(s *Sandbox, e *event, _ string) {
		id := s.memberMedia("image", "image.png", drawnImage())
		e.text("PicUrl", "https://wework.qpic.cn/wwpic/"+id+"/0").text("MediaId", id)
	},
	"voice": func(s *Sandbox, e *event, text string) {
		e.text("MediaId", s.memberMedia("voice", "voice.amr", []byte("#!AMR\n"+text))).text("Format", "amr")
	},
	"video": func(s *Sandbox, e *event, text string) {
		film := s.memberMedia("video", "video.mp4", []byte("....ftypmp42"+text))
		e.text("MediaId", film).text("ThumbMediaId", s.memberMedia("image", "thumb.png", drawnImage()))
	},
	"location": func(_ *Sandbox, e *event, text string) {
		e.text("Location_X", "23.134").text("Location_Y", "113.358").number("Scale", 20).text("Label", text).text("AppType", "wxwork")
	},
	"link": func(_ *Sandbox, e *event, text string) {
		e.text("Title", text).text("Description", text).text("Url", "https://example.com/").text("PicUrl", "https://example.com/a.png")
	},
}

// appKinds are the events of those messages.
var appKinds = map[string]string{
	"text": "message.text", "image": "message.image", "voice": "message.voice", "video": "message.video", "location": "message.location", "link": "message.link",
}

func (s *Sandbox) memberMedia(kind, name string, data []byte) string {
	return s.world.media.add(mediaFile{kind: kind, name: name, data: data, made: s.now()}, s.world.seed)
}

// staffWritesApp is a member writing to the app.
func staffWritesApp(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	if q.Text == "" {
		q.Text = "你好"
	}
	if q.Kind == "" {
		q.Kind = "text"
	}
	fill := appWritings[q.Kind]
	if fill == nil {
		return nil, fmt.Errorf("msgtype %q: must be text, image, voice, video, location or link", q.Kind)
	}
	msgid := int64(hash(s.world.draw(131)) >> 1)
	e := s.newMessage(AreaApp, appKinds[q.Kind], m.id, m.id, q.Kind, s.now())
	fill(s, e, q.Text)
	e.number("MsgId", msgid).number("AgentID", int64(s.agentID))
	s.journal(entry{Kind: "staff_writes_app", Staff: m.id, Detail: q.Text})
	s.send(e)
	return map[string]any{"staff": m.id, "msgid": strconv.FormatInt(msgid, 10)}, nil
}
