package moment

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// historyView is what the page shows. It names no customer, and no member beside the title.
type historyView struct {
	Path   string
	Query  string
	Topic  string
	Month  string
	Topics []topicTab
	Months []monthView
	Older  string // link to the posts before these
	Known  bool   // the reader was recognised
	AskURL string // finds out who reads
	Prefs  string // the reader's own preference page
	Void   bool   // the personal link they came by counts no more
}

type topicTab struct {
	Name string
	Link string
	On   bool
}

type monthView struct {
	Label    string
	Count    int
	Before   string // link to the month before
	BeforeAs string
	Posts    []postView
}

type postView struct {
	ISO, Day, Week, Time string
	Shown, Rest          string
	Pictures             []*Media
	Film                 *Media
	LinkTitle, LinkURL   string
	LinkHost             string
	Topics               []string
	Place                string
	Aimed                bool
}

var historyTemplate = pages.Template("moments", `{{define "main"}}{{$p := .}}{{with .Data}}{{$v := .}}
{{if .Void}}<p class="note" role="status">{{$p.T "这个链接已经失效，下面是公开的内容。" "This link counts no more; what is public stands below."}}</p>{{end}}<form class="find" action="{{.Path}}" method="get" role="search"><input name="q" value="{{.Query}}" maxlength="50" aria-label="{{$p.T "搜索朋友圈" "Search"}}" placeholder="{{$p.T "搜一搜，比如“面膜”" "Search the posts"}}">{{if .Topic}}<input type="hidden" name="t" value="{{.Topic}}">{{end}}<button>{{$p.T "搜索" "Search"}}</button></form>
{{if .Topics}}<nav class="tabs" aria-label="{{$p.T "按内容看" "By topic"}}">{{range .Topics}}<a href="{{.Link}}"{{if .On}} aria-current="page"{{end}}>{{if .Name}}{{.Name}}{{else}}{{$p.T "全部" "All"}}{{end}}</a>{{end}}</nav>{{end}}
{{range .Months}}<div class="mon"><h2>{{.Label}}</h2><span>{{.Count}} {{$p.T "条" "posts"}}</span>{{if .Before}}<a href="{{.Before}}">{{.BeforeAs}}</a>{{end}}</div>
{{range .Posts}}<article class="post"><time datetime="{{.ISO}}"><b>{{.Day}}</b><span>{{.Week}}</span></time><div>{{with .Shown}}<p>{{.}}</p>{{end}}{{with .Rest}}<details><summary>{{$p.T "展开全文" "Show all"}}</summary><p>{{.}}</p></details>{{end}}
{{if .Pictures}}<div class="pics{{if eq (len .Pictures) 1}} one{{end}}">{{range $i, $m := .Pictures}}<img loading="lazy" decoding="async" src="{{$v.Path}}/{{$m.Hash}}"{{if $m.Width}} width="{{$m.Width}}" height="{{$m.Height}}"{{end}} alt="{{$p.T "图片" "Picture"}} {{inc $i}}">{{end}}</div>{{end}}
{{with .Film}}<video controls preload="none" src="{{$v.Path}}/{{.Hash}}"></video>{{end}}
{{if .LinkURL}}<a class="lk" href="{{.LinkURL}}" rel="noopener noreferrer">{{or .LinkTitle .LinkURL}}<small>{{.LinkHost}}</small></a>{{end}}
<p class="meta">{{.Time}}{{range .Topics}}　{{.}}{{end}}{{with .Place}}　{{.}}{{end}}{{if .Aimed}}　<b>{{$p.T "只发给部分客户" "For some customers only"}}</b>{{end}}</p></div></article>{{end}}
{{else}}<p class="say">{{if or .Query .Topic .Month}}{{$p.T "没有符合的内容。" "Nothing matches."}} <a href="{{.Path}}">{{$p.T "看全部" "Show all"}}</a>{{else}}{{$p.T "还没有内容。" "Nothing has been published yet."}}{{end}}</p>{{end}}
{{if .Older}}<a class="more" href="{{.Older}}">{{$p.T "看更早的" "Earlier posts"}}</a>{{end}}
{{end}}{{end}}
{{define "foot"}}<p>{{.T "这里是品牌自己保存的朋友圈，不显示任何客户的点赞和评论。已删除的内容不会出现。" "These are the brand's own posts. No customer's likes or comments are shown, and what was deleted does not appear."}}</p>
{{with .Data}}{{if .Known}}<a href="{{.Prefs}}">{{$.T "管理我收到的消息" "Manage what I get"}}</a><form method="post" action="{{.Path}}/forget"><button class="plain">{{$.T "不是我的？让发给我的链接失效" "Not you? Make the link void"}}</button></form>{{else}}<p>{{$.T "有些内容只发给部分客户，在微信里用自己的号打开才看得到。" "Some posts are for some customers only: they show when you open this page in WeChat with your own account."}}</p><a href="{{.AskURL}}">{{$.T "看发给我的内容" "Show what is for me"}}</a>{{end}}{{end}}{{end}}`)

// PageConfig is what the open pages need beside the service.
type PageConfig struct {
	Reader      *pages.Reader
	Preferences func(ctx context.Context, customerID string) string // the address of a customer's own page
}

// RegisterPages puts the history pages on mux: /p/moments/{slug} and the files on it.
func (s *Service) RegisterPages(mux *http.ServeMux, c PageConfig) {
	mux.HandleFunc("GET /p/moments/{slug}", func(w http.ResponseWriter, r *http.Request) { s.showHistory(w, r, c) })
	mux.HandleFunc("POST /p/moments/{slug}/forget", func(w http.ResponseWriter, r *http.Request) { s.forget(w, r, c) })
	mux.HandleFunc("GET /p/moments/{slug}/{hash}", func(w http.ResponseWriter, r *http.Request) { s.showPicture(w, r, c) })
}

func (s *Service) showHistory(w http.ResponseWriter, r *http.Request, c PageConfig) {
	ctx, lang := r.Context(), web.Lang(r.Context())
	p, err := s.page(ctx, s.DB.Read(), r.PathValue("slug"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	done, void, err := s.arrive(w, r, c, p.Slug)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	if done {
		return
	}
	q := r.URL.Query()
	a := Ask{Reader: c.Reader.Reading(r), Query: cut(q.Get("q"), 50), Topic: cut(q.Get("t"), 20), Month: cut(q.Get("m"), 7), Before: cut(q.Get("before"), 100)}
	if a.Reader == "" && c.Reader.MayAsk(r) {
		q.Del(linkParam) // WeCom says who reads
		back := PagePath(p.Slug)
		if len(q) > 0 {
			back += "?" + q.Encode()
		}
		http.Redirect(w, r, c.Reader.AskPath(ctx, back), http.StatusSeeOther)
		return
	}
	first, err := s.first(ctx, p, a)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	v, err := s.historyView(ctx, p, a, first, lang)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	v.Known, v.Void = a.Reader != "", void
	if v.Known {
		v.Prefs = c.Preferences(ctx, a.Reader)
	} else {
		v.AskURL = c.Reader.AskPath(ctx, PagePath(p.Slug))
	}
	lead := errs.T("朋友圈", "Moments")
	if first != 0 {
		lead = errs.T(first.In(s.Zone).Format("朋友圈，从 2006 年 1 月到今天"), first.In(s.Zone).Format("Moments since January 2006"))
	}
	if err := pages.Write(w, http.StatusOK, lang, historyTemplate, pages.Page{Title: p.Title, Lead: lead.In(lang), Data: v}); err != nil {
		web.WriteError(w, r, err)
	}
}

func cut(s string, most int) string {
	if r := []rune(strings.TrimSpace(s)); len(r) > most {
		return string(r[:most])
	}
	return strings.TrimSpace(s)
}

func (s *Service) historyView(ctx context.Context, p *HistoryPage, a Ask, first clock.Time, lang string) (*historyView, error) {
	posts, next, err := s.History(ctx, p, a)
	if err != nil {
		return nil, err
	}
	names, err := s.topics(ctx, p, a)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(posts))
	for i, post := range posts {
		ids[i] = post.ID
	}
	media, err := s.media(ctx, ids)
	if err != nil {
		return nil, err
	}
	path := p.Slug // relative: the platform may live below a base path
	link := func(set ...string) string {
		q := url.Values{}
		for i := 0; i < len(set); i += 2 {
			if set[i+1] != "" {
				q.Set(set[i], set[i+1])
			}
		}
		if len(q) == 0 {
			return path
		}
		return path + "?" + q.Encode()
	}
	v := &historyView{Path: path, Query: a.Query, Topic: a.Topic, Month: a.Month}
	if len(names) > 0 {
		v.Topics = append(v.Topics, topicTab{"", link("q", a.Query), a.Topic == ""})
		for _, n := range names {
			v.Topics = append(v.Topics, topicTab{n, link("q", a.Query, "t", n), a.Topic == n})
		}
	}
	for _, post := range posts {
		at := post.MadeAt.In(s.Zone)
		month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, s.Zone)
		label := errs.T(month.Format("2006 年 1 月"), month.Format("January 2006")).In(lang)
		if n := len(v.Months); n == 0 || v.Months[n-1].Label != label {
			m := monthView{Label: label}
			if m.Count, err = s.monthCount(ctx, p, a, month); err != nil {
				return nil, err
			}
			before := month.AddDate(0, -1, 0)
			if first < clock.At(month) {
				m.Before = link("q", a.Query, "t", a.Topic, "m", before.Format("2006-01"))
				m.BeforeAs = errs.T(before.Format("看 1 月"), before.Format("See January")).In(lang)
			}
			v.Months = append(v.Months, m)
		}
		last := &v.Months[len(v.Months)-1]
		last.Posts = append(last.Posts, viewOf(post, media[post.ID], at, lang))
	}
	if next != "" {
		v.Older = link("q", a.Query, "t", a.Topic, "m", a.Month, "before", next)
	}
	return v, nil
}

var weekdays = [7]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

func viewOf(p *Post, media []*Media, at time.Time, lang string) postView {
	f := FoldOf(p.Text)
	v := postView{
		ISO: at.Format(time.RFC3339), Day: at.Format("2"), Week: errs.T(weekdays[at.Weekday()], at.Format("Mon")).In(lang), Time: at.Format("15:04"),
		Shown: strings.TrimRight(p.Text[:f.At], "\n"), Rest: p.Text[f.At:], LinkTitle: p.LinkTitle, Place: p.Place, Aimed: !p.Open,
	}
	if strings.TrimSpace(v.Rest) == "" {
		v.Rest = ""
	}
	if u, err := url.Parse(p.LinkURL); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		v.LinkURL, v.LinkHost = p.LinkURL, u.Host
	}
	if p.Topics != "" {
		v.Topics = strings.Split(strings.Trim(p.Topics, "\n"), "\n")
	}
	for _, m := range media {
		switch {
		case m.Hash == "":
		case m.Kind == "image":
			v.Pictures = append(v.Pictures, m)
		case m.Kind == "video":
			v.Film = m
		}
	}
	return v
}

func (s *Service) showPicture(w http.ResponseWriter, r *http.Request, c PageConfig) {
	p, err := s.page(r.Context(), s.DB.Read(), r.PathValue("slug"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	m, content, err := s.picture(r.Context(), p, Ask{Reader: c.Reader.Reading(r)}, r.PathValue("hash"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", m.Type)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=86400")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errs.KindOf(err) != errs.NotFound {
		web.WriteError(w, r, fmt.Errorf("show the history of Moments: %w", err))
		return
	}
	pages.Notice(w, http.StatusNotFound, web.Lang(r.Context()), errs.T("没有这个页面", "No such page"),
		errs.T("这个页面已经关闭，或者地址不完整。请从收到的消息里重新打开。", "This page was closed, or the address is not complete. Open it again from the message you got."))
}
