package sandbox

import (
	"slices"
	"time"
)

// momentJob is the making of a moment, which takes a while. What became of it
// is known from the start and told when it is done.
type momentJob struct {
	begun, done time.Time
	code        int // of the result
	moment      *moment
	badUsers    []string
	badParties  []int
	badTags     []string
}

// momentAudience finds who shall publish and who may see it. Names that do not
// exist are left out and reported; nobody left is the job's own failure.
func (c *call) momentAudience(q *momentAddQuery) (*momentJob, error) {
	w := c.w
	job := &momentJob{moment: &moment{byMember: -1}}
	m := job.moment
	var senders []int32
	chosen := false
	if r := q.VisibleRange; r != nil && r.SenderList != nil && len(r.SenderList.UserList)+len(r.SenderList.DepartmentList) > 0 {
		if n := len(r.SenderList.UserList); n > momentSenders {
			return nil, refuse(40058, "user_list holds %d members, at most %d are allowed", n, momentSenders)
		}
		chosen = true
		senders = job.senders(w, r.SenderList.UserList, r.SenderList.DepartmentList)
	}
	if !chosen {
		for i := range w.staff {
			if !w.staff[i].resigned {
				senders = append(senders, int32(i))
			}
		}
	}
	if r := q.VisibleRange; r != nil && r.ExternalContactList != nil && len(r.ExternalContactList.TagList) > 0 {
		m.partly = true
		for _, id := range r.ExternalContactList.TagList {
			if t := w.tagIndex[id]; t != nil && t.group.strategy == 0 {
				m.tags = append(m.tags, t.number)
			} else {
				job.badTags = append(job.badTags, id)
			}
		}
	}
	for _, n := range senders {
		if !m.partly || w.follows(n, m.tags) {
			m.tasks = append(m.tasks, &momentTask{staff: n})
		}
	}
	if len(m.tasks) == 0 {
		job.code = 84074
	}
	return job, nil
}

func (job *momentJob) senders(w *world, users []string, parties []int) []int32 {
	var out []int32
	in := map[int32]bool{}
	add := func(n int32) {
		if !in[n] {
			in[n] = true
			out = append(out, n)
		}
	}
	for _, id := range users {
		if n, ok := w.staffByID(id); ok {
			add(n)
		} else {
			job.badUsers = append(job.badUsers, id)
		}
	}
	for _, p := range parties {
		below, err := w.membersOf(p, true)
		if err != nil {
			job.badParties = append(job.badParties, p)
			continue
		}
		for _, m := range below {
			n, _ := w.staffByID(m.id)
			add(n)
		}
	}
	return out
}

// follows reports whether a member has a customer with one of the tags.
func (w *world) follows(staff int32, tags []int32) bool {
	return slices.ContainsFunc(w.staff[staff].relations, func(n int32) bool {
		r := &w.relations[n]
		return r.alive() && r.hasAny(tags)
	})
}

// hasAny reports whether the relation carries one of the tags.
func (r *relation) hasAny(tags []int32) bool {
	return slices.ContainsFunc(tags, func(t int32) bool { return slices.Contains(r.tags, t) })
}

type momentJobQuery struct {
	JobID string `json:"jobid"`
}

type momentJobReply struct {
	reply
	Status int        `json:"status"`
	Type   string     `json:"type"`
	Result *jobResult `json:"result,omitempty"`
}

type jobResult struct {
	reply
	MomentID string          `json:"moment_id,omitempty"`
	Senders  *invalidSenders `json:"invalid_sender_list,omitempty"`
	External *invalidTags    `json:"invalid_external_contact_list,omitempty"`
}

type invalidSenders struct {
	UserList       []string `json:"user_list"`
	DepartmentList []int    `json:"department_list"`
}

type invalidTags struct {
	TagList []string `json:"tag_list"`
}

func momentJobResult(c *call, q *momentJobQuery) (any, error) {
	job := c.w.moments.jobs[q.JobID]
	if job == nil || c.now.Sub(job.done) > momentJobLife {
		return nil, refuse(40088, "no job %q; a job is remembered for 24 h", q.JobID)
	}
	out := momentJobReply{reply: done(), Type: "add_moment_task"}
	switch {
	case c.now.Before(job.begun):
		out.Status = 1
		return out, nil
	case c.now.Before(job.done):
		out.Status = 2
		return out, nil
	}
	out.Status = 3
	result := &jobResult{reply: done(), MomentID: job.moment.id}
	if job.code != 0 {
		result.ErrCode, result.ErrMsg = job.code, errmsgs()[job.code]
	}
	if len(job.badUsers)+len(job.badParties) > 0 {
		result.Senders = &invalidSenders{
			UserList: copied(job.badUsers), DepartmentList: copied(job.badParties),
		}
	}
	if len(job.badTags) > 0 {
		result.External = &invalidTags{TagList: slices.Clone(job.badTags)}
	}
	out.Result = result
	return out, nil
}

type momentIDQuery struct {
	MomentID string `json:"moment_id"`
}

// momentParam finds the moment a call names.
func (c *call) momentParam(id string) (*moment, error) {
	if id == "" {
		return nil, refuse(41059, "moment_id is missing")
	}
	m := c.w.moments.index[id]
	if m == nil || m.deleted || c.now.Before(m.listed) {
		return nil, refuse(41060, "no moment %q", id)
	}
	return m, nil
}

// corpMomentParam is momentParam for calls about moments made through the API.
func (c *call) corpMomentParam(id string) (*moment, error) {
	m, err := c.momentParam(id)
	if err == nil && m.personal() {
		return nil, refuse(41067, "moment %q was published by a member of his own", id)
	}
	return m, err
}

func momentCancel(c *call, q *momentIDQuery) (any, error) {
	m, err := c.corpMomentParam(q.MomentID)
	if err != nil {
		return nil, err
	}
	if !m.cancelled {
		m.cancelled = true
		c.s.journal(entry{Kind: "moment_cancelled", ID: m.id})
	}
	return nil, nil
}
