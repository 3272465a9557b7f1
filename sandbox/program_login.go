package sandbox

// programLoginFamily is the login of members in a mini-program inside WeCom.
func programLoginFamily() family {
	return family{
		routes: []route{get("/cgi-bin/miniprogram/jscode2session", byApp, programSession)},
		acts:   []act{doing("staff_opens_miniprogram", staffOpensProgram)},
	}
}

type openProgramQuery struct {
	Staff string `json:"staff"`
}

// staffOpensProgram is a member opening a mini-program of the corp in WeCom,
// which gets a js_code.
func staffOpensProgram(s *Sandbox, q *openProgramQuery) (any, error) {
	n, err := s.world.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	id := s.world.staff[n].id
	code := s.newCode(id, "")
	made := s.codes[code]
	made.program = true
	s.codes[code] = made
	return map[string]any{"staff": id, "js_code": code}, nil
}

type sessionQuery struct {
	Code  string `json:"js_code"`
	Grant string `json:"grant_type"`
}

type sessionReply struct {
	reply
	CorpID string `json:"corpid"`
	UserID string `json:"userid"`
	Key    string `json:"session_key"`
}

// programSession trades a js_code for who the member is. A code that a page got
// is another kind.
func programSession(c *call, q *sessionQuery) (any, error) {
	if q.Grant != "authorization_code" {
		return nil, refuse(40058, "grant_type %q: must be authorization_code", q.Grant)
	}
	got, ok := c.s.takeCode(q.Code)
	switch {
	case !got.program:
		return nil, refuse(40029, "the js_code is unknown, was used already, or is the code of a page")
	case !ok:
		return nil, refuse(42003, "the js_code is older than %s", codeLife)
	}
	return sessionReply{
		reply: done(), CorpID: c.s.corpID, UserID: got.staff, Key: letters(22, c.w.seed, hashString(q.Code), hashString("session key")) + "==",
	}, nil
}
