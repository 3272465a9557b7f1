package welcome

import (
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// Why says in words why no welcome went out, and what can be done about it.
func Why(code string) (reason, wayOut errs.Text) {
	switch code {
	case WhyNone:
		return errs.T("没有为这个渠道和时段设置欢迎语。", "No welcome message is set for this channel and hour."),
			errs.T("新建一条默认欢迎语。", "Make a default welcome message.")
	case WhyConsoleWelcome:
		return errs.T("企业微信没有给欢迎码；这位成员最近的客户都没有，多半是管理后台已设了欢迎语。",
				"WeCom gave no welcome code, nor for this member's last customers: most likely WeCom's own console has a welcome set."),
			errs.T("在企业微信管理后台 → 客户联系 → 欢迎语里停用它。", "Turn it off in WeCom's console: Customer contact, Welcome message.")
	case WhyChatBegun:
		return errs.T("企业微信没有给欢迎码：聊天多半已经开始。", "WeCom gave no welcome code: most likely the chat had already begun."),
			errs.T("无需处理，成员正在和客户说话。", "Nothing to do: the member is talking with the customer.")
	case WhyHalfAnswered:
		return errs.T("客户先单方添加时已经发过欢迎语。", "The welcome went out when the customer's half of the adding came."), errs.Text{}
	case WhyWeComUser:
		return errs.T("对方是其他企业的企业微信用户，企业微信不给欢迎码。", "The customer uses another corp's WeCom; WeCom gives no code for them."), errs.Text{}
	case WhyFoundLate:
		return errs.T("这位客户是同步时发现的，欢迎码早已过期，不补发。", "A sync found this customer; the code had long expired, and none is sent late."),
			errs.T("检查回调是否畅通。", "Check that callbacks arrive.")
	case outreach.CodeWelcomeExpired:
		return errs.T("欢迎码已过期。", "The welcome code had expired."), errs.T("看看队列和企业微信接口是否变慢。", "See whether the queue or WeCom's API is slow.")
	case outreach.CodeWelcomeUsed:
		return errs.T("欢迎码已被使用。", "The welcome code was used already."), errs.T("检查是否有别的应用也在发欢迎语。", "Check whether another app sends welcomes too.")
	}
	return errs.Tf("被规则 %s 拦下。", "Held back by rule %s.", code), errs.T("打开这次触达看原因。", "Open the touch to see why.")
}
