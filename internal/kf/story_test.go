package kf_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/joinway"
	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/sandbox"
)

const (
	unmatched = "没太明白您的意思，可以换个说法再问一次，或者回复“人工”找人工客服，回复“投诉”由专人处理。"
	handoff   = "好的，正在为您转接人工客服，请稍等。"
)

func TestAKeywordIsAnsweredOnceAlsoWhenWeComTellsTwice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		n.box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{Duplicate: 1}})
		n.rule(autoreply.Rule{Name: "营业时间", Patterns: contains("几点"), Answer: text("每天 10:00–22:00。")})
		account, customer := n.says("", "", "你们几点关门")
		n.quiet()
		if err := n.kf.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.quiet()
		if diff := cmp.Diff([]string{"每天 10:00–22:00。"}, n.delivered(customer)); diff != "" {
			t.Fatalf("the customer got (-want +got):\n%s", diff)
		}
		v := n.session(customer)
		if v.State != kf.Bot || v.AccountID != account || v.WeComState != 1 || v.Sent != 1 || v.CustomerName == "" {
			t.Fatalf("conversation %+v", v)
		}
		list, _, err := n.kf.Messages(t.Context(), v.ID, 0, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0].Text != "你们几点关门" || list[0].Origin != kf.FromCustomer || list[1].State != kf.Sent || list[1].RuleID == 0 || list[1].TouchID == 0 {
			t.Fatalf("messages %+v", list)
		}
	})
}

func TestEmptyPagesAreNotTheEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		if err := n.box.SetSwitch("kf.empty_pages", "on"); err != nil {
			t.Fatal(err)
		}
		n.rule(autoreply.Rule{Name: "r", Patterns: contains("你好"), Answer: text("在的。")})
		_, customer := n.says("", "", "你好")
		n.quiet()
		if got := n.delivered(customer); len(got) != 1 {
			t.Fatalf("the customer got %q", got)
		}
	})
}

func TestTwoMessagesThatFitNothingAndTheCallForAPersonHandOff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		account, puzzled := n.says("", "", "今天天气")
		n.quiet()
		if v := n.session(puzzled); v.State != kf.Bot || v.Misses != 1 {
			t.Fatalf("after one miss %+v", v)
		}
		n.says(account, puzzled, "还是不懂")
		n.quiet()
		v := n.session(puzzled)
		if v.State != kf.Waiting || v.Reason != kf.ReasonNoMatch || v.WaitingSince == 0 {
			t.Fatalf("after two misses %+v", v)
		}
		if diff := cmp.Diff([]string{unmatched, handoff}, n.delivered(puzzled)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		n.says(account, puzzled, "在吗") // rules are silent now
		n.quiet()
		if got := len(n.delivered(puzzled)); got != 2 {
			t.Fatalf("%d automatic messages while waiting", got)
		}

		_, asking := n.says(account, n.other(puzzled), "人工！")
		n.quiet()
		if v := n.session(asking); v.State != kf.Waiting || v.Reason != kf.ReasonAsked {
			t.Fatalf("after 人工 %+v", v)
		}
	})
}

func TestAPersonAnswersUntilTheWindowLocks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		account, customer := n.says("", "", "转人工")
		n.quiet()
		id := n.session(customer).ID
		write := func(key string) (kf.Message, error) { return n.kf.Write(t.Context(), id, "您好 "+key, key, "S01") }
		first, err := write("a")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := write("a"); err != nil || again.ID != first.ID {
			t.Fatalf("the same key again: %+v, %v", again, err)
		}
		for _, key := range []string{"b", "c", "d"} { // the hand-off's words were the first of five
			if _, err := write(key); err != nil {
				t.Fatal(err)
			}
		}
		_, err = write("e")
		if errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "5 messages") {
			t.Fatalf("the sixth: %v, want the lock", err)
		}
		n.quiet()
		if diff := cmp.Diff([]string{handoff, "您好 a", "您好 b", "您好 c", "您好 d"}, n.delivered(customer)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		v := n.session(customer)
		if v.State != kf.Human || v.AgentID != "S01" || v.Window(n.world.Now()).Left != 0 {
			t.Fatalf("conversation %+v", v)
		}
		if _, err := n.kf.Write(t.Context(), id, "我也来", "x", "S02"); errs.KindOf(err) != errs.Conflict {
			t.Fatalf("a colleague writes into it: %v", err)
		}
		n.says(account, customer, "谢谢")
		n.quiet()
		if v := n.session(customer); !v.Window(n.world.Now()).Open || v.Unread != 1 {
			t.Fatalf("after new words %+v", v)
		}
		n.pass(49 * time.Hour)
		if v := n.session(customer); v.State != kf.Ended || v.Reason != kf.ReasonWindow {
			t.Fatalf("after 49 h %+v", v)
		}
		if _, err := n.kf.Write(t.Context(), id, "还在吗", "y", "S01"); errs.KindOf(err) != errs.Conflict {
			t.Fatalf("after 49 h: %v", err)
		}
	})
}

func TestAKeywordLeadsIntoAGroupWithRoomAndTheJoinIsAttributed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		chats := n.liveChats()
		way, err := n.ways.Create(t.Context(), joinway.Way{Name: "护肤交流群", Rooms: []joinway.Room{{ChatID: chats[0]}, {ChatID: chats[1]}}})
		if err != nil {
			t.Fatal(err)
		}
		n.rule(autoreply.Rule{
			Name: "进群", Patterns: contains("进群"),
			Answer: autoreply.Answer{Kind: autoreply.Joinway, Text: "点这里进群：", JoinwayID: way.ID, As: autoreply.AsPage},
		})
		n.rule(autoreply.Rule{
			Name: "群码", Patterns: contains("群码"), Answer: autoreply.Answer{Kind: autoreply.Joinway, JoinwayID: way.ID, As: autoreply.AsImage},
		})
		account, customer := n.says("", "", "怎么进群")
		n.quiet()
		got := n.delivered(customer)
		if len(got) != 1 || got[0] != "点这里进群：\n"+n.ways.PageURL(way) {
			t.Fatalf("the customer got %q", got)
		}
		page := httptest.NewRecorder()
		n.mux.ServeHTTP(page, httptest.NewRequest(http.MethodGet, strings.TrimPrefix(n.ways.PageURL(way), "https://crm.example.com"), nil))
		if body := page.Body.String(); page.Code != http.StatusOK || !strings.Contains(body, way.Rooms[0].Name) || !strings.Contains(body, way.Page+"/qr.png") {
			t.Fatalf("page %d:\n%s", page.Code, body)
		}
		picture := httptest.NewRecorder()
		n.mux.ServeHTTP(picture, httptest.NewRequest(http.MethodGet, "/p/groups/"+way.Page+"/qr.png", nil))
		if picture.Code != http.StatusOK || picture.Header().Get("Content-Type") != "image/png" {
			t.Fatalf("picture %d %v", picture.Code, picture.Header())
		}

		n.says(account, customer, "群码")
		n.quiet()
		if got := n.delivered(customer); len(got) != 2 {
			t.Fatalf("the customer got %q, want a picture too", got)
		}

		join := n.act(map[string]any{"act": "scan_join_way", "config_id": way.ConfigID, "customer": customer})
		n.pass(5 * time.Second)
		way, err = n.ways.Get(t.Context(), way.ID)
		if err != nil || way.Joined != 1 {
			t.Fatalf("code %+v, %v: want one join", way, err)
		}
		sources, err := n.ways.Sources(t.Context(), []string{way.State})
		if err != nil || sources[way.State].Name != "护肤交流群" {
			t.Fatalf("source %+v, %v", sources, err)
		}
		in, err := n.chats.OfCustomers(t.Context(), []string{customer})
		if err != nil || !inChat(in[customer], join["chat"].(string)) {
			t.Fatalf("groups of the customer %+v, %v, want %v", in, err, join["chat"])
		}
	})
}

func inChat(list []groupchat.Membership, chat string) bool {
	for _, m := range list {
		if m.ChatID == chat {
			return true
		}
	}
	return false
}

func TestWhatWasSaidWhileAwayIsReadFromTheCursorOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := startBox(t)
		n := startNode(t, box, d)
		n.learn()
		n.rule(autoreply.Rule{Name: "r", Patterns: contains("几点"), Answer: text("十点。")})
		account, customer := n.says("", "", "几点开门")
		n.quiet()
		n.stop()
		_ = box.SetCallback("", "", "", "") // nobody is told while we are away
		n.says(account, customer, "那几点关门")
		back := startNode(t, box, d)
		if err := back.kf.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		back.quiet()
		if diff := cmp.Diff([]string{"十点。", "十点。"}, back.delivered(customer)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestTheWeComDeskHandsOverAndShowsWhatIsSaidThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		account, customer := n.says("", "", "在吗")
		n.quiet()
		desk, parting := kf.WeComApp, "感谢咨询，再见。"
		if _, err := n.kf.Configure(t.Context(), account, kf.Setting{Desk: &desk, Parting: &parting}); err != nil {
			t.Fatal(err)
		}
		n.says(account, customer, "人工")
		n.quiet()
		if v := n.session(customer); v.State != kf.Waiting || v.WeComState != 2 {
			t.Fatalf("after the hand-off %+v", v)
		}
		taken := n.act(map[string]any{"act": "servicer_takes", "kf": account, "customer": customer})
		n.act(map[string]any{"act": "servicer_says", "kf": account, "customer": customer, "text": "我来帮您看看"})
		n.quiet()
		v := n.session(customer)
		if v.State != kf.Human || v.WeComState != 3 || v.AgentID == "" || v.LastText != "我来帮您看看" {
			t.Fatalf("after a member took it (%v) %+v", taken, v)
		}
		if _, err := n.kf.Write(t.Context(), v.ID, "控制台也说一句", "k", "S01"); errs.KindOf(err) != errs.Conflict {
			t.Fatalf("writing from the console: %v, want the lock", err)
		}
		n.act(map[string]any{"act": "servicer_ends", "kf": account, "customer": customer})
		n.quiet()
		if v := n.session(customer); v.State != kf.Ended || v.Reason != kf.ReasonWeCom {
			t.Fatalf("after the end %+v", v)
		}
		if diff := cmp.Diff([]string{unmatched, handoff, parting}, n.delivered(customer)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		n.says(account, customer, "又来了") // a new conversation begins, with the rules
		n.quiet()
		if fresh := n.session(customer); fresh.State != kf.Bot || fresh.ID == v.ID {
			t.Fatalf("after new words %+v", fresh)
		}
	})
}

func TestAnEntryIsGreetedAndAFailedMessageSaysWhy(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		accounts, err := n.kf.Accounts(t.Context())
		if err != nil || len(accounts) == 0 {
			t.Fatalf("accounts %+v, %v", accounts, err)
		}
		greeting := "欢迎来到花间集，想问什么？"
		account := accounts[0].ID
		if _, err := n.kf.Configure(t.Context(), account, kf.Setting{Greeting: &greeting}); err != nil {
			t.Fatal(err)
		}
		customer := n.act(map[string]any{"act": "open_kf", "kf": account})["customer"].(string)
		n.quiet()
		if diff := cmp.Diff([]string{greeting}, n.delivered(customer)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if v := n.session(customer); v.Window(n.world.Now()).Open {
			t.Fatalf("the window is open though the customer has not written: %+v", v)
		}
		n.act(map[string]any{"act": "customer_blocks_kf", "kf": account, "customer": customer})
		n.says(account, customer, "你好")
		n.quiet()
		v := n.session(customer)
		list, _, err := n.kf.Messages(t.Context(), v.ID, 0, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			t.Fatalf("no messages in %+v", v)
		}
		last := list[len(list)-1]
		if last.State != kf.Failed || last.Reason.EN != "The customer refuses messages" {
			t.Fatalf("last message %+v", last)
		}
		touches, err := n.gov.Touches(t.Context(), n.box.Ready.CorpID, []int64{last.TouchID})
		if err != nil || len(touches) != 1 {
			t.Fatalf("the ledger's entry: %+v, %v", touches, err)
		}
		// Finality: it was booked as delivered and stays so, with the word that it did not arrive.
		if e := touches[0]; e.State != governance.Delivered && e.State != governance.Committed || e.Reason() != last.Reason {
			t.Errorf("the ledger says %s, %+v", e.State, e.Reason())
		}
	})
}

func TestAMachineOnTheOtherSideGetsAPersonAfterEightAnswers(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	n := startNode(t, startBox(t), d)
	n.learn()
	if err := n.box.SetSpeed(0.1); err != nil { // all within one minute, also on a slow machine
		t.Fatal(err)
	}
	n.rule(autoreply.Rule{Name: "r", Patterns: contains("你好"), Answer: text("您好。")})
	account, customer := n.says("", "", "你好")
	n.quiet()
	for range 9 {
		n.says(account, customer, "你好")
		n.quiet()
	}
	v := n.session(customer)
	if got := len(n.delivered(customer)); got != 9 || v.State != kf.Waiting || v.Reason != kf.ReasonLoop { // eight, and the hand-off's words
		t.Fatalf("%d automatic messages, then %+v", got, v)
	}
}

func TestTenQuestionsAtOnceGetNoMoreThanFiveAnswers(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	n := startNode(t, startBox(t), d)
	n.learn()
	n.rule(autoreply.Rule{Name: "r", Patterns: contains("你好"), Answer: text("您好。")})
	account, customer := n.says("", "", "先不问")
	n.quiet()
	n.box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{Drop: 1}}) // nothing is told until the end
	for range 10 {
		n.says(account, customer, "你好")
	}
	n.box.SetFaults(sandbox.Faults{})
	n.says(account, customer, "你好")
	n.quiet()
	v := n.session(customer)
	list, _, err := n.kf.Messages(t.Context(), v.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.State == kf.Failed {
			t.Fatalf("WeCom refused one: %+v", m)
		}
	}
	if got := len(n.delivered(customer)); got != 1+5 {
		t.Fatalf("%d messages, want the one before and five", got)
	}
}

func TestAnAnswerThatFailsForAMomentIsSentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		n.rule(autoreply.Rule{Name: "r", Patterns: contains("几点"), Answer: text("十点。")})
		n.box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{
			{Match: "*/kf/send_msg", ErrCode: -1, Times: 2}, {Match: "*/kf/sync_msg", ErrCode: 45009, Times: 1},
		}})
		_, customer := n.says("", "", "几点开门")
		n.pass(3 * time.Minute) // three failures, each with its pause
		if diff := cmp.Diff([]string{"十点。"}, n.delivered(customer)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// other is a customer who is not the given one.
func (n *node) other(not ...string) string {
	n.t.Helper()
	for range 50 {
		if c, ok := n.act(map[string]any{"act": "scan_contact_way"})["customer"].(string); ok && !slices.Contains(not, c) {
			return c
		}
	}
	n.t.Fatal("the world has one customer")
	return ""
}

func (n *node) liveChats() []string {
	n.t.Helper()
	var ids []string
	err := n.db.Read().NewRaw("SELECT id FROM groupchat WHERE state = 'live' ORDER BY members, id").Scan(n.t.Context(), &ids)
	if err != nil || len(ids) < 2 {
		n.t.Fatalf("live groups %v, %v", ids, err)
	}
	return ids
}
