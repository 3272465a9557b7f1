package sandbox

func workbenchFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/agent/set", byApp, agentSet),
			post("/cgi-bin/agent/set_workbench_template", byApp, workbenchSetTemplate),
			post("/cgi-bin/agent/get_workbench_template", byApp, workbenchGetTemplate),
			post("/cgi-bin/agent/set_workbench_data", byApp, workbenchSetData),
			post("/cgi-bin/agent/get_workbench_data", byApp, workbenchGetData),
			post("/cgi-bin/agent/batch_set_workbench_data", byApp, workbenchBatchSet),
		},
		acts: []act{doing("admin_switches_workbench", adminSwitchesWorkbench)},
		build: func(s *Sandbox) {
			s.world.workbench = &workbench{own: map[int32]workbenchTile{}, writes: map[int32]*volume{}}
		},
	}
}

// custom finds the workbench for a call that changes it.
func (c *call) custom(id agentID) (*workbench, error) {
	if err := id.check(c); err != nil {
		return nil, err
	}
	if c.w.workbench.off {
		return nil, refuse(94000, "an administrator has switched the custom workbench off")
	}
	return c.w.workbench, nil
}

type workbenchTemplateQuery struct {
	AgentID agentID `json:"agentid"`
	Replace bool    `json:"replace_user_data"`

	workbenchTile
}

func workbenchSetTemplate(c *call, q *workbenchTemplateQuery) (any, error) {
	b, err := c.custom(q.AgentID)
	if err != nil {
		return nil, err
	}
	if q.Type == "normal" {
		b.template, b.replace = workbenchTile{}, false
		clear(b.own)
		return nil, nil
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	b.template, b.replace = q.only(), q.Replace
	if v := b.template.WebView; v != nil && v.Height == "" {
		v.Height = "single_row"
	}
	if q.Replace {
		clear(b.own)
	}
	return nil, nil
}

type workbenchAgentQuery struct {
	AgentID agentID `json:"agentid"`
}

type workbenchTemplateReply struct {
	reply
	workbenchTile
	Replace bool `json:"replace_user_data"`
}

func workbenchGetTemplate(c *call, q *workbenchAgentQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	b := c.w.workbench
	out := workbenchTemplateReply{reply: done(), workbenchTile: b.template, Replace: b.replace}
	if out.Type == "" {
		out.Type = "normal"
	}
	return out, nil
}

type workbenchDataQuery struct {
	AgentID agentID `json:"agentid"`
	UserID  string  `json:"userid"`

	workbenchTile
}

// workbenchMember is a member in the visible range.
func (c *call) workbenchMember(id string) (int32, error) {
	n, ok := c.w.staffByID(id)
	if !ok || !c.w.appSees(n) {
		return 0, refuse(60011, "%q is no member in the visible range of the app", id)
	}
	return n, nil
}

func workbenchSetData(c *call, q *workbenchDataQuery) (any, error) {
	b, err := c.custom(q.AgentID)
	if err != nil {
		return nil, err
	}
	n, err := c.workbenchMember(q.UserID)
	if err != nil {
		return nil, err
	}
	if err := b.fits(&q.workbenchTile); err != nil {
		return nil, err
	}
	return nil, b.give(n, q.workbenchTile, c.now)
}

type workbenchMemberQuery struct {
	AgentID agentID `json:"agentid"`
	UserID  string  `json:"userid"`
}

type workbenchDataReply struct {
	reply
	Data workbenchTile `json:"data"`
}

func workbenchGetData(c *call, q *workbenchMemberQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	n, err := c.workbenchMember(q.UserID)
	if err != nil {
		return nil, err
	}
	return workbenchDataReply{reply: done(), Data: c.w.workbench.shows(n)}, nil
}

type workbenchBatchQuery struct {
	AgentID    agentID       `json:"agentid"`
	UserIDList []string      `json:"userid_list"`
	Data       workbenchTile `json:"data"`
}

// workbenchBatchSet writes to all members named, or to none.
func workbenchBatchSet(c *call, q *workbenchBatchQuery) (any, error) {
	b, err := c.custom(q.AgentID)
	if err != nil {
		return nil, err
	}
	if len(q.UserIDList) == 0 || len(q.UserIDList) > workbenchBatch {
		return nil, refuse(40058, "userid_list has %d members, 1 to %d are allowed", len(q.UserIDList), workbenchBatch)
	}
	members := make([]int32, 0, len(q.UserIDList))
	for _, id := range q.UserIDList {
		n, err := c.workbenchMember(id)
		if err != nil {
			return nil, err
		}
		members = append(members, n)
	}
	if err := b.fits(&q.Data); err != nil {
		return nil, err
	}
	b.batch.roll(c.now)
	if b.batch.inMinute+len(members) > workbenchBatchTimes {
		return nil, refuse(45009, "more than %d members in the calls of this minute", workbenchBatchTimes)
	}
	b.batch.add(len(members))
	for _, n := range members {
		b.own[n] = q.Data.only()
	}
	return nil, nil
}

type switchWorkbenchQuery struct {
	Off bool `json:"off"`
}

// adminSwitchesWorkbench turns the custom workbench on or off and tells the app.
func adminSwitchesWorkbench(s *Sandbox, q *switchWorkbenchQuery) (any, error) {
	mode := int64(1)
	if q.Off {
		mode = 0
	}
	s.world.workbench.off = q.Off
	e := s.newEvent(AreaApp, "switch_workbench_mode", "workbench", "switch_workbench_mode", "")
	s.journal(entry{Kind: "workbench_mode"})
	s.send(e.number("Mode", mode).number("AgentID", int64(s.agentID)))
	return map[string]any{"mode": mode}, nil
}
