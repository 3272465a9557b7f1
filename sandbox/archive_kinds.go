package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// sending is a message about to be archived: the kind, and what its content
// holds unless the act says otherwise.
type sending struct {
	s    *Sandbox
	m    archived
	text string
	size int // of media
}

// archiveKinds are the kinds of messages people and robots can send by an act.
// Consent, revocations and changes of corp have acts of their own or no
// content to choose.
var archiveKinds = map[string]func(*sending) map[string]any{
	"text":  func(k *sending) map[string]any { return map[string]any{"content": k.text} },
	"image": func(k *sending) map[string]any { return k.media("image", "filesize", nil) },
	"voice": func(k *sending) map[string]any {
		return k.media("voice", "voice_size", map[string]any{"play_length": 10})
	},
	"video": func(k *sending) map[string]any {
		return k.media("video", "filesize", map[string]any{"play_length": 108})
	},
	"emotion":    sendEmotion,
	"file":       sendFile,
	"card":       sendCard,
	"location":   sendLocation,
	"link":       sendLink,
	"weapp":      sendWeapp,
	"chatrecord": sendChatRecord,
	"todo": func(k *sending) map[string]any {
		return map[string]any{"title": k.s.world.spec.Corp, "content": "跟进客户"}
	},
	"vote":                 sendVote,
	"collect":              sendCollect,
	"redpacket":            sendRedPacketNote,
	"external_redpacket":   sendRedPacketNote,
	"meeting":              sendMeeting,
	"meeting_notification": sendMeetingNotice,
	"docmsg":               sendDoc,
	"markdown":             func(k *sending) map[string]any { return map[string]any{"content": "**提醒** " + k.text} },
	"news":                 sendNews,
	"calendar":             sendCalendar,
	"mixed":                sendMixed,
	"meeting_voice_call":   sendVoiceCall,
	"voip_doc_share":       sendVoipDoc,
	"sphfeed": func(k *sending) map[string]any {
		return map[string]any{"feed_type": 4, "sph_name": k.s.world.spec.Corp, "feed_desc": k.text}
	},
	"voiptext":   func(*sending) map[string]any { return map[string]any{"callduration": 9, "invitetype": 2} },
	"qydiskfile": func(*sending) map[string]any { return map[string]any{"filename": "价目表.xlsx"} },
	"solitaire":  sendUnknown,
	"note":       sendUnknown,
}

// media makes a file and the part that names it.
func (k *sending) media(kind, sizeKey string, more map[string]any) map[string]any {
	f := k.s.newArchiveFile(kind, k.size)
	out := map[string]any{"md5sum": f.md5sum, sizeKey: f.size, "sdkfileid": f.id}
	maps.Copy(out, more)
	return out
}

func (k *sending) sender() string { return k.s.world.speakerID(k.m.from) }

func (k *sending) draw(what string) uint64 {
	return hash(k.s.world.seed, k.s.world.archive.seq, hashString(what))
}

// jsonText is a part that WeCom carries as JSON inside a string.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: encode a part: " + err.Error())
	}
	return string(b)
}

func sendEmotion(k *sending) map[string]any {
	return k.media("emotion", "imagesize", map[string]any{"type": 1, "width": 290, "height": 290})
}

func sendFile(k *sending) map[string]any {
	return k.media("file", "filesize", map[string]any{"filename": "报价.docx", "fileext": "docx"})
}

func sendCard(k *sending) map[string]any {
	w := k.s.world
	card := map[string]any{"corpname": w.spec.Corp, "userid": w.firstStaff().id}
	if r := w.pickRelation(k.draw("card")); r != nil {
		card = map[string]any{"corpname": "微信联系人", "userid": w.customerID(r.customer)}
	}
	return card
}

func sendLocation(*sending) map[string]any {
	return map[string]any{"longitude": 120.16, "latitude": 30.25, "address": "沙箱路 1 号", "title": "门店", "zoom": 15}
}

func sendLink(k *sending) map[string]any {
	return map[string]any{
		"title": k.text, "description": k.s.world.spec.Corp, "link_url": "https://example.test/link", "image_url": "https://example.test/link.png",
	}
}

func sendWeapp(k *sending) map[string]any {
	return map[string]any{"title": k.text, "description": "小程序", "username": "gh_sandbox@app", "displayname": k.s.world.spec.Corp}
}

func sendChatRecord(k *sending) map[string]any {
	now := k.s.now().Unix()
	return map[string]any{"title": "聊天记录", "item": []any{
		map[string]any{"type": "ChatRecordText", "msgtime": now - 60, "content": jsonText(map[string]any{"content": k.text}), "from_chatroom": false},
		map[string]any{"type": "ChatRecordImage", "msgtime": now - 30, "content": jsonText(k.media("image", "filesize", nil)), "from_chatroom": false},
	}}
}

func sendVote(k *sending) map[string]any {
	vote := map[string]any{
		"votetitle": "团建去哪", "voteitem": []string{"爬山", "露营"}, "votetype": 101, "voteid": fmt.Sprint(k.draw("vote") % 1e10),
	}
	if k.s.switches["archive.vote"] == "flat" {
		k.m.extra = vote
		return nil
	}
	return vote
}

func sendCollect(k *sending) map[string]any {
	room := ""
	if r := k.s.world.archive.room(k.m.room); r != nil {
		room = r.name
	} else if c := k.s.world.chatIndex[k.m.room]; c != nil {
		room = c.name
	}
	details := make([]map[string]any, 0, 4)
	for i, kind := range []string{"Text", "Number", "Date", "Time"} {
		details = append(details, map[string]any{"id": i + 1, "ques": []string{"姓名", "人数", "日期", "时间"}[i], "type": kind})
	}
	return map[string]any{
		"room_name": room, "creator": k.sender(), "create_time": k.s.now().In(Zone).Format(time.DateTime), "title": "报名表", "details": details,
	}
}

func sendRedPacketNote(*sending) map[string]any {
	return map[string]any{"type": 1, "wish": "恭喜发财", "totalcnt": 1, "totalamount": 200}
}

func sendMeeting(k *sending) map[string]any {
	begin := k.s.now().Add(time.Hour).Unix()
	return map[string]any{
		"topic": "周会", "starttime": begin, "endtime": begin + 3600, "address": "总部", "remarks": "", "meetingid": k.draw("meeting") % 1e10,
	}
}

// sendMeetingNotice carries the time as a text beside its content, as the
// official sample does.
func sendMeetingNotice(k *sending) map[string]any {
	k.m.extra = map[string]any{"time": k.s.now().In(Zone).Format("2006-01-02 15:04:05:000")}
	return map[string]any{"content": "周会 已结束", "meeting_id": k.draw("meeting") >> 1, "notification_type": 2}
}

func sendDoc(k *sending) map[string]any {
	return map[string]any{"title": "资料表", "doc_creator": k.sender(), "link_url": "https://example.test/doc/1"}
}

func sendNews(k *sending) map[string]any {
	return map[string]any{"item": []any{map[string]any{
		"title": k.text, "description": k.s.world.spec.Corp, "url": "https://example.test/news", "picurl": "https://example.test/news.png",
	}}}
}

func sendCalendar(k *sending) map[string]any {
	begin := k.s.now().Add(24 * time.Hour).Unix()
	return map[string]any{
		"title": "复盘会", "creatorname": k.sender(), "attendeename": []string{k.sender()}, "starttime": begin, "endtime": begin + 3600,
		"place": "总部", "remarks": "",
	}
}

func sendMixed(k *sending) map[string]any {
	return map[string]any{"item": []any{
		map[string]any{"type": "text", "content": jsonText(map[string]any{"content": k.text})},
		map[string]any{"type": "image", "content": jsonText(k.media("image", "filesize", nil))},
	}}
}

func sendVoiceCall(k *sending) map[string]any {
	k.m.extra = map[string]any{"voiceid": "gr" + letters(20, k.draw("voice"))}
	f := k.s.newArchiveFile("voice", k.size)
	end := k.s.now().Unix()
	return map[string]any{
		"endtime": end, "sdkfileid": f.id,
		"demofiledata":    []any{map[string]any{"filename": "方案.docx", "demooperator": k.sender(), "starttime": end - 300, "endtime": end - 200}},
		"sharescreendata": []any{map[string]any{"share": k.sender(), "starttime": end - 150, "endtime": end - 60}},
	}
}

func sendVoipDoc(k *sending) map[string]any {
	k.m.extra = map[string]any{"voipid": "gr" + letters(20, k.draw("voip"))}
	return k.media("file", "filesize", map[string]any{"filename": "方案.pdf"})
}

// sendUnknown is a kind the archive does not know: a text says so, or, by the
// switch, its name comes with a content nobody has published.
func sendUnknown(k *sending) map[string]any {
	if k.s.switches["archive.unknown_kinds"] == "raw" {
		return map[string]any{}
	}
	k.m.kind = "text"
	return map[string]any{"content": "【未知消息类型】"}
}
