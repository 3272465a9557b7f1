package joinway

import "zhiyin.dev/zhiyin/wecom"

const sceneQR = 2 // a QR code, not a mini program's plug-in

func (w *Way) wire() wecom.JoinWay {
	auto := wecom.Flag(w.AutoCreateRoom)
	out := wecom.JoinWay{
		ConfigID: w.ConfigID, Scene: sceneQR, Remark: w.Remark, AutoCreate: &auto, State: w.State,
	}
	if w.AutoCreateRoom {
		out.RoomBaseName, out.RoomBaseID = w.RoomBaseName, w.RoomBaseID
	}
	for _, r := range w.own() {
		out.Chats = append(out.Chats, wecom.ChatID(r.ChatID))
	}
	return out
}
