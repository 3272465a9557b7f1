package app

import (
	"context"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/stats"
)

// todoFraud is words that were found to be fraud and that no owner has looked at.
func (a *App) todoFraud(ctx context.Context, scope []string, lang string) ([]stats.Todo, error) {
	if scope != nil || !mayCall(ctx, "fraud.write") {
		return nil, nil
	}
	const most = 50
	rows, err := a.Governor.Frauds(ctx, a.CorpID, most)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(c *governance.FraudCase) bool { return c.State != governance.FraudOpen })
	if len(rows) == 0 {
		return nil, nil
	}
	return []stats.Todo{{
		Kind: "fraud", Count: len(rows), Link: "/ladder",
		Title:  errs.T(fmt.Sprintf("%d 条疑似诈骗的内容等所有者处理", len(rows)), errs.Count(len(rows), "text looks", "texts look")+" like fraud: an owner decides").In(lang),
		Detail: errs.T("相关的活动已经冻结，原文留作证据；确认后提醒客户并报告", "What holds them is frozen and the words are kept; once confirmed, warn customers and report").In(lang),
	}}, nil
}
