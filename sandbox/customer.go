package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

func customerFamily() family {
	return family{routes: []route{
		get("/cgi-bin/externalcontact/list", byExternal, customerList).alias("/cgi-bin/crm/get_external_contact_ids"),
		get("/cgi-bin/externalcontact/get", byExternal, customerGet).alias("/cgi-bin/crm/get_external_contact"),
		post("/cgi-bin/externalcontact/batch/get_by_user", byExternal, customerBatch),
		post("/cgi-bin/externalcontact/remark", byExternal, customerRemark),
	}}
}

type customerListQuery struct {
	UserID string `json:"userid"`
}

type customerListReply struct {
	reply
	ExternalUserID []string `json:"external_userid"`
}

// staffParam finds the member a call names.
func (w *world) staffParam(id string) (int32, error) {
	if id == "" {
		return 0, refuse(41009, "userid is missing")
	}
	n, ok := w.staffByID(id)
	if !ok {
		return 0, refuse(60111, "no member %q", id)
	}
	return n, nil
}

// customerParam finds the customer a call names.
func (w *world) customerParam(id string) (int32, error) {
	if id == "" {
		return 0, refuse(41035, "external_userid is missing")
	}
	n, ok := w.customerByID(id)
	if !ok {
		return 0, refuse(40096, "no external contact %q in this corp", id)
	}
	return n, nil
}

// relationParam finds the relation a call names by both its ends.
func (w *world) relationParam(userid, external string) (*relation, error) {
	staff, err := w.staffParam(userid)
	if err != nil {
		return nil, err
	}
	cust, err := w.customerParam(external)
	if err != nil {
		return nil, err
	}
	r := w.relationOf(staff, cust)
	if r == nil || !r.alive() {
		return nil, refuse(84061, "%s has no confirmed relation with %s", userid, external)
	}
	return r, nil
}

func customerList(c *call, q *customerListQuery) (any, error) {
	staff, err := c.w.staffParam(q.UserID)
	if err != nil {
		return nil, err
	}
	m := &c.w.staff[staff]
	out := customerListReply{reply: done(), ExternalUserID: make([]string, 0, m.live)}
	for _, n := range m.relations {
		if r := &c.w.relations[n]; r.alive() {
			out.ExternalUserID = append(out.ExternalUserID, c.w.customerID(r.customer))
		}
	}
	if len(out.ExternalUserID) == 0 && c.s.switches["customer.empty_list"] == "84061" {
		return nil, refuse(84061, "%s has no customers (switch customer.empty_list)", q.UserID)
	}
	return out, nil
}

type externalContact struct {
	ExternalUserID string           `json:"external_userid"`
	Name           string           `json:"name"`
	Position       string           `json:"position,omitempty"`
	Avatar         string           `json:"avatar,omitempty"`
	CorpName       string           `json:"corp_name,omitempty"`
	CorpFullName   string           `json:"corp_full_name,omitempty"`
	Type           int              `json:"type"`
	Gender         int              `json:"gender"`
	UnionID        string           `json:"unionid,omitempty"`
	Profile        *externalProfile `json:"external_profile,omitempty"`
}

type externalProfile struct {
	Attrs []struct{} `json:"external_attr"`
}

func (c *call) viewCustomer(n int32) externalContact {
	w := c.w
	v := externalContact{
		ExternalUserID: w.customerID(n), Name: customerName(n), Type: 1,
		Avatar: c.base + "/avatar/" + strconv.Itoa(int(n)) + ".svg",
		Gender: int(hash(w.seed, uint64(n), 31) % 3),
	}
	if w.customers[n].wecom {
		v.Type, v.CorpName, v.CorpFullName, v.Position = 2, "云上商行", "云上商行有限公司", "采购"
		v.Profile = &externalProfile{Attrs: []struct{}{}}
	} else if c.s.on("customer.unionid") {
		v.UnionID = w.unionID(n)
	}
	return v
}

// unionID is the id of a WeChat user over all apps of one WeChat developer.
func (w *world) unionID(n int32) string { return "o" + letters(27, w.seed, uint64(n), 32) }

// followCommon is what a relation shows in both calls that read it.
type followCommon struct {
	UserID      string   `json:"userid"`
	Remark      string   `json:"remark"`
	Description string   `json:"description"`
	CreateTime  int64    `json:"createtime"`
	CorpName    string   `json:"remark_corp_name,omitempty"`
	Mobiles     []string `json:"remark_mobiles"`
	OperUserID  string   `json:"oper_userid"`
	AddWay      int      `json:"add_way"`
	State       string   `json:"state,omitempty"`
}

func (w *world) viewRelation(r *relation) followCommon {
	v := followCommon{
		UserID: w.staff[r.staff].id, CreateTime: r.addedAt, AddWay: int(r.addWay),
		State: r.state, Mobiles: []string{}, OperUserID: w.customerID(r.customer),
	}
	if r.addWay == addWayAssigned {
		v.OperUserID = w.staff[w.handovers.givers[pairKey{r.staff, r.customer}]].id
	}
	if r.extra != nil {
		v.Remark, v.Description, v.CorpName = r.extra.remark, r.extra.description, r.extra.company
		v.Mobiles = append(v.Mobiles, r.extra.mobiles...)
	}
	return v
}

type followTag struct {
	GroupName string `json:"group_name"`
	TagName   string `json:"tag_name"`
	TagID     string `json:"tag_id,omitempty"`
	Type      int    `json:"type"`
}

type followUser struct {
	followCommon
	Tags []followTag `json:"tags"`
}

type customerGetQuery struct {
	ExternalUserID string `json:"external_userid"`
	Cursor         string `json:"cursor"`
}

type customerGetReply struct {
	reply
	ExternalContact externalContact `json:"external_contact"`
	FollowUser      []followUser    `json:"follow_user"`
	NextCursor      string          `json:"next_cursor,omitempty"`
}

const followUsersAPage = 500

func customerGet(c *call, q *customerGetQuery) (any, error) {
	w := c.w
	cust, err := w.customerParam(q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	from, err := readCursor(q.Cursor, 0)
	if err != nil {
		return nil, err
	}
	out := customerGetReply{reply: done(), FollowUser: []followUser{}}
	seen := 0
	for i := w.customers[cust].first; i != 0; i = w.relations[i-1].next {
		r := &w.relations[i-1]
		if !r.alive() || w.staff[r.staff].resigned {
			continue
		}
		seen++
		if seen <= from {
			continue
		}
		if len(out.FollowUser) == followUsersAPage {
			out.NextCursor = makeCursor(0, seen-1)
			break
		}
		v := followUser{followCommon: w.viewRelation(r), Tags: []followTag{}}
		for _, n := range r.tags {
			t := w.tags[n]
			if !t.deleted {
				kind := 1
				if t.group.strategy != 0 {
					kind = 3
				}
				v.Tags = append(v.Tags, followTag{GroupName: t.group.name, TagName: t.name, TagID: t.id, Type: kind})
			}
		}
		out.FollowUser = append(out.FollowUser, v)
	}
	if seen == 0 {
		return nil, refuse(84061, "no member of this corp has %s as a customer", q.ExternalUserID)
	}
	out.ExternalContact = c.viewCustomer(cust)
	return out, nil
}

// copied is a list of its own, empty rather than null.
func copied[T any](list []T) []T { return append(make([]T, 0, len(list)), list...) }

// makeCursor is a place in a list, bound to the filter of the call.
func makeCursor(filter uint64, at int) string {
	return strconv.FormatUint(filter&0xffffffff, 16) + "-" + strconv.Itoa(at)
}

// readCursor undoes makeCursor; an empty cursor is the beginning.
func readCursor(cursor string, filter uint64) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	mark, at, ok := strings.Cut(cursor, "-")
	n, err := strconv.Atoi(at)
	if !ok || err != nil || n < 0 || mark != strconv.FormatUint(filter&0xffffffff, 16) {
		return 0, refuse(60268, "cursor %q was not made by this call with these filters", cursor)
	}
	return n, nil
}

type customerBatchQuery struct {
	UserIDs []string `json:"userid_list"`
	Cursor  string   `json:"cursor"`
	Limit   int      `json:"limit"`
}

type followInfo struct {
	followCommon
	TagID []string `json:"tag_id"`
}

type batchRow struct {
	ExternalContact externalContact `json:"external_contact"`
	FollowInfo      followInfo      `json:"follow_info"`
}

type customerBatchReply struct {
	reply
	List       []batchRow `json:"external_contact_list"`
	NextCursor string     `json:"next_cursor"`
}

const (
	batchUsers        = 100
	batchLimit        = 100
	batchDefaultLimit = 50
)

func customerBatch(c *call, q *customerBatchQuery) (any, error) {
	w := c.w
	if len(q.UserIDs) == 0 {
		return nil, refuse(40031, "userid_list is empty")
	}
	if len(q.UserIDs) > batchUsers {
		return nil, refuse(40058, "userid_list holds %d members, at most %d are allowed", len(q.UserIDs), batchUsers)
	}
	filter := hashString(strings.Join(q.UserIDs, ","))
	staff := make([]int32, 0, len(q.UserIDs))
	for _, id := range q.UserIDs {
		n, ok := w.staffByID(id)
		if !ok {
			return nil, refuse(40003, "userid_list names %q, who is no member", id)
		}
		staff = append(staff, n)
	}
	user, at, err := readBatchCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = batchDefaultLimit
	}
	limit = min(limit, batchLimit)
	out := customerBatchReply{reply: done(), List: make([]batchRow, 0, limit)}
	for ; user < len(staff); user, at = user+1, 0 {
		list := w.staff[staff[user]].relations
		for ; at < len(list); at++ {
			r := &w.relations[list[at]]
			if !r.alive() {
				continue
			}
			if len(out.List) == limit {
				out.NextCursor = fmt.Sprintf("%x-%d-%d", filter&0xffffffff, user, at)
				return out, nil
			}
			out.List = append(out.List, c.batchRow(r))
		}
	}
	return out, nil
}

func (c *call) batchRow(r *relation) batchRow {
	row := batchRow{
		ExternalContact: c.viewCustomer(r.customer),
		FollowInfo:      followInfo{followCommon: c.w.viewRelation(r), TagID: make([]string, 0, len(r.tags))},
	}
	for _, n := range r.tags {
		if t := c.w.tags[n]; !t.deleted {
			row.FollowInfo.TagID = append(row.FollowInfo.TagID, t.id)
		}
	}
	return row
}

// readBatchCursor is the member and the place in the member's list to go on
// from: relations are only ever appended, so a page never skips or repeats one.
func readBatchCursor(cursor string, filter uint64) (user, at int, err error) {
	if cursor == "" {
		return 0, 0, nil
	}
	var mark uint64
	n, scanErr := fmt.Sscanf(cursor, "%x-%d-%d", &mark, &user, &at)
	if scanErr != nil || n != 3 || user < 0 || at < 0 || mark != filter&0xffffffff {
		return 0, 0, refuse(60268, "cursor %q was not made by this call with these members", cursor)
	}
	return user, at, nil
}
