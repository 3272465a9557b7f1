package governance

import (
	"context"
	"net/http"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// PreferencesPath is the one address of the page for everybody: mass messages end with it, and who opens it is told by WeCom.
const PreferencesPath = "/p/preferences"

// Closing is the last line of each mass message to customers: where they say that they want no more. It is the same for all; who
// opens it is told by WeCom. It is "" where no address is known at which customers reach the platform.
func (g *Governor) Closing() string {
	if g.publicURL == "" {
		return ""
	}
	return "不想再收到这类消息，点这里：" + g.publicURL + PreferencesPath
}

// Reader knows who reads a page.
type Reader interface {
	// Reading answers whose browser it is, "" when it is not known.
	Reading(r *http.Request) string
	// MayAsk says whether WeCom would know the person without a question.
	MayAsk(r *http.Request) bool
	// AskPath is the address that finds out and comes back to path.
	AskPath(ctx context.Context, path string) string
}

// RegisterReaders puts the page for everybody on mux. A forwarded link shows the one who opens it their own choices, and to
// nobody those of another.
func (g *Governor) RegisterReaders(mux *http.ServeMux, corpID string, reader Reader) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		id := reader.Reading(r)
		switch {
		case id != "":
			g.choices(w, r, corpID, id, "data/"+g.PreferenceToken(corpID, id), true)
		case r.Method == http.MethodGet && reader.MayAsk(r):
			http.Redirect(w, r, reader.AskPath(r.Context(), PreferencesPath), http.StatusSeeOther)
		default:
			pages.Notice(w, http.StatusOK, web.Lang(r.Context()), errs.T("请在微信里打开", "Open this in WeChat"),
				errs.T("这个页面显示打开它的人自己的选择，现在认不出您是谁。请在微信里从收到的消息打开；也可以告诉联系您的人“不想再收到”，或在客服里回复“退订”。",
					"This page shows whoever opens it their own choices, and it is not known who you are. Open it in WeChat from the message you got; or tell the person who writes to you that you want no more, or answer “stop” in customer service."))
		}
	}
	mux.HandleFunc("GET "+PreferencesPath, serve)
	mux.HandleFunc("POST "+PreferencesPath, serve)
}
