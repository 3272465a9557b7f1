package sandbox

import (
	"strings"
	"time"
)

// world is everything that exists, as of now. It is guarded by Sandbox.mu.
// People and relations are numbers into slices; ids are computed from them, so
// a million customers cost a few dozen bytes each.
type world struct {
	seed  uint64
	spec  WorldSpec
	began time.Time

	departments []department
	staff       []member
	staffIndex  map[string]int32 // lower-case userid
	staffTags   []*staffTag      // by id
	attributes  []attributeKind
	verifying   map[string]*verification // by userid
	joinCodes   map[string]time.Time     // pictures that join the corp, until when
	guesses     guesses
	active      []activeDay // oldest first
	jobs        jobDesk

	customers  []customer
	wechatIDs  idSpace
	wecomIDs   idSpace
	relations  []relation
	people     int // customers with a live relation
	liveRels   int
	massGot    map[int32][]int64 // unix times of mass messages by customer
	chatGot    map[int32][]int64 // the same by chat
	welcomes   map[string]*welcome
	welcomeSeq uint64
	welcomeLog []string // codes, oldest first

	tagGroups []*tagGroup
	tags      []*tag
	tagIndex  map[string]*tag
	groupTags map[string]*tagGroup
	tagSeq    uint64

	ways       []*contactWay
	wayIndex   map[string]*contactWay
	tempWays   int // of wayIndex; they do not count towards waysPerCorp
	tempMade   wayDay
	storeState map[int]string // state of the way of a department, for history

	chats      []*chat
	plainChats []*plainChat
	chatIndex  map[string]*chat
	joinWays   []*joinWay
	joinIndex  map[string]*joinWay

	messages []*massMessage
	msgIndex map[string]*massMessage
	moments  *momentBook

	handovers *handoverBook

	groupWelcomes      groupWelcomes
	customerStrategies strategyBook
	momentStrategies   strategyBook
	acquisition        *acquisitionDesk
	album              productAlbum
	intercepts         interceptRules
	tempChats          map[pairKey]*tempChat
	traversals         []contactTraversal

	kf        *kfDesk
	media     *mediaStore
	app       *appState
	appChats  *appChats
	workbench *workbench
	archive   *archive

	pay       *payDesk
	programs  *programDesk
	links     *programLinks
	payouts   *payoutDesk
	urlJobs   map[string]*urlJob
	memberLog operLog
	adminLog  operLog
	tmpIDs    map[string]tmpCustomer

	deliveries rows[Delivery]
	entries    rows[entry]
	stampedAt  time.Time
	stamped    string

	acts  uint64 // number of acts done: the draw of what an act did not name
	life  *life
	moods map[int32]mood // of customers who were ever touched
}

type department struct {
	id, parent   int
	name, nameEN string
	order        int
}

// member is one member of staff.
type member struct {
	id         string
	name       string
	department int     // the main one
	leader     bool    // of the main one
	places     []place // all departments, when written by the contacts secret
	card       *memberCard
	gender     int
	position   string
	resigned   bool
	resignedAt int64 // unix seconds; 0 = before the world began
	unfit      int   // errcode of calls that need a good account; 0 = good
	fresh      bool  // has not logged in yet
	disabled   bool
	systemID   bool    // the id was made by the system: it may be changed once
	ledByCard  bool    // the direct leader is that of the card, not of the department
	relations  []int32 // numbers of all relations, dead ones too
	live       int
}

// customer is one person outside the corp.
type customer struct {
	first int32 // first relation + 1; 0 = none
	live  int32 // live relations
	wecom bool  // a WeCom user of another corp
}

// relation is what one member has with one customer.
type relation struct {
	customer, staff int32
	next            int32 // next relation of the customer + 1
	addedAt         int64 // unix seconds
	lastTalk        int64
	state           string // of the way
	tags            []int32
	extra           *relationExtra
	addWay          uint8
	half            bool // the member has not accepted yet
	dead            bool // the member deleted the customer
	left            bool // the customer deleted the member
	talked          bool // somebody wrote since the adding
}

// relationExtra is what few relations have.
type relationExtra struct {
	remark, description, company string
	mobiles                      []string
}

// alive is true while the member sees the customer.
func (r *relation) alive() bool { return !r.dead && !r.half }

// friends is true while messages arrive.
func (r *relation) friends() bool { return r.alive() && !r.left }

func (w *world) customerID(n int32) string {
	if w.customers[n].wecom {
		return w.wecomIDs.make(int(n))
	}
	return w.wechatIDs.make(int(n))
}

func (w *world) customerByID(id string) (int32, bool) {
	space := w.wechatIDs
	if strings.HasPrefix(id, w.wecomIDs.prefix) {
		space = w.wecomIDs
	}
	n, ok := space.number(id)
	if !ok || n >= len(w.customers) || w.customers[n].wecom != (space.prefix == w.wecomIDs.prefix) {
		return 0, false
	}
	return int32(n), true
}

func (w *world) staffByID(id string) (int32, bool) {
	n, ok := w.staffIndex[strings.ToLower(id)]
	if !ok || w.staff[n].resigned {
		return 0, false
	}
	return n, true
}

func (w *world) firstStaff() *member {
	for i := range w.staff {
		if !w.staff[i].resigned {
			return &w.staff[i]
		}
	}
	return &w.staff[0]
}

// relationOf finds what a member has with a customer; nil when nothing.
func (w *world) relationOf(staff, cust int32) *relation {
	for i := w.customers[cust].first; i != 0; i = w.relations[i-1].next {
		if r := &w.relations[i-1]; r.staff == staff {
			return r
		}
	}
	return nil
}

// relate makes a relation. Pointers to other relations die with it.
func (w *world) relate(staff, cust int32, at int64) *relation {
	w.relations = append(w.relations, relation{
		customer: cust, staff: staff, addedAt: at, lastTalk: at, next: w.customers[cust].first,
	})
	n := int32(len(w.relations) - 1)
	w.customers[cust].first = n + 1
	w.staff[staff].relations = append(w.staff[staff].relations, n)
	w.countRelation(&w.relations[n], +1)
	return &w.relations[n]
}

// countRelation keeps the numbers of live relations and people.
func (w *world) countRelation(r *relation, by int) {
	c, m := &w.customers[r.customer], &w.staff[r.staff]
	m.live += by
	w.liveRels += by
	was := c.live
	c.live += int32(by)
	switch {
	case was == 0 && c.live == 1:
		w.people++
	case was == 1 && c.live == 0:
		w.people--
	}
}

// pickRelation is a live relation by draw; nil in an empty world.
func (w *world) pickRelation(draw uint64) *relation {
	n := len(w.relations)
	for i := range n {
		if r := &w.relations[(draw%uint64(n)+uint64(i))%uint64(n)]; r.friends() && !w.staff[r.staff].resigned {
			return r
		}
	}
	return nil
}

// newPerson makes a person nobody knows yet.
func (w *world) newPerson() int32 {
	n := int32(len(w.customers))
	w.customers = append(w.customers, customer{wecom: isWeComUser(int(n))})
	return n
}

// isWeComUser makes one person in 97 a WeCom user of another corp.
func isWeComUser(n int) bool { return n%97 == 96 }

// draw is a fresh number for what an act leaves to the world.
func (w *world) draw(salt uint64) uint64 {
	w.acts++
	return hash(w.seed, w.acts, salt)
}

func (w *world) counts() map[string]int {
	staff := 0
	for i := range w.staff {
		if !w.staff[i].resigned {
			staff++
		}
	}
	chats := 0
	for _, c := range w.chats {
		if !c.dismissed {
			chats++
		}
	}
	ways := 0
	for _, way := range w.ways {
		if !way.deleted {
			ways++
		}
	}
	return map[string]int{
		"departments": len(w.departments), "staff": staff, "customers": w.people, "relations": w.liveRels,
		"groups": chats, "tags": len(w.tagIndex), "contact_ways": ways, "join_ways": len(w.joinIndex),
		"messages": len(w.messages), "moments": len(w.moments.all),
		"deliveries": w.deliveries.next() - 1, "journal": w.entries.next() - 1,
	}
}

// anyStaff finds a member, resigned ones too.
func (w *world) anyStaff(id string) (int32, bool) {
	n, ok := w.staffIndex[strings.ToLower(id)]
	return n, ok
}
