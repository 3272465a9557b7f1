package governance

import (
	"net/http"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// PrivacyPath is where people read what the corp uses their data for.
const PrivacyPath = "/p/privacy"

type privacyView struct {
	Who, How, Keep, Rights string
	Purposes               []privacyPurpose
	Version                int
	At                     string
	SHA256                 string
	Old                    bool  // another version is in force
	Versions               []int // the others
}

type privacyPurpose struct{ Title, Text, Basis string }

var privacyPage = pages.Template("privacy", `{{define "main"}}{{$p := .}}{{with .Data}}
{{if .Old}}<p class="note" role="status">{{$p.T "这是从前的一版，现在用的不是它。" "This is a version of before; another one is in force."}} <a href="/p/privacy">{{$p.T "看现在的一版" "Read the present one"}}</a></p>{{end}}
<h2>{{$p.T "谁在使用您的信息" "Who uses your data"}}</h2><p class="words">{{.Who}}</p>
<h2>{{$p.T "用来做什么" "What for"}}</h2>
{{range .Purposes}}<section class="card"><h3>{{.Title}}</h3><p class="words">{{.Text}}</p><p class="room">{{.Basis}}</p></section>{{end}}
<h2>{{$p.T "哪些信息，怎样使用" "Which data, and how"}}</h2><p class="words">{{.How}}</p>
<h2>{{$p.T "保存多久" "How long it is kept"}}</h2><p class="words">{{.Keep}}</p>
<h2>{{$p.T "您的权利" "Your rights"}}</h2><p class="words">{{.Rights}}</p>
{{end}}{{end}}
{{define "foot"}}{{$p := .}}{{with .Data}}<p>{{$p.T "第" "Version"}} {{.Version}}{{$p.T " 版，" ", published"}} {{.At}}{{$p.T " 发布" ""}}{{range .Versions}} · <a href="/p/privacy/{{.}}">{{$p.T "第" "Version"}} {{.}}{{$p.T " 版" ""}}</a>{{end}}</p>
<p class="sum">SHA-256 {{.SHA256}}</p>{{end}}{{end}}`)

// basis is what a reader is told about the ground in law.
func (b Basis) basis() errs.Text {
	switch b {
	case ByConsent:
		return errs.T("经您同意，添加员工时或之后；您可以随时停止或拒绝，不影响服务。", "With your consent, when you added a member of staff or later. You can stop or refuse it at any time; service goes on.")
	case BySeparate:
		return errs.T("只在您单独同意之后。", "Only after a separate consent of yours.")
	case ByContract:
	}
	return errs.T("应您的请求，或为履行与您的约定。", "At your request, or to keep an agreement with you.")
}

// RegisterNotice puts the corp's notice about its customers' data on mux.
func (g *Governor) RegisterNotice(mux *http.ServeMux, corpID string) {
	show := func(w http.ResponseWriter, r *http.Request) { g.privacy(w, r, corpID) }
	mux.HandleFunc("GET "+PrivacyPath, show)
	mux.HandleFunc("GET "+PrivacyPath+"/{version}", show)
}

func (g *Governor) privacy(w http.ResponseWriter, r *http.Request, corpID string) {
	lang := web.Lang(r.Context())
	all, err := g.Notices(r.Context(), corpID)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	var n *PrivacyNotice
	asked := r.PathValue("version")
	for i := range all {
		if asked == "" || strconv.Itoa(all[i].Version) == asked {
			n = &all[i]
			break
		}
	}
	if n == nil {
		title, text := errs.T("还没有发布", "Not published yet"), errs.T("企业还没有发布个人信息的说明。想知道您的信息怎样使用，请问与您联系的员工。", "The company has not published what it uses personal data for. Ask the member of staff you are in contact with.")
		if len(all) > 0 {
			title, text = errs.T("没有这一版", "No such version"), errs.T("没有这一版。", "There is no such version.")
		}
		pages.Notice(w, http.StatusNotFound, lang, title, text)
		return
	}
	body, err := n.Reads()
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	view := privacyView{
		Who: body.Who.In(lang), How: body.How.In(lang), Keep: body.Keep.In(lang), Rights: body.Rights.In(lang),
		Version: n.Version, At: n.MadeAt.In(g.zone).Format(time.DateOnly), SHA256: n.SHA256, Old: n.Version != all[0].Version,
	}
	for _, p := range body.Purposes {
		info := purposeInfo(p.ID)
		if info == nil { // of a former program
			continue
		}
		view.Purposes = append(view.Purposes, privacyPurpose{info.Title.In(lang), p.Text.In(lang), info.Basis.basis().In(lang)})
	}
	for _, v := range all {
		if v.Version != n.Version {
			view.Versions = append(view.Versions, v.Version)
		}
	}
	page := pages.Page{Title: errs.T("我们怎样使用您的信息", "How we use your data").In(lang), Data: view}
	if err := pages.Write(w, http.StatusOK, lang, privacyPage, page); err != nil {
		web.WriteError(w, r, err)
	}
}
