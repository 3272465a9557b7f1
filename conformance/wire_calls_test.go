package conformance

import (
	"context"
	"encoding/json"
	"errors"

	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/outreach"
)

type call = func(ctx context.Context, c *wecom.Client, args json.RawMessage) (any, error)

// args are all arguments any call takes; a vector gives those of its own.
type args struct {
	ID, Cursor, Code, Name, Scene, Kf, Kind, Content string
	Limit, Offset, Department                        int
	Flag                                             bool
	Staff                                            wecom.StaffID
	Staffs                                           []wecom.StaffID
	Departments                                      []int
	Customer                                         wecom.ExternalUserID
	Customers                                        []wecom.ExternalUserID
	Text, URL, Title                                 string
	Attach                                           string
}

// with decodes the arguments as A.
func with[A any](f func(ctx context.Context, c *wecom.Client, a A) (any, error)) call {
	return func(ctx context.Context, c *wecom.Client, raw json.RawMessage) (any, error) {
		var a A
		if raw != nil {
			if err := json.Unmarshal(raw, &a); err != nil {
				return nil, err
			}
		}
		return f(ctx, c, a)
	}
}

func codeOf(err error) int {
	if e, ok := errors.AsType[*wecom.Error](err); ok {
		return e.Code
	}
	return 0
}

type ctx = context.Context

var calls = map[string]call{
	"Departments": with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.Departments(x) }),
	"StaffList":   with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.StaffList(x, a.Department, a.Flag) }),
	"StaffIDs":    with(func(x ctx, c *wecom.Client, a args) (any, error) { return two(c.StaffIDs(x, a.Cursor)) }),
	"Staff":       with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.Staff(x, a.Staff) }),
	"FollowUsers": with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.FollowUsers(x) }),
	"CustomerIDs": with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.CustomerIDs(x, a.Staff) }),
	"Customer":    with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.Customer(x, a.Customer, a.Cursor) }),
	"CustomersByStaff": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.CustomersByStaff(x, a.Staffs, a.Cursor, a.Limit))
	}),
	"Remark":         with(func(x ctx, c *wecom.Client, a wecom.RemarkRequest) (any, error) { return nil, c.Remark(x, a) }),
	"CorpTags":       with(func(x ctx, c *wecom.Client, a wecom.TagFilter) (any, error) { return c.CorpTags(x, a) }),
	"AddCorpTags":    with(func(x ctx, c *wecom.Client, a wecom.NewTags) (any, error) { return c.AddCorpTags(x, a) }),
	"EditCorpTag":    with(func(x ctx, c *wecom.Client, a wecom.TagEdit) (any, error) { return nil, c.EditCorpTag(x, a) }),
	"DeleteCorpTags": with(func(x ctx, c *wecom.Client, a wecom.TagFilter) (any, error) { return nil, c.DeleteCorpTags(x, a) }),
	"MarkTags":       with(func(x ctx, c *wecom.Client, a wecom.TagMark) (any, error) { return nil, c.MarkTags(x, a) }),
	"AddContactWay": with(func(x ctx, c *wecom.Client, a wecom.ContactWay) (any, error) {
		id, qr, err := c.AddContactWay(x, a)
		return []string{id, qr}, err
	}),
	"ContactWay": with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.ContactWay(x, a.ID) }),
	"ContactWays": with(func(x ctx, c *wecom.Client, a wecom.ContactWayFilter) (any, error) {
		return two(c.ContactWays(x, a))
	}),
	"UpdateContactWay": with(func(x ctx, c *wecom.Client, a wecom.ContactWay) (any, error) { return nil, c.UpdateContactWay(x, a) }),
	"DeleteContactWay": with(func(x ctx, c *wecom.Client, a args) (any, error) { return nil, c.DeleteContactWay(x, a.ID) }),
	"GroupChats": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.GroupChats(x, wecom.GroupFilter{Owners: a.Staffs}, a.Cursor, a.Limit))
	}),
	"GroupChat":     with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.GroupChat(x, wecom.ChatID(a.ID), a.Flag) }),
	"AddJoinWay":    with(func(x ctx, c *wecom.Client, a wecom.JoinWay) (any, error) { return c.AddJoinWay(x, a) }),
	"JoinWay":       with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.JoinWay(x, a.ID) }),
	"UpdateJoinWay": with(func(x ctx, c *wecom.Client, a wecom.JoinWay) (any, error) { return nil, c.UpdateJoinWay(x, a) }),
	"DeleteJoinWay": with(func(x ctx, c *wecom.Client, a args) (any, error) { return nil, c.DeleteJoinWay(x, a.ID) }),
	"GroupMsgs":     with(func(x ctx, c *wecom.Client, a wecom.GroupMsgFilter) (any, error) { return two(c.GroupMsgs(x, a)) }),
	"GroupMsgTasks": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.GroupMsgTasks(x, a.ID, a.Cursor, a.Limit))
	}),
	"GroupMsgResults": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.GroupMsgResults(x, a.ID, a.Staff, a.Cursor, a.Limit))
	}),
	"KfAccounts":   with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.KfAccounts(x, a.Offset, a.Limit) }),
	"AddKfAccount": with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.AddKfAccount(x, a.Name, a.ID) }),
	"KfServicers":  with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.KfServicers(x, a.Kf) }),
	"AddKfServicers": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return c.AddKfServicers(x, a.Kf, a.Staffs, a.Departments)
	}),
	"KfLink":         with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.KfLink(x, a.Kf, a.Scene) }),
	"SyncKfMessages": with(func(x ctx, c *wecom.Client, a wecom.SyncKfRequest) (any, error) { return c.SyncKfMessages(x, a) }),
	"KfServiceState": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.KfServiceState(x, a.Kf, a.Customer))
	}),
	"TransferKfService": with(func(x ctx, c *wecom.Client, a wecom.KfTransfer) (any, error) { return c.TransferKfService(x, a) }),
	"KfCustomers":       with(func(x ctx, c *wecom.Client, a args) (any, error) { return two(c.KfCustomers(x, a.Customers)) }),
	"UploadMedia": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return c.UploadMedia(x, wecom.MediaType(a.Kind), a.Name, []byte(a.Content))
	}),
	"UploadAttachment": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return c.UploadAttachment(x, wecom.AttachmentUse(a.Limit), wecom.MediaType(a.Kind), a.Name, []byte(a.Content))
	}),
	"Moments":   with(func(x ctx, c *wecom.Client, a wecom.MomentFilter) (any, error) { return two(c.Moments(x, a)) }),
	"MomentJob": with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.MomentJob(x, a.ID) }),
	"MomentTasks": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.MomentTasks(x, a.ID, a.Cursor, a.Limit))
	}),
	"MomentRange": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.MomentRange(x, a.ID, a.Staff, a.Cursor, a.Limit))
	}),
	"MomentViewers": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return two(c.MomentViewers(x, a.ID, a.Staff, a.Cursor, a.Limit))
	}),
	"MomentEchoes":   with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.MomentEchoes(x, a.ID, a.Staff) }),
	"DownloadMedia":  with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.DownloadMedia(x, a.ID) }),
	"SendAppMessage": with(func(x ctx, c *wecom.Client, a wecom.AppMessage) (any, error) { return c.SendAppMessage(x, a) }),
	"Agent":          with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.Agent(x) }),
	"JSAPITicket":    with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.JSAPITicket(x) }),
	"AgentTicket":    with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.AgentTicket(x) }),
	"UserByCode":     with(func(x ctx, c *wecom.Client, a args) (any, error) { return c.UserByCode(x, a.Code) }),
	"CallbackIPs":    with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.CallbackIPs(x) }),
	"APIDomainIPs":   with(func(x ctx, c *wecom.Client, _ args) (any, error) { return c.APIDomainIPs(x) }),

	"outreach.SendWelcome": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return nil, outreach.New(c).SendWelcome(x, outreach.WelcomeRequest{Code: a.Code, Text: a.Text, Attachments: attach(a)})
	}),
	"outreach.AddMsgTemplate": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		m := outreach.MassMessage{Kind: wecom.MassKind(a.Kind), Customers: a.Customers, Sender: a.Staff, AllowSelect: a.Flag, Text: a.Text, Attachments: attach(a)}
		if a.ID != "" {
			m.Chats = []wecom.ChatID{wecom.ChatID(a.ID)}
		}
		return outreach.New(c).AddMsgTemplate(x, m)
	}),
	"outreach.RemindGroupMsg": with(func(x ctx, c *wecom.Client, a args) (any, error) { return nil, outreach.New(c).RemindGroupMsg(x, a.ID) }),
	"outreach.CancelGroupMsg": with(func(x ctx, c *wecom.Client, a args) (any, error) { return nil, outreach.New(c).CancelGroupMsg(x, a.ID) }),
	"outreach.AddMomentTask": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		m := outreach.MomentRequest{Text: a.Text, Staff: a.Staffs, Attachments: attach(a)}
		if a.Attach == "link" {
			m.Attachments = []outreach.Attachment{outreach.MomentLink{Title: a.Title, URL: a.URL, MediaID: "MEDIA1"}}
		}
		if a.ID != "" {
			m.Tags = []string{a.ID}
		}
		return outreach.New(c).AddMomentTask(x, m)
	}),
	"outreach.CancelMoment": with(func(x ctx, c *wecom.Client, a args) (any, error) { return nil, outreach.New(c).CancelMoment(x, a.ID) }),
	"outreach.SendKf": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return outreach.New(c).SendKf(x, outreach.KfMessage{To: a.Customer, Kf: a.Kf, MsgID: a.ID, Content: say(a)})
	}),
	"outreach.SendKfOnEvent": with(func(x ctx, c *wecom.Client, a args) (any, error) {
		return outreach.New(c).SendKfOnEvent(x, outreach.KfEventMessage{Code: a.Code, MsgID: a.ID, Content: say(a)})
	}),
}

// two makes one value of a page and its cursor.
func two[A, B any](a A, b B, err error) (any, error) { return []any{a, b}, err }

// attach builds the attachments that Attach names, in its order.
func attach(a args) []outreach.Attachment {
	var list []outreach.Attachment
	for _, kind := range a.Attach {
		switch kind {
		case 'i':
			list = append(list, outreach.Image{MediaID: "MEDIA1"})
		case 'l':
			list = append(list, outreach.Link{Title: a.Title, URL: a.URL})
		case 'm':
			list = append(list, outreach.MiniProgram{Title: a.Title, PicMediaID: "MEDIA2", AppID: "wx0000000000000001", Page: "pages/index"})
		case 'v':
			list = append(list, outreach.Video{MediaID: "MEDIA3"})
		case 'f':
			list = append(list, outreach.File{MediaID: "MEDIA4"})
		}
	}
	return list
}

func say(a args) outreach.KfContent {
	switch a.Attach {
	case "i":
		return outreach.KfImage{MediaID: "MEDIA1"}
	case "f":
		return outreach.KfFile{MediaID: "MEDIA4"}
	case "l":
		return outreach.KfLink{Title: a.Title, URL: a.URL, ThumbMediaID: "MEDIA1"}
	case "m":
		return outreach.KfMiniProgram{AppID: "wx0000000000000001", Title: a.Title, ThumbMediaID: "MEDIA1", Page: "pages/index.html"}
	case "menu":
		return outreach.KfMenu{Head: a.Title, Tail: a.Text, Rows: []outreach.KfMenuRow{
			{Click: &outreach.KfMenuClick{ID: "join", Content: "进群"}},
			{View: &outreach.KfMenuView{URL: a.URL, Content: "看看"}},
			{Text: &outreach.KfText{Content: "或者直接说"}},
		}}
	}
	return outreach.KfText{Content: a.Text}
}
