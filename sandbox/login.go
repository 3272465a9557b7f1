package sandbox

import "time"

// userTicketLife is how long a user_ticket lives.
const userTicketLife = 1800 * time.Second

func loginFamily() family {
	return family{routes: []route{
		get("/cgi-bin/auth/getuserinfo", byApp, authUserInfo),
		get("/cgi-bin/user/getuserinfo", byApp, oldUserInfo),
		post("/cgi-bin/auth/getuserdetail", byApp, authUserDetail),
	}}
}

type codeQuery struct {
	Code string `json:"code"`
}

type userInfoReply struct {
	reply
	UserID         string `json:"userid,omitempty"`
	UserTicket     string `json:"user_ticket,omitempty"`
	OpenID         string `json:"openid,omitempty"`
	ExternalUserID string `json:"external_userid,omitempty"`
}

// visitor uses a code up and says who stands behind it: a member by userid,
// anybody else by openid, and by external_userid while somebody in the app's
// visible range has them as a customer.
func (c *call) visitor(code string) (userInfoReply, error) {
	out := userInfoReply{reply: done()}
	if code == "" {
		return out, refuse(41008, "the query has no code")
	}
	who, ok := c.s.takeCode(code)
	if !ok || who.program {
		return out, refuse(40029, "the code is unknown, was used already or is older than 5 minutes")
	}
	if who.staff != "" {
		out.UserID = who.staff
		if n, seen := c.w.staffByID(who.staff); who.private && seen && c.w.appSees(n) {
			out.UserTicket = c.newUserTicket(who.staff)
		}
		return out, nil
	}
	n, ok := c.w.customerByID(who.customer)
	if !ok {
		return out, refuse(40029, "the code is of a customer who does not exist")
	}
	out.OpenID = "o" + letters(27, c.w.seed, uint64(n), hashString("openid"))
	if c.w.appSeesCustomer(n) {
		out.ExternalUserID = who.customer
	}
	return out, nil
}

func authUserInfo(c *call, q *codeQuery) (any, error) {
	out, err := c.visitor(q.Code)
	if err != nil {
		return nil, err
	}
	return out, nil
}

type oldUserInfoReply struct {
	reply
	UserID         string `json:"UserId,omitempty"`
	DeviceID       string `json:"DeviceId,omitempty"`
	OpenID         string `json:"OpenId,omitempty"`
	ExternalUserID string `json:"external_userid,omitempty"`
	UserTicket     string `json:"user_ticket,omitempty"`
	ExpiresIn      int    `json:"expires_in,omitempty"` // of the user_ticket
}

// oldUserInfo is the same under the path and with the keys of old clients.
func oldUserInfo(c *call, q *codeQuery) (any, error) {
	who, err := c.visitor(q.Code)
	if err != nil {
		return nil, err
	}
	out := oldUserInfoReply{
		reply: done(), UserID: who.UserID, OpenID: who.OpenID, ExternalUserID: who.ExternalUserID, UserTicket: who.UserTicket,
	}
	if who.UserID != "" {
		out.DeviceID = letters(32, c.w.seed, hashString(who.UserID), hashString("device"))
	}
	if who.UserTicket != "" {
		out.ExpiresIn = int(userTicketLife / time.Second)
	}
	return out, nil
}

// userTicket opens the private fields of a member.
type userTicket struct {
	staff   string
	expires time.Time
}

func (c *call) newUserTicket(staff string) string {
	app := c.w.app
	app.seq++
	ticket := letters(64, c.w.seed, app.seq, hashString("user ticket"))
	app.userTickets[ticket] = userTicket{staff: staff, expires: c.now.Add(userTicketLife)}
	return ticket
}

type detailQuery struct {
	UserTicket string `json:"user_ticket"`
}

type detailReply struct {
	reply
	UserID  string `json:"userid"`
	Gender  string `json:"gender"`
	Avatar  string `json:"avatar"`
	QRCode  string `json:"qr_code"`
	Mobile  string `json:"mobile"`
	Email   string `json:"email"`
	BizMail string `json:"biz_mail"`
	Address string `json:"address"`
}

// authUserDetail answers what a member consented to show: gender and picture.
// The members of this world have no telephone numbers and addresses.
func authUserDetail(c *call, q *detailQuery) (any, error) {
	k, ok := c.w.app.userTickets[q.UserTicket]
	if !ok || !c.now.Before(k.expires) {
		return nil, refuse(40058, "the user_ticket is unknown or older than 1800 s")
	}
	out := detailReply{reply: done(), UserID: k.staff, Gender: "0", Avatar: c.base + "/avatar/0.svg"}
	if n, ok := c.w.staffByID(k.staff); ok {
		out.Gender = string(rune('0' + c.w.staff[n].gender))
	}
	return out, nil
}
