package sandbox

// tmpCustomer is who stands behind a temporary id of a form, a meeting or a
// sheet.
type tmpCustomer struct {
	business int
	customer int32
}

const (
	tmpIDs = 100  // of a call
	kfIDs  = 1000 // of a call
)

func idConvertFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/idconvert/convert_tmp_external_userid", byExternal, convertTmpID),
			post("/cgi-bin/idconvert/open_kfid", byKF, convertKfID),
		},
		acts: []act{
			doing("customer_joins_form", customerJoinsForm),
			doing("provider_upgrades_app", providerUpgradesApp),
		},
		build: func(s *Sandbox) { s.world.tmpIDs = map[string]tmpCustomer{} },
	}
}

type joinFormQuery struct {
	Customer string `json:"customer"`
	Business int    `json:"business_type"` // 1 meeting, 2 form (default), 3 sheet
}

// customerJoinsForm is a customer in a meeting, a form or a sheet of the corp,
// which shows a temporary id.
func customerJoinsForm(s *Sandbox, q *joinFormQuery) (any, error) {
	w := s.world
	r, err := s.pair(pairQuery{Customer: q.Customer}, (*relation).alive)
	if err != nil {
		return nil, err
	}
	if q.Business == 0 {
		q.Business = 2
	}
	id := "tmp" + letters(29, w.seed, uint64(len(w.tmpIDs)), hashString("tmp external userid"))
	w.tmpIDs[id] = tmpCustomer{q.Business, r.customer}
	return map[string]any{"customer": w.customerID(r.customer), "tmp_external_userid": id}, nil
}

type tmpIDQuery struct {
	Business int      `json:"business_type"`
	UserType int      `json:"user_type"`
	IDs      []string `json:"tmp_external_userid_list"`
}

type tmpIDResult struct {
	TmpID          string `json:"tmp_external_userid"`
	ExternalUserID string `json:"external_userid"`
}

type tmpIDReply struct {
	reply
	Results []tmpIDResult `json:"results"`
	Invalid []string      `json:"invalid_tmp_external_userid_list"`
}

// convertTmpID names the customers behind temporary ids; members of linked
// corps there are none.
func convertTmpID(c *call, q *tmpIDQuery) (any, error) {
	switch {
	case q.Business < 1 || q.Business > 3:
		return nil, refuse(40058, "business_type %d: must be 1 to 3", q.Business)
	case q.UserType < 1 || q.UserType > 4:
		return nil, refuse(40058, "user_type %d: must be 1 to 4", q.UserType)
	case len(q.IDs) == 0 || len(q.IDs) > tmpIDs:
		return nil, refuse(40058, "tmp_external_userid_list holds %d ids: must be between 1 and %d", len(q.IDs), tmpIDs)
	}
	out := tmpIDReply{reply: done(), Results: []tmpIDResult{}, Invalid: []string{}}
	for _, id := range q.IDs {
		got, ok := c.w.tmpIDs[id]
		if !ok || q.UserType != 1 || got.business != q.Business {
			out.Invalid = append(out.Invalid, id)
			continue
		}
		out.Results = append(out.Results, tmpIDResult{id, c.w.customerID(got.customer)})
	}
	if len(out.Results) == 0 {
		return nil, refuse(710006, "none of the ids was made for this business and kind of person")
	}
	return out, nil
}

type kfIDsQuery struct {
	IDs []string `json:"open_kfid_list"`
}

type kfIDPair struct {
	Old string `json:"open_kfid"`
	New string `json:"new_open_kfid"`
}

type kfIDsReply struct {
	reply
	Items   []kfIDPair `json:"items"`
	Invalid []string   `json:"invalid_open_kfid_list"`
}

// convertKfID answers the ids of today: of accounts named by an id from before
// an upgrade another one, else the same.
func convertKfID(c *call, q *kfIDsQuery) (any, error) {
	if len(q.IDs) == 0 || len(q.IDs) > kfIDs {
		return nil, refuse(40058, "open_kfid_list holds %d ids: must be between 1 and %d", len(q.IDs), kfIDs)
	}
	out := kfIDsReply{reply: done(), Items: []kfIDPair{}, Invalid: []string{}}
	d := c.w.kf
	for _, id := range q.IDs {
		a := d.index[id]
		if a == nil {
			a = d.former[id]
		}
		if a == nil || a.deleted {
			out.Invalid = append(out.Invalid, id)
			continue
		}
		out.Items = append(out.Items, kfIDPair{id, a.id})
	}
	return out, nil
}

// providerUpgradesApp gives every kf account the id of another space, as the
// upgrade of an app does: the former ones are good for a conversion only, or
// everywhere, by switch.
func providerUpgradesApp(s *Sandbox, _ *none) (any, error) {
	w, d := s.world, s.world.kf
	d.upgrades++
	items := []kfIDPair{}
	for _, a := range d.live() {
		was := a.id
		delete(d.index, was)
		d.former[was] = a
		a.id = "wk" + letters(30, w.seed, uint64(a.number), d.upgrades, hashString("kf account of the provider"))
		d.index[a.id] = a
		items = append(items, kfIDPair{was, a.id})
	}
	return map[string]any{"items": items}, nil
}
