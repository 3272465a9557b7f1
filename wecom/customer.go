package wecom

import (
	"context"
	"errors"
	"net/url"
)

// CustomerType tells what kind of account a customer has.
type CustomerType int

// The kinds of customers.
const (
	CustomerWeChat CustomerType = 1 // ids "wm..."
	CustomerWeCom  CustomerType = 2 // ids "wo...", works at another corp
)

// Customer is a person outside the corp, as all members share it.
type Customer struct {
	ID           ExternalUserID `json:"external_userid"`
	Name         string         `json:"name"`
	Avatar       string         `json:"avatar"`
	Type         CustomerType   `json:"type"`
	Gender       int            `json:"gender"`  // 0 unknown, 1 male, 2 female
	UnionID      string         `json:"unionid"` // only with a bound WeChat developer account
	Position     string         `json:"position"`
	CorpName     string         `json:"corp_name"`
	CorpFullName string         `json:"corp_full_name"`
}

// TagType tells whose a tag is.
type TagType int

// The kinds of tags.
const (
	TagCorp     TagType = 1
	TagPersonal TagType = 2 // a member's own, without id
	TagRule     TagType = 3 // of a rule group
)

// RelationTag is a tag on a relation.
type RelationTag struct {
	ID    string  `json:"tag_id"`
	Name  string  `json:"tag_name"`
	Group string  `json:"group_name"`
	Type  TagType `json:"type"`
}

// Relation is what one member and one customer have with each other.
type Relation struct {
	Staff          StaffID       `json:"userid"`
	Remark         string        `json:"remark"`
	Description    string        `json:"description"`
	CreateTime     int64         `json:"createtime"` // unix seconds
	Tags           []RelationTag `json:"tags"`       // filled by Customer
	TagIDs         []string      `json:"tag_id"`     // filled by CustomersByStaff: corp and rule tags
	RemarkCorpName string        `json:"remark_corp_name"`
	RemarkMobiles  []string      `json:"remark_mobiles"`
	Operator       string        `json:"oper_userid"` // who began it: a StaffID or the ExternalUserID
	AddWay         int           `json:"add_way"`     // WeCom's number for how they met
	State          string        `json:"state"`       // of the contact way or acquisition link
	Channels       *struct {
		Nickname string `json:"nickname"`
		Source   int    `json:"source"`
	} `json:"wechat_channels"` // met through WeChat Channels (AddWay 10)
}

// CustomerIDs lists the customers of a member; there is no paging. WeCom
// answers 84061 for a member without customers: that is an empty list here.
// https://developer.work.weixin.qq.com/document/path/92113
func (c *Client) CustomerIDs(ctx context.Context, staff StaffID) ([]ExternalUserID, error) {
	var r struct {
		head
		IDs []ExternalUserID `json:"external_userid"`
	}
	err := c.get(ctx, AreaExternal, familyCustomer, "externalcontact/list", url.Values{"userid": {string(staff)}}, &r)
	if errors.Is(err, ErrNotCustomer) {
		return nil, nil
	}
	return r.IDs, err
}

// CustomerDetail is a customer with up to 500 of its relations.
type CustomerDetail struct {
	Customer  Customer   `json:"external_contact"`
	Relations []Relation `json:"follow_user"`
	Next      string     `json:"next_cursor"` // "" on the last page
}

// Customer reads a customer and the relations with members in the visible
// range. cursor is "" or Next of the page before.
// https://developer.work.weixin.qq.com/document/path/92114
func (c *Client) Customer(ctx context.Context, id ExternalUserID, cursor string) (CustomerDetail, error) {
	q := url.Values{"external_userid": {string(id)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	var r struct {
		head
		CustomerDetail
	}
	err := c.get(ctx, AreaExternal, familyCustomer, "externalcontact/get", q, &r)
	return r.CustomerDetail, err
}

// CustomerRelation is one pair of member and customer.
type CustomerRelation struct {
	Customer Customer `json:"external_contact"`
	Relation Relation `json:"follow_info"`
}

// CustomerPage is one page of CustomersByStaff.
type CustomerPage struct {
	Items      []CustomerRelation
	Unlicensed []StaffID // members whose customers are missing for want of a licence
}

// CustomersByStaff reads the relations of up to 100 members, up to 100 a page;
// a page may be short, only next == "" is the end.
// https://developer.work.weixin.qq.com/document/path/92994
func (c *Client) CustomersByStaff(ctx context.Context, staff []StaffID, cursor string, limit int) (page CustomerPage, next string, err error) {
	in := struct {
		Staff  []StaffID `json:"userid_list"`
		Cursor string    `json:"cursor,omitempty"`
		Limit  int       `json:"limit,omitempty"`
	}{staff, cursor, limit}
	var r struct {
		head
		Items []CustomerRelation `json:"external_contact_list"`
		Next  string             `json:"next_cursor"`
		Fail  struct {
			Unlicensed []StaffID `json:"unlicensed_userid_list"`
		} `json:"fail_info"`
	}
	err = c.read(ctx, AreaExternal, familyCustomer, "externalcontact/batch/get_by_user", in, &r)
	return CustomerPage{Items: r.Items, Unlicensed: r.Fail.Unlicensed}, r.Next, err
}

// RemarkRequest changes what a member noted about a customer. Nil leaves a
// field as it is, a pointer to "" clears it; at least one must be set. The
// change causes no callback.
type RemarkRequest struct {
	Staff       StaffID        `json:"userid"`
	Customer    ExternalUserID `json:"external_userid"`
	Remark      *string        `json:"remark,omitempty"`             // 20 characters
	Description *string        `json:"description,omitempty"`        // 150 characters
	Company     *string        `json:"remark_company,omitempty"`     // 20 characters, WeChat customers only
	Mobiles     []string       `json:"remark_mobiles,omitempty"`     // replaces all; [""] clears
	PicMediaID  string         `json:"remark_pic_mediaid,omitempty"` // of UploadMedia
}

// Remark writes a member's notes about a customer.
// https://developer.work.weixin.qq.com/document/path/92115
func (c *Client) Remark(ctx context.Context, r RemarkRequest) error {
	return c.read(ctx, AreaExternal, familyCustomer, "externalcontact/remark", r, new(head))
}
