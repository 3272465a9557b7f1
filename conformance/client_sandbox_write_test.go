package conformance

import (
	"errors"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/outreach"
)

// TestClientManages writes tags, remarks, codes and app messages and reads
// them back.
func TestClientManages(t *testing.T) {
	t.Parallel()
	s := newStand(t, sandbox.Options{Staff: 5, Customers: 20, Groups: 2, Paused: true}, 0)
	c, x := s.client, t.Context()
	follow, err := c.FollowUsers(x)
	if err != nil {
		t.Fatal(err)
	}
	customers, err := c.CustomerIDs(x, follow[0])
	if err != nil || len(customers) == 0 {
		t.Fatalf("%d customers, %v", len(customers), err)
	}
	group, err := c.AddCorpTags(x, wecom.NewTags{GroupName: "来源 9", Tags: []wecom.NewTag{{Name: "一店"}, {Name: "二店"}}})
	if err != nil || len(group.Tags) != 2 {
		t.Fatalf("%+v, %v", group, err)
	}
	remark := "青柠 07"
	if err := c.Remark(x, wecom.RemarkRequest{Staff: follow[0], Customer: customers[0], Remark: &remark}); err != nil {
		t.Errorf("remark: %v", err)
	}
	if err := c.MarkTags(x, wecom.TagMark{Staff: follow[0], Customer: customers[0], Add: []string{group.Tags[0].ID}}); err != nil {
		t.Errorf("mark: %v", err)
	}
	detail, err := c.Customer(x, customers[0], "")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range detail.Relations {
		for _, tag := range r.Tags {
			found = found || r.Staff == follow[0] && tag.ID == group.Tags[0].ID && r.Remark == remark
		}
	}
	if !found {
		t.Errorf("tag and remark are not there: %+v", detail.Relations)
	}
	if err := c.EditCorpTag(x, wecom.TagEdit{ID: group.Tags[1].ID, Name: "三店"}); err != nil {
		t.Errorf("rename: %v", err)
	}
	if err := c.DeleteCorpTags(x, wecom.TagFilter{GroupIDs: []string{group.ID}}); err != nil {
		t.Errorf("delete tags: %v", err)
	}
	if _, err := c.CorpTags(x, wecom.TagFilter{}); err != nil {
		t.Errorf("list tags: %v", err)
	}
	groups, _, err := c.GroupChats(x, wecom.GroupFilter{}, "", 0)
	if err != nil || len(groups) == 0 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	auto := wecom.Flag(false)
	id, err := c.AddJoinWay(x, wecom.JoinWay{Scene: wecom.SceneQR, State: "kw7", Chats: []wecom.ChatID{groups[0].ID}, AutoCreate: &auto})
	if err != nil {
		t.Fatal(err)
	}
	if way, err := c.JoinWay(x, id); err != nil || way.QRCode == "" || way.State != "kw7" || *way.AutoCreate {
		t.Errorf("join way %+v, %v", way, err)
	}
	if err := c.DeleteJoinWay(x, id); err != nil {
		t.Errorf("delete join way: %v", err)
	}
	if _, err := c.JoinWay(x, id); !errors.Is(err, wecom.ErrConfigID) {
		t.Errorf("a deleted join way: %v", err)
	}
}

// TestStoryOfAMassMessage: made, reminded, confirmed by the member, read back
// for each receiver.
func TestStoryOfAMassMessage(t *testing.T) {
	t.Parallel()
	s := newStand(t, sandbox.Options{Staff: 5, Customers: 20, Groups: 2, Paused: true, Start: time.Date(2026, 3, 2, 10, 0, 0, 0, sandbox.Zone)}, 0)
	c, x := s.client, t.Context()
	follow, err := c.FollowUsers(x)
	if err != nil {
		t.Fatal(err)
	}
	customers, err := c.CustomerIDs(x, follow[0])
	if err != nil || len(customers) < 2 {
		t.Fatalf("%d customers, %v", len(customers), err)
	}
	out := outreach.New(c)
	made, err := out.AddMsgTemplate(x, outreach.MassMessage{Kind: wecom.MassCustomers, Customers: customers[:2], Sender: follow[0], Text: "周末到店有礼"})
	if err != nil || made.MsgID == "" || len(made.Unreachable) != 0 {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := s.Advance(x, time.Minute); err != nil { // until it is handed out
		t.Fatal(err)
	}
	tasks, _, err := c.GroupMsgTasks(x, made.MsgID, "", 0)
	if err != nil || len(tasks) == 0 || tasks[0].Status != wecom.TaskOpen {
		t.Fatalf("tasks %+v, %v", tasks, err)
	}
	if err := out.RemindGroupMsg(x, made.MsgID); err != nil {
		t.Errorf("remind: %v", err)
	}
	if n := len(s.Deliveries(0)); n != 0 {
		t.Errorf("%d deliveries before the member confirmed", n)
	}
	for _, task := range tasks {
		s.act(t, `{"act":"staff_confirms","msgid":"`+made.MsgID+`","staff":"`+string(task.Staff)+`"}`)
	}
	sent := 0
	for _, task := range tasks {
		results, _, err := c.GroupMsgResults(x, made.MsgID, task.Staff, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Status == wecom.ReceiverSent {
				sent++
			}
		}
	}
	if got := s.Deliveries(0); sent != 2 || len(got) != 2 || got[0].Kind != "mass_customer" {
		t.Errorf("%d sent, delivered %+v", sent, got)
	}
	list, _, err := c.GroupMsgs(x, wecom.GroupMsgFilter{Kind: wecom.MassCustomers, Start: s.Now().Add(-time.Hour).Unix(), End: s.Now().Unix(), By: wecom.MassByAll})
	if err != nil || len(list) == 0 || list[0].Text.Content == "" {
		t.Errorf("list %+v, %v", list, err)
	}
	second, err := out.AddMsgTemplate(x, outreach.MassMessage{Kind: wecom.MassCustomers, Customers: customers[:1], Sender: follow[0], Text: "取消的"})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.CancelGroupMsg(x, second.MsgID); err != nil {
		t.Errorf("cancel: %v", err)
	}
	if err := out.RemindGroupMsg(x, second.MsgID); !errors.Is(err, wecom.ErrTaskCancelled) {
		t.Errorf("remind what is cancelled: %v", err)
	}
}
