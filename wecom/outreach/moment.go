package outreach

import (
	"context"

	"zhiyin.dev/zhiyin/wecom"
)

// MomentRequest makes a task to publish a Moment that members must confirm.
// Text and attachments must not both be empty; the attachments are of one kind:
// up to 9 images, one video or one [MomentLink]. Their files come from
// wecom.Client.UploadAttachment.
type MomentRequest struct {
	Text        string // 2000 characters and 4000 bytes
	Attachments []Attachment
	Staff       []wecom.StaffID // who is asked to publish; empty = every member the app sees
	Tags        []string        // corp tags: customers with one of them may see it; empty = all
}

// MomentLink is a card below a Moment. It has no place in other messages.
type MomentLink struct {
	Title   string `json:"title,omitempty"` // 64 characters and 128 bytes
	URL     string `json:"url"`
	MediaID string `json:"media_id"` // the cover
}

func (MomentLink) msgtype() string { return "link" }

// AddMomentTask begins to make a Moment and answers the id of the job: see
// wecom.Client.MomentJob. An error of class retryable leaves open whether it
// was created: look for it with wecom.Client.Moments before trying again.
// https://developer.work.weixin.qq.com/document/path/95094
func (o *Client) AddMomentTask(ctx context.Context, m MomentRequest) (jobID string, err error) {
	type senders struct {
		Staff []wecom.StaffID `json:"user_list"`
	}
	type viewers struct {
		Tags []string `json:"tag_list"`
	}
	type visible struct {
		Senders *senders `json:"sender_list,omitempty"`
		Viewers *viewers `json:"external_contact_list,omitempty"`
	}
	in := struct {
		Text        *Text       `json:"text,omitempty"`
		Attachments attachments `json:"attachments,omitempty"`
		Visible     *visible    `json:"visible_range,omitempty"`
	}{Text: text(m.Text), Attachments: m.Attachments}
	if len(m.Staff)+len(m.Tags) > 0 {
		in.Visible = new(visible)
	}
	if len(m.Staff) > 0 {
		in.Visible.Senders = &senders{m.Staff}
	}
	if len(m.Tags) > 0 {
		in.Visible.Viewers = &viewers{m.Tags}
	}
	var r struct {
		wecom.Head
		JobID string `json:"jobid"`
	}
	err = o.send(ctx, wecom.AreaExternal, "moment", "externalcontact/add_moment_task", false, in, &r)
	return r.JobID, err
}

// CancelMoment stops a Moment for the members who have not published it yet;
// what was published stays.
// https://developer.work.weixin.qq.com/document/path/97612
func (o *Client) CancelMoment(ctx context.Context, momentID string) error {
	in := struct {
		ID string `json:"moment_id"`
	}{momentID}
	return o.send(ctx, wecom.AreaExternal, "moment", "externalcontact/cancel_moment_task", false, in, new(wecom.Head))
}
