package sandbox

import (
	"strings"
	"time"
)

const (
	logPage = 400
	logDays = 180 // back
	logSpan = 7 * 24 * time.Hour
	logRate = 600 // calls a minute
	logIP   = "127.0.*.*"
)

func securityFamily() family {
	const base = "/cgi-bin/security/"
	return family{
		routes: []route{
			post(base+"member_oper_log/list", byApp, memberLog).aMinute(logRate),
			post(base+"admin_oper_log/list", byApp, adminLog).aMinute(logRate),
			get(base+"get_server_domain_ip", byApp, domainList),
		},
		acts: []act{
			doing("staff_operates", staffOperates),
			doing("admin_operates", adminOperates),
		},
		build: func(s *Sandbox) { s.world.memberLog, s.world.adminLog = operLog{}, operLog{} },
	}
}

type operLogQuery struct {
	StartTime int64  `json:"start_time"`
	EndTime   int64  `json:"end_time"`
	Type      int    `json:"oper_type"`
	UserID    string `json:"userid"`
	Cursor    string `json:"cursor"`
	Limit     int    `json:"limit"`
}

// adminLogQuery also takes the cursor as the page's table misspells it.
type adminLogQuery struct {
	StartTime int64  `json:"start_time"`
	EndTime   int64  `json:"end_time"`
	Type      int    `json:"oper_type"`
	UserID    string `json:"userid"`
	Cursor    string `json:"cursor"`
	Cusor     string `json:"cusor"`
	Limit     int    `json:"limit"`
}

type operRecord struct {
	Time       int64  `json:"time"`
	UserID     string `json:"userid"`
	Type       int    `json:"oper_type"`
	DetailType *int   `json:"detail_type,omitempty"` // of the console's log only
	Detail     string `json:"detail_info"`
	IP         string `json:"ip"`
}

type operLogReply struct {
	reply
	HasMore    bool         `json:"has_more"`
	NextCursor string       `json:"next_cursor"`
	List       []operRecord `json:"record_list"`
}

func (c *call) checkLog(q *operLogQuery) error {
	start, end := time.Unix(q.StartTime, 0), time.Unix(q.EndTime, 0)
	switch {
	case q.StartTime <= 0 || q.EndTime <= q.StartTime:
		return refuse(60267, "start_time and end_time are required, in this order")
	case end.After(c.now):
		return refuse(60267, "end_time is in the future")
	case start.Before(c.now.AddDate(0, 0, -logDays)):
		return refuse(60267, "start_time is more than %d days ago", logDays)
	case end.Sub(start) > logSpan:
		return refuse(60267, "the range spans more than 7 days")
	case q.Limit < 0 || q.Limit > logPage:
		return refuse(40058, "limit %d: at most %d", q.Limit, logPage)
	case q.Type < 0:
		return refuse(40058, "oper_type %d: must not be negative", q.Type)
	}
	return nil
}

// logPageOf cuts a page out of a log; view answers one record, or false when
// it is not to be seen.
func (c *call) logPageOf(q *operLogQuery, salt uint64, log *operLog, view func(r *operation) (operRecord, bool)) (any, error) {
	filter := hash(uint64(q.StartTime), uint64(q.EndTime), uint64(q.Type), hashString(q.UserID), salt)
	i, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, logPage, logPage)
	out := operLogReply{reply: done(), List: []operRecord{}}
	for i = max(i, log.since(q.StartTime)); i < log.end(); i++ {
		r := log.at(i)
		if r.at > q.EndTime {
			break
		}
		v, ok := view(r)
		if !ok || q.Type != 0 && v.Type != q.Type || q.UserID != "" && v.UserID != q.UserID {
			continue
		}
		if len(out.List) == limit {
			out.HasMore, out.NextCursor = true, makeCursor(filter, i)
			break
		}
		out.List = append(out.List, v)
	}
	return out, nil
}

// memberLog lists what members in the visible range did.
func memberLog(c *call, q *operLogQuery) (any, error) {
	if err := c.checkLog(q); err != nil {
		return nil, err
	}
	if q.UserID != "" {
		if n, ok := c.w.anyStaff(q.UserID); !ok || !c.w.appSees(n) {
			return nil, refuse(60011, "userid %q is no member in the visible range", q.UserID)
		}
	}
	return c.logPageOf(q, 181, &c.w.memberLog, func(r *operation) (operRecord, bool) {
		return operRecord{Time: r.at, UserID: c.w.staff[r.staff].id, Type: r.kind, Detail: r.info, IP: logIP}, c.w.appSees(r.staff)
	})
}

// adminLog lists what was done in the console, whoever may see it.
func adminLog(c *call, q *adminLogQuery) (any, error) {
	plain := operLogQuery{q.StartTime, q.EndTime, q.Type, q.UserID, q.Cursor, q.Limit}
	if plain.Cursor == "" {
		plain.Cursor = q.Cusor
	}
	if err := c.checkLog(&plain); err != nil {
		return nil, err
	}
	return c.logPageOf(&plain, 182, &c.w.adminLog, func(r *operation) (operRecord, bool) {
		return operRecord{Time: r.at, UserID: c.w.staff[r.staff].id, Type: r.kind, DetailType: &r.detail, Detail: r.info, IP: logIP}, true
	})
}

type networkTarget struct {
	Domain      string `json:"domain,omitempty"`
	Universal   string `json:"universal_domian,omitempty"` // spelt so by WeCom
	IP          string `json:"ip,omitempty"`
	Protocol    string `json:"protocol"`
	Port        []int  `json:"port"`
	Necessary   int    `json:"is_necessary"`
	Description string `json:"description"`
}

type domainReply struct {
	reply
	Domains []networkTarget `json:"domain_list"`
	IPs     []networkTarget `json:"ip_list"`
}

// domainList names the hosts the front stands for, and where the sandbox is.
func domainList(c *call, _ *none) (any, error) {
	out := domainReply{reply: done(), IPs: []networkTarget{
		{IP: "127.0.0.1", Protocol: "TCP", Port: []int{80, 443}, Necessary: 1, Description: "沙箱"},
	}}
	for _, host := range officialHosts {
		_, rest, _ := strings.Cut(host, ".")
		out.Domains = append(out.Domains, networkTarget{
			Domain: host, Universal: "*." + rest, Protocol: "TCP", Port: []int{80, 443}, Necessary: 1, Description: "企业微信服务",
		})
	}
	return out, nil
}
