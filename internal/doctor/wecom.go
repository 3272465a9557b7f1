package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

func secretVar(area string) string { return "ZHIYIN_WECOM_" + strings.ToUpper(area) + "_SECRET" }

// token gets a token with the secret of an area.
func (d *Doctor) token(ctx context.Context, area string) Result {
	c := d.Settings()
	name := secretVar(area)
	if c.Secrets[area] == "" {
		switch {
		case area == "archive" || area == "app":
			if area == "app" && c.Secrets["contact"] == "" {
				return failed(Bad, errs.Tf("%s 没有设置", "%s is not set", name),
					errs.T("在管理后台的应用页复制 Secret，填到这里或设置页。", "Copy the secret from the app's page in the admin console, and set it there or in Settings."))
			}
			return skip(errs.Tf("%s 没有设置", "%s is not set", name))
		case c.Secrets["app"] == "":
			return skip(errs.Tf("%s 没有设置", "%s is not set", name))
		}
		return skip(errs.T("用应用的 Secret", "uses the app's"))
	}
	return d.explain(d.WeCom.Check(ctx, wecom.Area(area)), name, errs.T("取到了 access_token", "got an access token"))
}

// explain turns the client's answer into words.
func (d *Doctor) explain(err error, name string, fine errs.Text) Result {
	var refused *wecom.SecretError
	var e *wecom.Error
	switch {
	case err == nil:
		return good(fine)
	case errors.Is(err, wecom.ErrBadSecret):
		errors.As(err, &refused)
		return failed(Bad, errs.Tf("企业微信拒绝了 %s（%d）", "WeCom refused %s (%d)", name, refused.Code),
			errs.Tf("核对 ZHIYIN_WECOM_CORP_ID 和 %s 是否属于同一企业、同一应用，重新复制后再试。在改之前不会再用它调用，以免地址被封。",
				"Check that ZHIYIN_WECOM_CORP_ID and %s belong to one corp and one app, and copy it again. It is not used again before it is changed, because repeated wrong secrets get the address banned.", name))
	case errors.Is(err, wecom.ErrNoSecret):
		return skip(errs.Tf("%s 没有设置", "%s is not set", name))
	case errors.Is(err, wecom.ErrUntrustedIP):
		errors.As(err, &e)
		return untrusted(e.IP())
	case errors.Is(err, wecom.ErrRateLimit):
		return failed(Warn, errs.T("调用额度暂时用完", "the limit of calls is used up for now"), errs.T("稍后会自己恢复。", "It comes back by itself."))
	case errors.Is(err, wecom.ErrForbidden):
		return failed(Bad, errs.T("应用没有这个接口的权限（48002）", "the app may not use this API (48002)"),
			errs.T("管理后台 → 客户与上下游 → 客户联系 → API，把应用加入“可调用接口的应用”。",
				"In the admin console, Customer contact, API: add the app to those that may call."))
	case errors.As(err, &e):
		return failed(Bad, errs.Tf("企业微信返回 %d %s", "WeCom answered %d %s", e.Code, e.Msg),
			errs.T("按错误码到企业微信的全局错误码页查原因。", "Look the code up on WeCom's page of global error codes."))
	}
	return failed(Bad, errs.T("企业微信没有回应", "WeCom did not answer"),
		errs.T("检查到 ZHIYIN_WECOM_BASE_URL 的网络、DNS 和 ZHIYIN_WECOM_PROXY。", "Look at the network and DNS to ZHIYIN_WECOM_BASE_URL, and at ZHIYIN_WECOM_PROXY."))
}

func untrusted(ip string) Result {
	if ip == "" {
		return failed(Bad, errs.T("企业微信不信任本机的出口 IP（60020），没有说是哪个", "WeCom does not trust our address (60020), and does not say which"),
			errs.T("管理后台 → 应用 → 企业可信 IP，填入本机的公网出口 IP。", "In the admin console, on the app's page, enter our public address under trusted IPs."))
	}
	return failed(Bad, errs.Tf("企业微信看到的 IP 是 %s，不在可信 IP 里（60020）", "WeCom saw the address %s, which is not trusted (60020)", ip),
		errs.Tf("管理后台 → 应用 → 企业可信 IP，填入 %s。", "In the admin console, on the app's page, enter %s under trusted IPs.", ip))
}

// trustedIP makes a call that WeCom refuses from foreign addresses; getting a token is not one.
func (d *Doctor) trustedIP(ctx context.Context) Result {
	c := d.Settings()
	if c.Secrets["app"] == "" || c.AgentID == 0 {
		return skip(errs.T("自建应用没有配置", "the corp's own app is not set up"))
	}
	agent, err := d.WeCom.Agent(ctx)
	if err == nil && bool(agent.Closed) {
		return failed(Bad, errs.Tf("应用 %s 已停用", "the app %s is switched off", agent.Name), errs.T("在管理后台的应用页启用它。", "Switch it on, on its page in the admin console."))
	}
	return d.explain(err, secretVar("app"), errs.Tf("应用 %s 可以调用", "the app %s may call", agent.Name))
}

// contact asks who may add customers: nobody means that the whole product has nothing to do.
func (d *Doctor) contact(ctx context.Context) Result {
	c := d.Settings()
	if c.Secrets["app"] == "" && c.Secrets["external"] == "" {
		return skip(errs.T("没有可用的 Secret", "no secret is set for it"))
	}
	staff, err := d.WeCom.FollowUsers(ctx)
	if err == nil && len(staff) == 0 {
		return failed(Warn, errs.T("没有成员能添加客户", "no member may add customers"),
			errs.T("管理后台 → 客户联系 → 权限配置，选择可使用的成员，并把他们放进应用的可见范围。",
				"In the admin console, Customer contact, permissions: choose members, and put them into the app's visible range."))
	}
	return d.explain(err, secretVar("external"), errs.T(fmt.Sprintf("%d 位成员可以添加客户", len(staff)), errs.Count(len(staff), "member", "members")+" with the right to add customers"))
}
