package boxed

import (
	"context"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/governance"
)

// tell publishes a notice for a corp that exists in a sandbox only, so that its customers' pages hold something to read.
func tell(ctx context.Context, a *app.App) error {
	told, err := a.Governor.HasNotice(ctx, a.CorpID)
	if err != nil || told {
		return err
	}
	both := func(zh, en string) governance.NoticeText { return governance.NoticeText{ZH: zh, EN: en} }
	_, err = a.Governor.PublishNotice(ctx, a.CorpID, "demo", governance.NoticeBody{
		Who: both("这是沙箱里的虚构企业。真实的企业在这里写明公司名称、地址和负责个人信息的人怎样联系。",
			"This is a fictional company in a sandbox. A real one says here what it is called, where it is, and how to reach who is in charge of personal data."),
		How: both("您添加员工时微信给出的昵称和头像，员工写的备注和标签，您在微信客服里说的话，以及给您发过什么、您有没有回应。不收集别的，不交给别的企业。",
			"The name and picture that WeChat shows when you add a member of staff, their remarks and tags, what you write to customer service, and what was sent to you and whether you reacted. Nothing else, and no other company gets it."),
		Keep: both("您是客户期间，以及之后法律要求的时间。", "While you are a customer, and afterwards for as long as the law asks."),
		Rights: both("您可以查询、复制、更正、删除，可以撤回同意，可以投诉。告诉与您联系的员工，或在消息偏好页上操作。",
			"You can see, copy, correct and delete it, take back your consent, and complain. Tell the member of staff you are in contact with, or use your preference page."),
		Purposes: []governance.NoticePurpose{
			{ID: governance.ForService, Text: both("回答您的问题，处理您的订单。", "To answer your questions and deal with your orders.")},
			{ID: governance.ForLifecycle, Text: both("购买之后的回访和提醒。", "To ask and remind you after a purchase.")},
			{ID: governance.ForMarketing, Text: both("告诉您活动、新品和优惠。在偏好页上可以减少、暂停或停止。", "To tell you about events, new products and offers. On your preference page you can have fewer, pause or stop them.")},
			{ID: governance.ForTraits, Text: both("按标签和您的回应，挑选告诉您什么。在偏好页上可以拒绝。", "To choose by tags and your reactions what to tell you. You can refuse it on your preference page.")},
		},
	}, false, "演示用的第一版")
	return err
}
