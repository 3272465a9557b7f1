// Package customer knows the corp's customers (persons, by external_userid) and their relations with staff.
//
// It learns of them from callbacks, from what a sync reads, and from what we write through the API ourselves. Other
// nouns react by typed events inside the same transaction: Added, Lost, Changed. It sends nothing to anybody.
package customer

import "zhiyin.dev/zhiyin/internal/clock"

// Kind of a customer's account.
type Kind string

// The kinds.
const (
	WeChat Kind = "wechat"
	WeCom  Kind = "wecom" // a WeCom user of another corp: gets no welcome code
)

// LostBy says who ended a relation.
type LostBy string

// Who ended it.
const (
	ByCustomer LostBy = "customer" // the customer deleted the member
	ByStaff    LostBy = "staff"    // the member deleted the customer
	ByUnknown  LostBy = "unknown"  // a sync found it gone; WeCom does not tell who
)

// Person is what is known of a customer apart from relations.
type Person struct {
	ID       string
	Name     string
	Avatar   string
	Gender   int // WeCom's: 0 unknown, 1 male, 2 female
	Kind     Kind
	CorpName string
	UnionID  string
}

// Relation is a customer with one member of staff, as WeCom tells it.
type Relation struct {
	CustomerID  string
	StaffID     string
	Remark      string
	Description string
	AddedAt     clock.Time
	AddWay      int
	State       string // of the channel code that led here
	TagIDs      []string
}

// Snapshot is one relation together with its person, as a read call answers it.
type Snapshot struct {
	Person   Person
	Relation Relation
}

// Added is told when a relation begins (or begins again).
type Added struct {
	CorpID      string
	CustomerID  string
	StaffID     string
	State       string     // of the channel code
	WelcomeCode string     // "" when WeCom gave none, or when a sync found the relation
	At          clock.Time // when WeCom says it began
	FirstEver   bool       // the person was not a customer before
	ByCallback  bool       // false: found by a sync; no welcome may be sent
	Half        bool       // the customer's side only: add_half_external_contact
}

// Lost is told when a relation ends.
type Lost struct {
	CorpID     string
	CustomerID string
	StaffID    string
	By         LostBy
	At         clock.Time
	LastOne    bool // the person has no live relation left
}

// AddWays names WeCom's add_way values for people. Official page: document/path/92114.
var addWays = map[int][2]string{
	0: {"未知来源", "Unknown"}, 1: {"扫描二维码", "QR code"}, 2: {"搜索手机号", "Phone search"}, 3: {"名片分享", "Contact card"},
	4: {"群聊", "Group chat"}, 5: {"手机通讯录", "Phone contacts"}, 6: {"微信联系人", "WeChat contact"},
	8: {"安装第三方应用时添加的客服人员", "Third-party app service"}, 9: {"搜索邮箱", "Email search"}, 10: {"视频号添加", "Channels"},
	11: {"通过日程参与人添加", "Calendar"}, 12: {"通过会议参与人添加", "Meeting"}, 13: {"添加微信好友对应的企业微信", "WeChat friend's WeCom"},
	14: {"通过智慧硬件专属客服添加", "Smart device"}, 15: {"通过上门服务客服添加", "Home service"}, 16: {"通过获客链接添加", "Acquisition link"},
	17: {"通过定制开发添加", "Custom development"}, 18: {"通过需求回复添加", "Request reply"}, 21: {"通过第三方售前客服添加", "Third-party presales"},
	22: {"通过可能的商务伙伴添加", "Business partner"}, 24: {"通过接受微信账号收到的好友申请添加", "WeChat friend request"},
	201: {"内部成员共享", "Shared by a member"}, 202: {"管理员分配", "Assigned by the administrator"},
}

// SourceLabel names an add_way in the wanted language. Values WeCom may add later show as their number.
func SourceLabel(addWay int, lang string) string {
	names, ok := addWays[addWay]
	if !ok {
		names = addWays[0]
	}
	if lang == "en" {
		return names[1]
	}
	return names[0]
}
