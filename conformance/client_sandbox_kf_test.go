package conformance

import (
	"errors"
	"fmt"
	"testing"

	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/outreach"
)

// TestStoryOfAKfTalk: a customer asks, gets five answers and no sixth, is
// handed to a person, and then the API may say no more.
func TestStoryOfAKfTalk(t *testing.T) {
	t.Parallel()
	s := newStand(t, sandbox.Options{Staff: 5, Customers: 20, Groups: 2, Paused: true}, 0)
	c, x := s.client, t.Context()
	accounts, err := c.KfAccounts(x, 0, 100)
	if err != nil || len(accounts) == 0 {
		t.Fatalf("%d accounts, %v", len(accounts), err)
	}
	kf := accounts[0].ID
	if link, err := c.KfLink(x, kf, "poster_01"); err != nil || link == "" {
		t.Errorf("link %q, %v", link, err)
	}
	servicers, err := c.KfServicers(x, kf)
	if err != nil || len(servicers) == 0 {
		t.Fatalf("%d servicers, %v", len(servicers), err)
	}
	asked := s.act(t, `{"act":"customer_says","kf":"`+kf+`","text":"我要进群"}`)
	customer := wecom.ExternalUserID(fmt.Sprint(asked["customer"]))
	var said *wecom.KfSaid
	for in := (wecom.SyncKfRequest{Kf: kf}); ; {
		page, err := c.SyncKfMessages(x, in)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Messages {
			if m := &page.Messages[i]; m.Customer == customer && m.Text != nil && m.Text.Content == "我要进群" {
				said = m
			}
		}
		if in.Cursor = page.Next; !page.More {
			break
		}
	}
	if said == nil || said.Origin != wecom.KfFromCustomer || said.SendTime == 0 || said.Kf != kf {
		t.Fatalf("the words did not come: %+v", said)
	}
	known, _, err := c.KfCustomers(x, []wecom.ExternalUserID{customer})
	if err != nil || len(known) != 1 || known[0].Nickname == "" {
		t.Errorf("customers %+v, %v", known, err)
	}
	out := outreach.New(c)
	for i := range 6 {
		id := fmt.Sprintf("zy_%d", i)
		got, err := out.SendKf(x, outreach.KfMessage{To: customer, Kf: kf, MsgID: id, Content: outreach.KfText{Content: "好的"}})
		switch {
		case i < 5 && (err != nil || got != id):
			t.Errorf("answer %d: %q, %v", i+1, got, err)
		case i == 5 && !errors.Is(err, wecom.ErrKfMessageLimit):
			t.Errorf("a sixth answer: %v", err)
		}
	}
	if _, err := c.TransferKfService(x, wecom.KfTransfer{Kf: kf, Customer: customer, State: wecom.KfPool}); err != nil {
		t.Fatal(err)
	}
	if state, _, err := c.KfServiceState(x, kf, customer); err != nil || state != wecom.KfPool {
		t.Errorf("state %d, %v", state, err)
	}
	s.act(t, `{"act":"customer_says","kf":"`+kf+`","customer":"`+string(customer)+`","text":"还在吗"}`)
	_, err = out.SendKf(x, outreach.KfMessage{To: customer, Kf: kf, MsgID: "zy_late", Content: outreach.KfText{Content: "在"}})
	if !errors.Is(err, wecom.ErrKfState) {
		t.Errorf("words in state 2: %v", err)
	}
	answers := 0
	for _, d := range s.Deliveries(0) {
		if d.Kind == "kf" && d.Customer == string(customer) {
			answers++
		}
	}
	if answers != 5 {
		t.Errorf("%d answers reached the customer, want 5", answers)
	}
}
