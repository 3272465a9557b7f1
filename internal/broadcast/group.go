package broadcast

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// What is different when a mass message goes to groups: the receivers are rooms, the owner of a room is the only one who can send
// there, and WeCom tells only of rooms that were sent to.

const (
	codeLeftOut   = "wecom.left_out"
	codeUnplanned = "wecom.unplanned"
	// maxChats is how many groups one audience may name.
	maxChats = 500
)

var (
	reasonLeftOut = errs.T("群主确认时没有选这个群，群里没有收到。", "The owner left this group out when confirming; the group got nothing.")
	// Clients before 4.1.10 do not keep to the list of groups. Official page: document/path/92135.
	reasonUnplanned = errs.T("这个群不在名单里，是群主确认时自己加上的；照实记账。", "This group was not on the list; its owner added it when confirming. It is booked as it happened.")
)

// channel is the way a mass message takes.
func (w Words) channel() governance.Channel { return channelOf(w.Kind) }

func channelOf(k Kind) governance.Channel {
	if k == ToGroups {
		return governance.MassGroup
	}
	return governance.MassCustomer
}

// check says what in an audience does not fit its kind.
func (a Audience) check(k Kind) error {
	switch k {
	case ToGroups:
		if len(a.Tags) > 0 || len(a.ExcludeTags) > 0 {
			return errs.Bad("audience.tags", "broadcast.group_tags", errs.T("标签是客户的，不能用来选客户群。请按群主或群来选。",
				"Tags are of customers; groups are chosen by owner or one by one."))
		}
		if len(a.Chats) > maxChats || len(a.ExcludeChats) > maxChats {
			return errs.Bad("audience.chats", "broadcast.too_many_groups", errs.Tf("最多点选 %d 个群；要更多，请按群主选。",
				"At most %d groups one by one; choose more by their owners.", maxChats))
		}
	case ToCustomers, "":
		if len(a.Chats) > 0 || len(a.ExcludeChats) > 0 || a.ChatName != "" {
			return errs.Bad("audience.chats", "broadcast.customer_chats", errs.T("发给客户的群发不按群选；要发到群里，请换成「客户群」。",
				"A mass message to customers is not chosen by groups; switch to “customer groups” to send into them."))
		}
	default:
		return errs.Bad("kind", "broadcast.kind", errs.T("只能发给客户（customer）或客户群（group）。", "It goes to customers (customer) or to customer groups (group)."))
	}
	return nil
}

// groups are the groups of an audience within a data scope (owners; nil = all), with their owners.
func (s *Service) groups(ctx context.Context, a Audience, scope []string) ([]customer.Member, error) {
	q, err := s.query(ctx, a, scope)
	if err != nil {
		return nil, err
	}
	rooms, err := s.Groups(ctx, groupchat.RoomQuery{Owners: q.StaffIDs, Chats: a.Chats, Exclude: a.ExcludeChats, Name: a.ChatName})
	if err != nil {
		return nil, err
	}
	out := make([]customer.Member, len(rooms))
	for i, r := range rooms {
		out[i] = customer.Member{CustomerID: r.ID, StaffID: r.OwnerID}
	}
	return out, nil
}

// planGroups says what a message to groups would do now, and how many customers are in those it would reach.
func (s *Service) planGroups(ctx context.Context, r governance.Request, members []customer.Member) (governance.Preview, int, error) {
	p, reached, err := s.Governor.PreviewRooms(ctx, r, recipients(members))
	if err != nil {
		return p, 0, err
	}
	people, err := s.People(ctx, reached)
	return p, people, err
}

// aim makes a request one for a receiver of a mass message.
func aim(r *governance.Request, b *Broadcast, m customer.Member) {
	r.Key, r.StaffID = touchKey(b.ID, m.CustomerID), m.StaffID
	if b.Kind == ToGroups {
		r.ChatID = m.CustomerID
	} else {
		r.CustomerID = m.CustomerID
	}
}

// receiverOf is whom a result of WeCom is about.
func receiverOf(r wecom.GroupMsgResult) string {
	if r.Chat != "" {
		return string(r.Chat)
	}
	return string(r.Customer)
}

// rowsOf are the receivers that a page of results is about, by id. The owner of groups may have chosen others than those of the
// task: of one to groups, every receiver of the message counts.
func (s *Service) rowsOf(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task, page []wecom.GroupMsgResult) (map[string]*Receiver, error) {
	var rows []*Receiver
	var err error
	if b.Kind != ToGroups {
		rows, err = s.receiversOfTask(ctx, tx, t.ID)
	} else {
		ids := make([]string, len(page))
		for i, r := range page {
			ids[i] = receiverOf(r)
		}
		rows, err = s.receiversNamed(ctx, tx, b.ID, ids)
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]*Receiver, len(rows))
	for _, r := range rows {
		out[r.CustomerID] = r
	}
	return out, nil
}

// unplanned books groups that got the message although nobody planned it: their owner's client let them choose.
func (s *Service) unplanned(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task, page []wecom.GroupMsgResult, known map[string]*Receiver) error {
	if b.Kind != ToGroups {
		return nil
	}
	w, err := s.words(b)
	if err != nil {
		return err
	}
	var rows []*Receiver
	for _, m := range page {
		id := receiverOf(m)
		if m.Status != wecom.ReceiverSent || id == "" || known[id] != nil {
			continue
		}
		at := clock.Unix(m.SendTime)
		req := s.request(b.ID, b.SubmittedBy, w, 1)
		aim(&req, b, customer.Member{CustomerID: id, StaffID: string(m.Staff)})
		if err := s.Governor.Observe(ctx, tx, req, at); err != nil {
			return err
		}
		touchID, err := s.Governor.TouchOf(ctx, tx, s.CorpID, req.Key)
		if err != nil {
			return err
		}
		rows = append(rows, &Receiver{
			CorpID: s.CorpID, BroadcastID: b.ID, CustomerID: id, StaffID: string(m.Staff), TaskID: t.ID, TouchID: touchID, State: Delivered,
			RuleID: codeUnplanned, ReasonZh: reasonUnplanned.ZH, ReasonEn: reasonUnplanned.EN, SentAt: at,
		})
	}
	if len(rows) == 0 {
		return nil
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	_, err = db.InsertAlike(ctx, tx, rows, "")
	return err
}

// silence is what it means that WeCom says nothing of a receiver after its member has confirmed.
func silence(k Kind) outcome {
	if k == ToGroups { // only groups that were sent to are told
		return outcome{state: Unconfirmed, rule: codeLeftOut, reason: reasonLeftOut}
	}
	return outcome{state: Lost, rule: codeSilent, reason: reasonSilent}
}

// observedKinds are the mass messages that members make on their own.
func observedKinds() []wecom.MassKind { return []wecom.MassKind{wecom.MassCustomers, wecom.MassGroups} }

// observed is what a member's own message to one receiver is booked as.
func (s *Service) observed(m wecom.GroupMsg, r wecom.GroupMsgResult) governance.Request {
	id := receiverOf(r)
	req := governance.Request{
		CorpID: s.CorpID, Key: fmt.Sprint("member/", m.ID, "/", id), CustomerID: string(r.Customer), ChatID: string(r.Chat), StaffID: string(r.Staff),
		Channel: governance.MassCustomer, Class: governance.Marketing, CampaignID: "member/" + m.ID, Texts: []string{m.Text.Content},
		By: string(r.Staff), Reason: "a member's own mass message",
	}
	if r.Chat != "" {
		req.Channel, req.CustomerID = governance.MassGroup, ""
	}
	return req
}

// massMost is how many receivers one task takes.
func massMost(k Kind) int {
	if k == ToGroups {
		return outreach.MassMostGroups
	}
	return outreach.MassMost
}
