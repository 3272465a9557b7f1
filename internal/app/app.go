// Package app puts the platform together: one readable list of parts, who is told of what, and in which order things
// start and stop.
package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/internal/tag"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/welcome"
	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// Config of an App: what cmd/zhiyin read from flags, environment and file.
type Config struct {
	DataDir     string
	DatabaseURL string // "" = SQLite in DataDir
	NATSURL     string // "" = embedded
	Zone        *time.Location
	World       clock.World
	Log         *slog.Logger
	Key         []byte // salts hashes and signs links; at least 16 bytes

	WeComURL string
	CorpID   string
	AgentID  int
	Secrets  wecom.Secrets
	// Crypto answers the callback keys of an area.
	Crypto func(area string) (*callback.Crypto, error)

	PublicURL      string
	TrustedProxies []netip.Prefix
	AdminPassword  string
	OpenURL        string // host of WeCom's pages inside WeCom
	LoginURL       string // host of WeCom's page with the QR code
	CorpName       string
	Sandbox        bool // the corp is a sandbox's: shown everywhere
	Version        string
	Console        http.Handler
	ImageSources   []string // more places that pictures of customers come from
}

// App is the platform.
type App struct {
	Config
	Node         string
	MadePassword string // of the first user, when it was made up at this start: to be shown once

	DB         *db.DB
	NATS       *nats.Conn
	Bus        *bus.Bus
	WeCom      *wecom.Client
	Governor   *governance.Governor
	Customers  *customer.Service
	Staff      *staff.Service
	Auth       *auth.Service
	Live       *web.Live
	API        *web.API
	Groupchats *groupchat.Service
	Tags       *tag.Service
	Contactway *contactway.Service
	Outreach   *outreach.Service
	Welcomes   *welcome.Service
	Sync       *sync.Service
	Inbound    *inbound.Inbound

	stopNATS func()
}

// New opens the database and makes every part. Nothing runs before Start.
func New(ctx context.Context, c Config) (*App, error) {
	a := &App{Config: c, Node: nodeName()}
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
	if a.DB, err = db.Open(ctx, a.DatabaseURL, a.DataDir); err != nil {
		return err
	}
	if err = a.DB.Migrate(ctx); err != nil {
		return err
	}
	if a.NATS, a.stopNATS, err = bus.Connect(a.NATSURL, filepath.Join(a.DataDir, "nats"), a.Node); err != nil {
		return err
	}
	a.Bus, err = bus.New(bus.Config{DB: a.DB, World: a.World, Wall: clock.SystemWall(), Log: a.Log, NATS: a.NATS, Node: a.Node})
	if err != nil {
		return err
	}
	a.WeCom, err = wecom.New(wecom.Config{
		BaseURL: a.WeComURL, CorpID: a.CorpID, AgentID: a.AgentID, Secrets: a.Secrets, Logger: a.Log,
		Clock: func() time.Time { return a.World.Now().In(time.UTC) },
	})
	return err
}

// build makes the rooms.
func (a *App) build() (err error) {
	if a.Governor, err = governance.New(governance.Config{DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, Key: a.Key, Log: a.Log}); err != nil {
		return err
	}
	if a.Live, err = web.NewLive(a.NATS, a.CorpID, a.Log); err != nil {
		return err
	}
	a.Staff = staff.New(staff.Config{DB: a.DB, Bus: a.Bus, World: a.World, WeCom: a.WeCom, CorpID: a.CorpID, Customers: a.liveRelations})
	a.Auth = auth.New(auth.Config{
		DB: a.DB, Wall: clock.SystemWall(), Log: a.Log, CorpID: a.CorpID, Members: a.Staff, AdminPassword: a.AdminPassword, Version: a.Version,
		Login: func() auth.Login {
			return auth.Login{AgentID: a.AgentID, OpenURL: a.OpenURL, LoginURL: a.LoginURL, Code: a.WeCom.UserByCode}
		},
		Corp: func(context.Context) auth.Corp {
			return auth.Corp{ID: a.CorpID, Name: a.CorpName, Sandbox: a.Sandbox, Zone: a.Zone.String()}
		},
	})
	a.API = web.New(web.Config{
		Log: a.Log, Wall: clock.SystemWall(), Version: a.Version, PublicURL: a.PublicURL, TrustedProxies: a.TrustedProxies,
		Identify: a.Auth.Identify, Console: a.Console, ImageSources: a.ImageSources,
		Ready: []web.Check{{Name: "database", Test: a.DB.Ping}, {Name: "bus", Test: a.Bus.Ready}},
	})
	a.Customers = customer.New(customer.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Live: a.Live.Publish,
	})
	a.Groupchats = groupchat.New(groupchat.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, WeCom: a.WeCom, CorpID: a.CorpID, Live: a.Live.Publish,
	})
	a.Tags = tag.New(tag.Config{DB: a.DB, WeCom: a.WeCom, CorpID: a.CorpID})
	a.Contactway = contactway.New(contactway.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, WeCom: a.WeCom, CorpID: a.CorpID,
		Tag: func(ctx context.Context, customerID, staffID string, tagIDs []string) (bus.Settle, error) {
			return a.Tags.Mark(ctx, customerID, staffID, tagIDs, nil)
		},
	})
	a.Outreach = outreach.New(outreach.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, Governor: a.Governor, WeCom: a.WeCom, CorpID: a.CorpID,
	})
	a.Welcomes = welcome.New(welcome.Config{
		DB: a.DB, World: a.World, Zone: a.Zone, Outreach: a.Outreach, Governor: a.Governor, CorpID: a.CorpID, Channel: a.Contactway.ChannelOf,
	})
	a.Sync = sync.New(sync.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Log: a.Log, WeCom: a.WeCom, Customers: a.Customers, CorpID: a.CorpID,
		Live:   a.Live.Publish,
		Before: []sync.Part{{Name: "departments", Read: a.readDepartments}, {Name: "staff", Read: a.readStaff}, {Name: "tags", Read: a.Tags.Sync}},
		After:  []sync.Part{{Name: "groups", Read: a.readGroups}},
	})
	a.Inbound = inbound.New(inbound.Config{DB: a.DB, Bus: a.Bus, World: a.World, Log: a.Log, CorpID: a.CorpID, Crypto: a.Crypto})
	return nil
}

// connect is who is told of what inside one transaction, and who does which work. Order matters where it is said.
func (a *App) connect() {
	a.Customers.OnAdded = append(
		a.Customers.OnAdded,
		a.Welcomes.Added,   // first: the code lives 20 seconds
		a.Contactway.Added, // tags of the channel
	)
	a.Outreach.OnSettled = append(
		a.Outreach.OnSettled,
		a.Welcomes.Settled,
		a.noteTouch,
	)

	a.Staff.OnAccess = append(a.Staff.OnAccess, func(ctx context.Context, tx *db.Tx, e staff.AccessChanged) error {
		return a.Auth.EndSessions(ctx, tx, e.StaffID)
	})

	a.Governor.Register(a.Bus)
	a.Staff.Register(a.Bus)
	a.Groupchats.Register(a.Bus)
	a.Customers.Register(a.Bus)
	a.Contactway.Register(a.Bus)
	a.Outreach.Register(a.Bus)
	a.Sync.Register(a.Bus)

	a.Inbound.Register(a.API.Mux())
	a.Live.Register(a.API)
	a.Auth.RegisterAPI(a.API)
	a.Staff.RegisterAPI(a.API)
	a.Tags.RegisterAPI(a.API)
	a.Sync.RegisterAPI(a.API, a.Zone)
	a.Customers.RegisterAPI(a.API, a.aroundCustomers())
	a.Contactway.RegisterAPI(a.API, contactway.Neighbours{Zone: a.Zone, Staff: a.staffNames, Tags: a.Tags.Names})
	a.Welcomes.RegisterAPI(a.API, a.aroundWelcomes())
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
	if err := a.Bus.Start(ctx); err != nil {
		return err
	}
	a.Inbound.Start(ctx)
	if err := a.Sync.CatchUp(ctx); err != nil {
		return fmt.Errorf("begin the catch-up: %w", err)
	}
	return nil
}

// Stop ends in the opposite order: first nothing new is taken, then what is in flight is finished, then the ground goes.
func (a *App) Stop(ctx context.Context) error {
	a.Inbound.Stop()
	err := a.Bus.Stop(ctx)
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
}

func nodeName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
