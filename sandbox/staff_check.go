package sandbox

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// memberQuery is the body of user/create and user/update. What is not given
// stays as it is.
type memberQuery struct {
	UserID           string          `json:"userid"`
	NewUserID        string          `json:"new_userid"`
	Name             *string         `json:"name"`
	Alias            *string         `json:"alias"`
	Mobile           *string         `json:"mobile"`
	Department       *[]int          `json:"department" bad:"41019"`
	Order            []uint32        `json:"order"`
	Position         *string         `json:"position"`
	Gender           *genderField    `json:"gender"`
	Email            *string         `json:"email"`
	BizMail          *string         `json:"biz_mail"`
	BizMailAlias     *mailAliases    `json:"biz_mail_alias"`
	Telephone        *string         `json:"telephone"`
	IsLeader         []int           `json:"is_leader_in_dept"`
	DirectLeader     *[]string       `json:"direct_leader"`
	AvatarMediaID    *string         `json:"avatar_mediaid"`
	Enable           *int            `json:"enable"`
	Address          *string         `json:"address"`
	MainDepartment   *int            `json:"main_department"`
	Nickname         *string         `json:"nickname"`
	ToInvite         *bool           `json:"to_invite"`
	ExtAttr          *attributeList  `json:"extattr"`
	ExternalProfile  *outwardProfile `json:"external_profile"`
	ExternalPosition *string         `json:"external_position"`
}

type attributeList struct {
	Attrs []attribute `json:"attrs"`
}

// mailAliases is {"item":[...]}; an empty object or list clears them.
type mailAliases struct {
	Item []string
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *mailAliases) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &a.Item) == nil {
		return nil
	}
	var o struct {
		Item []string `json:"item"`
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	a.Item = o.Item
	return nil
}

// genderField is "1" or "2"; SDKs also send the number.
type genderField int

// UnmarshalJSON implements json.Unmarshaler.
func (g *genderField) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &n); err != nil {
		return err
	}
	i, err := n.Int64()
	*g = genderField(i)
	return err
}

var (
	userIDForm    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_\-@.]{0,63}$`)
	mobileForm    = regexp.MustCompile(`^\+?[0-9]{5,31}$`)
	mailForm      = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	telephoneForm = regexp.MustCompile(`^[0-9+,\-]{1,32}$`)
)

// checkMember refuses what cannot be written about a member; self is the member
// who is changed, nil for a new one.
func (c *call) checkMember(q *memberQuery, self *member) error {
	for _, check := range []func(*memberQuery, *member) error{
		c.checkReach, c.checkPlaces, c.checkWords, c.checkAttributes,
	} {
		if err := check(q, self); err != nil {
			return err
		}
	}
	return nil
}

// checkReach is about mobile numbers and mailboxes, which are unique.
func (c *call) checkReach(q *memberQuery, self *member) error {
	mobile, email := "", ""
	if self != nil {
		mobile, email = self.cardOrNone().mobile, self.cardOrNone().email
	}
	if q.Mobile != nil && *q.Mobile != "" {
		if mobile = plainMobile(*q.Mobile); !mobileForm.MatchString(mobile) {
			return refuse(60103, "mobile %q is no number of 5 to 32 digits", *q.Mobile)
		}
		if c.w.findStaff(self, func(o *memberCard) bool { return o.mobile == mobile }) != nil {
			return refuse(60104, "another member has the mobile %q", *q.Mobile)
		}
	}
	if q.Email != nil && *q.Email != "" {
		switch email = *q.Email; {
		case !goodMail(email, 64) && mobile == "":
			return refuse(60141, "email %q is no mailbox of 6 to 64 bytes, and there is no mobile", email)
		case !goodMail(email, 64):
			return refuse(60105, "email %q is no mailbox of 6 to 64 bytes", email)
		case c.w.findStaff(self, func(o *memberCard) bool { return strings.EqualFold(o.email, email) }) != nil:
			return refuse(60106, "another member has the mailbox %q", email)
		}
	}
	if self == nil && mobile == "" && email == "" {
		return refuse(60129, "mobile and email are both empty")
	}
	if err := c.checkBizMail(q, self); err != nil {
		return err
	}
	return c.checkMailAliases(q, self)
}

func (c *call) checkBizMail(q *memberQuery, self *member) error {
	if q.BizMail == nil || *q.BizMail == "" {
		return nil
	}
	switch mail := *q.BizMail; {
	case !goodMail(mail, 63):
		return refuse(60143, "biz_mail %q is no mailbox of 6 to 63 bytes", mail)
	case c.w.findStaff(self, func(o *memberCard) bool {
		return strings.EqualFold(o.bizMail, mail) || slices.Contains(o.bizMailAlias, mail)
	}) != nil:
		return refuse(60145, "another member has the corp mailbox %q", mail)
	case self != nil && self.cardOrNone().bizMail != "" && self.card.bizMail != mail:
		return refuse(60144, "the corp mailbox was set explicitly: it stays %q", self.card.bizMail)
	}
	return nil
}

func (c *call) checkMailAliases(q *memberQuery, self *member) error {
	if q.BizMailAlias == nil || len(q.BizMailAlias.Item) == 0 {
		return nil
	}
	if len(q.BizMailAlias.Item) > 5 {
		return refuse(60273, "%d mailbox aliases, at most 5 are allowed", len(q.BizMailAlias.Item))
	}
	if (self == nil || self.cardOrNone().bizMail == "") && (q.BizMail == nil || *q.BizMail == "") {
		return refuse(60272, "the member has no corp mailbox to give an alias")
	}
	for _, mail := range q.BizMailAlias.Item {
		if !goodMail(mail, 63) {
			return refuse(60269, "alias %q is no mailbox of 6 to 63 bytes", mail)
		}
		if c.w.findStaff(self, func(o *memberCard) bool {
			return strings.EqualFold(o.bizMail, mail) || slices.Contains(o.bizMailAlias, mail)
		}) != nil {
			return refuse(60270, "another member has the mailbox %q", mail)
		}
	}
	return nil
}

func goodMail(mail string, most int) bool {
	return len(mail) >= 6 && len(mail) <= most && mailForm.MatchString(mail)
}

// plainMobile leaves out the prefix of the mainland, which may be given or not.
func plainMobile(mobile string) string { return strings.TrimPrefix(mobile, "+86") }

// findStaff is a member other than self whose card fits.
func (w *world) findStaff(self *member, fits func(*memberCard) bool) *member {
	for i := range w.staff {
		if m := &w.staff[i]; m != self && m.card != nil && !m.resigned && fits(m.card) {
			return m
		}
	}
	return nil
}

// checkPlaces is about departments and leaders.
func (c *call) checkPlaces(q *memberQuery, self *member) error {
	var given []int
	if q.Department != nil {
		given = *q.Department
		if len(given) > 100 {
			return refuse(60110, "%d departments, a member has at most 100", len(given))
		}
		for _, id := range given {
			switch {
			case id < 0:
				return refuse(60123, "%d is no department", id)
			case self != nil && c.w.department(id) == nil:
				return refuse(40066, "no department %d", id)
			case c.w.department(id) != nil && c.w.nodesIn(id) >= nodesPerDepartment:
				return refuse(81001, "department %d is full", id)
			}
		}
		if self != nil && len(given) == 0 {
			return refuse(40066, "department is empty")
		}
	} else if self != nil {
		given = self.departments()
	}
	if q.Order != nil && q.Department != nil && len(q.Order) != len(given) {
		return refuse(40058, "order has %d values for %d departments", len(q.Order), len(given))
	}
	if q.IsLeader != nil && len(q.IsLeader) != len(given) {
		return refuse(60132, "is_leader_in_dept has %d values for %d departments", len(q.IsLeader), len(given))
	}
	if slices.ContainsFunc(q.IsLeader, func(n int) bool { return n>>1 != 0 }) {
		return refuse(40058, "is_leader_in_dept holds 0 and 1")
	}
	if q.MainDepartment != nil && !slices.Contains(given, *q.MainDepartment) {
		return refuse(60123, "main_department %d is none of the member's departments", *q.MainDepartment)
	}
	if q.DirectLeader == nil {
		return nil
	}
	if len(*q.DirectLeader) > 1 {
		return refuse(60257, "%d direct leaders, a member has at most 1", len(*q.DirectLeader))
	}
	for _, id := range *q.DirectLeader {
		if _, ok := c.w.staffByID(id); !ok {
			return refuse(60111, "direct_leader %q is no member", id)
		}
	}
	return nil
}

// checkWords is about lengths and enumerations.
func (c *call) checkWords(q *memberQuery, _ *member) error {
	long := func(s *string, most int) bool { return s != nil && utf8.RuneCountInString(*s) > most }
	switch {
	case q.Name != nil && (*q.Name == "" || long(q.Name, nameLimit)):
		return refuse(60112, "name must have 1 to %d characters", nameLimit)
	case long(q.Alias, 64):
		return refuse(40058, "alias has more than 64 characters")
	case long(q.Position, 128):
		return refuse(301012, "position has more than 128 characters")
	case q.Telephone != nil && *q.Telephone != "" && !telephoneForm.MatchString(*q.Telephone):
		return refuse(301013, "telephone must be at most 32 of digits, -, + and comma")
	case long(q.Address, 128):
		return refuse(40058, "address has more than 128 characters")
	case long(q.ExternalPosition, 12):
		return refuse(40058, "external_position has more than 12 characters")
	case q.Gender != nil && *q.Gender != 1 && *q.Gender != 2:
		return refuse(40058, "gender must be 1 or 2")
	case q.Enable != nil && *q.Enable>>1 != 0:
		return refuse(40058, "enable must be 0 or 1")
	case q.AvatarMediaID != nil && *q.AvatarMediaID != "" && !c.w.media.has(*q.AvatarMediaID, "image", c.now):
		return refuse(301015, "avatar_mediaid %q is no live image", *q.AvatarMediaID)
	}
	return nil
}

// checkAttributes is about custom attributes, inside and outside the corp.
func (c *call) checkAttributes(q *memberQuery, _ *member) error {
	if q.ExtAttr != nil {
		for _, a := range q.ExtAttr.Attrs {
			if err := a.check(1, 64, attributeCodes{kind: 40058, text: 40058, title: 40058, url: 40058, page: 40058, mini: 40058}); err != nil {
				return err
			}
		}
	}
	p := q.ExternalProfile
	if p == nil {
		return nil
	}
	if p.CorpName != "" && p.CorpName != c.w.spec.Corp {
		return refuse(41036, "external_corp_name must be the verified name %q", c.w.spec.Corp)
	}
	if p.Channels != nil && p.Channels.Status>>1 != 0 {
		return refuse(40058, "wechat_channels.status must be 0 or 1")
	}
	for _, a := range p.Attrs {
		if err := a.check(2, 32, attributeCodes{kind: 90100, text: 90101, title: 90102, url: 90103, mini: 90104, page: 90105}); err != nil {
			return err
		}
	}
	return nil
}

// attributeCodes are the errcodes of a kind of attributes.
type attributeCodes struct{ kind, text, title, url, mini, page int }

func (a *attribute) check(kinds, textLimit int, codes attributeCodes) error {
	switch {
	case a.Type == nil || *a.Type < 0 || *a.Type > kinds:
		return refuse(codes.kind, "attribute %q: type is missing or unknown", a.Name)
	case a.Name == "":
		return refuse(40063, "an attribute has no name")
	}
	switch kind := *a.Type; {
	case kind == 0 && a.Text != nil && utf8.RuneCountInString(a.Text.Value) > textLimit:
		return refuse(codes.text, "attribute %q: the text has more than %d characters", a.Name, textLimit)
	case kind == 1 && a.Web != nil && utf8.RuneCountInString(a.Web.Title) > 12:
		return refuse(codes.title, "attribute %q: the title has more than 12 characters", a.Name)
	case kind == 1 && a.Web != nil && (a.Web.URL != "" || a.Web.Title != "") && !hasScheme(a.Web.URL):
		return refuse(codes.url, "attribute %q: the url must begin with http:// or https://", a.Name)
	case kind == 2 && a.MiniProgram != nil && utf8.RuneCountInString(a.MiniProgram.Title) > 12:
		return refuse(codes.mini, "attribute %q: the title has more than 12 characters", a.Name)
	case kind == 2 && a.MiniProgram != nil && a.MiniProgram.AppID != "" && a.MiniProgram.PagePath == "":
		return refuse(codes.page, "attribute %q: the mini program has no pagepath", a.Name)
	}
	return nil
}
