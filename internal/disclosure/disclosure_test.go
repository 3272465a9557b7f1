package disclosure

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// shop is a room with customers wm001 .. wm009 of S01 and wm101 .. of S02.
type shop struct {
	*Service
	world     *clock.Manual
	customers *customer.Service
	assessed  *bool // the register has an assessment for every receiver
}

func open(t *testing.T, d *db.DB, own, others int) *shop {
	t.Helper()
	world, assessed := clock.NewManual(noon), true
	customers := customer.New(customer.Config{DB: d, World: world, Zone: time.UTC, CorpID: webtest.CorpID})
	var snapshots []customer.Snapshot
	for i := range own + others {
		id, staff := fmt.Sprintf("wm%03d", i+1), "S01"
		if i >= own {
			id, staff = fmt.Sprintf("wm%03d", 101+i-own), "S02"
		}
		snapshots = append(snapshots, customer.Snapshot{
			Person:   customer.Person{ID: id, Name: "青柠 " + id, Kind: customer.WeChat},
			Relation: customer.Relation{CustomerID: id, StaffID: staff, AddedAt: clock.At(noon.Add(-time.Duration(i) * time.Hour)), AddWay: 1},
		})
	}
	snapshots[0].Person.Name = "=HYPERLINK(1)"
	if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return customers.StoreTx(ctx, tx, snapshots) }); err != nil {
		t.Fatal(err)
	}
	s := New(Config{
		DB: d, World: world, Zone: time.UTC, CorpID: webtest.CorpID, Key: bytes.Repeat([]byte{7}, 32), Customers: customers.Exporter(around()),
		Assessed: func(_ context.Context, kind Kind, _ bool) (governance.Assessed, error) {
			k := governance.AssessedKind{ID: string(kind), Name: errs.T("共享", "sharing")}
			if !assessed {
				return governance.Assessed{Kinds: []governance.AssessedKind{k}, Missing: []governance.AssessedKind{k}}, nil
			}
			return governance.Assessed{Kinds: []governance.AssessedKind{k}, Numbers: []string{"PIA-2026-001"}}, nil
		},
		Known: func(ctx context.Context, ids []string) ([]string, error) {
			return customers.IDs(ctx, customer.Filter{IDs: ids, Scope: scopeOf(ctx)}, len(ids))
		},
	})
	return &shop{s, world, customers, &assessed}
}

func scopeOf(ctx context.Context) []string {
	if who := web.Caller(ctx); who.Scope == web.Own && who.StaffID != "" {
		return []string{who.StaffID}
	}
	return nil
}

func around() customer.Neighbours {
	names := func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = "=" + id
		}
		return out, nil
	}
	return customer.Neighbours{
		Scope: func(ctx context.Context) ([]string, error) { return scopeOf(ctx), nil }, Staff: names, Tags: names,
		Channels: func(context.Context, []string) (map[string]customer.Named, error) { return nil, nil },
		Budgets: func(context.Context, []string) (map[string]customer.Budget, map[string]customer.OptOut, error) {
			return nil, nil, nil
		},
		Groups: func(context.Context, []string) (map[string][]customer.Group, error) { return nil, nil },
	}
}

func handler(until string) NewReceiver {
	return NewReceiver{
		Name: "青禾会员服务有限公司", Kind: Handler, Contract: "HT-2026-8", ContractUntil: until, DataKinds: "微信昵称、标签", Purpose: "联名会员卡的权益",
		Consent: "我同意把昵称和标签提供给青禾会员服务有限公司（400-000）用于联名会员卡",
	}
}

func (s *shop) register(t *testing.T, n NewReceiver) *Receiver {
	t.Helper()
	r, err := s.Register(t.Context(), "admin", n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *shop) file(t *testing.T, ctx context.Context, id int64, by string) [][]string {
	t.Helper()
	_, write, err := s.Fetch(ctx, id, by)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(b.String(), "\xef\xbb\xbf")
	if !ok {
		t.Fatal("no mark by which spreadsheets read UTF-8")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func idsIn(rows [][]string) (out []string) {
	for _, r := range rows[1:] {
		out = append(out, r[0])
	}
	return out
}

func wants(t *testing.T, err error, field, code string) {
	t.Helper()
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Field != field || e.Code != code {
		t.Fatalf("%v, want %s at %q", err, code, field)
	}
}

// A file carries who took it when in each line, holds exactly who stands on record, and runs nothing in a spreadsheet.
func TestAnExportSaysForWhatAndWhomAndCarriesItsMark(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 3, 2)
		_, err := s.Make(t.Context(), "admin", NewExport{Purpose: " "})
		wants(t, err, "purpose", "disclosure.words")
		_, err = s.Make(t.Context(), "admin", NewExport{Purpose: "给店里回访", Query: "source=x"})
		wants(t, err, "query", "export.query")
		e, err := s.Make(t.Context(), "admin", NewExport{Purpose: "给店里回访", Query: "staff=S01&sort=name"})
		if err != nil || e.State != Ready || e.Size != 3 || e.LeftOut != 0 {
			t.Fatalf("%+v, %v", e, err)
		}
		if sent, err := s.Sent(t.Context(), e.ID); err != nil || len(sent) != 0 {
			t.Fatalf("before anybody fetched it: %v, %v", sent, err)
		}
		rows := s.file(t, t.Context(), e.ID, "admin")
		m := mark(s.Key, e.ID)
		if diff := cmp.Diff(rows, [][]string{
			{"id", "name", "added_at", "staff", "source", "channel", "tags", "export_id", "exported_by"},
			{"wm001", "'=HYPERLINK(1)", "2026-11-24T12:00:00Z", "'=S01", "扫描二维码", "", "", m, "admin 2026-11-24 12:00"},
			{"wm002", "青柠 wm002", "2026-11-24T11:00:00Z", "'=S01", "扫描二维码", "", "", m, "admin 2026-11-24 12:00"},
			{"wm003", "青柠 wm003", "2026-11-24T10:00:00Z", "'=S01", "扫描二维码", "", "", m, "admin 2026-11-24 12:00"},
		}); diff != "" {
			t.Fatal(diff)
		}
		if id, ok := s.ExportOf(m); !ok || id != e.ID {
			t.Fatalf("the mark leads to %d", id)
		}
		if _, ok := markOf(s.Key, m[:len(m)-1]+"x"); ok {
			t.Fatal("a mark that was made up leads somewhere")
		}
		sent, err := s.SentBy(t.Context(), "admin", clock.At(noon), clock.At(noon)+1)
		if err != nil || len(sent) != 3 || sent["wm002"] != clock.At(noon) {
			t.Fatalf("who was taken out: %v, %v", sent, err)
		}
		_, _, err = s.Fetch(t.Context(), e.ID, "S02")
		wants(t, err, "", "export.not_yours")
		s.world.Advance(7 * 24 * time.Hour)
		_, _, err = s.Fetch(t.Context(), e.ID, "admin")
		wants(t, err, "", "export.over")
	})
}

// What one person takes out in a day beyond the limit waits for another, also in parts; a token never waits: it is refused.
func TestManyNeedASecondPerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 3, 2)
		if err := s.SetLimit(t.Context(), "admin", 4); err != nil {
			t.Fatal(err)
		}
		export := func(by, query string) (*Export, error) {
			return s.Make(t.Context(), by, NewExport{Purpose: "给店里回访", Query: query})
		}
		first, err := export("M01", "staff=S01")
		if err != nil || first.State != Ready {
			t.Fatalf("%+v, %v", first, err)
		}
		second, err := export("M01", "staff=S02")
		if err != nil || second.State != Waiting {
			t.Fatalf("the second part of the same day: %+v, %v", second, err)
		}
		_, _, err = s.Fetch(t.Context(), second.ID, "M01")
		wants(t, err, "", "export.not_ready")
		_, err = s.Decide(t.Context(), second.ID, "M01", true, 2, "")
		wants(t, err, "", "export.own_approval")
		_, err = s.Decide(t.Context(), second.ID, "admin", true, 5, "")
		wants(t, err, "", "export.size")
		if n, err := s.WaitingFor(t.Context(), "admin"); err != nil || n != 1 {
			t.Fatalf("%d wait for admin, %v", n, err)
		}
		if _, err = s.Decide(t.Context(), second.ID, "admin", true, 2, ""); err != nil {
			t.Fatal(err)
		}
		if got := idsIn(s.file(t, t.Context(), second.ID, "M01")); !slices.Equal(got, []string{"wm101", "wm102"}) {
			t.Fatalf("the file holds %v", got)
		}
		all, err := export("M02", "")
		if err != nil || all.State != Waiting {
			t.Fatalf("%+v, %v", all, err)
		}
		_, err = s.Decide(t.Context(), all.ID, "admin", false, 0, "")
		wants(t, err, "note", "disclosure.words")
		if all, err = s.Decide(t.Context(), all.ID, "admin", false, 0, "说不清用途"); err != nil || all.State != Refused {
			t.Fatalf("%+v, %v", all, err)
		}
		_, _, err = s.Fetch(t.Context(), all.ID, "M02")
		wants(t, err, "", "export.not_ready")
		_, err = export("token:crm", "")
		wants(t, err, "", "export.token")
		if few, err := export("token:crm", "staff=S01"); err != nil || few.State != Ready {
			t.Fatalf("a token within the limit: %+v, %v", few, err)
		}
		if err := s.SetLimit(t.Context(), "admin", 100); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Limit(t.Context(), d.Read()); err != nil || n != 4 {
			t.Fatalf("who raises the limit takes out more at once: %d, %v", n, err)
		}
		s.world.Advance(24*time.Hour + time.Second)
		if n, err := s.Limit(t.Context(), d.Read()); err != nil || n != 100 {
			t.Fatalf("a day later it is %d, %v", n, err)
		}
	})
}

// To another handler go only those whose consent to it holds, at the moment they go; to one that is not on record, or no more, nobody.
func TestAHandlerGetsOnlyWhoConsentedToIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 4, 0)
		*s.assessed = false
		_, err := s.Register(t.Context(), "admin", handler("2027-01-31"))
		wants(t, err, "kind", "assessment.missing")
		*s.assessed = true
		_, err = s.Register(t.Context(), "admin", handler("2026-11-23"))
		wants(t, err, "contract_until", "receiver.past")
		bare := handler("2027-01-31")
		bare.Consent = ""
		_, err = s.Register(t.Context(), "admin", bare)
		wants(t, err, "consent", "disclosure.words")
		r := s.register(t, handler("2027-01-31"))
		_, err = s.Register(t.Context(), "admin", handler("2027-01-31"))
		wants(t, err, "name", "receiver.known")
		entrusted := handler("2027-01-31")
		entrusted.Kind, entrusted.Consent = Entrusted, ""
		helper := s.register(t, entrusted)

		export := func(to int64) (*Export, error) {
			return s.Make(t.Context(), "admin", NewExport{ReceiverID: to, Purpose: "发联名会员卡"})
		}
		_, err = export(77)
		wants(t, err, "receiver_id", "export.receiver")
		_, err = export(r.ID)
		wants(t, err, "receiver_id", "export.no_consent")
		_, err = s.NoteConsents(t.Context(), helper.ID, "S01", []string{"wm001"}, "到店签的字")
		wants(t, err, "", "receiver.needs_none")
		_, err = s.NoteConsents(t.Context(), r.ID, "S01", []string{"wm001", "wm999"}, "到店签的字")
		wants(t, err, "customers", "receiver.customer")
		for _, want := range []int{2, 0} {
			if n, err := s.NoteConsents(t.Context(), r.ID, "S01", []string{"wm003", "wm001", "wm003"}, "到店签的字"); err != nil || n != want {
				t.Fatalf("%d new, %v", n, err)
			}
		}
		e, err := export(r.ID)
		if err != nil || e.Size != 2 || e.LeftOut != 2 {
			t.Fatalf("%+v, %v", e, err)
		}
		if whole, err := export(helper.ID); err != nil || whole.Size != 4 || whole.LeftOut != 0 {
			t.Fatalf("to who processes for us: %+v, %v", whole, err)
		}
		if err := s.EndConsent(t.Context(), r.ID, "wm003", "S01"); err != nil {
			t.Fatal(err)
		}
		if got := idsIn(s.file(t, t.Context(), e.ID, "admin")); !slices.Equal(got, []string{"wm001"}) {
			t.Fatalf("after a consent was taken back the file holds %v", got)
		}
		if sent, err := s.Sent(t.Context(), e.ID); err != nil || len(sent) != 1 {
			t.Fatalf("who went out: %v, %v", sent, err)
		}
		*s.assessed = false
		_, _, err = s.Fetch(t.Context(), e.ID, "admin")
		wants(t, err, "receiver_id", "assessment.missing")
		*s.assessed = true
		if err := s.EndReceiver(t.Context(), r.ID, "admin", "合作结束，对方已删除"); err != nil {
			t.Fatal(err)
		}
		_, _, err = s.Fetch(t.Context(), e.ID, "admin")
		wants(t, err, "receiver_id", "export.receiver_ended")
		s.world.Set(clock.At(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)))
		_, err = export(helper.ID)
		wants(t, err, "receiver_id", "export.contract_ended")
		rows, err := s.Receivers(t.Context())
		if err != nil || len(rows) != 2 || rows[0].State(s.world.Now()) != Past || rows[1].State(s.world.Now()) != Ended {
			t.Fatalf("%+v, %v", rows, err)
		}
	})
}

// Whose scope shrank meanwhile fetches only who is left in it.
func TestAFileIsMadeWithinTheScopeOfItsMoment(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.SQLite(t), 2, 2)
	e, err := s.Make(t.Context(), "S01", NewExport{Purpose: "给店里回访"})
	if err != nil || e.Size != 4 {
		t.Fatalf("%+v, %v", e, err)
	}
	own := web.WithCaller(t.Context(), webtest.Who(web.Own, "S01", "*"))
	if got := idsIn(s.file(t, own, e.ID, "S01")); !slices.Equal(got, []string{"wm001", "wm002"}) {
		t.Fatalf("the file holds %v", got)
	}
	if sent, err := s.Sent(t.Context(), e.ID); err != nil || len(sent) != 2 {
		t.Fatalf("who went out: %v, %v", sent, err)
	}
	if e, err = s.Make(own, "S01", NewExport{Purpose: "给店里回访"}); err != nil || e.Size != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
}
