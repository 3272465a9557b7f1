package app

import (
	"net/http"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// noSuchPage answers every other address below /p/: a customer with half an address must not land at the console's login.
func noSuchPage(w http.ResponseWriter, r *http.Request) {
	pages.Notice(w, http.StatusNotFound, web.Lang(r.Context()), errs.T("没有这个页面", "No such page"),
		errs.T("地址不完整。请从收到的消息里重新打开。", "The address is not complete. Open it again from the message you got."))
}
