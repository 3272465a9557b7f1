package governance

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// tooShort is what a press of "complain" without words came to.
const tooShort = "complain_short"

// pauseFor is how long one press pauses.
const pauseFor = 30 * 24 * time.Hour

// preferenceView is what the customer's own page shows.
type preferenceView struct {
	Shared    bool // the page is the one for everybody
	Stopped   bool
	Since     string
	HeldOut   bool
	Paused    string // until when
	Pace      Pace
	Marks     []bool // the string of the window that limits: used and left
	Used      int
	Cap       int
	Days      int
	From      string
	To        string
	Topics    []topicView
	Consent   string // since when they said yes; "" = they did not
	NoConsent bool   // they did not, and get nothing for it
	Sentence  string // to which they may say yes
	Wording   int    // its version
	Narrow    bool   // they came for service only, and get nothing for it
	Child     bool   // under 14, and no guardian agreed
	Minor     bool   // their own yes does not count
	Notice    bool   // the corp says what it uses data for
	NoTraits  bool   // nothing may be chosen for them by what is known of them
	Done      string // the press just now
	DataPage  string // the address of what is kept of them

	Complaints []complaintView // open ones
	Within     int             // hours in which one has to end
	Words      string          // of a complaint that was too short
}

type complaintView struct {
	Note  string
	Since string
}

type topicView struct {
	Name string
	On   bool
}

// Said is what the press just now did, in the past tense.
func (v preferenceView) Said(p pages.Page) string {
	switch v.Done {
	case "stop":
		return p.T("已停止，现在就生效。", "Stopped, from this moment.")
	case "consent":
		return p.T("已记下您的同意，现在就生效。", "Your consent is noted, from this moment.")
	case "resume":
		return p.T("已恢复，现在就生效。", "Resumed, from this moment.")
	case "pause":
		return p.T("已暂停，现在就生效。", "Paused, from this moment.")
	case "unpause":
		return p.T("已结束暂停，现在就生效。", "The pause is over, from this moment.")
	case "usual", "weekly", "monthly":
		return p.T("频率已改，现在就生效。", "How often: changed, from this moment.")
	case "topics":
		return p.T("主题已改，现在就生效。", "Topics: changed, from this moment.")
	case "no_traits":
		return p.T("已记下：按标签或行为挑选的推广不再发给您，现在就生效。", "Noted: promotional messages chosen by your tags or behaviour no longer reach you, from this moment.")
	case "traits":
		return p.T("已改为可以按标签和行为挑选。", "Changed: they may be chosen by your tags and behaviour.")
	case "complain":
		return p.T("已收到您的投诉。处理完之前，不会给您发推广消息。", "Your complaint is noted. Until it is dealt with you get no promotional messages.")
	case tooShort:
		return p.T("请写明是什么事，2 到 500 个字。", "Say what it is about, in 2 to 500 characters.")
	}
	return ""
}

var preferencePage = pages.Template("preferences", `{{define "main"}}{{$p := .}}{{with .Data}}
{{if .Done}}<p class="note" role="status">{{.Said $p}}</p>{{end}}
<section class="card">
{{if .Stopped}}<h2>{{$p.T "您不再收到推广消息" "You get no promotional messages"}}</h2>
<p class="room">{{$p.T "从" "Since"}} {{.Since}}{{$p.T " 起。所有员工都不会再发。" ". No member of staff sends any."}}</p>
{{else if .Child}}<h2>{{$p.T "不会给您发推广消息" "You get no promotional messages"}}</h2>
<p class="room">{{$p.T "登记的年龄未满 14 岁，没有监护人的同意。登记错了，请告诉与您联系的员工。" "You are noted as under 14, and no guardian has agreed. If that is wrong, tell the member of staff you are in contact with."}}</p>
{{else if .NoConsent}}<h2>{{$p.T "您没有同意过，所以不会收到推广消息" "You get no promotional messages: you have not said yes to them"}}</h2>
<p class="room">{{$p.T "您主动问的问题和订单通知照常回复。" "What you ask for yourself is still answered."}}</p>
{{else if .Narrow}}<h2>{{$p.T "您是为服务而来，所以不会收到推广消息" "You came for service, so you get no promotional messages"}}</h2>
<p class="room">{{$p.T "您主动问的问题和订单通知照常回复。" "What you ask for yourself is still answered."}}</p>
{{else if .HeldOut}}<h2>{{$p.T "目前不会给您发推广消息" "You get no promotional messages at present"}}</h2>
<p class="room">{{$p.T "您主动问的问题和订单通知照常回复。" "What you ask for yourself is still answered."}}</p>
{{else}}<h2>{{if .Paused}}{{$p.T "推广消息已暂停" "Promotional messages are paused"}}{{else}}{{$p.T "您现在会收到的推广消息" "The promotional messages you get now"}}{{end}}</h2>
{{if .Paused}}<p class="room">{{$p.T "到" "Until"}} {{.Paused}}{{$p.T " 为止。" "."}}</p>{{end}}
<p class="room" role="img" aria-label="{{.Used}} / {{.Cap}}">{{range .Marks}}{{if .}}●{{else}}○{{end}} {{end}}</p>
<p class="room">{{$p.T "最近" "In the last"}} {{.Days}} {{$p.T "天收到" "days:"}} {{.Used}} {{$p.T "条，最多" "of at most"}} {{.Cap}} {{$p.T "条；只在 " "promotional messages; only between "}}{{.From}} {{$p.T "到" "and"}} {{.To}}{{$p.T " 之间。" "."}}</p>{{end}}
</section>
{{if .Stopped}}<form method="post" class="list"><input type="hidden" name="wording" value="{{.Wording}}"><p class="say">{{.Sentence}}</p><button name="act" value="resume">{{$p.T "恢复接收" "Resume"}}</button></form>
{{else}}{{if .Consent}}<p class="say">✓ {{$p.T "您同意了接收推广消息，从" "You said yes to promotional messages,"}} {{.Consent}}{{$p.T " 起；「全部停止」就是撤回。" "; “Stop all” takes it back."}}</p>{{else if .Minor}}{{else if or .NoConsent .Narrow}}{{template "yes" $p}}{{end}}
<h2>{{$p.T "少一些" "Fewer"}}</h2>
<form method="post" class="list">
{{if eq .Pace "weekly"}}<p class="say" aria-current="true">✓ {{$p.T "最多每周一次（您选的）" "At most once a week (your choice)"}}</p>{{else}}<button name="act" value="weekly">{{$p.T "最多每周一次" "At most once a week"}}</button>{{end}}
{{if eq .Pace "monthly"}}<p class="say" aria-current="true">✓ {{$p.T "最多每月一次（您选的）" "At most once a month (your choice)"}}</p>{{else}}<button name="act" value="monthly">{{$p.T "最多每月一次" "At most once a month"}}</button>{{end}}
{{if .Pace}}<button name="act" value="usual">{{$p.T "照常" "As usual"}}</button>{{end}}
{{if .Paused}}<button name="act" value="unpause">{{$p.T "结束暂停" "End the pause"}}</button>{{else}}<button name="act" value="pause">{{$p.T "暂停 30 天" "Pause for 30 days"}}</button>{{end}}
<button name="act" value="stop">{{$p.T "全部停止" "Stop all"}}</button>
</form>
{{if .Topics}}<h2>{{$p.T "想听哪些" "About what"}}</h2>
<form method="post" class="card">
{{range .Topics}}<p><label class="pick"><input type="checkbox" name="topic" value="{{.Name}}"{{if .On}} checked{{end}}> {{.Name}}</label><input type="hidden" name="all" value="{{.Name}}"></p>{{end}}
<button name="act" value="topics">{{$p.T "保存主题" "Save topics"}}</button>
</form>{{end}}
<h2>{{$p.T "怎么挑选" "How they are chosen"}}</h2>
<form method="post" class="list">
{{if .NoTraits}}<p class="say" aria-current="true">✓ {{$p.T "不按我的标签和行为挑选（您选的）" "Not chosen by my tags and behaviour (your choice)"}}</p>
<button name="act" value="traits">{{$p.T "可以按标签和行为挑选" "They may be chosen by my tags and behaviour"}}</button>
{{else}}<button name="act" value="no_traits">{{$p.T "不要按我的标签和行为挑选内容" "Do not choose for me by my tags and behaviour"}}</button>{{end}}
</form>
<p class="say">{{$p.T "选了之后，只会收到不看这些的推广，例如发给所有客户的。" "You then get only what looks at neither, such as what goes to all customers."}}</p>
{{if not .Consent}}{{if not (or .NoConsent .Narrow .Minor)}}<h2>{{$p.T "同意" "Consent"}}</h2>{{template "yes" $p}}{{end}}{{end}}{{end}}
<h2>{{$p.T "投诉" "Complain"}}</h2>
{{range .Complaints}}<section class="card"><p>{{.Note}}</p><p class="room">{{$p.T "收到于" "Noted"}} {{.Since}}{{$p.T "，正在处理" ", being dealt with"}}</p></section>{{end}}
<form method="post" class="card"><label for="words">{{$p.T "是什么事？" "What is it about?"}}</label>
<textarea id="words" name="words" rows="4" maxlength="500" required>{{.Words}}</textarea>
<button name="act" value="complain">{{$p.T "投诉给企业" "Complain to the company"}}</button>
<p class="room">{{.Within}} {{$p.T "小时内会有人处理。" "hours is the time in which somebody deals with it."}}</p></form>
{{if .DataPage}}<p class="say"><a href="{{.DataPage}}">{{$p.T "我的资料：查看、拿副本、更正、删除" "My data: see, copy, correct, erase"}}</a></p>{{end}}
<p class="say">{{$p.T "按一下就生效，不用登录，也不用说明理由。您主动问的问题和订单通知照常回复。群里的消息发给整个群，要安静请在微信里设置免打扰或退群。" "One press is enough: no login, no reason. What you ask for yourself is still answered. Messages in a group go to the whole group: mute it or leave it in WeChat."}}</p>
{{end}}{{end}}
{{define "yes"}}<form method="post" class="card"><input type="hidden" name="wording" value="{{.Data.Wording}}"><p>{{.Data.Sentence}}</p><button name="act" value="consent">{{.T "我同意" "Yes, I want them"}}</button></form>{{end}}
{{define "foot"}}{{if .Data.Notice}}<p><a href="/p/privacy">{{.T "我们怎样使用您的信息" "How we use your data"}}</a></p>{{end}}<p>{{if .Data.Shared}}{{.T "这个地址谁打开就显示谁的选择，别人看不到您的。" "This address shows whoever opens it their own choices; nobody else sees yours."}}{{else}}{{.T "这个地址只属于您，请不要转发。" "This address is yours alone. Please do not pass it on."}}{{end}}</p>{{end}}`)

// PreferenceToken makes the part of the address that proves whose preferences a page shows. It does not expire: a stop
// must work however old the message is.
func (g *Governor) PreferenceToken(corpID, customerID string) string {
	body := base64.RawURLEncoding.EncodeToString([]byte(corpID + "\x00" + customerID))
	return body + "." + g.mac("preferences", corpID, customerID)[:32]
}

// PreferencePath is the path of a customer's own page.
func (g *Governor) PreferencePath(corpID, customerID string) string {
	return "/p/preferences/" + g.PreferenceToken(corpID, customerID)
}

func (g *Governor) openToken(token string) (corpID, customerID string, ok bool) {
	body, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return "", "", false
	}
	corpID, customerID, ok = strings.Cut(string(raw), "\x00")
	return corpID, customerID, ok && hmac.Equal([]byte(g.PreferenceToken(corpID, customerID)), []byte(token))
}

// CustomerOf answers whose page the last part of such an address is; ok is false when it proves nothing.
func (g *Governor) CustomerOf(token string) (customerID string, ok bool) {
	_, customerID, ok = g.openToken(token)
	return customerID, ok
}

// RegisterPages puts the customers' preference page on mux.
func (g *Governor) RegisterPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /p/preferences/{token}", g.preferences)
	mux.HandleFunc("POST /p/preferences/{token}", g.preferences)
}

// preferences shows the page; only a POST changes anything, because links are opened by machines too.
func (g *Governor) preferences(w http.ResponseWriter, r *http.Request) {
	lang := web.Lang(r.Context())
	corpID, customerID, ok := g.openToken(r.PathValue("token"))
	if !ok {
		pages.Notice(w, http.StatusNotFound, lang, errs.T("没有这个页面", "No such page"),
			errs.T("地址不完整。请从收到的消息里重新打开。", "The address is not complete. Open it again from the message you got."))
		return
	}
	g.choices(w, r, corpID, customerID, "../data/"+r.PathValue("token"), false)
}

// choices serves the page of one customer; data is the way to the page of their data.
func (g *Governor) choices(w http.ResponseWriter, r *http.Request, corpID, customerID, data string, shared bool) {
	lang := web.Lang(r.Context())
	done := ""
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		done = r.PostFormValue("act")
		err := g.press(r.Context(), corpID, customerID, done, r.PostForm)
		if done == "complain" && errs.KindOf(err) == errs.Invalid {
			done, err = tooShort, nil
		}
		if err != nil {
			web.WriteError(w, r, err)
			return
		}
	}
	view, err := g.preferenceView(r.Context(), corpID, customerID)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	if view.Done = done; done == tooShort {
		view.Words = r.PostFormValue("words")
	}
	view.DataPage, view.Shared = data, shared
	page := pages.Page{Title: errs.T("消息偏好", "Message preferences").In(lang), Data: view}
	if err := pages.Write(w, http.StatusOK, lang, preferencePage, page); err != nil {
		web.WriteError(w, r, err)
	}
}

// press does what a button of the page says.
func (g *Governor) press(ctx context.Context, corpID, customerID, act string, form url.Values) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := g.chose(ctx, tx, corpID, customerID, act, form); err != nil {
			return err
		}
		return g.Acted(ctx, tx, corpID, Chose, map[string]clock.Time{customerID: g.world.Now()})
	})
}

func (g *Governor) chose(ctx context.Context, tx *db.Tx, corpID, customerID, act string, form url.Values) error {
	switch act {
	case "stop":
		return g.OptOut(ctx, tx, corpID, customerID, "page", "customer")
	case "resume", "consent": // each is the customer's own yes to the sentence beside the button
		if act == "resume" && !form.Has("wording") { // a page of before it had one
			return g.OptIn(ctx, tx, corpID, customerID, "preference page", ByCustomer)
		}
		version, _ := strconv.Atoi(form.Get("wording")) // what is no number is no sentence
		return g.agree(ctx, tx, corpID, customerID, version, web.Lang(ctx))
	case "complain":
		_, err := g.Complain(ctx, tx, corpID, customerID, form.Get("words"))
		return err
	}
	p := Preference{CorpID: corpID, CustomerID: customerID}
	prefs, err := g.preferencesOf(ctx, tx, corpID, []string{customerID})
	if err != nil {
		return err
	}
	if now := prefs[customerID]; now != nil {
		p = *now
	}
	switch act {
	case "usual":
		p.Pace = Usual
	case "weekly", "monthly":
		p.Pace = Pace(act)
	case "pause":
		p.PausedUntil = g.world.Now().Add(pauseFor)
	case "unpause":
		p.PausedUntil = 0
	case "no_traits", "traits":
		p.NoTraits = act == "no_traits"
	case "topics":
		p.TopicsOff = slices.DeleteFunc(slices.Clone(form["all"]), func(topic string) bool { return slices.Contains(form["topic"], topic) })
	default:
		return errs.Bad("act", "invalid", errs.T("请按页面上的按钮。", "Please use the button on the page."))
	}
	p.Via, p.ByWhom = "page", "customer"
	return g.SetPreference(ctx, tx, p)
}

func (g *Governor) preferenceView(ctx context.Context, corpID, customerID string) (preferenceView, error) {
	budgets, err := g.Budget(ctx, corpID, customerID)
	if err != nil {
		return preferenceView{}, err
	}
	caps, _, err := g.Caps(ctx, corpID)
	if err != nil {
		return preferenceView{}, err
	}
	pref, err := g.PreferenceOf(ctx, corpID, customerID)
	if err != nil {
		return preferenceView{}, err
	}
	topics, err := g.TopicsOf(ctx, corpID, customerID)
	if err != nil {
		return preferenceView{}, err
	}
	b := budgets[customerID]
	week := b.Windows[1]
	if b.Pace == Monthly {
		week = b.Windows[2]
	}
	v := preferenceView{
		Stopped: b.OptOut != 0, HeldOut: b.HeldOut, Pace: b.Pace, NoTraits: b.NoTraits, Used: week.Used, Cap: week.Cap, Days: week.Days,
		From: formatClock(caps.Quiet.From), To: formatClock(caps.Quiet.To),
	}
	var sentence errs.Text
	v.Wording, sentence = wording()
	v.Sentence, v.NoConsent = sentence.In(web.Lang(ctx)), b.NoConsent
	v.Narrow, v.Child, v.Minor, v.Notice = b.Narrow, b.Guarded, b.Age == Under14, caps.Notice.version > 0
	if b.ConsentedAt != 0 && !v.Minor {
		v.Consent = b.ConsentedAt.In(g.zone).Format(time.DateTime)[:16]
	}
	if b.PausedUntil != 0 {
		v.Paused = b.PausedUntil.In(g.zone).Format(time.DateTime)[:16]
	}
	for _, topic := range topics {
		v.Topics = append(v.Topics, topicView{topic, !slices.Contains(pref.TopicsOff, topic)})
	}
	if v.Stopped {
		v.Since = b.OptOut.In(g.zone).Format(time.DateTime)[:16]
	}
	open, err := g.grievances(ctx, g.db.Read(), corpID, customerID, true)
	if err != nil {
		return preferenceView{}, err
	}
	v.Within = int(g.book.complaintWithin.Hours())
	for i := range open { // what staff noted about them stays among staff
		if open[i].Kind == Complaint && open[i].ByWhom == ByCustomer {
			v.Complaints = append(v.Complaints, complaintView{open[i].Note, open[i].Since.In(g.zone).Format(time.DateTime)[:16]})
		}
	}
	for i := range max(week.Used, week.Cap) {
		v.Marks = append(v.Marks, i < week.Used)
	}
	return v, nil
}
