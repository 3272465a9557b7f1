package outreach

import (
	"context"

	"zhiyin.dev/zhiyin/wecom"
)

// WelcomeRequest greets a new customer. Text and Attachments must not both be
// empty; they arrive as separate messages.
type WelcomeRequest struct {
	Code        string // of the event; lives 20 s, works once
	Text        string // 4000 bytes
	Attachments []Attachment
}

// SendWelcome sends it. Refusals to tell apart: wecom.ErrWelcomeCode (too late
// or wrong) and wecom.ErrWelcomeUsed are final, wecom.ErrWelcomeBusy (another
// app is sending) may be tried again while the code lives.
// https://developer.work.weixin.qq.com/document/path/92137
func (o *Client) SendWelcome(ctx context.Context, r WelcomeRequest) error {
	in := struct {
		Code        string      `json:"welcome_code"`
		Text        *Text       `json:"text,omitempty"`
		Attachments attachments `json:"attachments,omitempty"`
	}{r.Code, text(r.Text), r.Attachments}
	return o.send(ctx, wecom.AreaExternal, "welcome", "externalcontact/send_welcome_msg", true, in, new(wecom.Head))
}
