package wecom

import (
	"context"
	"net/url"
)

// KfAccount is an account of WeChat customer service.
type KfAccount struct {
	ID     string `json:"open_kfid"` // "wk..."
	Name   string `json:"name"`      // 16 characters
	Avatar string `json:"avatar"`    // URL
	Manage bool   `json:"manage_privilege"`
}

// KfAccounts lists accounts, at most 100 a page; the end is a page shorter than
// limit.
// https://developer.work.weixin.qq.com/document/path/94661
func (c *Client) KfAccounts(ctx context.Context, offset, limit int) ([]KfAccount, error) {
	in := struct {
		Offset int `json:"offset"`
		Limit  int `json:"limit"`
	}{offset, limit}
	if in.Limit == 0 {
		in.Limit = 100
	}
	var r struct {
		head
		Accounts []KfAccount `json:"account_list"`
	}
	err := c.read(ctx, AreaKf, familyKf, "kf/account/list", in, &r)
	return r.Accounts, err
}

// AddKfAccount makes an account; mediaID is its avatar.
// https://developer.work.weixin.qq.com/document/path/94662
func (c *Client) AddKfAccount(ctx context.Context, name, mediaID string) (id string, err error) {
	in := struct {
		Name    string `json:"name"`
		MediaID string `json:"media_id"`
	}{name, mediaID}
	var r struct {
		head
		ID string `json:"open_kfid"`
	}
	err = c.write(ctx, AreaKf, familyKf, "kf/account/add", in, &r)
	return r.ID, err
}

// Values of KfServicer.Status; events about servicers count from 1 instead.
const (
	ServicerReceiving = 0
	ServicerStopped   = 1
)

// KfServicer is a member or department that serves an account.
type KfServicer struct {
	Staff      StaffID `json:"userid"`
	Department int     `json:"department_id"` // alone in an entry for a department
	Status     int     `json:"status"`
	StopType   int     `json:"stop_type"` // 0 stopped, 1 suspended for a while
}

// KfServicers lists who serves an account.
// https://developer.work.weixin.qq.com/document/path/94645
func (c *Client) KfServicers(ctx context.Context, kf string) ([]KfServicer, error) {
	var r struct {
		head
		Servicers []KfServicer `json:"servicer_list"`
	}
	err := c.get(ctx, AreaKf, familyKf, "kf/servicer/list", url.Values{"open_kfid": {kf}}, &r)
	return r.Servicers, err
}

// KfServicerResult tells what became of one of those to add.
type KfServicerResult struct {
	Staff      StaffID `json:"userid"`
	Department int     `json:"department_id"`
	Code       int     `json:"errcode"` // 0 also for one who was there already
	Msg        string  `json:"errmsg"`
}

// AddKfServicers adds up to 100 members and 20 departments. A nil error does
// not mean that all were added: look at each result.
// https://developer.work.weixin.qq.com/document/path/94646
func (c *Client) AddKfServicers(ctx context.Context, kf string, staff []StaffID, departments []int) ([]KfServicerResult, error) {
	in := struct {
		Kf          string    `json:"open_kfid"`
		Staff       []StaffID `json:"userid_list,omitempty"`
		Departments []int     `json:"department_id_list,omitempty"`
	}{kf, staff, departments}
	var r struct {
		head
		Results []KfServicerResult `json:"result_list"`
	}
	err := c.read(ctx, AreaKf, familyKf, "kf/servicer/add", in, &r)
	return r.Results, err
}

// KfLink gives the URL under which customers reach an account. scene (32 of
// 0-9a-zA-Z_-) comes back when they enter; only with a scene may
// "&scene_param=" be added to the URL.
// https://developer.work.weixin.qq.com/document/path/94665
func (c *Client) KfLink(ctx context.Context, kf, scene string) (string, error) {
	in := struct {
		Kf    string `json:"open_kfid"`
		Scene string `json:"scene,omitempty"`
	}{kf, scene}
	var r struct {
		head
		URL string `json:"url"`
	}
	err := c.read(ctx, AreaKf, familyKf, "kf/add_contact_way", in, &r)
	return r.URL, err
}

// KfState is the state of a conversation in WeChat customer service.
type KfState int

// The states. Messages through the API are possible in the first two.
const (
	KfNew     KfState = 0
	KfByAPI   KfState = 1
	KfPool    KfState = 2 // waits for a servicer
	KfByStaff KfState = 3
	KfEnded   KfState = 4 // or not begun
)

// KfServiceState reads the state, with the servicer in state 3.
// https://developer.work.weixin.qq.com/document/path/94669
func (c *Client) KfServiceState(ctx context.Context, kf string, customer ExternalUserID) (state KfState, servicer StaffID, err error) {
	in := struct {
		Kf       string         `json:"open_kfid"`
		Customer ExternalUserID `json:"external_userid"`
	}{kf, customer}
	var r struct {
		head
		State    KfState `json:"service_state"`
		Servicer StaffID `json:"servicer_userid"`
	}
	err = c.read(ctx, AreaKf, familyKf, "kf/service_state/get", in, &r)
	return r.State, r.Servicer, err
}

// KfTransfer moves a conversation to another state.
type KfTransfer struct {
	Kf       string         `json:"open_kfid"`
	Customer ExternalUserID `json:"external_userid"`
	State    KfState        `json:"service_state"`             // 1 to 4
	Servicer StaffID        `json:"servicer_userid,omitempty"` // required for KfByStaff; must be receiving
}

// TransferKfService moves a conversation. code, when there is one, allows one
// message by outreach.SendKfOnEvent. Refused moves: ErrKfTransition; ended
// conversations: ErrKfSessionEnded.
// https://developer.work.weixin.qq.com/document/path/94669
func (c *Client) TransferKfService(ctx context.Context, in KfTransfer) (code string, err error) {
	var r struct {
		head
		Code string `json:"msg_code"`
	}
	err = c.write(ctx, AreaKf, familyKf, "kf/service_state/trans", in, &r)
	return r.Code, err
}

// KfCustomer is a customer as the customer service knows them.
type KfCustomer struct {
	ID       ExternalUserID `json:"external_userid"`
	Nickname string         `json:"nickname"`
	Avatar   string         `json:"avatar"`
	Gender   int            `json:"gender"`
	UnionID  string         `json:"unionid"`
	Entered  *struct {
		Scene      string `json:"scene"`
		SceneParam string `json:"scene_param"`
	} `json:"enter_session_context"` // the last entry within 48 h
}

// KfCustomers reads up to 100 customers who entered or wrote within 48 hours;
// the others are in invalid.
// https://developer.work.weixin.qq.com/document/path/95159
func (c *Client) KfCustomers(ctx context.Context, ids []ExternalUserID) (customers []KfCustomer, invalid []ExternalUserID, err error) {
	in := struct {
		IDs     []ExternalUserID `json:"external_userid_list"`
		Context int              `json:"need_enter_session_context"`
	}{ids, 1}
	var r struct {
		head
		Customers []KfCustomer     `json:"customer_list"`
		Invalid   []ExternalUserID `json:"invalid_external_userid"`
	}
	err = c.read(ctx, AreaKf, familyKf, "kf/customer/batchget", in, &r)
	return r.Customers, r.Invalid, err
}
