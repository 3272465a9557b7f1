package sandbox

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

type kfAccountQuery struct {
	OpenKfID string `json:"open_kfid"`
	Name     string `json:"name" bad:"95006"`
	MediaID  string `json:"media_id" bad:"40007"`
}

func checkKfName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > 16 {
		return refuse(95006, "name %q: must have 1 to 16 characters", name)
	}
	return nil
}

type kfAccountAddReply struct {
	reply
	OpenKfID string `json:"open_kfid"`
}

func kfAccountAdd(c *call, q *kfAccountQuery) (any, error) {
	if err := checkKfName(q.Name); err != nil {
		return nil, err
	}
	if !c.w.media.has(q.MediaID, "image", c.now) {
		return nil, refuse(40007, "media_id %q is no live temporary image", q.MediaID)
	}
	if len(c.w.kf.live()) >= kfAccountLimit {
		return nil, refuse(95005, "the corp has %d kf accounts already", kfAccountLimit)
	}
	a := c.w.kf.add(c.w.seed, q.Name)
	a.avatar = q.MediaID
	return kfAccountAddReply{reply: done(), OpenKfID: a.id}, nil
}

type kfIDQuery struct {
	OpenKfID string `json:"open_kfid"`
}

func kfAccountDel(c *call, q *kfIDQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	if len(c.w.kf.live()) == 1 {
		return nil, refuse(95005, "the last kf account must stay")
	}
	a.deleted = true
	return nil, nil
}

func kfAccountUpdate(c *call, q *kfAccountQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	if q.Name != "" {
		if err := checkKfName(q.Name); err != nil {
			return nil, err
		}
	}
	if q.MediaID != "" && !c.w.media.has(q.MediaID, "image", c.now) {
		return nil, refuse(40007, "media_id %q is no live temporary image", q.MediaID)
	}
	if q.Name != "" {
		a.name = q.Name
	}
	if q.MediaID != "" {
		a.avatar = q.MediaID
	}
	return nil, nil
}

type kfListQuery struct {
	Offset int `json:"offset"`
	Limit  int `json:"limit"`
}

type kfAccountView struct {
	OpenKfID        string `json:"open_kfid"`
	Name            string `json:"name"`
	Avatar          string `json:"avatar"`
	ManagePrivilege bool   `json:"manage_privilege"`
}

type kfAccountListReply struct {
	reply
	AccountList []kfAccountView `json:"account_list"`
}

func kfAccountList(c *call, q *kfListQuery) (any, error) {
	if q.Offset < 0 || q.Limit < 0 || q.Limit > 100 {
		return nil, refuse(40058, "offset must not be negative, limit must be between 1 and 100")
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	all := c.w.kf.live()
	from := min(q.Offset, len(all))
	out := kfAccountListReply{reply: done(), AccountList: []kfAccountView{}}
	for _, a := range all[from:min(from+q.Limit, len(all))] {
		out.AccountList = append(out.AccountList, kfAccountView{
			OpenKfID: a.id, Name: a.name, Avatar: c.base + "/avatar/0.svg", ManagePrivilege: !a.revoked,
		})
	}
	return out, nil
}

// kfLink is where a chat link leads.
type kfLink struct {
	account *kfAccount
	scene   string
}

type kfContactWayQuery struct {
	OpenKfID string `json:"open_kfid"`
	Scene    string `json:"scene"`
}

type kfContactWayReply struct {
	reply
	URL string `json:"url"`
}

var kfWord = regexp.MustCompile(`^[0-9a-zA-Z_-]{1,32}$`)

func kfAddContactWay(c *call, q *kfContactWayQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	if q.Scene != "" && !kfWord.MatchString(q.Scene) {
		return nil, refuse(40058, "scene %q: at most 32 of 0-9 a-z A-Z _ -", q.Scene)
	}
	return kfContactWayReply{reply: done(), URL: c.w.kfLinkURL(a, q.Scene)}, nil
}

// kfLinkURL is the chat link of an account; the same scene gives the same link.
func (w *world) kfLinkURL(a *kfAccount, scene string) string {
	enc := "ENC" + letters(29, w.seed, uint64(a.number), hashString(scene), 122)
	w.kf.links[enc] = kfLink{account: a, scene: scene}
	return "https://work.weixin.qq.com/kf/" + w.kfLinkName(a) + "?enc_scene=" + url.QueryEscape(enc)
}

func (w *world) kfLinkName(a *kfAccount) string {
	return "kfc" + hex32(w.seed, uint64(a.number), 123)[:17]
}

type kfServicerQuery struct {
	OpenKfID      string   `json:"open_kfid"`
	UserIDs       []string `json:"userid_list"`
	DepartmentIDs []int    `json:"department_id_list"`
}

type kfServicerResult struct {
	UserID       string `json:"userid,omitempty"`
	DepartmentID int    `json:"department_id,omitempty"`
	ErrCode      int    `json:"errcode"`
	ErrMsg       string `json:"errmsg"`
}

type kfServicerReply struct {
	reply
	ResultList []kfServicerResult `json:"result_list"`
}

// result says what became of one entry: code 0 without a text is success.
func (q *kfServicerReply) result(userid string, department, code int, text string) {
	switch {
	case code != 0:
		text = errmsgs()[code]
	case text == "":
		text = "success"
	}
	q.ResultList = append(q.ResultList, kfServicerResult{UserID: userid, DepartmentID: department, ErrCode: code, ErrMsg: text})
}

func (q *kfServicerQuery) check(maxDepartments int) error {
	if len(q.UserIDs)+len(q.DepartmentIDs) == 0 {
		return refuse(40058, "userid_list and department_id_list are both empty")
	}
	if len(q.UserIDs) > 100 || len(q.DepartmentIDs) > maxDepartments {
		return refuse(40058, "at most 100 members and %d departments in one call", maxDepartments)
	}
	return nil
}

const (
	kfServicerLimit   = 2000
	kfDepartmentLimit = 20
)

func kfServicerAdd(c *call, q *kfServicerQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	if err := q.check(20); err != nil {
		return nil, err
	}
	out := kfServicerReply{reply: done()}
	for _, id := range q.UserIDs {
		n, ok := c.w.staffByID(id)
		switch {
		case !ok:
			out.result(id, 0, 95014, "")
		case slices.ContainsFunc(a.servicers, func(sv *kfServicer) bool { return sv.staff == c.w.staff[n].id }):
			out.result(id, 0, 0, "ignored")
		case len(a.servicers) >= kfServicerLimit:
			out.result(id, 0, 95020, "")
		default:
			a.servicers = append(a.servicers, &kfServicer{staff: c.w.staff[n].id})
			out.result(id, 0, 0, "")
		}
	}
	for _, id := range q.DepartmentIDs {
		_, err := c.w.under(id)
		switch {
		case err != nil || id == 0:
			out.result("", id, 60011, "")
		case slices.Contains(a.departments, id):
			out.result("", id, 0, "ignored")
		case len(a.departments) >= kfDepartmentLimit:
			out.result("", id, 95020, "")
		default:
			a.departments = append(a.departments, id)
			out.result("", id, 0, "")
		}
	}
	return out, nil
}

func kfServicerDel(c *call, q *kfServicerQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	if err := q.check(100); err != nil {
		return nil, err
	}
	out := kfServicerReply{reply: done()}
	for _, id := range q.UserIDs {
		at := slices.IndexFunc(a.servicers, func(sv *kfServicer) bool { return sv.staff == id })
		if at < 0 {
			out.result(id, 0, 95014, "")
			continue
		}
		a.servicers = slices.Delete(a.servicers, at, at+1)
		out.result(id, 0, 0, "")
	}
	for _, id := range q.DepartmentIDs {
		at := slices.Index(a.departments, id)
		if at < 0 {
			out.result("", id, 95014, "")
			continue
		}
		a.departments = slices.Delete(a.departments, at, at+1)
		out.result("", id, 0, "")
	}
	return out, nil
}

type kfServicerView struct {
	UserID       string `json:"userid,omitempty"`
	DepartmentID int    `json:"department_id,omitempty"`
	Status       *int   `json:"status,omitempty"`    // 0 receiving, 1 stopped
	StopType     *int   `json:"stop_type,omitempty"` // 0 stopped, 1 for a while
}

type kfServicerListReply struct {
	reply
	ServicerList []kfServicerView `json:"servicer_list"`
}

func kfServicerList(c *call, q *kfIDQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	flag := func(on bool) *int {
		n := 0
		if on {
			n = 1
		}
		return &n
	}
	out := kfServicerListReply{reply: done(), ServicerList: []kfServicerView{}}
	for _, sv := range a.servicers {
		v := kfServicerView{UserID: sv.staff, Status: flag(sv.stopped)}
		if sv.stopped {
			v.StopType = flag(sv.suspended)
		}
		out.ServicerList = append(out.ServicerList, v)
	}
	for _, id := range a.departments {
		out.ServicerList = append(out.ServicerList, kfServicerView{DepartmentID: id})
	}
	return out, nil
}

type kfGrantQuery struct {
	kfActor
	Granted bool `json:"granted"`
}

// adminGrantsKf is the administrator giving the app an account to manage, or
// taking it: a removal is told too.
func adminGrantsKf(s *Sandbox, q *kfGrantQuery) (any, error) {
	a, err := s.world.kfByName(q.kfActor)
	if err != nil {
		return nil, err
	}
	if a == nil {
		a = s.world.kf.live()[0]
	}
	if a.revoked == !q.Granted {
		return nil, errors.New("the app's right on the account is so already")
	}
	a.revoked = !q.Granted
	e := s.newEvent(AreaKF, "kf.kf_account_auth_change", a.id, "kf_account_auth_change", "")
	if q.Granted {
		e.text("AuthAddOpenKfId", a.id)
	} else {
		e.text("AuthDelOpenKfId", a.id)
	}
	s.journal(entry{Kind: "kf_granted", ID: a.id, Detail: strconv.FormatBool(q.Granted)})
	s.send(e)
	return map[string]any{"kf": a.id, "open_kfid": a.id, "granted": q.Granted}, nil
}
