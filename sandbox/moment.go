package sandbox

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// momentBook is all that the corp keeps of its Moments (客户朋友圈).
type momentBook struct {
	all   []*moment
	index map[string]*moment
	jobs  map[string]*momentJob
	seq   uint64  // jobs ever
	made  []int64 // unix times of jobs in the last minute
	month time.Time
	// inMonth counts the moments made through the API since month.
	inMonth int
	// shown and ownShown are the unix times of what a customer saw: corp moments
	// by customer, personal ones by relation.
	shown    map[int32][]int64
	ownShown map[int32][]int64
}

func newMomentBook() *momentBook {
	return &momentBook{
		index: map[string]*moment{}, jobs: map[string]*momentJob{},
		shown: map[int32][]int64{}, ownShown: map[int32][]int64{},
	}
}

// moment is one post: a task for each member who shall publish it, or the one
// that a member published of his own.
type moment struct {
	id         string
	number     uint64
	created    int64
	listed     time.Time // from then on get_moment_list shows it
	dispatched time.Time // from then on members can publish it
	byMember   int32     // author of a personal one; -1 = made through the API
	history    bool      // older than the world: viewers are not written down
	text       string
	parts      []momentPart
	place      *momentPlace
	tags       []int32 // visible to customers with one of them; none = to all
	partly     bool
	tasks      []*momentTask
	cancelled  bool
	deleted    bool // by the member who wrote it, or by an administrator: no call shows it any more
}

// momentPart is a picture, film or link, with the ids that readers get.
type momentPart struct {
	kind       string
	title, url string
	media      string
	thumb      string
}

type momentPlace struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name"`
}

// momentTask is what one member has to publish.
type momentTask struct {
	staff       int32
	publishedAt int64 // 0 = not published
	declined    bool
	viewers     []momentViewer
	likes       []momentEcho
	comments    []momentEcho
}

// momentViewer is a customer in the range chosen at publishing; seen says that
// the moment reached him.
type momentViewer struct {
	customer int32
	seen     bool
}

// momentEcho is a like or a comment.
type momentEcho struct {
	staff bool
	who   int32
	at    int64
}

func (m *moment) personal() bool { return m.byMember >= 0 }

func (m *moment) task(staff int32) *momentTask {
	i := slices.IndexFunc(m.tasks, func(t *momentTask) bool { return t.staff == staff })
	if i < 0 {
		return nil
	}
	return m.tasks[i]
}

func (w *world) addMoment(m *moment) *moment {
	b := w.moments
	b.all = append(b.all, m)
	m.number = uint64(len(b.all))
	m.id = "mom" + letters(28, w.seed, m.number, hashString("moment"))
	b.index[m.id] = m
	return m
}

func momentFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/externalcontact/add_moment_task", byExternal, momentAdd),
			get("/cgi-bin/externalcontact/get_moment_task_result", byExternal, momentJobResult),
			post("/cgi-bin/externalcontact/cancel_moment_task", byExternal, momentCancel),
			post("/cgi-bin/externalcontact/get_moment_list", byExternal, momentList),
			post("/cgi-bin/externalcontact/get_moment_task", byExternal, momentTasks),
			post("/cgi-bin/externalcontact/get_moment_customer_list", byExternal, momentCustomers),
			post("/cgi-bin/externalcontact/get_moment_send_result", byExternal, momentSendResult),
			post("/cgi-bin/externalcontact/get_moment_comments", byExternal, momentComments),
		},
		acts: []act{
			doing("publish_moment", publishMoment),
			doing("like_moment", likeMoment),
			doing("comment_moment", commentMoment),
			doing("delete_moment", deleteMoment),
		},
	}
}

const (
	momentTextLimit    = 2000 // characters
	momentImages       = 9
	momentSenders      = 100_000
	momentJobsAMinute  = 10
	momentsAMonth      = 100_000
	momentJobLife      = 24 * time.Hour
	momentTitleLetters = 64
)

type momentAddQuery struct {
	Text *struct {
		Content string `json:"content"`
	} `json:"text"`
	Attachments  []momentAttachment `json:"attachments"`
	VisibleRange *struct {
		SenderList *struct {
			UserList       []string `json:"user_list"`
			DepartmentList []int    `json:"department_list"`
		} `json:"sender_list"`
		ExternalContactList *struct {
			TagList []string `json:"tag_list"`
		} `json:"external_contact_list"`
	} `json:"visible_range"`
}

type momentAttachment struct {
	MsgType string    `json:"msgtype"`
	Image   *mediaRef `json:"image"`
	Video   *mediaRef `json:"video"`
	Link    *struct {
		Title   string `json:"title"`
		URL     string `json:"url"`
		MediaID string `json:"media_id"`
	} `json:"link"`
}

type jobReply struct {
	reply
	JobID string `json:"jobid"`
}

func momentAdd(c *call, q *momentAddQuery) (any, error) {
	if !c.s.on("moment.open") {
		return nil, refuse(41211, "switch moment.open is off: the corp has not opened Moments")
	}
	if err := c.checkMoment(q); err != nil {
		return nil, err
	}
	if err := c.countMoment(); err != nil {
		return nil, err
	}
	job, err := c.momentAudience(q)
	if err != nil {
		return nil, err
	}
	b, w := c.w.moments, c.w
	delay := c.s.millis("moment.job_ms")
	job.begun, job.done = c.now.Add(delay/2), c.now.Add(delay)
	b.seq++
	id := letters(40, w.seed, b.seq, hashString("moment job"))
	b.jobs[id] = job
	b.made = append(b.made, c.now.Unix())
	b.inMonth++
	if job.code == 0 {
		m := job.moment
		m.created, m.listed, m.dispatched = c.now.Unix(), job.begun, job.done
		if q.Text != nil {
			m.text = q.Text.Content
		}
		m.parts = c.momentParts(q)
		w.addMoment(m)
		c.s.journal(entry{Kind: "moment_created", ID: m.id, Detail: strconv.Itoa(len(m.tasks)) + " tasks"})
		c.s.planPublications(m)
	}
	return jobReply{reply: done(), JobID: id}, nil
}

// millis is the value of a switch that holds milliseconds.
func (s *Sandbox) millis(name string) time.Duration {
	n, err := strconv.Atoi(s.switches[name])
	if err != nil {
		n = 0 // the switch holds numbers only
	}
	return time.Duration(n) * time.Millisecond
}

// checkMoment refuses what cannot be published: one kind of attachment, whose
// files were uploaded for Moments.
func (c *call) checkMoment(q *momentAddQuery) error {
	if (q.Text == nil || q.Text.Content == "") && len(q.Attachments) == 0 {
		return refuse(41089, "text and attachments are both empty")
	}
	if q.Text != nil && (utf8.RuneCountInString(q.Text.Content) > momentTextLimit || len(q.Text.Content) > textLimit) {
		return refuse(40058, "text.content: at most %d characters and %d bytes are allowed", momentTextLimit, textLimit)
	}
	most := map[string]int{"image": momentImages, "video": 1, "link": 1}
	for i := range q.Attachments {
		a := &q.Attachments[i]
		switch {
		case most[a.MsgType] == 0:
			return refuse(41065, "msgtype %q: must be image, link or video", a.MsgType)
		case a.MsgType != q.Attachments[0].MsgType:
			return refuse(41065, "attachments mix %s and %s, only one kind is allowed", q.Attachments[0].MsgType, a.MsgType)
		case len(q.Attachments) > most[a.MsgType]:
			return refuse(41064, "%d attachments of kind %s, at most %d are allowed", len(q.Attachments), a.MsgType, most[a.MsgType])
		}
		if err := c.checkMomentAttachment(a); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) checkMomentAttachment(a *momentAttachment) error {
	missing := refuse(41065, "msgtype is %q, but that part is missing", a.MsgType)
	switch a.MsgType {
	case "image":
		if a.Image == nil {
			return missing
		}
		return c.checkUpload(a.Image.MediaID, "image", forMoments)
	case "video":
		if a.Video == nil {
			return missing
		}
		return c.checkUpload(a.Video.MediaID, "video", forMoments)
	}
	switch {
	case a.Link == nil:
		return missing
	case a.Link.URL == "":
		return refuse(40058, "link.url is empty")
	case utf8.RuneCountInString(a.Link.Title) > momentTitleLetters || len(a.Link.Title) > 2*momentTitleLetters:
		return refuse(40058, "link.title: at most %d characters and %d bytes are allowed", momentTitleLetters, 2*momentTitleLetters)
	}
	return c.checkUpload(a.Link.MediaID, "image", forMoments)
}

// countMoment applies the limits of jobs: by minute, by month, at once.
func (c *call) countMoment() error {
	b, now := c.w.moments, c.now
	b.made = slices.DeleteFunc(b.made, func(at int64) bool { return at <= now.Unix()-60 })
	if len(b.made) >= momentJobsAMinute {
		return refuse(45009, "%d moments in the last minute, at most %d are allowed", len(b.made), momentJobsAMinute)
	}
	day := today(now)
	if month := day.AddDate(0, 0, 1-day.Day()); !month.Equal(b.month) {
		b.month, b.inMonth = month, 0
	}
	if b.inMonth >= momentsAMonth {
		return refuse(41210, "%d moments this month, at most %d are allowed", b.inMonth, momentsAMonth)
	}
	running, most := 0, c.s.count("moment.jobs")
	for id, j := range b.jobs {
		if now.Before(j.done) {
			running++
		} else if now.Sub(j.done) > momentJobLife {
			delete(b.jobs, id)
		}
	}
	if running >= most {
		return refuse(41078, "%d jobs have not finished, at most %d may run (switch moment.jobs)", running, most)
	}
	return nil
}

// count is the value of a switch that holds a number.
func (s *Sandbox) count(name string) int {
	n, err := strconv.Atoi(s.switches[name])
	if err != nil {
		return 0 // the switch holds numbers only
	}
	return n
}

// momentParts are the attachments as readers get them: the files live on under
// other ids.
func (c *call) momentParts(q *momentAddQuery) []momentPart {
	media, seed := c.w.media, c.w.seed
	out := make([]momentPart, 0, len(q.Attachments))
	for _, a := range q.Attachments {
		p := momentPart{kind: a.MsgType}
		switch a.MsgType {
		case "image":
			p.media = media.keep(a.Image.MediaID, seed)
		case "video":
			p.media, p.thumb = media.keep(a.Video.MediaID, seed), media.keepCover(a.Video.MediaID, seed)
		case "link":
			p.title, p.url = a.Link.Title, a.Link.URL
		}
		out = append(out, p)
	}
	return out
}
