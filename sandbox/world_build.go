package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// newWorld makes the world of a seed as it is at start, history included.
func newWorld(spec WorldSpec, seed uint64, start time.Time) *world {
	w := &world{
		seed: seed, spec: spec, began: start,
		staffIndex: map[string]int32{}, wayIndex: map[string]*contactWay{},
		chatIndex: map[string]*chat{}, joinIndex: map[string]*joinWay{}, msgIndex: map[string]*massMessage{},
		moments: newMomentBook(), handovers: newHandoverBook(),
		groupWelcomes: groupWelcomes{index: map[string]*groupWelcome{}}, album: productAlbum{index: map[string]*product{}},
		intercepts: interceptRules{index: map[string]*interceptRule{}}, tempChats: map[pairKey]*tempChat{},
		tagIndex: map[string]*tag{}, groupTags: map[string]*tagGroup{},
		storeState: map[int]string{}, massGot: map[int32][]int64{}, chatGot: map[int32][]int64{}, welcomes: map[string]*welcome{},
		moods:     map[int32]mood{},
		wechatIDs: newIDSpace(seed, "wm", "wechat user"), wecomIDs: newIDSpace(seed, "wo", "wecom user"),
	}
	w.buildStaff()
	w.buildTags()
	w.buildWays()
	w.buildCustomers()
	w.buildChats()
	w.buildHistory()
	return w
}

// ago is a time d days before the start, at an hour of the day.
func (w *world) ago(days int, hour time.Duration) time.Time {
	return today(w.began).AddDate(0, 0, -days).Add(hour)
}

func (w *world) buildStaff() {
	w.departments = append(w.departments, department{id: 1, name: w.spec.Corp, order: 100000000})
	for i, name := range w.spec.Stores {
		w.departments = append(w.departments, department{id: i + 2, parent: 1, name: name, order: 100000000 - i*1000})
	}
	stores := len(w.spec.Stores)
	for i := range w.spec.Staff {
		m := member{
			id: fmt.Sprintf("S%02d", i+1), department: 1, position: "运营",
			gender: 1 + int(hash(w.seed, uint64(i), 21)%2),
		}
		// The first two work in the head office, the rest in the stores in turn;
		// the first of each store leads it.
		if n := i - 2; n >= 0 {
			m.department, m.leader, m.position = 2+n%stores, n < stores, w.spec.Position
			if m.leader {
				m.position = "店长"
			}
		} else {
			m.leader = i == 0
		}
		m.name = m.id
		w.staff = append(w.staff, m)
		w.staffIndex[strings.ToLower(m.id)] = int32(i)
	}
}

func (w *world) buildTags() {
	made := w.ago(w.spec.Days, 9*time.Hour).Unix()
	for i, group := range w.spec.Tags {
		g := w.addTagGroup(group.Group, len(w.spec.Tags)-i, made, byConsole)
		for j, name := range group.Tags {
			w.addTag(g, name, len(group.Tags)-j, made, byConsole)
		}
	}
}

// buildWays makes a way for each store and one for the head office.
func (w *world) buildWays() {
	made := w.ago(w.spec.Days, 9*time.Hour+time.Hour/2).Unix()
	for _, d := range w.departments {
		way := &contactWay{kind: 2, scene: 2, skipVerify: true, remark: d.name, state: fmt.Sprintf("store-%d", d.id), created: made}
		for i := range w.staff {
			if m := &w.staff[i]; m.department == d.id && len(way.users) < maxWayMembers {
				way.users = append(way.users, m.id)
			}
		}
		if len(way.users) > 0 {
			w.addWay(way)
			w.storeState[d.id] = way.state
		}
	}
}

// buildCustomers gives each person one relation, and one in sixteen a second.
func (w *world) buildCustomers() {
	n, staff := w.spec.Customers, int32(len(w.staff))
	w.customers = make([]customer, 0, n+n/8+64)
	w.relations = make([]relation, 0, n+n/16+64)
	first := w.ago(w.spec.Days, 10*time.Hour).Unix()
	span := w.began.Unix() - 3600 - first
	for i := range n {
		cust := w.newPerson()
		at := first + int64(i)*span/int64(n)
		w.buildRelation(cust, int32(i)%staff, at, 0)
		if hash(w.seed, uint64(i), 22)%16 == 0 {
			other := (int32(i) + 1 + int32(hash(w.seed, uint64(i), 23)%uint64(max(staff-1, 1)))) % staff
			if other != int32(i)%staff {
				w.buildRelation(cust, other, min(at+86400, first+span), 1)
			}
		}
	}
}

var historyAddWays = []uint8{1, 1, 1, 1, 3, 4, 2, 13}

func (w *world) buildRelation(cust, staff int32, at int64, salt uint64) {
	draw := hash(w.seed, uint64(cust), 24+salt)
	r := w.relate(staff, cust, at)
	r.addWay = historyAddWays[draw%uint64(len(historyAddWays))]
	if r.addWay == 1 {
		r.state = w.storeState[w.staff[staff].department]
	}
	r.talked = true
	r.lastTalk = min(at+int64(mix(draw)%(20*86400)), w.began.Unix()-60)
	for g, group := range w.tagGroups {
		d := mix(draw + uint64(g) + 1)
		if len(group.tags) > 0 && chance(0.6, d) {
			r.tags = append(r.tags, group.tags[mix(d)%uint64(len(group.tags))].number)
		}
	}
	if draw%5 == 0 {
		r.extra = &relationExtra{remark: customerName(cust) + " 备注", description: "到店咨询过"}
	}
}

func (w *world) groupName(n int) string {
	return fmt.Sprintf("%s%s %02d", w.spec.Corp, w.spec.GroupName, n)
}

// buildChats makes the customer groups. The first is nearly full, so that a
// join way must roll over to the next.
func (w *world) buildChats() {
	staff := len(w.staff)
	for i := range w.spec.Groups {
		owner := int32(i % staff)
		made := w.ago(1+int(hash(w.seed, uint64(i), 25)%uint64(w.spec.Days)), 14*time.Hour)
		c := w.addChat(w.groupName(i+1), owner, made)
		c.notice = w.spec.GroupNotice
		helper := int32((i + 1) % staff)
		c.join(chatMember{staff: true, who: helper, at: made.Unix(), scene: 1, inviter: owner})
		want := 30 + int(hash(w.seed, uint64(i), 26)%90)
		if i == 0 {
			want = scanLimit - 3
		}
		for _, n := range w.staff[owner].relations {
			if len(c.members) >= want {
				break
			}
			c.join(chatMember{who: w.relations[n].customer, at: made.Unix() + int64(len(c.members)), scene: 3, inviter: -1})
		}
		// A few members are nobody's customers.
		for len(c.members) < want {
			c.join(chatMember{who: w.newPerson(), at: made.Unix() + int64(len(c.members)), scene: 2, inviter: owner})
			if hash(w.seed, uint64(i), uint64(len(c.members)), 27)%8 == 0 && i != 0 {
				break
			}
		}
	}
	for i := 0; i+2 < len(w.chats) && i < 6; i += 3 {
		w.addJoinWay(&joinWay{
			scene: 2, remark: "门店群码", autoCreate: true, baseName: w.spec.Corp + w.spec.GroupName + " ", baseID: w.spec.Groups + 1 + i*10,
			chats: []string{w.chats[i].id, w.chats[i+1].id, w.chats[i+2].id}, state: fmt.Sprintf("group-%d", i/3+1), by: byExternal | byApp | byKF,
		})
	}
}

// buildHistory writes a few mass messages and Moments of the days before the
// start. They are older than any running contact cap, and are no deliveries:
// those begin with the world.
func (w *world) buildHistory() {
	for i, text := range w.spec.Broadcasts {
		days := 1 + 15*(len(w.spec.Broadcasts)-i) // 16, 31, 46 days ago
		if days > w.spec.Days || len(w.relations) == 0 {
			continue
		}
		at := w.ago(days, 11*time.Hour)
		m := w.addMessage(&massMessage{
			chatType: "single", created: at.Unix(), dispatched: at.Unix() + 2,
			text: text,
		})
		for n := range w.staff {
			w.historyTask(m, int32(n), at)
		}
	}
	for i, text := range w.spec.Moments {
		if days := 9 + 11*(len(w.spec.Moments)-1-i); days <= w.spec.Days {
			w.historyMoment(text, w.ago(days, 10*time.Hour), uint64(i))
		}
	}
}

// historyMoment is one that three members in four published within the hour.
func (w *world) historyMoment(text string, at time.Time, i uint64) {
	m := w.addMoment(&moment{byMember: -1, history: true, text: text, created: at.Unix(), listed: at, dispatched: at})
	for n := range w.staff {
		t := &momentTask{staff: int32(n)}
		if draw := hash(w.seed, uint64(n), i, 28); draw%4 != 0 {
			t.publishedAt = at.Unix() + int64(mix(draw)%3600)
		} else {
			t.declined = true
		}
		m.tasks = append(m.tasks, t)
	}
}

func (w *world) historyTask(m *massMessage, staff int32, at time.Time) {
	t := &massTask{staff: staff}
	for _, n := range w.staff[staff].relations {
		if r := &w.relations[n]; r.addedAt < at.Unix() {
			t.targets = append(t.targets, massTarget{to: r.customer})
		}
	}
	if len(t.targets) == 0 {
		return
	}
	if hash(w.seed, uint64(staff), uint64(at.Unix()), 29)%5 != 0 {
		t.sentAt = at.Add(time.Hour).Unix()
		for i := range t.targets {
			t.targets[i].status = massSent
		}
	} else {
		t.declined = true
	}
	m.tasks = append(m.tasks, t)
}
