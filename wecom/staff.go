package wecom

import (
	"context"
	"net/url"
	"strconv"
)

// Department is a part of the corp; the root has id 1 and parent 0.
type Department struct {
	ID      int       `json:"id"`
	Name    string    `json:"name"`
	NameEN  string    `json:"name_en"`
	Parent  int       `json:"parentid"`
	Order   uint32    `json:"order"` // larger first
	Leaders []StaffID `json:"department_leader"`
}

// Departments lists every department the app may see.
// https://developer.work.weixin.qq.com/document/path/90208
func (c *Client) Departments(ctx context.Context) ([]Department, error) {
	var r struct {
		head
		Departments []Department `json:"department"`
	}
	err := c.get(ctx, AreaApp, familyStaff, "department/list", nil, &r)
	return r.Departments, err
}

// StaffStatus tells whether a member can use WeCom.
type StaffStatus int

// The states of a member.
const (
	StaffActive   StaffStatus = 1
	StaffDisabled StaffStatus = 2
	StaffInactive StaffStatus = 4 // never logged in
	StaffLeft     StaffStatus = 5
)

// Staff is a member of the corp. Apps made after June 2022 get no mobile,
// e-mail, gender, avatar and QR code; those stay empty.
type Staff struct {
	ID             StaffID     `json:"userid"`
	Name           string      `json:"name"`
	Alias          string      `json:"alias"`
	Position       string      `json:"position"`
	Departments    []int       `json:"department"`
	MainDepartment int         `json:"main_department"`
	LeaderIn       []int       `json:"is_leader_in_dept"` // 1 or 0 for each of Departments
	DirectLeaders  []StaffID   `json:"direct_leader"`
	Mobile         string      `json:"mobile"`
	Email          string      `json:"email"`
	BizMail        string      `json:"biz_mail"`
	Gender         string      `json:"gender"` // "0" unknown, "1" male, "2" female
	Avatar         string      `json:"avatar"`
	QRCode         string      `json:"qr_code"`
	Status         StaffStatus `json:"status"`
}

// StaffList reads the members of a department, with all departments below it
// when fetchChild is set; there is no paging.
// https://developer.work.weixin.qq.com/document/path/90201
func (c *Client) StaffList(ctx context.Context, deptID int, fetchChild bool) ([]Staff, error) {
	q := url.Values{"department_id": {strconv.Itoa(deptID)}}
	if fetchChild {
		q.Set("fetch_child", "1")
	}
	var r struct {
		head
		Staff []Staff `json:"userlist"`
	}
	err := c.get(ctx, AreaApp, familyStaff, "user/list", q, &r)
	return r.Staff, err
}

// StaffDepartment is one membership; a member of n departments has n.
type StaffDepartment struct {
	Staff      StaffID `json:"userid"`
	Department int     `json:"department"`
}

// StaffIDs pages through all memberships, 10,000 at a time; next is "" after
// the last page. Only the contacts sync secret may.
// https://developer.work.weixin.qq.com/document/path/96067
func (c *Client) StaffIDs(ctx context.Context, cursor string) (page []StaffDepartment, next string, err error) {
	in := struct {
		Cursor string `json:"cursor,omitempty"`
		Limit  int    `json:"limit"`
	}{cursor, 10000}
	var r struct {
		head
		Next  string            `json:"next_cursor"`
		Staff []StaffDepartment `json:"dept_user"`
	}
	err = c.read(ctx, AreaContact, familyStaff, "user/list_id", in, &r)
	return r.Staff, r.Next, err
}

// Staff reads one member.
// https://developer.work.weixin.qq.com/document/path/90196
func (c *Client) Staff(ctx context.Context, id StaffID) (Staff, error) {
	var r struct {
		head
		Staff
	}
	err := c.get(ctx, AreaApp, familyStaff, "user/get", url.Values{"userid": {string(id)}}, &r)
	return r.Staff, err
}

// FollowUsers lists the members who have the customer-contact feature and are
// in the app's visible range; there is no paging.
// https://developer.work.weixin.qq.com/document/path/92571
func (c *Client) FollowUsers(ctx context.Context) ([]StaffID, error) {
	var r struct {
		head
		Staff []StaffID `json:"follow_user"`
	}
	err := c.get(ctx, AreaExternal, familyStaff, "externalcontact/get_follow_user_list", nil, &r)
	return r.Staff, err
}
