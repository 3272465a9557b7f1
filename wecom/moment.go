package wecom

import (
	"context"
	"net/url"
)

// Values of MomentFilter.By and Moment.CreateType.
const (
	MomentByCorp   = 0
	MomentByMember = 1
	MomentByAll    = 2
)

// MomentFilter picks Moments by their time of making: the open interval from
// Start to End, at most 30 days.
type MomentFilter struct {
	Start   int64   `json:"start_time"` // unix seconds
	End     int64   `json:"end_time"`
	Creator StaffID `json:"creator,omitempty"`
	By      int     `json:"filter_type"` // MomentByCorp and so on
	Cursor  string  `json:"cursor,omitempty"`
	Limit   int     `json:"limit,omitempty"` // at most 20
}

// MomentMedia is a picture or film of a Moment, to be read with
// [Client.DownloadMedia].
type MomentMedia struct {
	MediaID string `json:"media_id"`
	Thumb   string `json:"thumb_media_id,omitempty"` // of a film
}

// Moment is one post. Exactly one of Images, Video and Link is there, or none.
type Moment struct {
	ID         string  `json:"moment_id"`
	Creator    StaffID `json:"creator"` // "" when made through the API
	CreateTime int64   `json:"create_time"`
	CreateType int     `json:"create_type"`  // MomentByCorp, MomentByMember
	Visible    int     `json:"visible_type"` // MomentPartly, MomentPublic
	Text       struct {
		Content string `json:"content"`
	} `json:"text"`
	Images []MomentMedia `json:"image"`
	Video  *MomentMedia  `json:"video"`
	Link   *struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"link"`
	Location *struct {
		Latitude  string `json:"latitude"`
		Longitude string `json:"longitude"`
		Name      string `json:"name"`
	} `json:"location"`
}

// Values of Moment.Visible.
const (
	MomentPartly = 0
	MomentPublic = 1
)

// Moments lists the corp's Moments, those of members' own too, at most 20 a
// page; next is "" after the last page. Deleted ones are not listed.
// https://developer.work.weixin.qq.com/document/path/93333
func (c *Client) Moments(ctx context.Context, f MomentFilter) (page []Moment, next string, err error) {
	var r struct {
		head
		Next string   `json:"next_cursor"`
		List []Moment `json:"moment_list"`
	}
	err = c.read(ctx, AreaExternal, familyMoment, "externalcontact/get_moment_list", f, &r)
	return r.List, r.Next, err
}

// States of the job that makes a Moment.
const (
	MomentJobStarted = 1
	MomentJobRunning = 2
	MomentJobDone    = 3
)

// MomentJob is how far the making of a Moment is.
type MomentJob struct {
	Status int    `json:"status"` // MomentJobStarted and so on
	Type   string `json:"type"`
	Result struct {
		Code     int    `json:"errcode"` // why there is no Moment; 0 = there is
		Msg      string `json:"errmsg"`
		MomentID string `json:"moment_id"`
		Senders  struct {
			Staff       []StaffID `json:"user_list"`
			Departments []int     `json:"department_list"`
		} `json:"invalid_sender_list"`
		Audience struct {
			Tags []string `json:"tag_list"`
		} `json:"invalid_external_contact_list"`
	} `json:"result"`
}

// MomentJob reads what became of a job, for 24 hours after it began; else
// ErrNoMomentJob.
// https://developer.work.weixin.qq.com/document/path/95094
func (c *Client) MomentJob(ctx context.Context, jobID string) (MomentJob, error) {
	var r struct {
		head
		MomentJob
	}
	err := c.get(ctx, AreaExternal, familyMoment, "externalcontact/get_moment_task_result", url.Values{"jobid": {jobID}}, &r)
	return r.MomentJob, err
}

// MomentTask is what a Moment of the corp asks of one member.
type MomentTask struct {
	Staff  StaffID `json:"userid"`
	Status int     `json:"publish_status"` // MomentOpen, MomentPublished; when is not told
}

// Values of MomentTask.Status.
const (
	MomentOpen      = 0
	MomentPublished = 1
)

// MomentTasks lists the members who have to publish a Moment of the corp, at
// most 1000 a page (default 500). Right after creation WeCom may answer
// ErrMomentBusy: ask again.
// https://developer.work.weixin.qq.com/document/path/93333
func (c *Client) MomentTasks(ctx context.Context, momentID, cursor string, limit int) (page []MomentTask, next string, err error) {
	in := struct {
		ID     string `json:"moment_id"`
		Cursor string `json:"cursor,omitempty"`
		Limit  int    `json:"limit,omitempty"`
	}{momentID, cursor, limit}
	var r struct {
		head
		Next string       `json:"next_cursor"`
		List []MomentTask `json:"task_list"`
	}
	err = c.read(ctx, AreaExternal, familyMoment, "externalcontact/get_moment_task", in, &r)
	return r.List, r.Next, err
}

type momentPage struct {
	ID     string  `json:"moment_id"`
	Staff  StaffID `json:"userid"`
	Cursor string  `json:"cursor,omitempty"`
	Limit  int     `json:"limit,omitempty"`
}

// MomentRange lists the customers whom a member's Moment was meant for when it
// was published, at most 1000 a page (default 500).
// https://developer.work.weixin.qq.com/document/path/93333
func (c *Client) MomentRange(ctx context.Context, momentID string, staff StaffID, cursor string, limit int) (page []ExternalUserID, next string, err error) {
	return c.momentCustomers(ctx, "externalcontact/get_moment_customer_list", momentPage{momentID, staff, cursor, limit})
}

// MomentViewers lists the customers who can see what a member published, at
// most 5000 a page (default 3000); ErrMomentUnsent before.
// https://developer.work.weixin.qq.com/document/path/93333
func (c *Client) MomentViewers(ctx context.Context, momentID string, staff StaffID, cursor string, limit int) (page []ExternalUserID, next string, err error) {
	return c.momentCustomers(ctx, "externalcontact/get_moment_send_result", momentPage{momentID, staff, cursor, limit})
}

func (c *Client) momentCustomers(ctx context.Context, op string, in momentPage) (page []ExternalUserID, next string, err error) {
	var r struct {
		head
		Next string `json:"next_cursor"`
		List []struct {
			Customer ExternalUserID `json:"external_userid"`
		} `json:"customer_list"`
	}
	err = c.read(ctx, AreaExternal, familyMoment, op, in, &r)
	for _, x := range r.List {
		page = append(page, x.Customer)
	}
	return page, r.Next, err
}

// MomentEcho is a like or a comment: who and when. WeCom does not tell the
// words of a comment. Exactly one of Customer and Staff is set.
type MomentEcho struct {
	Customer ExternalUserID `json:"external_userid,omitempty"`
	Staff    StaffID        `json:"userid,omitempty"`
	At       int64          `json:"create_time"` // unix seconds
}

// MomentEchoes are the reactions to what one member published.
type MomentEchoes struct {
	Comments []MomentEcho `json:"comment_list"`
	Likes    []MomentEcho `json:"like_list"`
}

// MomentEchoes reads the likes and comments below what a member published, all
// at once.
// https://developer.work.weixin.qq.com/document/path/93333
func (c *Client) MomentEchoes(ctx context.Context, momentID string, staff StaffID) (MomentEchoes, error) {
	var r struct {
		head
		MomentEchoes
	}
	err := c.read(ctx, AreaExternal, familyMoment, "externalcontact/get_moment_comments", momentPage{ID: momentID, Staff: staff}, &r)
	return r.MomentEchoes, err
}
