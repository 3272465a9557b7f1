package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// job is work that WeCom does after it has answered: an import or an export.
type job struct {
	id, kind string // kind as batch_job_result calls it
	by       caller // only who asked is told
	made     time.Time
	done     bool
	total    int
	results  []importLine
	files    []exportFile
}

// importLine is one line of an import.
type importLine struct {
	UserID  string `json:"userid,omitempty"`
	Action  int    `json:"action,omitempty"`
	PartyID int    `json:"partyid,omitempty"`
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

// jobDesk keeps the jobs of a world.
type jobDesk struct {
	byID    map[string]*job
	imports []*job // in order; the results of the last keptImports remain
	seq     uint64
}

const keptImports = 5

func jobFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/batch/syncuser", byContact, batchSyncUser),
			post("/cgi-bin/batch/replaceuser", byContact, batchReplaceUser),
			post("/cgi-bin/batch/replaceparty", byContact, batchReplaceParty),
			get("/cgi-bin/batch/getresult", byContact, batchResult),
			post("/cgi-bin/batch/invite", byAnyone, batchInvite),
			post("/cgi-bin/export/simple_user", byAnyone, exportSimpleUser),
			post("/cgi-bin/export/user", byAnyone, exportUser),
			post("/cgi-bin/export/department", byAnyone, exportDepartment),
			post("/cgi-bin/export/taguser", byAnyone, exportTagUser),
			get("/cgi-bin/export/get_result", byAnyone, exportResult),
		},
		pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){"GET /export/{name}": serveExport},
		build: func(s *Sandbox) { s.world.jobs = jobDesk{byID: map[string]*job{}} },
	}
}

// jobTime is how long a job takes in the world.
func (s *Sandbox) jobTime() time.Duration {
	ms, err := strconv.Atoi(s.switches["job.duration_ms"])
	if err != nil {
		panic("sandbox: switch job.duration_ms: " + err.Error()) // switchValues holds numbers
	}
	return time.Duration(ms) * time.Millisecond
}

// newJob starts a job whose work happens when its time has passed; then its
// maker is told at target.
func (c *call) newJob(kind string, target callbackTarget, work func(*job)) *job {
	s, desk := c.s, &c.w.jobs
	desk.seq++
	j := &job{id: letters(43, c.w.seed, desk.seq, hashString("job")), kind: kind, by: c.caller, made: c.now}
	desk.byID[j.id] = j
	world, area := c.w, areaOf(c.caller)
	s.after(s.jobTime(), func() {
		if s.world != world {
			return
		}
		work(j)
		j.done = true
		s.journal(entry{Kind: "job_done", ID: j.id, Detail: j.kind})
		s.jobEvent(j, area, target)
	})
	return j
}

// jobEvent tells that a job is done.
func (s *Sandbox) jobEvent(j *job, area Area, target callbackTarget) {
	e := s.newEvent(area, "batch_job_result", "job/"+j.id, "batch_job_result", "")
	e.within("BatchJob", func() {
		e.text("JobId", j.id).text("JobType", j.kind).number("ErrCode", 0).text("ErrMsg", "ok")
	})
	if target.url == "" {
		target = s.targets[area]
	}
	s.sendTo(e, target)
}

// areaOf is the area whose callback hears what a caller asked for.
func areaOf(who caller) Area {
	switch {
	case who&byApp != 0:
		return AreaApp
	case who&byContact != 0:
		return AreaContact
	case who&byExternal != 0:
		return AreaExternal
	case who&byKF != 0:
		return AreaKF
	}
	return AreaArchive
}

type jobIDReply struct {
	reply
	JobID string `json:"jobid"`
}

type jobQuery struct {
	JobID string `json:"jobid"`
}

type batchResultReply struct {
	reply
	Status     int          `json:"status"`
	Type       string       `json:"type"`
	Total      int          `json:"total"`
	Percentage int          `json:"percentage"`
	Result     []importLine `json:"result"`
}

// batchResult shows how far an import is: started, running in the second half
// of its time, done.
func batchResult(c *call, q *jobQuery) (any, error) {
	j := c.w.jobs.byID[q.JobID]
	at := slices.Index(c.w.jobs.imports, j)
	switch {
	case j == nil || at < 0 || len(q.JobID) > 64:
		return nil, refuse(40088, "no import job %q", q.JobID)
	case at < len(c.w.jobs.imports)-keptImports:
		return nil, refuse(40089, "only the last %d results are kept", keptImports)
	}
	out := batchResultReply{reply: done(), Status: 1, Type: j.kind, Total: j.total, Result: []importLine{}}
	switch spent := c.now.Sub(j.made); {
	case j.done:
		out.Status, out.Percentage = 3, 100
		out.Result = append(out.Result, j.results...)
	case 2*spent >= c.s.jobTime():
		out.Status, out.Percentage = 2, 50
	}
	return out, nil
}

type inviteQuery struct {
	User  []string `json:"user" bad:"40035"`
	Party []int    `json:"party" bad:"40035"`
	Tag   []int    `json:"tag" bad:"40035"`
}

type inviteReply struct {
	reply
	InvalidUser  []string `json:"invaliduser,omitempty"`
	InvalidParty []int    `json:"invalidparty,omitempty"`
	InvalidTag   []int    `json:"invalidtag,omitempty"`
}

func batchInvite(c *call, q *inviteQuery) (any, error) {
	switch {
	case len(q.User)+len(q.Party)+len(q.Tag) == 0:
		return nil, refuse(81012, "user, party and tag are all empty")
	case len(q.User) > 1000 || len(q.Party) > 100 || len(q.Tag) > 100:
		return nil, refuse(40035, "at most 1000 members, 100 departments and 100 tags are allowed")
	}
	out := inviteReply{reply: done()}
	var found []int32
	for _, id := range q.User {
		if n, ok := c.w.staffByID(id); ok {
			found = append(found, n)
		} else {
			out.InvalidUser = append(out.InvalidUser, id)
		}
	}
	for _, id := range q.Party {
		members, err := c.w.membersOf(id, true)
		if err != nil || id == 0 {
			out.InvalidParty = append(out.InvalidParty, id)
			continue
		}
		for _, m := range members {
			found = append(found, c.w.staffIndexOf(m))
		}
	}
	for _, id := range q.Tag {
		if t := c.w.staffTag(id); t != nil {
			found = append(found, c.w.staffWith(t)...)
		} else {
			out.InvalidTag = append(out.InvalidTag, id)
		}
	}
	slices.Sort(found)
	for _, n := range slices.Compact(found) {
		c.s.invite(n)
	}
	return out, nil
}

// invite asks a member who has not logged in to do so. While the population
// lives, most follow within a day.
func (s *Sandbox) invite(n int32) {
	m := &s.world.staff[n]
	if !m.fresh || m.resigned {
		return
	}
	s.journal(entry{Kind: "staff_invited", Staff: m.id})
	draw := hash(s.world.seed, uint64(n), hashString("invited"))
	if s.world.life == nil || !chance(0.9, draw) {
		return
	}
	world := s.world
	s.after(time.Duration(mix(draw)%86_400)*time.Second, func() {
		if m := &s.world.staff[min(int(n), len(s.world.staff)-1)]; s.world == world && m.fresh && !m.resigned {
			s.activate(m)
		}
	})
}
