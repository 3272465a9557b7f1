package doctor

import (
	"context"
	"net/http"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

// WeCom is what the doctor asks of the client.
type WeCom interface {
	Check(ctx context.Context, area wecom.Area) error
	Agent(ctx context.Context) (wecom.Agent, error)
	FollowUsers(ctx context.Context) ([]wecom.StaffID, error)
}

// Welcomes counts what became of welcome messages lately.
type Welcomes struct {
	Sent   int
	NoCode int // WeCom gave no welcome code
	Used   int // 41051: the code was used before, or the chat had begun
}

// Config of a Doctor. What is nil is not looked at.
type Config struct {
	DB      *db.DB
	World   clock.World
	Wall    clock.Wall
	CorpID  string
	DataDir string
	// Settings answers the configuration as it is now.
	Settings func() *config.Config
	WeCom    WeCom
	Bus      func(ctx context.Context) error
	// Callbacks is our own handler of /callback/wecom/...: the doctor calls it as WeCom would.
	Callbacks http.Handler
	Welcomes  func(ctx context.Context) (Welcomes, error)
	// DeadLetters counts work that was given up.
	DeadLetters func(ctx context.Context) (int, error)
	// Notice says whether customers are told what their data is used for.
	Notice func(ctx context.Context) (bool, error)
}

// Doctor examines the platform.
type Doctor struct {
	Config

	mu   sync.Mutex
	last *Report
	seen Seen
	bad  Seen
}

// Seen is a callback that came, and why it was refused if it was.
type Seen struct {
	At     clock.Time
	Area   string
	Offset time.Duration // WeCom's timestamp minus the corp's clock
	Err    error
}

// New makes a doctor.
func New(c Config) *Doctor { return &Doctor{Config: c} }

// Saw tells the doctor of a callback; internal/inbound does.
func (d *Doctor) Saw(s Seen) {
	s.At = d.World.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.Err != nil {
		d.bad = s
	} else {
		d.seen = s
	}
}

// secretTitles name the secrets as the settings page does.
var secretTitles = map[string]errs.Text{
	"app":      errs.T("自建应用 Secret", "App secret"),
	"contact":  errs.T("通讯录 Secret", "Address book secret"),
	"external": errs.T("客户联系 Secret", "Customer contact secret"),
	"kf":       errs.T("微信客服 Secret", "Customer service secret"),
	"archive":  errs.T("会话存档 Secret", "Archive secret"),
}

// checks is the list, in the order in which a person would look.
func (d *Doctor) checks() []check {
	var list []check
	add := func(id string, title errs.Text, run func(ctx context.Context) Result) {
		list = append(list, check{id, title, run})
	}
	add("database", errs.T("数据库", "Database"), d.database)
	add("disk", errs.T("磁盘空间", "Disk space"), d.disk)
	if d.Bus != nil {
		add("bus", errs.T("消息总线", "Bus"), d.bus)
	}
	if d.DeadLetters != nil {
		add("dead_letters", errs.T("死信", "Dead letters"), d.deadLetters)
	}
	if d.WeCom != nil {
		for _, area := range config.Areas {
			add("token_"+area, secretTitles[area], func(ctx context.Context) Result { return d.token(ctx, area) })
		}
		add("trusted_ip", errs.T("可信 IP", "Trusted IP"), d.trustedIP)
		add("contact", errs.T("客户联系权限", "Customer contact"), d.contact)
	}
	if d.Callbacks != nil {
		for _, area := range d.callbackAreas() {
			title, id := errs.T("回调验证", "Callback verification"), "callback"
			if area != "" {
				title, id = errs.Tf("回调验证（%s）", "Callback verification (%s)", area), "callback_"+area
			}
			add(id, title, func(ctx context.Context) Result { return d.callback(ctx, area) })
		}
	}
	add("callbacks_seen", errs.T("收到的回调", "Callbacks received"), d.received)
	add("clock", errs.T("时钟偏差", "Clock offset"), d.clock)
	if d.Welcomes != nil {
		add("welcome", errs.T("后台欢迎语的干扰", "Welcome messages of the admin console"), d.welcomes)
	}
	if d.Notice != nil {
		add("notice", errs.T("个人信息的告知", "Notice about personal data"), d.notice)
	}
	return list
}

// callbackAreas are the addresses that have a pair of their own, after the common one.
func (d *Doctor) callbackAreas() []string {
	areas := []string{""}
	c := d.Settings()
	for _, area := range config.Areas {
		if p := c.Callbacks[area]; p.Token != "" || p.AESKey != "" {
			areas = append(areas, area)
		}
	}
	return areas
}
