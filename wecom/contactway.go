package wecom

import "context"

// Values of ContactWay.Type and Scene.
const (
	WayOne   = 1 // leads to one member
	WayMany  = 2 // leads to one of several
	SceneApp = 1 // a button in a mini-program
	SceneQR  = 2 // a QR code
)

// ContactWay is a code by which customers add members. Optional fields that
// are nil take WeCom's default (adding) or stay as they are (updating).
type ContactWay struct {
	ConfigID    string    `json:"config_id,omitempty"`   // set by WeCom
	Type        int       `json:"type,omitempty"`        // WayOne, WayMany; fixed
	Scene       int       `json:"scene,omitempty"`       // SceneApp, SceneQR; fixed
	Style       int       `json:"style,omitempty"`       // of the button
	Remark      string    `json:"remark,omitempty"`      // 30 characters
	SkipVerify  *bool     `json:"skip_verify,omitempty"` // added without confirmation; default true
	State       string    `json:"state,omitempty"`       // 30 characters; comes back in events
	Staff       []StaffID `json:"user,omitempty"`        // with Departments 100 members; an update replaces all
	Departments []int     `json:"party,omitempty"`       // only WayMany
	IsExclusive *bool     `json:"is_exclusive,omitempty"`
	MarkSource  *bool     `json:"mark_source,omitempty"`
	QRCode      string    `json:"qr_code,omitempty"` // URL of the picture; set by WeCom
}

// AddContactWay makes a code; its ConfigID and QRCode are returned. A lost
// ConfigID cannot be found in the console. A corp can have 500,000.
// https://developer.work.weixin.qq.com/document/path/92228
func (c *Client) AddContactWay(ctx context.Context, way ContactWay) (configID, qrCode string, err error) {
	way.ConfigID, way.QRCode = "", ""
	var r struct {
		head
		ConfigID string `json:"config_id"`
		QRCode   string `json:"qr_code"`
	}
	err = c.write(ctx, AreaExternal, familyWay, "externalcontact/add_contact_way", way, &r)
	return r.ConfigID, r.QRCode, err
}

type configID struct {
	ConfigID string `json:"config_id"`
}

// ContactWay reads a code. The same page as AddContactWay.
func (c *Client) ContactWay(ctx context.Context, id string) (ContactWay, error) {
	var r struct {
		head
		Way ContactWay `json:"contact_way"`
	}
	err := c.read(ctx, AreaExternal, familyWay, "externalcontact/get_contact_way", configID{id}, &r)
	return r.Way, err
}

// ContactWayFilter picks codes by their time of making, unix seconds; 0 means
// WeCom's default, the last 90 days.
type ContactWayFilter struct {
	Start  int64  `json:"start_time,omitempty"`
	End    int64  `json:"end_time,omitempty"`
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"` // at most 1000, default 100
}

// ContactWays lists the ids of codes made through the API after 2021-07-10;
// next is "" after the last page. The same page as AddContactWay.
func (c *Client) ContactWays(ctx context.Context, f ContactWayFilter) (ids []string, next string, err error) {
	var r struct {
		head
		Ways []configID `json:"contact_way"`
		Next string     `json:"next_cursor"`
	}
	err = c.read(ctx, AreaExternal, familyWay, "externalcontact/list_contact_way", f, &r)
	for _, w := range r.Ways {
		ids = append(ids, w.ConfigID)
	}
	return ids, r.Next, err
}

// UpdateContactWay changes a code; lists replace what was there. Type, Scene
// and IsExclusive cannot be changed and are not sent. The same page as
// AddContactWay.
func (c *Client) UpdateContactWay(ctx context.Context, way ContactWay) error {
	way.Type, way.Scene, way.IsExclusive, way.QRCode = 0, 0, nil, ""
	return c.read(ctx, AreaExternal, familyWay, "externalcontact/update_contact_way", way, new(head))
}

// DeleteContactWay ends a code. The same page as AddContactWay.
func (c *Client) DeleteContactWay(ctx context.Context, id string) error {
	return c.read(ctx, AreaExternal, familyWay, "externalcontact/del_contact_way", configID{id}, new(head))
}
