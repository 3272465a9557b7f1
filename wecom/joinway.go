package wecom

import "context"

// JoinWay is a code by which customers join a group.
type JoinWay struct {
	ConfigID     string   `json:"config_id,omitempty"` // set by WeCom
	Scene        int      `json:"scene"`               // SceneApp, SceneQR
	Remark       string   `json:"remark,omitempty"`    // 30 characters
	AutoCreate   *Flag    `json:"auto_create_room,omitempty"`
	RoomBaseName string   `json:"room_base_name,omitempty"` // of groups made when all are full
	RoomBaseID   int      `json:"room_base_id,omitempty"`   // their first number
	Chats        []ChatID `json:"chat_id_list"`             // at most 5
	State        string   `json:"state,omitempty"`          // 30 characters; comes back on members
	QRCode       string   `json:"qr_code,omitempty"`        // URL; set by WeCom
}

// Flag is a bool that WeCom writes as 0 or 1.
type Flag bool

// MarshalJSON implements json.Marshaler.
func (f Flag) MarshalJSON() ([]byte, error) {
	if f {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Flag) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "0", "false", "null", `"0"`, `""`:
		*f = false
	default:
		*f = true
	}
	return nil
}

// AddJoinWay makes a code and returns its id; JoinWay reads the QR code.
// https://developer.work.weixin.qq.com/document/path/92229
func (c *Client) AddJoinWay(ctx context.Context, way JoinWay) (id string, err error) {
	way.ConfigID, way.QRCode = "", ""
	var r struct {
		head
		configID
	}
	err = c.write(ctx, AreaExternal, familyWay, "externalcontact/groupchat/add_join_way", way, &r)
	return r.ConfigID, err
}

// JoinWay reads a code. The same page as AddJoinWay.
func (c *Client) JoinWay(ctx context.Context, id string) (JoinWay, error) {
	var r struct {
		head
		Way JoinWay `json:"join_way"`
	}
	err := c.read(ctx, AreaExternal, familyWay, "externalcontact/groupchat/get_join_way", configID{id}, &r)
	return r.Way, err
}

// UpdateJoinWay writes a code anew: what is left empty falls back to WeCom's
// default. The same page as AddJoinWay.
func (c *Client) UpdateJoinWay(ctx context.Context, way JoinWay) error {
	way.QRCode = ""
	return c.read(ctx, AreaExternal, familyWay, "externalcontact/groupchat/update_join_way", way, new(head))
}

// DeleteJoinWay ends a code. The same page as AddJoinWay.
func (c *Client) DeleteJoinWay(ctx context.Context, id string) error {
	return c.read(ctx, AreaExternal, familyWay, "externalcontact/groupchat/del_join_way", configID{id}, new(head))
}
