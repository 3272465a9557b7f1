package sandbox

import "unicode/utf8"

type remarkQuery struct {
	UserID         string   `json:"userid"`
	ExternalUserID string   `json:"external_userid"`
	Remark         string   `json:"remark"`
	Description    string   `json:"description"`
	Company        string   `json:"remark_company"`
	Mobiles        []string `json:"remark_mobiles"`
	PicMediaID     string   `json:"remark_pic_mediaid"`
}

// longer refuses a text of more than most characters.
func longer(name, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return refuse(40058, "%s has %d characters, at most %d are allowed", name, n, most)
	}
	return nil
}

func customerRemark(c *call, q *remarkQuery) (any, error) {
	r, err := c.w.relationParam(q.UserID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	if q.Remark == "" && q.Description == "" && q.Company == "" && len(q.Mobiles) == 0 && q.PicMediaID == "" {
		return nil, refuse(40058, "remark, description, remark_company, remark_mobiles and remark_pic_mediaid are all empty")
	}
	for _, f := range []struct {
		name, text string
		most       int
	}{{"remark", q.Remark, 20}, {"description", q.Description, 150}, {"remark_company", q.Company, 20}} {
		if err := longer(f.name, f.text, f.most); err != nil {
			return nil, err
		}
	}
	if q.PicMediaID != "" && !c.s.knowsMedia(q.PicMediaID) {
		return nil, refuse(40007, "remark_pic_mediaid %q is unknown or older than 3 days", q.PicMediaID)
	}
	if r.extra == nil {
		r.extra = &relationExtra{}
	}
	if q.Remark != "" {
		r.extra.remark = q.Remark
	}
	if q.Description != "" {
		r.extra.description = q.Description
	}
	if q.Company != "" && !c.w.customers[r.customer].wecom {
		r.extra.company = q.Company
	}
	if len(q.Mobiles) > 0 {
		// One empty string clears the list.
		r.extra.mobiles = nil
		for _, m := range q.Mobiles {
			if m != "" {
				r.extra.mobiles = append(r.extra.mobiles, m)
			}
		}
	}
	return nil, nil
}
