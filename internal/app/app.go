// Package app puts the platform together: one readable list of parts, who is told of what, and in which order things
// start and stop.
package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/assessment"
	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/blob"
	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/deadletter"
	"zhiyin.dev/zhiyin/internal/disclosure"
	"zhiyin.dev/zhiyin/internal/doctor"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/incident"
	"zhiyin.dev/zhiyin/internal/joinway"
	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/internal/material"
	"zhiyin.dev/zhiyin/internal/moment"
	"zhiyin.dev/zhiyin/internal/notice"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/privacy"
	"zhiyin.dev/zhiyin/internal/review"
	"zhiyin.dev/zhiyin/internal/seal"
	"zhiyin.dev/zhiyin/internal/setting"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/stats"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/internal/tag"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/welcome"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// Config of an App: what was configured, and what the command that runs it adds.
type Config struct {
	*config.Config
	// Read answers what flags, environment and file say, for settings that change in the console; nil = always Config.
	Read func() (*config.Config, error)

	World    clock.World
	Log      *slog.Logger
	CorpName string // shown in the frame; "" = the corp's id
	Version  string
	Console  http.Handler // nil = no console in this process
	// Beside is for a command that reads or writes beside a running platform: it leaves the data directory to that one.
	Beside bool
}

// App is the platform.
type App struct {
	Config
	Node         string
	MadePassword string // of the first user, when it was made up at this start: to be shown once

	Sealer      *seal.Sealer
	DB          *db.DB
	NATS        *nats.Conn
	Bus         *bus.Bus
	WeCom       *wecom.Client
	Governor    *governance.Governor
	Audit       *audit.Service
	Customers   *customer.Service
	Staff       *staff.Service
	Auth        *auth.Service
	Live        *web.Live
	API         *web.API
	Groupchats  *groupchat.Service
	Tags        *tag.Service
	Contactway  *contactway.Service
	Outreach    *outreach.Service
	Reviews     *review.Service
	Welcomes    *welcome.Service
	Joinways    *joinway.Service
	Autoreply   *autoreply.Service
	Kf          *kf.Service
	Broadcasts  *broadcast.Service
	Blobs       *blob.Store
	Notices     *notice.Service
	Materials   *material.Service
	Moments     *moment.Service
	Privacy     *privacy.Service
	Assessments *assessment.Service
	Disclosures *disclosure.Service
	Incidents   *incident.Service
	Stats       *stats.Service
	Settings    *setting.Service
	Doctor      *doctor.Doctor
	Letters     *deadletter.Service
	Sync        *sync.Service
	Inbound     *inbound.Inbound

	fetcher *http.Client  // for everything but WeCom's API
	reader  *pages.Reader // who reads a customers' page
	metrics *metrics
	seen    callbacks // what came in lately, for the health strip and the doctor

	letGo     func() // of the data directory
	stopNATS  func()
	stopWatch func()
	started   bool
}

// New opens the database and makes every part. Nothing runs before Start.
func New(ctx context.Context, c Config) (*App, error) {
	a := &App{Config: c, Node: nodeName(), metrics: newMetrics()}
	if a.Read == nil {
		a.Read = func() (*config.Config, error) { return c.Config, nil }
	}
	if err := a.open(ctx); err != nil {
		a.close()
		return nil, err
	}
	if err := a.build(); err != nil {
		a.close()
		return nil, err
	}
	a.connect()
	return a, nil
}

// open reaches what lies below: database, bus, WeCom.
func (a *App) open(ctx context.Context) (err error) {
	if err = os.MkdirAll(a.Data, 0o700); err != nil {
		return fmt.Errorf("make the data directory (ZHIYIN_DATA): %w; choose one that this user may make and write to", err)
	}
	natsDir := filepath.Join(a.Data, "nats")
	if a.Beside {
		if natsDir, err = os.MkdirTemp("", "zhiyin-nats"); err != nil {
			return fmt.Errorf("make a directory for the bus: %w", err)
		}
		a.letGo = func() { _ = os.RemoveAll(natsDir) }
	} else if a.letGo, err = hold(a.Data); err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, a.DatabaseURL.Reveal(), a.Data); err != nil {
		return err
	}
	if err = a.DB.Migrate(ctx); err != nil {
		return err
	}
	if a.Sealer, err = seal.Open(ctx, a.DB, cmp.Or(a.MasterKeyFile, filepath.Join(a.Data, "master.key"))); err != nil {
		return err
	}
	if a.Settings, err = setting.Open(ctx, setting.Config{DB: a.DB, Sealer: a.Sealer, Read: a.Read}); err != nil {
		return err
	}
	a.Config.Config = a.Settings.Current()
	if err = a.Required(); err != nil {
		return err
	}
	if a.NATS, a.stopNATS, err = bus.Connect(a.NATSURL.Reveal(), natsDir, a.Node); err != nil {
		return err
	}
	a.Bus, err = bus.New(bus.Config{DB: a.DB, World: a.World, Wall: clock.SystemWall(), Log: a.Log, NATS: a.NATS, Node: a.Node})
	if err != nil {
		return err
	}
	a.WeCom, err = wecom.New(wecom.Config{
		BaseURL: a.BaseURL, CorpID: a.CorpID, AgentID: a.AgentID, Logger: a.Log, Observer: a.metrics.called,
		Secrets: secrets(a.Config.Config), Leaser: a.leaser(),
		Clock: func() time.Time { return a.World.Now().In(time.UTC) },
	})
	return err
}

// build makes the rooms.
func (a *App) build() (err error) {
	key, err := a.Sealer.Derive("governance")
	if err != nil {
		return err
	}
	a.Governor, err = governance.New(governance.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, Key: key, Log: a.Log, Identities: a.unionIDs, Alike: a.samePerson,
		Narrow: func(ctx context.Context, q bun.IDB, _ string, ids []string, since clock.Time) (map[string]bool, error) {
			return a.Contactway.Narrow(ctx, q, ids, since)
		},
		Began: a.began, PublicURL: a.PublicURL, Met: a.metBy, Documented: documented,
	})
	if err != nil {
		return err
	}
	auditKey, err := a.Sealer.Derive("audit")
	if err != nil {
		return err
	}
	a.Audit, err = audit.New(audit.Config{
		DB: a.DB, World: a.World, Wall: clock.SystemWall(), Log: a.Log, Zone: a.Zone, CorpID: a.CorpID, Key: auditKey, Rows: a.Governor.AuditRows,
	})
	if err != nil {
		return err
	}
	if a.Live, err = web.NewLive(a.NATS, a.CorpID, a.Log); err != nil {
		return err
	}
	a.Staff = staff.New(staff.Config{DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Customers: a.liveRelations, Bounds: staff.Bounds(a.Governor.Plans().Room)})
	a.Auth = auth.New(auth.Config{
		DB: a.DB, Wall: clock.SystemWall(), Log: a.Log, CorpID: a.CorpID, Members: a.Staff, AdminPassword: a.AdminPassword.Reveal(), Version: a.Version,
		Login: func() auth.Login {
			return auth.Login{AgentID: a.AgentID, OpenURL: a.OpenURL, LoginURL: a.LoginURL, Code: a.WeCom.UserByCode}
		},
		Window: a.window,
		Corp: func(context.Context) auth.Corp {
			return auth.Corp{ID: a.CorpID, Name: cmp.Or(a.CorpName, a.CorpID), Sandbox: !a.Official(), Zone: a.Zone.String()}
		},
	})
	a.API = web.New(web.Config{
		Log: a.Log, Wall: clock.SystemWall(), Version: a.Version, PublicURL: a.PublicURL, TrustedProxies: a.TrustedProxies,
		Identify: a.Auth.Identify, Accessed: a.Audit.Access, Shown: a.Audit.Shown, Metrics: a.metrics.registry, Console: a.Console, ImageSources: a.imageSources(),
		Ready: []web.Check{{Name: "database", Test: a.DB.Ping}, {Name: "bus", Test: a.Bus.Ready}},
	})
	a.Customers = customer.New(customer.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Live: a.Live.Publish, Forgotten: a.forgotten,
	})
	a.Groupchats = groupchat.New(groupchat.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Live: a.Live.Publish, Forgotten: a.forgotten,
	})
	a.Tags = tag.New(tag.Config{DB: a.DB, Bus: a.Bus, WeCom: a.WeCom, CorpID: a.CorpID, World: a.World, Zone: a.Zone, Governor: a.Governor})
	a.Assessments = assessment.New(assessment.Config{DB: a.DB, World: a.World, Zone: a.Zone, CorpID: a.CorpID, TagNames: a.Tags.Names})
	a.Contactway = contactway.New(contactway.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, WeCom: a.WeCom, CorpID: a.CorpID,
		Tag: func(ctx context.Context, customerID, staffID string, tagIDs []string) (bus.Settle, error) {
			return a.Tags.Mark(ctx, customerID, staffID, tagIDs, nil)
		},
		Room:      a.roomOf,
		Consented: a.Tags.Consented,
	})
	a.Notices = notice.New(notice.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Quota: notice.Quota(a.Governor.Plans().Messages), Members: a.Staff.Count,
	})
	a.Blobs = blob.New(a.DB, a.Data, a.World)
	a.Materials = material.New(material.Config{DB: a.DB, World: a.World, Zone: a.Zone, WeCom: a.WeCom, Blobs: a.Blobs, CorpID: a.CorpID})
	a.Outreach = outreach.New(outreach.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, Governor: a.Governor, WeCom: a.WeCom, CorpID: a.CorpID, Page: a.historyPage,
		Media: a.Materials.MediaID, StaffNames: a.staffNames,
	})
	if a.Reviews, err = a.newReviews(); err != nil {
		return err
	}
	a.Welcomes = welcome.New(welcome.Config{
		DB: a.DB, World: a.World, Zone: a.Zone, Outreach: a.Outreach, Governor: a.Governor, CorpID: a.CorpID, Channel: a.Contactway.ChannelOf, HasPage: a.hasPage, Reviews: a.Reviews, Names: a.corpNames,
	})
	a.fetcher = web.NewClient(10*time.Second, a.ownNetworks()...)
	a.Joinways = joinway.New(joinway.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, WeCom: a.WeCom, CorpID: a.CorpID, URL: func(path string) string { return a.API.URL(context.Background(), path) }, Fetch: a.fetchPicture, Live: a.Live.Publish,
	})
	a.Autoreply = autoreply.New(autoreply.Config{
		DB: a.DB, World: a.World, Zone: a.Zone, CorpID: a.CorpID, Check: a.checkAutomatic, Saw: a.sawRule, HasJoinway: a.Joinways.Exists, CheckLinks: a.checkLinks,
	})
	a.Kf = kf.New(kf.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Seal: a.Sealer, Out: a.Outreach,
		Rules: a.Autoreply, Ways: a.Joinways, Check: a.checkAnswer, CheckAutomatic: a.checkAutomatic, CheckLinks: a.checkLinks, Saw: a.sawAnswer, Live: a.Live.Publish,
	})
	a.Broadcasts = broadcast.New(broadcast.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, Outreach: a.Outreach, Governor: a.Governor, CorpID: a.CorpID,
		Audience: a.audience, Muster: a.muster, Live: a.Live.Publish, Admitted: a.admitted, Reviews: a.Reviews,
		Groups: a.rooms, People: a.peopleIn, Materials: a.Materials.Fill, Notices: a.Notices, Consented: a.Tags.ConsentedIn, Assessed: a.assessed,
		InDepartments: a.Staff.In,
	})
	readerKey, err := a.Sealer.Derive("reader")
	if err != nil {
		return err
	}
	a.reader = &pages.Reader{Key: readerKey, Wall: clock.SystemWall(), Ask: a.askReader, Customer: a.readerOf, URL: a.API.URL}
	linkKey, err := a.Sealer.Derive("moment-link")
	if err != nil {
		return err
	}
	a.Moments = moment.New(moment.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, Outreach: a.Outreach, Governor: a.Governor, Blobs: a.Blobs, CorpID: a.CorpID,
		Audience: a.audience, Carriers: a.Customers.Carriers, Live: a.Live.Publish, Admitted: a.admitted, Names: a.customerNames, Key: linkKey, Reviews: a.Reviews, Notices: a.Notices, Erased: a.erased,
		Tags: moment.Tags{Ensure: a.ensureTag, Names: a.Tags.Names, Mark: a.Tags.Mark, Consented: a.Tags.Consented, Assessed: a.assessedMoment},
	})
	if a.Privacy, err = a.newPrivacy(); err != nil {
		return err
	}
	if a.Disclosures, err = a.newDisclosures(); err != nil {
		return err
	}
	a.Incidents = a.newIncidents()
	a.Stats = stats.New(stats.Config{
		DB: a.DB, World: a.World, Zone: a.Zone, CorpID: a.CorpID, Scope: scope, Held: a.heldToday, Running: a.running, Health: a.health,
		Todo: []func(context.Context, []string, string) ([]stats.Todo, error){
			a.todoBroadcasts, a.todoSessions, a.todoComments, a.todoComplaints, a.todoDeadLetters, a.todoSync, a.todoLicences, a.todoPenalties, a.todoFraud, a.todoShared, a.todoCapacity, a.todoLimited, a.todoRequests, a.todoPeriods, a.todoNotice, a.todoDisclosure,
		},
		Limits: a.limits, StaffNames: a.staffNames, CustomerNames: a.customerNames,
	})
	a.Sync = sync.New(sync.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Log: a.Log, WeCom: a.WeCom, Customers: a.Customers, CorpID: a.CorpID,
		Live:   a.Live.Publish,
		Before: []sync.Part{{Name: "departments", Read: a.readDepartments}, {Name: "staff", Read: a.readStaff}, {Name: "tags", Read: a.Tags.Sync}},
		After:  []sync.Part{{Name: "groups", Read: a.readGroups}},
	})
	a.Inbound = inbound.New(inbound.Config{DB: a.DB, Bus: a.Bus, World: a.World, Log: a.Log, CorpID: a.CorpID, Crypto: a.crypto, Skew: a.Skew, Seen: a.sawCallback})
	callbacks := http.NewServeMux()
	a.Inbound.Register(callbacks)
	a.Letters = deadletter.New(deadletter.Config{Bus: a.Bus, CorpID: a.CorpID, Zone: a.Zone})
	a.Doctor = doctor.New(doctor.Config{
		DB: a.DB, World: a.World, Wall: clock.SystemWall(), CorpID: a.CorpID, DataDir: a.Data, Settings: a.Settings.Current, WeCom: a.WeCom,
		Bus: a.Bus.Ready, Callbacks: callbacks, Welcomes: a.welcomesLately, DeadLetters: a.Letters.Count,
		Notice: func(ctx context.Context) (bool, error) { return a.Governor.HasNotice(ctx, a.CorpID) },
	})
	a.metrics.watchQueue(func(ctx context.Context) (int, int, error) { return a.Bus.Counts(ctx, a.CorpID) })
	return nil
}

// connect is who is told of what inside one transaction, and who does which work. Order matters where it is said.
func (a *App) connect() {
	a.Customers.OnAdded = append(
		a.Customers.OnAdded,
		a.Welcomes.Added,   // first: the code lives 20 seconds
		a.Contactway.Added, // tags of the channel, and whether the member still has room
		a.addedStaff,
	)
	a.Groupchats.OnJoined = append(
		a.Groupchats.OnJoined,
		a.Joinways.Joined, // counts the join for the group code it came by
		a.noteJoined,
		a.joined,
	)
	a.Groupchats.OnLeft = append(a.Groupchats.OnLeft, a.noteLeft)
	a.Governor.OnOptOut = append(
		a.Governor.OnOptOut,
		a.Broadcasts.OptedOut, // open tasks that hold the customer are cancelled
		a.Moments.OptedOut,    // the tags by which Moments reach the customer are taken off
		a.noteOptOut,
	)
	a.Governor.Erased = a.erased
	a.Governor.OnHalt = append(a.Governor.OnHalt, a.Broadcasts.Halted, a.Moments.Halted)
	a.Governor.OnLadder = append(a.Governor.OnLadder, func(_ context.Context, tx *db.Tx, _ governance.LadderStep) error {
		tx.OnCommit(func() { a.Live.Publish("ladder", "") })
		return nil
	})
	a.Governor.OnLimited = append(a.Governor.OnLimited, a.tellLimited)
	a.Governor.OnGreeted = append(a.Governor.OnGreeted, a.sawGreeting)
	a.Governor.OnPreference = append(a.Governor.OnPreference, a.Broadcasts.Chose, a.Moments.Chose)
	a.Governor.OnDisplaced = append(a.Governor.OnDisplaced, a.Broadcasts.Displaced) // a Moment looks at the ledger before it is made
	a.Kf.OnStopped = append(a.Kf.OnStopped, func(ctx context.Context, tx *db.Tx, e kf.Stopped) error {
		return a.Governor.OptOut(ctx, tx, e.CorpID, e.CustomerID, "keyword", "customer")
	})
	a.Kf.OnComplained = append(a.Kf.OnComplained, func(ctx context.Context, tx *db.Tx, e kf.Complained) error {
		return a.Governor.ComplainedInTalk(ctx, tx, e.CorpID, e.CustomerID)
	})
	a.Governor.OnComplaint = append(a.Governor.OnComplaint, a.Broadcasts.Complained, a.tellComplaint)
	a.Kf.OnOpened = append(a.Kf.OnOpened, a.noteSession)
	a.Kf.OnWrote = append(a.Kf.OnWrote, a.wrote)
	a.Moments.OnReacted = append(a.Moments.OnReacted, a.reacted)
	a.Customers.OnLost = append(a.Customers.OnLost, a.Broadcasts.Lost, a.Contactway.Lost)
	a.Outreach.OnMass = append(a.Outreach.OnMass, a.Broadcasts.Massed)
	a.Outreach.Wanted = a.Broadcasts.Wanted
	a.Outreach.OnMoment = append(a.Outreach.OnMoment, a.Moments.Momented)
	a.Outreach.OnSettled = append(
		a.Outreach.OnSettled,
		a.Welcomes.Settled,
		a.Kf.Settled,
		a.noteTouch,
	)

	a.Staff.OnAccess = append(a.Staff.OnAccess, func(ctx context.Context, tx *db.Tx, e staff.AccessChanged) error {
		return a.Auth.EndSessions(ctx, tx, e.StaffID)
	})

	a.DB.BeforeCommit = append(a.DB.BeforeCommit, a.Audit.Request) // whatever a call of the API changes, and nobody logged

	a.Settings.OnChange = append(a.Settings.OnChange, a.changed, a.tellNodes)

	a.Governor.Register(a.Bus)
	a.Notices.Register(a.Bus)
	a.Staff.OnAdding = append(a.Staff.OnAdding, func(ctx context.Context, tx *db.Tx, e staff.Adding) error {
		return a.Governor.Adding(ctx, tx, e.CorpID, e.StaffID, e.Day, e.Requests, e.Added)
	})
	a.Staff.OnCapacity = append(a.Staff.OnCapacity, a.Contactway.LookAgain)
	a.Sync.OnEnd = append(a.Sync.OnEnd, a.Contactway.LookAgain)
	a.Staff.Register(a.Bus)
	a.Groupchats.Register(a.Bus)
	a.Customers.Register(a.Bus)
	a.Tags.Register(a.Bus)
	a.Contactway.Register(a.Bus)
	a.Outreach.Register(a.Bus)
	a.Joinways.Register(a.Bus)
	a.Kf.Register(a.Bus)
	a.Broadcasts.Register(a.Bus)
	a.Moments.Register(a.Bus)
	a.Sync.Register(a.Bus)
	a.Privacy.Register(a.Bus)

	a.Inbound.Register(a.API.Mux())
	a.Live.Register(a.API)
	a.Auth.RegisterAPI(a.API)
	a.Staff.RegisterAPI(a.API)
	a.Tags.RegisterAPI(a.API, scope)
	a.Sync.RegisterAPI(a.API, a.Zone)
	a.Customers.RegisterAPI(a.API, a.aroundCustomers())
	a.Contactway.RegisterAPI(a.API, contactway.Neighbours{Scope: scope, Zone: a.Zone, Staff: a.staffNames, Tags: a.Tags.Names})
	a.Welcomes.RegisterAPI(a.API, a.aroundWelcomes())
	a.Groupchats.RegisterAPI(a.API, groupchat.Neighbours{
		Scope: scope, Staff: a.staffNames, Sources: a.Joinways.Sources, Customers: a.customerNames,
	})
	a.Joinways.RegisterAPI(a.API, a.Zone)
	a.Joinways.RegisterPages(a.API.Mux())
	a.Autoreply.RegisterAPI(a.API)
	a.Kf.RegisterAPI(a.API, kf.Neighbours{Zone: a.Zone, Scope: scope, Staff: a.staffNames})
	a.Materials.RegisterAPI(a.API, material.Neighbours{Staff: a.staffNames})
	a.Broadcasts.RegisterAPI(a.API, broadcast.Neighbours{Scope: scope, Staff: a.staffNames, Customers: a.customerNames, Groups: a.groupBriefs})
	a.Moments.RegisterAPI(a.API, moment.Neighbours{Scope: scope, Staff: a.staffNames, Customers: a.customerNames, URL: a.API.URL})
	a.Governor.RegisterAPI(a.API, governance.Neighbours{
		Scope: scope, Staff: a.staffNames, Customers: a.customerNames, FindCustomers: a.findCustomers, Visible: a.seesCustomer, Living: a.Customers.CountLive,
	})
	a.Reviews.RegisterAPI(a.API, review.Neighbours{Zone: a.Zone, Scope: scope, Staff: a.staffNames})
	a.Assessments.RegisterAPI(a.API, assessment.Neighbours{Staff: a.staffNames})
	a.Disclosures.RegisterAPI(a.API, disclosure.Neighbours{Staff: a.staffNames, Customers: a.customerNames})
	a.Incidents.RegisterAPI(a.API, a.aroundIncidents())
	a.Governor.RegisterPages(a.API.Mux())
	a.Governor.RegisterNotice(a.API.Mux(), a.CorpID)
	a.Audit.RegisterAPI(a.API)
	a.Privacy.RegisterAPI(a.API, privacy.Neighbours{Names: a.customerNames, Visible: a.seesCustomer})
	a.reader.Register(a.API.Mux())
	a.Governor.RegisterReaders(a.API.Mux(), a.CorpID, a.reader)
	a.Privacy.RegisterPages(a.API.Mux(), privacy.PageConfig{
		Reader: a.reader, Open: a.Governor.CustomerOf, Preferences: func(token string) string { return "../preferences/" + token },
	})
	a.Moments.RegisterPages(a.API.Mux(), moment.PageConfig{
		Reader: a.reader, Preferences: func(ctx context.Context, id string) string {
			return a.API.URL(ctx, a.Governor.PreferencePath(a.CorpID, id))
		},
	})
	a.API.Mux().HandleFunc("GET /p/", noSuchPage)
	a.Stats.RegisterAPI(a.API)
	a.Settings.RegisterAPI(a.API)
	a.Doctor.RegisterAPI(a.API)
	a.Letters.RegisterAPI(a.API)
}

// Handler serves callbacks, API, console and pages.
func (a *App) Handler() http.Handler { return a.API.Handler() }

// Start begins to work. The bus comes before the inbound writer, so that what is stored is also done; the catch-up comes
// last, when everything that it tells can be handled.
func (a *App) Start(ctx context.Context) error {
	var err error
	if a.MadePassword, err = a.Auth.EnsureAdmin(ctx); err != nil {
		return err
	}
	if err := a.Audit.BeginShown(ctx); err != nil {
		return err
	}
	a.Audit.Start()
	a.started = true
	if err := a.Bus.Start(ctx); err != nil {
		return err
	}
	if err := a.Staff.Start(ctx); err != nil {
		return err
	}
	if err := a.Broadcasts.Start(ctx); err != nil {
		return err
	}
	if err := a.Moments.Start(ctx); err != nil {
		return err
	}
	if err := a.Privacy.Start(ctx); err != nil {
		return err
	}
	if err := a.hearNodes(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	a.Inbound.Start(ctx)
	if err := a.Sync.CatchUp(ctx); err != nil {
		return fmt.Errorf("begin the catch-up: %w", err)
	}
	if err := a.Kf.CatchUp(ctx); err != nil {
		return fmt.Errorf("read on in customer service: %w", err)
	}
	watched, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stopWatch = stop
	go a.watch(watched)
	go func() { // in a large corp: the first plan of a mass message would wait for it
		if err := a.Broadcasts.Warm(watched); err != nil && watched.Err() == nil {
			a.Log.Warn("prepare plans of mass messages", "error", err)
		}
	}()
	return nil
}

// Stop ends in the opposite order: first nothing new is taken, then what is in flight is finished, then the ground goes.
func (a *App) Stop(ctx context.Context) error {
	if a.stopWatch != nil {
		a.stopWatch()
	}
	a.Inbound.Stop()
	err := a.Bus.Stop(ctx)
	a.Audit.Stop()
	if a.started { // what the last work wrote gets its place; a command beside a running platform leaves that to it
		err = errors.Join(err, a.Audit.Seal(ctx))
	}
	a.close()
	return err
}

func (a *App) close() {
	if a.Live != nil {
		a.Live.Close()
	}
	if a.stopNATS != nil {
		a.stopNATS()
		a.stopNATS = nil
	}
	if a.DB != nil {
		if err := a.DB.Close(); err != nil && !errors.Is(err, context.Canceled) {
			a.Log.Warn("close the database", "error", err)
		}
		a.DB = nil
	}
	if a.letGo != nil { // last: what was written is closed
		a.letGo()
		a.letGo = nil
	}
}

// crypto answers the callback keys of an area; the error names the variable that is missing.
func (a *App) crypto(area string) (*callback.Crypto, error) {
	pair, tokenVar, keyVar := a.Settings.Current().CallbackPair(area)
	if pair.Token == "" || pair.AESKey == "" {
		return nil, fmt.Errorf("%s and %s are not set", tokenVar, keyVar)
	}
	c, err := callback.New(pair.Token.Reveal(), pair.AESKey.Reveal(), a.CorpID)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyVar, err)
	}
	return c, nil
}

func secrets(c *config.Config) wecom.Secrets {
	return wecom.Secrets{
		Contact: c.Secrets["contact"].Reveal(), External: c.Secrets["external"].Reveal(), App: c.Secrets["app"].Reveal(),
		Kf: c.Secrets["kf"].Reveal(), Archive: c.Secrets["archive"].Reveal(),
	}
}

// changed takes over what was set in the console while we run: secrets at once, callback keys with the next callback.
// What lies deeper (corp, hosts) needs a new start, and the console says so.
func (a *App) changed(c *config.Config) {
	s := secrets(c)
	for area, secret := range map[wecom.Area]string{
		wecom.AreaContact: s.Contact, wecom.AreaExternal: s.External, wecom.AreaApp: s.App, wecom.AreaKf: s.Kf, wecom.AreaArchive: s.Archive,
	} {
		a.WeCom.SetSecret(area, secret)
	}
}

// tellNodes lets the other nodes read the settings again.
func (a *App) tellNodes(*config.Config) {
	if err := a.NATS.Publish(a.settingsSubject(), []byte(a.Node)); err != nil {
		a.Log.Warn("tell the other nodes of changed settings", "error", err)
	}
}

// hearNodes reads the settings again when another node changed them.
func (a *App) hearNodes(ctx context.Context) error {
	_, err := a.NATS.Subscribe(a.settingsSubject(), func(m *nats.Msg) {
		if string(m.Data) == a.Node {
			return
		}
		if err := a.Settings.Reload(ctx); err != nil {
			a.Log.Error("read the settings that another node changed", "error", err)
			return
		}
		a.changed(a.Settings.Current())
	})
	if err != nil {
		return fmt.Errorf("listen for changed settings: %w", err)
	}
	return nil
}

func (a *App) settingsSubject() string { return "zhiyin.settings." + a.CorpID }

// ownNetworks are the private networks that we may call: a sandbox on loopback serves its pictures itself.
func (a *App) ownNetworks() []netip.Prefix {
	if a.Official() {
		return nil
	}
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// imageSources is where pictures come from beside WeChat's own hosts: a sandbox serves its people's avatars itself.
func (a *App) imageSources() []string {
	if a.Official() {
		return nil
	}
	return []string{a.BaseURL}
}

// leaser shares WeCom's limits with the other nodes of the database; on SQLite there are none.
func (a *App) leaser() wecom.Leaser {
	if a.DB.Engine == db.SQLite {
		return nil
	}
	return &calls.Shares{DB: a.DB, Wall: clock.SystemWall(), CorpID: a.CorpID, Node: a.Node}
}

func nodeName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
