package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/welcome"
)

// What rooms ask of each other without importing each other: each function is one question, answered by its owner.

// scope answers the staff ids the caller may see; nil = all.
func scope(ctx context.Context) ([]string, error) {
	ids, all, err := web.Caller(ctx).StaffIDs(ctx)
	if err != nil || all {
		return nil, err
	}
	if ids == nil {
		ids = []string{}
	}
	return ids, nil
}

// mayCall says whether the caller's role has a permission.
func mayCall(ctx context.Context, permission string) bool {
	who := web.Caller(ctx)
	return who.May != nil && who.May(permission)
}

func (a *App) staffNames(ctx context.Context, ids []string) (map[string]string, error) {
	return a.Staff.Names(ctx, ids...)
}

// liveRelations counts the customers of members.
func (a *App) liveRelations(ctx context.Context, staffIDs []string) (map[string]int, error) {
	return a.Customers.CountByStaff(ctx, staffIDs)
}

func (a *App) readDepartments(ctx context.Context, _ clock.Time, _ func(sync.Count)) (sync.Count, error) {
	n, err := a.Staff.ReadDepartments(ctx)
	return sync.Count{Expected: n.Expected, Read: n.Read, Stored: n.Stored, Failed: n.Failed}, err
}

func (a *App) readStaff(ctx context.Context, _ clock.Time, _ func(sync.Count)) (sync.Count, error) {
	n, err := a.Staff.ReadStaff(ctx)
	return sync.Count{Expected: n.Expected, Read: n.Read, Stored: n.Stored, Failed: n.Failed}, err
}

func (a *App) readGroups(ctx context.Context, began clock.Time, report func(sync.Count)) (sync.Count, error) {
	count := func(p groupchat.Progress) sync.Count {
		return sync.Count{Expected: p.Expected, Read: p.Read, Stored: p.Stored, Failed: p.Failed}
	}
	owners := func(ctx context.Context) ([]string, error) {
		ids, err := a.WeCom.FollowUsers(ctx)
		out := make([]string, len(ids))
		for i, id := range ids {
			out[i] = string(id)
		}
		return out, err
	}
	p, err := a.Groupchats.Sync(ctx, began, owners, func(p groupchat.Progress) { report(count(p)) })
	return count(p), err
}

func (a *App) channels(ctx context.Context, states []string) (map[string]customer.Named, error) {
	ways, err := a.Contactway.IDByState(ctx, states)
	out := make(map[string]customer.Named, len(ways))
	for state, w := range ways {
		out[state] = customer.Named{ID: w[0], Name: w[1]}
	}
	return out, err
}

// budgets answers what is left of the contact budget, and who said stop.
func (a *App) budgets(ctx context.Context, ids []string) (map[string]customer.Budget, map[string]customer.OptOut, error) {
	left, err := a.Governor.Budget(ctx, a.CorpID, ids...)
	if err != nil {
		return nil, nil, err
	}
	stopped, err := a.Governor.OptOutOf(ctx, a.CorpID, ids...)
	if err != nil {
		return nil, nil, err
	}
	budgets, optouts := make(map[string]customer.Budget, len(ids)), make(map[string]customer.OptOut, len(ids))
	for id, b := range left {
		out := customer.Budget{Full: b.Full, NextAt: a.maybe(b.Next), Windows: []customer.BudgetWindow{}}
		for _, w := range b.Windows {
			out.Windows = append(out.Windows, customer.BudgetWindow{RuleID: w.RuleID, Days: w.Days, Cap: w.Cap, Used: w.Used, NextAt: a.maybe(w.Next)})
		}
		budgets[id] = out
		said := customer.OptOut{State: "none", Pace: string(b.Pace), PausedUntil: a.maybe(b.PausedUntil), ConsentAt: a.maybe(b.ConsentedAt), NoConsent: b.NoConsent, NoTraits: b.NoTraits, ServiceOnly: b.Narrow, Age: string(b.Age), NoGuardian: b.Guarded, HeldOut: b.HeldOut, Grievance: string(b.Grievance), GrievanceUntil: a.maybe(b.GrievanceUntil)}
		if said.SilentSince = a.maybe(b.SilentSince); said.SilentSince != nil {
			if said.Silence = "cooling"; b.Dormant {
				said.Silence = "dormant"
			}
		}
		if o, ok := stopped[id]; ok {
			said.State, said.Since = "all", a.maybe(o.Since)
		}
		optouts[id] = said
	}
	return budgets, optouts, nil
}

func (a *App) maybe(t clock.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	std := t.In(a.Zone)
	return &std
}

func (a *App) groupsOf(ctx context.Context, ids []string) (map[string][]customer.Group, error) {
	in, err := a.Groupchats.OfCustomers(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[string][]customer.Group{}
	for id, list := range in {
		for _, g := range list {
			out[id] = append(out[id], customer.Group{ID: g.ChatID, Name: g.Name, JoinedAt: g.JoinedAt.In(a.Zone)})
		}
	}
	return out, nil
}

// lastTouches answers what reached customers before they were lost.
func (a *App) lastTouches(ctx context.Context, moments []customer.Moment, within time.Duration, staff []string) (map[customer.Moment]customer.Touched, error) {
	asked, since := make([]governance.Instant, len(moments)), a.World.Now()
	for i, m := range moments {
		asked[i] = governance.Instant{CustomerID: m.CustomerID, At: m.At}
		since = min(since, m.At)
	}
	found, err := a.Governor.LastBefore(ctx, a.CorpID, asked, since.Add(-within), staff)
	out := make(map[customer.Moment]customer.Touched, len(found))
	for m, t := range found {
		if t.DeliveredAt < m.At.Add(-within) {
			continue
		}
		kind, _, _ := strings.Cut(t.CampaignID, "/")
		out[customer.Moment{CustomerID: m.CustomerID, At: m.At}] = customer.Touched{
			ID: strconv.FormatInt(t.ID, 10), At: t.DeliveredAt.In(a.Zone), Kind: kind, Channel: string(t.Channel), Name: t.CampaignName, Text: t.FirstText(),
		}
	}
	return out, err
}

func (a *App) aroundCustomers() customer.Neighbours {
	return customer.Neighbours{
		Scope: scope, Staff: a.staffNames, Tags: a.Tags.Names, Channels: a.channels, Budgets: a.budgets, Groups: a.groupsOf, Mark: a.Tags.Mark, Consented: a.Tags.Consented, Given: a.givenByToken,
		LastTouch: a.lastTouches, Wishes: a.wishes,
		OptOut: func(ctx context.Context, id, by string) error {
			return a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return a.Governor.OptOut(ctx, tx, a.CorpID, id, "staff", by)
			})
		},
		Preferences: func(ctx context.Context, id string) string {
			return a.API.URL(ctx, a.Governor.PreferencePath(a.CorpID, id))
		},
		OptIn: func(ctx context.Context, id, by, evidence string) error {
			return a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return a.Governor.OptIn(ctx, tx, a.CorpID, id, evidence, by)
			})
		},
	}
}

func (a *App) aroundWelcomes() welcome.Neighbours {
	return welcome.Neighbours{
		Zone: a.Zone, Scope: scope, Staff: a.staffNames, Channels: a.Contactway.IDByState,
		Customers: func(ctx context.Context, ids []string) (map[string]struct {
			Name  string
			WeCom bool
		}, error,
		) {
			web.Show(ctx, ids...)
			return a.Customers.Briefs(ctx, ids)
		},
	}
}

// momentTags is the group of the tags by which Moments reach their audiences, as staff see it in WeCom.
const momentTags = "朋友圈触达（知音）"

// ensureTag answers the tag of that name which carries an audience of Moments, and makes it when there is none. WeCom is asked
// first: a former making may have lost its answer, and WeCom takes no name twice.
func (a *App) ensureTag(ctx context.Context, name string) (string, error) {
	_, id, err := a.momentTag(ctx, name)
	if err != nil || id != "" {
		return id, err
	}
	if _, err := a.Tags.Sync(ctx, a.World.Now(), func(sync.Count) {}); err != nil {
		return "", err
	}
	groupID, id, err := a.momentTag(ctx, name)
	if err != nil || id != "" {
		return id, err
	}
	groupName := momentTags
	if groupID != "" {
		groupName = ""
	}
	if _, err := a.Tags.Add(ctx, groupID, groupName, []string{name}); err != nil {
		return "", err
	}
	if _, id, err = a.momentTag(ctx, name); err == nil && id == "" {
		err = fmt.Errorf("make tag %s: WeCom's answer does not hold it", name)
	}
	return id, err
}

// momentTag looks for a tag of that name in the group of such tags.
func (a *App) momentTag(ctx context.Context, name string) (groupID, id string, err error) {
	groups, err := a.Tags.Groups(ctx, nil)
	if err != nil {
		return "", "", err
	}
	for _, g := range groups {
		if g.Name != momentTags {
			continue
		}
		groupID = g.ID
		for _, t := range g.Tags {
			if t.Name == name {
				id = t.ID
			}
		}
	}
	return groupID, id, nil
}

// customerNames names customers for whoever asked: who got the answer of the request is on record (web.Show).
func (a *App) customerNames(ctx context.Context, ids []string) (map[string]string, error) {
	web.Show(ctx, ids...)
	return a.Customers.Names(ctx, a.DB.Read(), ids)
}

// seesCustomer says whether the caller may see a customer.
func (a *App) seesCustomer(ctx context.Context, id string) (bool, error) {
	staff, err := scope(ctx)
	if err != nil {
		return false, err
	}
	return a.Customers.Visible(ctx, id, staff)
}

func (a *App) findCustomers(ctx context.Context, name string) ([]string, error) {
	const most = 200
	return a.Customers.IDs(ctx, customer.Filter{Query: name}, most)
}

// checkAnswer reads words that answer a customer, when a rule is saved and when a person sends them.
func (a *App) checkAnswer(ctx context.Context, text string) error {
	c, err := a.Governor.CheckFor(ctx, a.CorpID, governance.Service, governance.KF, governance.Field{Name: "text", Text: text})
	if err != nil {
		return err
	}
	return a.refuse(ctx, c, governance.Field{Name: "text", Text: text})
}

// refuse refuses words that belong to nothing yet, when the rules say so.
func (a *App) refuse(ctx context.Context, c governance.Check, words ...governance.Field) error {
	f, blocks := c.Blocking()
	if !blocks {
		return nil
	}
	by := web.Caller(ctx).User
	if err := a.Governor.Suspect(ctx, a.CorpID, by, "", governance.Said{Fields: words, Check: c}); err != nil {
		return err
	}
	return a.Governor.Refuse(ctx, a.CorpID, by, "", f, errs.Bad(f.Field, f.RuleID, f.Reason))
}

// corpNames is what the corp is called: its identity on record, and the name that a demonstration gives it.
func (a *App) corpNames(ctx context.Context) ([]string, error) {
	names, err := a.Governor.NamesOf(ctx, a.CorpID)
	if err == nil && a.CorpName != "" {
		names = append(names, a.Governor.Plain(a.CorpName))
	}
	return names, err
}

// checkAutomatic reads words that are said automatically, when a rule or an account's text is saved.
func (a *App) checkAutomatic(ctx context.Context, field, text string) error {
	c, err := a.Governor.CheckAutomatic(ctx, a.CorpID, governance.Field{Name: field, Text: text})
	if err != nil {
		return err
	}
	return a.refuse(ctx, c, governance.Field{Name: field, Text: text})
}

// historyPage is the address of the history page that a customer of a member is shown as their own.
func (a *App) historyPage(ctx context.Context, customerID, staffID string) (string, error) {
	path, err := a.Moments.LinkTo(ctx, customerID, staffID)
	if err != nil || path == "" {
		return "", err
	}
	if a.PublicURL == "" { // what is sent has no request from which the address could be known
		return "", nil
	}
	return a.API.URL(ctx, path), nil
}

// hasPage says whether a text can link to a history page.
func (a *App) hasPage(ctx context.Context) (bool, error) {
	ok, err := a.Moments.HasPage(ctx)
	if err == nil && ok && a.PublicURL == "" {
		err = errs.New(errs.Conflict, "outreach.no_url", errs.T("平台不知道客户打得开的网址，发出去的链接会打不开。请设置 ZHIYIN_PUBLIC_URL，或去掉「{历史页}」。",
			"The platform does not know the address under which customers reach it, so a link would not open. Set ZHIYIN_PUBLIC_URL, or take {历史页} out."))
	}
	return ok, err
}

// checkLinks reads the marks for links in the text of a field.
func (a *App) checkLinks(ctx context.Context, field, text string, most int) error {
	return outreach.CheckMark(field, text, most, func() (bool, error) { return a.hasPage(ctx) })
}

// admitted says why the corp may not submit marketing with these texts.
func (a *App) admitted(ctx context.Context, texts ...string) error {
	return a.Governor.Admitted(ctx, a.CorpID, texts...)
}

// window is when marketing may be sent, as the frame shows it.
func (a *App) window(ctx context.Context) auth.Window {
	now := a.World.Now()
	opens, closes, err := a.Governor.Window(ctx, a.CorpID, now)
	if err != nil {
		return auth.Window{}
	}
	w := auth.Window{Open: opens <= now, Now: now.In(a.Zone), ClosesAt: a.maybe(closes)}
	if !w.Open {
		w.OpensAt, w.ClosesAt = a.maybe(opens), nil
	}
	return w
}

// unionIDs answers the lasting ids of customers, so that an opt-out survives a new external_userid.
func (a *App) unionIDs(ctx context.Context, q bun.IDB, _ string, ids []string) (map[string][]string, error) {
	return a.Customers.UnionIDs(ctx, q, ids)
}

// began answers since when members have had customers, of those who began lately: what they may send grows day by day.
func (a *App) began(ctx context.Context, q bun.IDB, _ string, staffIDs []string, after clock.Time) (map[string]clock.Time, error) {
	return a.Customers.Began(ctx, q, staffIDs, after)
}

// samePerson answers the customers that share a lasting id with one.
func (a *App) samePerson(ctx context.Context, q bun.IDB, _, id string) ([]string, error) {
	return a.Customers.Alike(ctx, q, id)
}

// fetchPicture reads a picture by its URL, through the one guarded client.
func (a *App) fetchPicture(ctx context.Context, url string) ([]byte, string, error) {
	const most = 1 << 20
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", fmt.Errorf("read a picture: %w", err)
	}
	resp, err := a.fetcher.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("read a picture: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("read a picture: status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	return body, resp.Header.Get("Content-Type"), err
}

// rooms are the live groups of a query.
// audience answers whom an audience reaches through members who are still there.
func (a *App) audience(ctx context.Context, q customer.AudienceQuery) (members []customer.Member, err error) {
	if err := a.silentStaff(ctx, &q); err != nil {
		return nil, err
	}
	return a.Customers.Audience(ctx, q)
}

// muster is audience, quick for millions.
func (a *App) muster(ctx context.Context, q customer.AudienceQuery) (chosen []customer.Member, all int, err error) {
	if err := a.silentStaff(ctx, &q); err != nil {
		return nil, 0, err
	}
	return a.Customers.Muster(ctx, q)
}

// silentStaff says which members do not speak: those who left, and those whose account is limited while a colleague has the customer.
func (a *App) silentStaff(ctx context.Context, q *customer.AudienceQuery) (err error) {
	if q.LeftStaffIDs, err = a.Staff.Left(ctx); err != nil {
		return err
	}
	limited, err := a.Governor.LimitedMembers(ctx, a.DB.Read(), a.CorpID)
	for _, h := range limited {
		q.AwayStaffIDs = append(q.AwayStaffIDs, h.StaffID)
	}
	return err
}

// metBy answers since when a member has had customers.
func (a *App) metBy(ctx context.Context, q bun.IDB, _, staffID string, customerIDs []string) (map[string]clock.Time, error) {
	return a.Customers.MetBy(ctx, q, staffID, customerIDs)
}

func (a *App) rooms(ctx context.Context, q groupchat.RoomQuery) ([]groupchat.Room, error) {
	return groupchat.Rooms(ctx, a.DB.Read(), a.CorpID, q)
}

func (a *App) peopleIn(ctx context.Context, chatIDs []string) (int, error) {
	return groupchat.PeopleIn(ctx, a.DB.Read(), a.CorpID, chatIDs)
}

func (a *App) groupBriefs(ctx context.Context, ids []string) (map[string]groupchat.Brief, error) {
	return groupchat.Briefs(ctx, a.DB.Read(), a.CorpID, ids)
}
