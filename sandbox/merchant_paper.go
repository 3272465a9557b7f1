package sandbox

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// The papers of an application for an account: licences, cards, the bank account
// and the place of business. Their fields stand in one public SDK only
// (docs/sandbox.md lists that as a doubt); whatever is wrong in one is told in
// error_description.

const (
	ofCompany = iota // organization_type
	ofIndividual
	ofSociety
	ofInstitution
)

const (
	longTerm     = "长期"
	legalPerson  = "65"
	agentPerson  = "66"
	publicBank   = 74
	privateBank  = 75
	shopPlace    = 1
	onlinePlace  = 2
	passportCard = 1
	financePics  = 5
	bankPics     = 3
	storeURL     = 1024 // bytes
)

type licencePaper struct {
	CertType int    `json:"cert_type"`
	Picture  string `json:"business_license_copy_open_wx_pay_media_id"`
	Number   string `json:"business_license_number"`
	Name     string `json:"merchant_name"`
	Person   string `json:"legal_person"`
	Address  string `json:"company_address"`
	Begin    string `json:"business_time_begin_time"`
	End      string `json:"business_time_end_time"`
}

type financePaper struct {
	Type     string   `json:"finance_type"`
	Pictures []string `json:"finance_license_pics_open_wx_pay_media_id"`
}

type cardPaper struct {
	Front   string `json:"id_card_copy_open_wx_pay_media_id"`
	Back    string `json:"id_card_national_open_wx_pay_media_id"`
	Name    string `json:"id_card_name"`
	Number  string `json:"id_card_number"`
	Address string `json:"id_card_address"`
	Begin   string `json:"id_card_valid_time_begin"`
	End     string `json:"id_card_valid_time"`
	Kind    *int   `json:"id_doc_type"`
}

type contactPaper struct {
	Type   string    `json:"contact_type"`
	Card   cardPaper `json:"contact_info"`
	Letter string    `json:"business_authorization_letter_open_wx_pay_media_id"`
	Phone  string    `json:"mobile_phone"`
	Email  string    `json:"contact_email"`
}

type accountPaper struct {
	Kind       int        `json:"bank_account_type"`
	Bank       string     `json:"account_bank"`
	Name       string     `json:"account_name"`
	City       string     `json:"bank_address_code"`
	Branch     string     `json:"bank_name"`
	Number     string     `json:"account_number"`
	Supplement *bankProof `json:"bank_card_supplement"`
}

type bankProof struct {
	Settlement string   `json:"settlement_certificate_open_wx_pay_media_id"`
	Relation   string   `json:"relationship_certificate_open_wx_pay_media_id"`
	Other      []string `json:"other_certificate_open_wx_pay_media_id"`
}

type placePaper struct {
	Type     int    `json:"type"`
	URL      string `json:"store_url"`
	QRCode   string `json:"store_pic_open_wx_pay_media_id"`
	City     string `json:"address_code"`
	Address  string `json:"offline_address"`
	Entrance string `json:"entrance_pic_open_wx_pay_media_id"`
	Indoor   string `json:"indoor_pic_open_wx_pay_media_id"`
}

var (
	licenceForm = regexp.MustCompile(`^[0-9A-Z]{18}$`)
	oldLicence  = regexp.MustCompile(`^[0-9]{15}$`)
	phoneForm   = regexp.MustCompile(`^[0-9+-]{5,20}$`)
	cityForm    = regexp.MustCompile(`^[0-9]{6}$`)
	bankForm    = regexp.MustCompile(`^[0-9]{6,32}$`)
	idCardForm  = regexp.MustCompile(`^[0-9]{17}[0-9X]$`)

	financeTypes = []string{"BANK_AGENT", "PAYMENT_AGENT", "INSURANCE", "TRADE_AND_SETTLE", "OTHER"}
)

// reading goes through the papers and notes the first thing that is wrong, by
// the name of its field; pictures are gathered on the way.
type reading struct {
	now      time.Time
	wrong    error
	pictures []string
}

func (r *reading) bad(field, why string, args ...any) {
	if r.wrong == nil {
		r.wrong = fmt.Errorf("%s: %s", field, fmt.Sprintf(why, args...))
	}
}

func (r *reading) text(field, v string, least, most int) {
	if err := sized(field, v, least, most); err != nil {
		r.bad(field, "must have %d to %d characters", least, most)
	}
}

func (r *reading) form(field, v string, form *regexp.Regexp) {
	if !form.MatchString(v) {
		r.bad(field, "%q does not look like one", v)
	}
}

func (r *reading) picture(field, id string, required bool) {
	switch {
	case id != "":
		r.pictures = append(r.pictures, id)
	case required:
		r.bad(field, "a picture is missing")
	}
}

func (r *reading) album(field string, ids []string, least, most int) {
	if len(ids) < least || len(ids) > most {
		r.bad(field, "holds %d pictures: must be between %d and %d", len(ids), least, most)
	}
	r.pictures = append(r.pictures, ids...)
}

// span reads two days, the second of which may be for good.
func (r *reading) span(field, begin, end string, required bool) {
	if begin == "" && end == "" && !required {
		return
	}
	from, err := time.ParseInLocation(time.DateOnly, begin, Zone)
	if err != nil || from.After(r.now) || from.Year() < 1900 {
		r.bad(field, "begins on %q: must be yyyy-MM-dd, from 1900 to today", begin)
	}
	if to, err := time.ParseInLocation(time.DateOnly, end, Zone); end != longTerm && (err != nil || !to.After(from)) {
		r.bad(field, "ends on %q: must be yyyy-MM-dd after its beginning, or %s", end, longTerm)
	}
}

func (r *reading) licence(p *licencePaper, organization int) {
	const in = "business_license_info."
	if organization == ofSociety && p.CertType == 0 {
		r.bad(in+"cert_type", "a social organisation must state it")
	}
	r.picture(in+"business_license_copy_open_wx_pay_media_id", p.Picture, true)
	if organization != ofIndividual || !oldLicence.MatchString(p.Number) {
		r.form(in+"business_license_number", p.Number, licenceForm)
	}
	r.text(in+"merchant_name", p.Name, 2, 128)
	r.text(in+"legal_person", p.Person, 2, 100)
	if p.Address != "" || organization == ofSociety || organization == ofInstitution {
		r.text(in+"company_address", p.Address, 4, 128)
	}
	r.span(in+"business_time", p.Begin, p.End, false)
}

func (r *reading) finance(p *financePaper) {
	if !slices.Contains(financeTypes, p.Type) {
		r.bad("finance_institution_info.finance_type", "%q is none of %v", p.Type, financeTypes)
	}
	r.album("finance_institution_info.finance_license_pics_open_wx_pay_media_id", p.Pictures, 1, financePics)
}

// card reads the card of a person; address is asked for where a company states
// its people.
func (r *reading) card(in string, p *cardPaper, address bool) {
	kind := 0
	if p.Kind != nil {
		kind = *p.Kind
	}
	if kind < 0 || kind > 8 {
		r.bad(in+"id_doc_type", "%d: must be 0 to 8", kind)
	}
	r.picture(in+"id_card_copy_open_wx_pay_media_id", p.Front, true)
	r.picture(in+"id_card_national_open_wx_pay_media_id", p.Back, kind != passportCard)
	r.text(in+"id_card_name", p.Name, 2, 100)
	if kind == 0 || kind == 8 {
		r.form(in+"id_card_number", p.Number, idCardForm)
	}
	r.text(in+"id_card_number", p.Number, 5, 30)
	if address {
		r.text(in+"id_card_address", p.Address, 4, 128)
	}
	r.span(in+"id_card_valid_time", p.Begin, p.End, true)
}

func (r *reading) contact(p *contactPaper, legal *cardPaper) {
	const in = "contact_info."
	switch p.Type {
	case legalPerson:
		if p.Card.Name != legal.Name || p.Card.Number != legal.Number {
			r.bad(in+"contact_info", "name and number must be those of id_card_info, the administrator being the legal person")
		}
	case agentPerson:
		if p.Card.Kind == nil {
			r.bad(in+"contact_info.id_doc_type", "an agent must state it")
		}
		r.card(in+"contact_info.", &p.Card, false)
		r.picture(in+"business_authorization_letter_open_wx_pay_media_id", p.Letter, true)
	default:
		r.bad(in+"contact_type", `%q: must be "65" or "66"`, p.Type)
	}
	r.form(in+"mobile_phone", p.Phone, phoneForm)
	if _, err := mail.ParseAddress(p.Email); err != nil {
		r.bad(in+"contact_email", "%q is no address", p.Email)
	}
}

func (r *reading) account(p *accountPaper, q *applyQuery) {
	const in = "account_info."
	kind := p.Kind
	if kind == 0 && *q.Organization != ofIndividual {
		kind = publicBank
	}
	switch {
	case kind == privateBank && *q.Organization != ofIndividual, kind != publicBank && kind != privateBank:
		r.bad(in+"bank_account_type", "%d: must be 74, or 75 for an individual", p.Kind)
	case kind == publicBank && p.Name != q.License.Name:
		r.bad(in+"account_name", "must be the merchant_name of the licence")
	case kind == privateBank && p.Name != q.IDCard.Name:
		r.bad(in+"account_name", "must be the name on the card")
	}
	r.text(in+"account_bank", p.Bank, 1, 128)
	r.form(in+"bank_address_code", p.City, cityForm)
	r.form(in+"account_number", p.Number, bankForm)
	if s := p.Supplement; s != nil {
		r.picture(in+"bank_card_supplement", s.Settlement, false)
		r.picture(in+"bank_card_supplement", s.Relation, false)
		r.album(in+"bank_card_supplement.other_certificate_open_wx_pay_media_id", s.Other, 0, bankPics)
	}
}

func (r *reading) place(p *placePaper) {
	const in = "sales_scene_info."
	switch p.Type {
	case onlinePlace:
		if p.URL == "" && p.QRCode == "" {
			r.bad(in+"store_url", "an online shop states its address or the picture of its code")
		}
		if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Host == "" || len(p.URL) > storeURL) {
			r.bad(in+"store_url", "must be an absolute address of at most %d bytes", storeURL)
		}
	case shopPlace:
		r.form(in+"address_code", p.City, cityForm)
		r.text(in+"offline_address", p.Address, 4, 512)
	default:
		r.bad(in+"type", "%d: must be 1 or 2", p.Type)
	}
	r.picture(in+"store_pic_open_wx_pay_media_id", p.QRCode, false)
	r.picture(in+"entrance_pic_open_wx_pay_media_id", p.Entrance, p.Type == shopPlace)
	r.picture(in+"indoor_pic_open_wx_pay_media_id", p.Indoor, p.Type == shopPlace)
}

// papers reads all papers of an application and answers the ids of their
// pictures, in the order of the fields.
func (q *applyQuery) papers(now time.Time) ([]string, error) {
	for name, there := range map[string]bool{
		"business_license_info": q.License != nil, "id_card_info": q.IDCard != nil, "contact_info": q.Contact != nil,
		"account_info": q.Account != nil, "sales_scene_info": q.Sales != nil,
	} {
		if !there {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if *q.Organization == ofCompany && q.Owner == nil {
		return nil, errors.New("owner is missing, which a company must state")
	}
	r := &reading{now: now}
	r.licence(q.License, *q.Organization)
	if q.Finance != nil {
		r.finance(q.Finance)
	}
	r.card("id_card_info.", q.IDCard, *q.Organization == ofCompany)
	if q.Owner != nil && !*q.Owner {
		if q.UBO == nil {
			return nil, errors.New("ubo_info is missing, the legal person being no beneficiary")
		}
		r.card("ubo_info.", q.UBO, *q.Organization == ofCompany)
	}
	r.contact(q.Contact, q.IDCard)
	r.account(q.Account, q)
	r.place(q.Sales)
	r.album("qualifications.id", q.Qualifications.ID, 0, applyPictures)
	r.album("business_addition_pics.id", q.Pictures.ID, 0, applyPictures)
	return r.pictures, r.wrong
}
