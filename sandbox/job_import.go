package sandbox

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type importQuery struct {
	MediaID  string          `json:"media_id"`
	ToInvite *bool           `json:"to_invite"`
	Callback *importCallback `json:"callback"`
}

type importCallback struct {
	URL    string `json:"url"`
	Token  string `json:"token"`
	AESKey string `json:"encodingaeskey"`
}

// importTarget is where the end of an import is told: the callback of the
// request, else that of the contacts helper.
func (c *call) importTarget(cb *importCallback) (callbackTarget, error) {
	if cb == nil || cb.URL == "" {
		return callbackTarget{}, nil
	}
	if err := c.s.opts.checkCallback(cb.URL); err != nil {
		return callbackTarget{}, refuse(40058, "callback.url: %v", err)
	}
	t := callbackTarget{url: cb.URL, token: cb.Token, aesKey: cb.AESKey}
	if t.token == "" {
		t.token = c.s.secrets.CallbackToken
	}
	if t.aesKey == "" {
		t.aesKey = c.s.secrets.CallbackAESKey
	}
	if _, err := newSealer(t.token, t.aesKey, c.s.corpID); err != nil {
		return t, refuse(40058, "callback: %v", err)
	}
	return t, nil
}

// table is a CSV file: rows by the names of their columns.
type table struct{ rows []map[string]string }

// importColumns are the columns of both kinds of files, by the names that the
// template of the admin console and older ones give them.
var importColumns = map[string]string{
	"姓名": "name", "帐号": "userid", "账号": "userid", "手机号": "mobile", "手机号码": "mobile", "手机": "mobile",
	"邮箱": "email", "个人邮箱": "email", "所在部门": "department", "部门": "department", "职位": "position", "职务": "position",
	"性别": "gender", "别名": "alias", "座机": "telephone", "地址": "address", "是否领导": "leader", "是否部门内领导": "leader",
	"排序": "order", "部门名称": "name", "部门ID": "partyid", "父部门ID": "parentid",
}

// readTable reads the uploaded file; must names the columns it cannot lack.
func (c *call) readTable(mediaID string, must ...string) (*table, error) {
	if !c.w.media.has(mediaID, "file", c.now) {
		return nil, refuse(40007, "media_id %q is no live file of media/upload", mediaID)
	}
	data := bytes.TrimPrefix(c.w.media.files[mediaID].data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, refuse(40092, "the file is not UTF-8")
	}
	read := csv.NewReader(bytes.NewReader(data))
	read.FieldsPerRecord = -1
	lines, err := read.ReadAll()
	if err != nil || len(lines) < 2 {
		return nil, refuse(40092, "the file must be CSV with a line of names and at least one line: %v", err)
	}
	var names []string
	for _, title := range lines[0] {
		names = append(names, importColumns[strings.TrimSpace(title)])
	}
	for _, name := range must {
		if !slices.Contains(names, name) {
			return nil, refuse(40092, "the first line names no column for %s", name)
		}
	}
	t := &table{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, text := range line {
			if i < len(names) && names[i] != "" {
				row[names[i]] = strings.TrimSpace(text)
			}
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// beginImport starts an import, one at a time.
func (c *call) beginImport(kind string, q *importQuery, t *table, work func(*job)) (any, error) {
	for _, j := range c.w.jobs.imports {
		if !j.done {
			return nil, refuse(302008, "import %s is still running", j.id)
		}
	}
	target, err := c.importTarget(q.Callback)
	if err != nil {
		return nil, err
	}
	j := c.newJob(kind, target, work)
	j.total = len(t.rows)
	c.w.jobs.imports = append(c.w.jobs.imports, j)
	return jobIDReply{reply: done(), JobID: j.id}, nil
}

func batchSyncUser(c *call, q *importQuery) (any, error) {
	t, rows, err := c.memberTable(q.MediaID)
	if err != nil {
		return nil, err
	}
	return c.beginImport("sync_user", q, t, func(j *job) { c.s.importMembers(j, rows, q.ToInvite) })
}

func batchReplaceUser(c *call, q *importQuery) (any, error) {
	t, rows, err := c.memberTable(q.MediaID)
	if err != nil {
		return nil, err
	}
	stays := map[string]bool{}
	for _, row := range rows {
		stays[strings.ToLower(row.UserID)] = true
	}
	goes, all := 0, 0
	for n := range c.w.staff {
		if m := &c.w.staff[n]; !m.resigned {
			all++
			if n != 0 && !stays[strings.ToLower(m.id)] {
				goes++
			}
		}
	}
	if goes > 50 && goes*5 > all || goes <= 50 && goes*5 > all*4 {
		return nil, refuse(45026, "the file would delete %d of %d members", goes, all)
	}
	return c.beginImport("replace_user", q, t, func(j *job) {
		s := c.s
		s.importMembers(j, rows, q.ToInvite)
		for n := range s.world.staff {
			if m := &s.world.staff[n]; n != 0 && !m.resigned && !stays[strings.ToLower(m.id)] {
				s.removeMember(int32(n), byContact)
			}
		}
	})
}

// memberTable reads a file of members.
func (c *call) memberTable(mediaID string) (*table, []*memberQuery, error) {
	t, err := c.readTable(mediaID, "name", "userid", "department")
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	var rows []*memberQuery
	for _, row := range t.rows {
		q, err := memberOfRow(row)
		if err != nil {
			return nil, nil, err
		}
		if id := strings.ToLower(q.UserID); seen[id] {
			return nil, nil, refuse(302003, "userid %q stands in the file twice", q.UserID)
		}
		seen[strings.ToLower(q.UserID)] = true
		rows = append(rows, q)
	}
	return t, rows, nil
}

func memberOfRow(row map[string]string) (*memberQuery, error) {
	name := row["name"]
	q := &memberQuery{UserID: row["userid"], Name: &name}
	for field, to := range map[string]**string{
		"mobile": &q.Mobile, "email": &q.Email, "position": &q.Position, "alias": &q.Alias,
		"telephone": &q.Telephone, "address": &q.Address,
	} {
		if v := row[field]; v != "" {
			*to = &v
		}
	}
	departments := []int{}
	for text := range strings.SplitSeq(row["department"], ";") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		id, err := strconv.Atoi(text)
		if err != nil {
			return nil, refuse(302004, "department %q of %q is no number", text, q.UserID)
		}
		departments = append(departments, id)
	}
	if len(departments) > 0 {
		q.Department = &departments
	}
	if g, ok := map[string]genderField{"男": 1, "1": 1, "女": 2, "2": 2}[row["gender"]]; ok {
		q.Gender = &g
	}
	return q, nil
}

// importMembers writes each row as a call would, and notes how that went.
func (s *Sandbox) importMembers(j *job, rows []*memberQuery, toInvite *bool) {
	c := &call{s: s, w: s.world, now: s.now(), caller: byContact}
	for _, q := range rows {
		var err error
		if n, ok := s.world.staffByID(q.UserID); ok {
			err = c.importKnown(&s.world.staff[n], q)
		} else if err = c.checkNewMember(q); err == nil {
			m, _ := s.addMember(q, byContact)
			s.memberAdded(byContact, m)
			if toInvite == nil || *toInvite {
				s.invite(s.world.staffIndexOf(m))
			}
		}
		j.results = append(j.results, resultOf(err, importLine{UserID: q.UserID}))
	}
}

// importKnown changes a member; departments nobody knows are made here too.
func (c *call) importKnown(m *member, q *memberQuery) error {
	if q.Department != nil {
		for _, id := range *q.Department {
			if id > 1 && c.w.department(id) == nil {
				d := department{id: id, parent: c.s.pendingDepartment(byContact), name: itoa(id)}
				c.w.departments = append(c.w.departments, d)
				c.s.partyChanged(byContact, "create_party", d, partyChange{name: true, parent: true})
			}
		}
	}
	if err := c.checkMember(q, m); err != nil {
		return err
	}
	changed := c.s.write(m, q)
	c.movePlaces(m, q, changed)
	c.s.memberUpdated(byContact, m, m.id, changed)
	return nil
}

// resultOf is the line of an import's result.
func resultOf(err error, line importLine) importLine {
	line.ErrMsg = "ok"
	if no, ok := errors.AsType[*refusal](err); ok {
		line.ErrCode, line.ErrMsg = no.code, errmsgs()[no.code]
	}
	return line
}
