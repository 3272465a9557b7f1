package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// application asks WeChat Pay for an account: checked, audited, signed.
type application struct {
	no, name, state string
	staff           int32 // who may withdraw
	sub             string
	param, reason   string
}

const (
	stateChecking = "CHECKING"
	stateAuditing = "AUDITING"
	stateRejected = "REJECTED"
	stateNeedSign = "NEED_SIGN"
	stateFinish   = "FINISH"

	badApplication  = 90414
	applyOfMember   = 200
	applyOfCorp     = 2000
	applyPictures   = 5
	merchantImgSize = 2 * megabyte
	merchantImgLife = 30 * 24 * time.Hour
)

var stateTexts = map[string]string{
	stateChecking: "资料校验中", stateAuditing: "审核中", stateRejected: "已驳回", stateNeedSign: "待签约", stateFinish: "完成",
}

// ofApplications marks a call whose code for a bad parameter is that of
// applications for accounts.
func (r route) ofApplications() route {
	r.bad = badApplication
	return r
}

type pictureList struct {
	ID []string `json:"id"`
}

type applyQuery struct {
	No             string        `json:"out_request_no"`
	Organization   *int          `json:"organization_type"`
	License        *licencePaper `json:"business_license_info"`
	Finance        *financePaper `json:"finance_institution_info"`
	ShortName      string        `json:"merchant_short_name"`
	IDCard         *cardPaper    `json:"id_card_info"`
	Owner          *bool         `json:"owner"`
	UBO            *cardPaper    `json:"ubo_info"`
	Contact        *contactPaper `json:"contact_info"`
	Account        *accountPaper `json:"account_info"`
	Sales          *placePaper   `json:"sales_scene_info"`
	BusinessID     int           `json:"business_id"`
	Qualifications pictureList   `json:"qualifications"`
	Pictures       pictureList   `json:"business_addition_pics"`
	UserID         string        `json:"userid"`
}

// administrator is the name of who stands for the account.
func (q *applyQuery) administrator() string {
	if q.Contact.Type == legalPerson {
		return q.IDCard.Name
	}
	return q.Contact.Card.Name
}

type applyReply struct {
	reply
	Description string `json:"error_description"`
}

func (q *applyQuery) check() error {
	switch {
	case sized("out_request_no", q.No, 1, 32) != nil:
		return errors.New("out_request_no: must have 1 to 32 characters")
	case sized("merchant_short_name", q.ShortName, 1, 21) != nil:
		return errors.New("merchant_short_name: must have 1 to 21 characters")
	case q.Organization == nil || *q.Organization < 0 || *q.Organization > 3:
		return errors.New("organization_type: must be 0 to 3")
	case q.BusinessID < 1 || q.BusinessID > 31:
		return fmt.Errorf("business_id: %d, must be 1 to 31", q.BusinessID)
	}
	return nil
}

// merchantApply hands an application in; one that was rejected may be handed in
// again.
func merchantApply(c *call, q *applyQuery) (any, error) {
	pictures, err := []string(nil), q.check()
	if err == nil {
		pictures, err = q.papers(c.now)
	}
	if err != nil {
		return nil, &refusal{code: badApplication, hint: err.Error(), with: func(head reply) any { return applyReply{head, err.Error()} }}
	}
	d := c.w.programs
	for _, id := range pictures {
		if until, ok := d.images[id]; !ok || !c.now.Before(until) {
			return nil, refuse(90419, "picture %q was not uploaded in the last 30 days", id)
		}
	}
	staff, ok := c.w.staffByID(q.UserID)
	switch {
	case !ok || !c.w.appSees(staff):
		return nil, refuse(660003, "userid %q is no member in the visible range", q.UserID)
	case c.w.staff[staff].unfit == accounts["unverified"]:
		return nil, refuse(90418, "%s has not proven who he is (act staff_changes_account)", q.UserID)
	case c.s.on("pay.same_person") && c.w.staff[staff].name != q.administrator():
		return nil, refuse(90420, "%s is called %s, the administrator of the papers %s (switch pay.same_person)", q.UserID, c.w.staff[staff].name, q.administrator())
	}
	if old := d.applied[q.No]; old != nil && old.state != stateRejected {
		return nil, refuse(90410, "application %q is %s", q.No, old.state)
	}
	mine, all := 0, 0
	for _, a := range d.applied {
		if a.state != stateRejected {
			all++
			if a.staff == staff {
				mine++
			}
		}
	}
	switch {
	case mine >= applyOfMember:
		return nil, refuse(90412, "%s may withdraw from %d accounts already", q.UserID, mine)
	case all >= applyOfCorp:
		return nil, refuse(90413, "the corp has %d accounts already", all)
	}
	a := &application{no: q.No, name: q.ShortName, state: stateChecking, staff: staff}
	d.applied[q.No] = a
	step := time.Duration(c.s.count("pay.apply_ms")) * time.Millisecond
	c.s.after(step, func() { a.from(stateChecking, stateAuditing) })
	c.s.after(2*step, func() {
		if a.from(stateAuditing, stateNeedSign) {
			a.sub = "16" + digits(8, c.w.seed, hashString(a.no), hashString("sub merchant"))
		}
	})
	c.s.journal(entry{Kind: "merchant_applied", Staff: c.w.staff[staff].id, ID: a.no})
	return applyReply{reply: done()}, nil
}

// from moves an application on, unless it went another way.
func (a *application) from(was, next string) bool {
	if a.state != was {
		return false
	}
	a.state = next
	return true
}

type applicationQuery struct {
	No string `json:"out_request_no"`
}

type auditDetail struct {
	Param  string `json:"param_name"`
	Reason string `json:"reject_reason"`
}

type applicationState struct {
	State     string        `json:"applyment_state"`
	StateDesc string        `json:"applyment_state_desc"`
	Sign      string        `json:"sign_state"`
	SignURL   string        `json:"sign_url,omitempty"`
	Sub       string        `json:"sub_mchid,omitempty"`
	Audit     []auditDetail `json:"audit_detail,omitempty"`
}

type applicationReply struct {
	reply
	Status   applicationState `json:"status"`
	Apply    int              `json:"apply_state"`
	RealSign int              `json:"real_sign_state"`
	Reason   string           `json:"reject_reason"`
}

func applicationStatus(c *call, q *applicationQuery) (any, error) {
	a := c.w.programs.applied[q.No]
	if a == nil {
		return nil, refuse(90415, "this app handed in no application %q", q.No)
	}
	out := applicationReply{
		reply: done(), Status: applicationState{State: a.state, StateDesc: stateTexts[a.state], Sign: "NOT_SIGNABLE", Sub: a.sub},
		Apply: 1, Reason: a.reason,
	}
	switch a.state {
	case stateNeedSign:
		out.Status.Sign, out.RealSign = "UNSIGNED", 1
		out.Status.SignURL = "https://pay.weixin.qq.com/public/apply4ec_sign/s?applymentId=" + digits(16, hashString(a.no))
	case stateFinish:
		out.Status.Sign, out.RealSign, out.Apply = "SIGNED", 2, 2
	case stateRejected:
		out.Apply, out.Status.Audit = 4, []auditDetail{{a.param, a.reason}}
	}
	return out, nil
}

type merchantImageReply struct {
	reply
	ID string `json:"open_wx_pay_media_id"`
}

// merchantImage takes a picture for an application.
func merchantImage(c *call, w http.ResponseWriter) int {
	f, err := readUpload(w, c.r, "media")
	switch {
	case err != nil:
	case len(f.data) < leastUpload-1 || len(f.data) > merchantImgSize:
		err = refuse(90406, "the picture has %d bytes: must be between 5 and %d", len(f.data), merchantImgSize)
	case !f.looksLike("image") && !bytes.HasPrefix(f.data, []byte("BM")):
		err = refuse(90405, "%q is neither JPG nor PNG nor BMP", f.name)
	}
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	c.s.mu.Lock()
	d := c.s.world.programs
	id := "V1_" + letters(40, c.s.world.seed, uint64(len(d.images)), hashString(string(f.data)), hashString("merchant picture"))
	d.images[id] = c.s.now().Add(merchantImgLife)
	c.s.mu.Unlock()
	return c.s.answer(w, c, merchantImageReply{reply: done(), ID: id}, nil)
}

// merchantSigns is the legal person signing the contract: the account opens.
func merchantSigns(s *Sandbox, q *applicationQuery) (any, error) {
	a := s.world.programs.applied[q.No]
	if a == nil || !a.from(stateNeedSign, stateFinish) {
		return nil, unknownID("application that waits for a signature", q.No)
	}
	s.world.pay.open(a.sub, a.name)
	s.journal(entry{Kind: "merchant_opened", ID: a.sub})
	return map[string]any{"sub_mchid": a.sub}, nil
}

type rejectApplicationQuery struct {
	No     string `json:"out_request_no"`
	Param  string `json:"param"`
	Reason string `json:"reason"`
}

// rejectApplication is WeChat Pay sending an application back.
func rejectApplication(s *Sandbox, q *rejectApplicationQuery) (any, error) {
	a := s.world.programs.applied[q.No]
	if a == nil || a.state != stateChecking && a.state != stateAuditing {
		return nil, unknownID("application under way", q.No)
	}
	if q.Reason == "" {
		return nil, errors.New("reason is missing")
	}
	a.state, a.param, a.reason = stateRejected, q.Param, q.Reason
	return map[string]any{"state": a.state}, nil
}
