package privacy

import (
	"context"
	"encoding/json"
	"net/http"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// PageConfig is what the customers' own page asks of others.
type PageConfig struct {
	Reader *pages.Reader
	// Open answers whose page an address is, by the part that proves it.
	Open func(token string) (customerID string, ok bool)
	// Preferences is the address of the customer's preferences, relative to this page.
	Preferences func(token string) string
}

type dataPage struct {
	*Service
	PageConfig
}

// RegisterPages puts the page on mux on which customers see what is kept of them and say what they want about it.
func (s *Service) RegisterPages(mux *http.ServeMux, c PageConfig) {
	p := dataPage{s, c}
	mux.HandleFunc("GET /p/data/{token}", p.serve)
	mux.HandleFunc("POST /p/data/{token}", p.serve)
}

type dataView struct {
	Kinds       []dataKind
	Open        []string // what they have asked for, and by when it is answered
	Done        string
	Known       bool   // WeCom says that it is they who read
	Ask         string // the address that finds that out; "" = it cannot be found out here
	Preferences string
}

type dataKind struct{ Name, Kept string }

// Said is what the press just now did.
func (v dataView) Said(p pages.Page) string {
	switch v.Done {
	case string(WantCopy), string(WantErase), string(WantCorrect):
		return p.T("已记下您的要求，会有人答复您。", "Your request is noted; somebody will answer you.")
	case "short":
		return p.T("请写明哪里不对、应该是什么，2 到 500 个字。", "Say what is wrong and what it should be, in 2 to 500 characters.")
	case "nobody":
		return p.T("这里没有保存您的任何资料。", "Nothing is kept about you here.")
	}
	return ""
}

var dataTemplate = pages.Template("data", `{{define "main"}}{{$p := .}}{{with .Data}}
{{if .Done}}<p class="note" role="status">{{.Said $p}}</p>{{end}}
{{if .Open}}<section class="card"><h2>{{$p.T "您要求过" "You asked for"}}</h2>{{range .Open}}<p>{{.}}</p>{{end}}</section>{{end}}
<h2>{{$p.T "拿一份副本" "Get a copy"}}</h2>
{{if .Known}}<form method="post" class="list"><button name="act" value="download">{{$p.T "下载我的全部资料" "Download all my data"}}</button></form>
{{else}}<form method="post" class="list">{{if .Ask}}<p class="say"><a href="{{.Ask}}">{{$p.T "用微信确认是我，然后下载" "Confirm with WeChat that it is me, then download"}}</a></p>{{end}}<button name="act" value="copy">{{$p.T "请企业给我一份" "Ask the company for one"}}</button></form>{{end}}
<h2>{{$p.T "更正" "Correct"}}</h2>
<form method="post" class="card"><label for="words">{{$p.T "哪里不对，应该是什么？" "What is wrong, and what should it be?"}}</label>
<textarea id="words" name="words" rows="3" maxlength="500" required></textarea>
<button name="act" value="correct">{{$p.T "请企业更正" "Ask the company to correct it"}}</button></form>
<h2>{{$p.T "删除" "Erase"}}</h2>
<form method="post" class="list"><button name="act" value="erase">{{$p.T "请企业删除我的全部资料" "Ask the company to erase all my data"}}</button></form>
<p class="say">{{$p.T "企业核对是您本人之后删除。微信里的聊天和好友请您自己删除。" "The company erases it once it knows that it is you who asks. Chats and the contact in WeChat are yours to delete."}}</p>
<h2>{{$p.T "这家企业保存哪些资料" "What this company keeps"}}</h2>
<section class="card">{{range .Kinds}}<p>{{.Name}}<br><span class="room">{{.Kept}}</span></p>{{end}}</section>
<p class="say"><a href="{{.Preferences}}">{{$p.T "消息偏好" "Message preferences"}}</a></p>
{{end}}{{end}}
{{define "foot"}}<p>{{.T "这个地址只属于您，请不要转发。" "This address is yours alone. Please do not pass it on."}}</p>{{end}}`)

// serve shows the page; only a POST does anything. Its address proves no more than that somebody got it: whoever has it can ask for
// something, which a person answers; the data itself is given only to whom WeCom knows.
func (p dataPage) serve(w http.ResponseWriter, r *http.Request) {
	lang := web.Lang(r.Context())
	token := r.PathValue("token")
	customerID, ok := p.Open(token)
	if !ok {
		pages.Notice(w, http.StatusNotFound, lang, errs.T("没有这个页面", "No such page"),
			errs.T("地址不完整。请从收到的消息里重新打开。", "The address is not complete. Open it again from the message you got."))
		return
	}
	known := p.Reader.Reading(r) == customerID
	done := ""
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		done = r.PostFormValue("act")
		if done == "download" {
			p.download(w, r, customerID, known)
			return
		}
		_, err := p.AskFor(r.Context(), Request{CustomerID: customerID, Kind: RequestKind(done), Words: r.PostFormValue("words"), Via: "page", ByWhom: ByCustomer})
		switch {
		case errs.KindOf(err) == errs.NotFound:
			done = "nobody"
		case errs.KindOf(err) == errs.Invalid && RequestKind(done) == WantCorrect:
			done = "short"
		case err != nil:
			web.WriteError(w, r, err)
			return
		}
	}
	view, err := p.view(r.Context(), customerID, lang)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	view.Done, view.Known, view.Preferences = done, known, p.Preferences(token)
	if p.Reader.MayAsk(r) {
		view.Ask = p.Reader.AskPath(r.Context(), "/p/data/"+token)
	}
	page := pages.Page{Title: errs.T("我的资料", "My data").In(lang), Data: view}
	if err := pages.Write(w, http.StatusOK, lang, dataTemplate, page); err != nil {
		web.WriteError(w, r, err)
	}
}

func (p dataPage) download(w http.ResponseWriter, r *http.Request, customerID string, known bool) {
	lang := web.Lang(r.Context())
	if !known {
		pages.Notice(w, http.StatusForbidden, lang, errs.T("还不知道是不是您本人", "It is not known whether it is you"),
			errs.T("请在微信里打开这个地址，再下载。", "Open this address in WeChat, then download."))
		return
	}
	c, err := p.CopyOf(r.Context(), customerID, lang)
	if err == nil {
		err = p.handedOut(r.Context(), customerID)
	}
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="my-data.json"`)
	w.Header().Set("Cache-Control", "no-store")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(c) // the reader went away
}

func (p dataPage) view(ctx context.Context, customerID, lang string) (dataView, error) {
	periods, _, err := p.Periods(ctx)
	if err != nil {
		return dataView{}, err
	}
	v := dataView{}
	for _, k := range []struct { // what there may be, not what there is: the page says nothing personal
		keep Keep
		name errs.Text
	}{
		{Contact, errs.T("名字、头像、备注、标签、所在的群、和您联系的员工", "Your name and picture, remarks, tags, groups, and the staff you are in contact with")},
		{Words, errs.T("您和客服说的话", "What was said in customer service")},
		{Record, errs.T("发给您的消息和您的反应", "Messages sent to you, and your reactions")},
		{Evidence, errs.T("您的选择、同意、退订和投诉", "Your choices, consents, opt-outs and complaints")},
		{Log, errs.T("哪位员工看过您的资料", "Which members of staff looked at your data")},
	} {
		v.Kinds = append(v.Kinds, dataKind{k.name.In(lang), periods.words(k.keep).In(lang)})
	}
	var open []Request
	err = p.DB.Read().NewSelect().Model(&open).Where("corp_id = ? AND customer_id = ? AND state = 'open'", p.CorpID, customerID).OrderExpr("id").Scan(ctx)
	if err != nil {
		return v, wrap(err, "read what a customer asked for")
	}
	names := map[RequestKind]errs.Text{
		WantCopy: errs.T("一份副本", "a copy"), WantCorrect: errs.T("更正", "a correction"), WantErase: errs.T("删除", "erasing"),
	}
	for _, r := range open {
		day := r.DueAt.In(p.Zone).Format("2006-01-02")
		v.Open = append(v.Open, errs.T(names[r.Kind].ZH+"，最晚 "+day+" 答复", names[r.Kind].EN+", answered by "+day).In(lang))
	}
	return v, nil
}
