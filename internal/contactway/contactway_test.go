package contactway_test

import (
	"bytes"
	"image/png"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/tag"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/sandbox"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, field string
		c           contactway.Contactway
	}{
		{"one member", "", contactway.Contactway{Name: "a", StaffIDs: []string{"S01"}}},
		{"one department", "", contactway.Contactway{Name: "a", Departments: []int{1}, Remark: strings.Repeat("字", 30)}},
		{"no name", "name", contactway.Contactway{StaffIDs: []string{"S01"}}},
		{"nobody", "staff", contactway.Contactway{Name: "a"}},
		{"too many", "staff", contactway.Contactway{Name: "a", StaffIDs: make([]string, 60), Departments: make([]int, 41)}},
		{"a remark too long", "remark", contactway.Contactway{Name: "a", StaffIDs: []string{"S01"}, Remark: strings.Repeat("字", 31)}},
	} {
		field := ""
		if err := tt.c.Validate(); err != nil {
			if field = "?"; errs.KindOf(err) == errs.Invalid {
				field = err.(*errs.Error).Field //nolint:errorlint // Validate wraps nothing
			}
		}
		if field != tt.field {
			t.Errorf("%s: refused because of %q, want %q", tt.name, field, tt.field)
		}
	}
}

func TestWhatWeComRefusesIsNotStored(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		if _, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "坏", StaffIDs: []string{"nobody"}}); errs.KindOf(err) != errs.Conflict {
			t.Fatalf("made a code to nobody: %v", err)
		}
		if n, err := p.Contactway.Count(t.Context(), ""); err != nil || n != 0 {
			t.Fatalf("%d codes are stored, %v", n, err)
		}
		way, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S01"}, Remark: "一号"})
		if err != nil {
			t.Fatal(err)
		}
		bad := way
		bad.StaffIDs, bad.Name = []string{"nobody"}, "别的"
		if _, err := p.Contactway.Update(t.Context(), bad); errs.KindOf(err) != errs.Conflict {
			t.Fatalf("changed a code to nobody: %v", err)
		}
		p.Box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/del_contact_way", HTTPStatus: 502}}})
		if err := p.Contactway.Delete(t.Context(), way.ID); errs.KindOf(err) != errs.Unavailable {
			t.Fatalf("deleted without an answer: %v", err)
		}
		stored, err := p.Contactway.Get(t.Context(), way.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(way, stored); d != "" {
			t.Fatalf("what was refused changed the code (-want +got):\n%s", d)
		}
	})
}

func TestALifeOfACode(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		group, err := p.Tags.Add(t.Context(), "", "渠道", []string{"收银台来的"})
		if err != nil {
			t.Fatal(err)
		}
		way, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S01"}, TagIDs: []string{group.Tags[0].ID}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "100%_A", StaffIDs: []string{"S02"}}); err != nil {
			t.Fatal(err)
		}
		way.Name, way.StaffIDs = "收银台二", []string{"S01", "S02"}
		if way, err = p.Contactway.Update(t.Context(), way); err != nil {
			t.Fatal(err)
		}
		scan := p.Act("scan_contact_way", map[string]any{"config_id": way.ConfigID})
		customer := scan["customer"].(string)
		var tagged []tag.Group
		apptest.Eventually(t, "the code's tag", func() bool {
			if tagged, err = p.Tags.Groups(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			for _, g := range tagged {
				if g.ID == group.ID {
					return g.Tags[0].Customers == 1
				}
			}
			return false
		})
		if err := p.Box.Advance(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		owner := p.Token(auth.NewToken{Role: auth.Owner, Scope: web.All})
		id := strconv.FormatInt(way.ID, 10)
		webtest.Run(
			t, p.API,
			webtest.Scenario{Name: "it counts who came", As: owner, Path: "/contactways/" + id, Status: 200, Has: []string{`"customers":1`, "收银台二", "收银台来的", way.State}},
			webtest.Scenario{Name: "the search counts what it finds", As: owner, Path: "/contactways?q=%25_a", Status: 200, Has: []string{`"total":1`, "100%_A"}, Not: []string{"收银台"}},
			webtest.Scenario{Name: "the customer shows it", As: owner, Path: "/customers/" + customer, Status: 200, Has: []string{`"channel":{"id":"` + id}},
		)
		status, answer := webtest.Do(t, p.API.Handler(), webtest.Scenario{As: owner, Path: "/contactways/" + id + "/qr.png?size=200"})
		body := []byte(answer[max(0, strings.Index(answer, "\x89PNG")):])
		picture, err := png.DecodeConfig(bytes.NewReader(body))
		if status != http.StatusOK || err != nil || picture.Width != 200 || picture.Height != 200 || !strings.Contains(answer, "image/png") {
			t.Fatalf("the picture: %d, %+v, %v", status, picture, err)
		}
		for range 2 { // the second time WeCom knows it no more
			if err := p.Contactway.Delete(t.Context(), way.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := p.Contactway.Count(t.Context(), ""); err != nil || n != 1 {
			t.Fatalf("%d codes are left, %v", n, err)
		}
		webtest.Run(t, p.API, webtest.Scenario{
			Name: "the customer keeps the source", As: owner, Path: "/customers/" + customer, Status: 200, Has: []string{`"channel":{"id":"` + id, "收银台二"},
		})
		if err := p.Contactway.Delete(t.Context(), 7); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("deleted what never was: %v", err)
		}
	})
}
