package app

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// askReader is the address at which WeCom says who reads, without a question to the person.
// https://developer.work.weixin.qq.com/document/path/91022
func (a *App) askReader(back, state string) string {
	return strings.TrimRight(a.OpenURL, "/") + "/connect/oauth2/authorize?appid=" + url.QueryEscape(a.CorpID) + "&redirect_uri=" + url.QueryEscape(back) +
		"&response_type=code&scope=snsapi_base&state=" + url.QueryEscape(state) + "&agentid=" + strconv.Itoa(a.AgentID) + "#wechat_redirect"
}

func (a *App) readerOf(ctx context.Context, code string) (string, error) {
	v, err := a.WeCom.UserByCode(ctx, code)
	return string(v.Customer), err
}

// noSuchPage answers every other address below /p/: a customer with half an address must not land at the console's login.
func noSuchPage(w http.ResponseWriter, r *http.Request) {
	pages.Notice(w, http.StatusNotFound, web.Lang(r.Context()), errs.T("没有这个页面", "No such page"),
		errs.T("地址不完整。请从收到的消息里重新打开。", "The address is not complete. Open it again from the message you got."))
}
