package sandbox

import "strings"

// userView is a member as user/get shows one. What apps made after 2022-06-20
// do not see is absent for them; the contacts helper sees it, empty or not.
type userView struct {
	UserID         string          `json:"userid"`
	Name           string          `json:"name"`
	Department     []int           `json:"department"`
	Order          []uint32        `json:"order"`
	Position       string          `json:"position"`
	Mobile         *string         `json:"mobile,omitempty"`
	Gender         string          `json:"gender"`
	Email          *string         `json:"email,omitempty"`
	BizMail        *string         `json:"biz_mail,omitempty"`
	IsLeader       []int           `json:"is_leader_in_dept"`
	DirectLeader   []string        `json:"direct_leader"`
	Avatar         *string         `json:"avatar,omitempty"`
	ThumbAvatar    *string         `json:"thumb_avatar,omitempty"`
	Telephone      string          `json:"telephone"`
	Alias          string          `json:"alias"`
	Address        *string         `json:"address,omitempty"`
	MainDepartment int             `json:"main_department"`
	ExtAttr        attributeList   `json:"extattr"`
	Status         int             `json:"status"`
	QRCode         *string         `json:"qr_code,omitempty"`
	ExternalPos    string          `json:"external_position"`
	Profile        *outwardProfile `json:"external_profile,omitempty"`
}

func (c *call) viewUser(m *member) userView {
	card := m.cardOrNone()
	v := userView{
		UserID: m.id, Name: m.name, Department: m.departments(), Position: m.position,
		Gender: "0", IsLeader: m.leads(), DirectLeader: append([]string{}, card.directLeader...), Telephone: card.telephone,
		Alias: card.alias, MainDepartment: m.department, ExtAttr: attributeList{Attrs: append([]attribute{}, card.attrs...)},
		Status: m.status(), ExternalPos: m.position, Profile: card.outward.copy(),
	}
	for _, p := range m.placesOf() {
		v.Order = append(v.Order, p.order)
	}
	if card.outwardPosition != "" {
		v.ExternalPos = card.outwardPosition
	}
	if !m.ledByCard {
		v.DirectLeader = c.w.leadersOf(m)
	}
	if c.caller == byContact {
		c.addPrivate(&v, m, card)
	}
	return v
}

// addPrivate adds what only the contacts helper sees.
func (c *call) addPrivate(v *userView, m *member, card *memberCard) {
	avatar := c.base + "/avatar/" + itoa(int(c.w.staffIndex[strings.ToLower(m.id)])) + ".svg"
	qr := c.qrURL("member-" + m.id)
	mobile, email, bizMail, address := card.mobile, card.email, card.bizMail, card.address
	v.Gender = itoa(m.gender)
	v.Mobile, v.Email, v.BizMail, v.Address = &mobile, &email, &bizMail, &address
	v.Avatar, v.ThumbAvatar, v.QRCode = &avatar, &avatar, &qr
}

// leadersOf is the leader of a member's main department, unless that is the
// member.
func (w *world) leadersOf(m *member) []string {
	for i := range w.staff {
		if boss := &w.staff[i]; boss.leadsOf(m.department) && boss.id != m.id && !boss.resigned {
			return []string{boss.id}
		}
	}
	return []string{}
}

// copy lets an answer be encoded while the world goes on.
func (p *outwardProfile) copy() *outwardProfile {
	if p == nil {
		return nil
	}
	out := *p
	return &out
}
