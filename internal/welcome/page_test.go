package welcome_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/welcome"
)

// A welcome brings the customer their own link to the history page; the ledger keeps the words without it.
func TestAWelcomeLinksToTheHistoryPage(t *testing.T) {
	t.Parallel()
	p := greeter(t, "", nil)
	w := welcome.Welcome{Name: "带历史页", Text: "{客户}你好。\n以前的内容：{历史页}", Enabled: true, Priority: 9}
	var e *errs.Error
	if _, err := p.Welcomes.Save(t.Context(), w); !errors.As(err, &e) || e.Code != "outreach.no_page" || e.Field != "text" {
		t.Fatalf("without an open page: %v", err)
	}
	if _, err := p.Moments.OpenPage(t.Context(), "", "花间集", "S01"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Welcomes.Save(t.Context(), w); !errors.As(err, &e) || e.Code != "outreach.no_url" {
		t.Fatalf("without an address that customers reach: %v", err)
	}
	p.Config.PublicURL = p.URL
	p.Outreach.Page = func(ctx context.Context, customerID, staffID string) (string, error) {
		path, err := p.Moments.LinkTo(ctx, customerID, staffID)
		return p.URL + path, err
	}
	if _, err := p.Welcomes.Save(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	who := p.Act("scan_contact_way", nil)["customer"]
	expect(t, p, who, "sent")
	text := greetings(p, who)[0]
	link := regexp.MustCompile(`http\S+/p/moments/\S+\?k=\S+`).FindString(text)
	if link == "" || strings.Contains(text, "{") {
		t.Fatalf("the customer got %q", text)
	}
	var kept string
	if err := p.DB.Read().NewRaw("SELECT texts FROM touch WHERE customer_id = ? AND channel = 'welcome'", who).Scan(t.Context(), &kept); err != nil || strings.Contains(kept, "?k=") || !strings.Contains(kept, "{历史页}") {
		t.Errorf("the ledger keeps %q, %v", kept, err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Jar: jar}).Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), "管理我收到的消息") {
		t.Errorf("the link shows %s, %v", body, err)
	}
}
