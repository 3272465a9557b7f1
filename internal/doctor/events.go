package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// offset is the median of WeCom's time minus ours over the latest events, and over how many. WeCom's time is in seconds,
// and repeats of an event come later than it: the median bears both.
func (d *Doctor) offset(ctx context.Context) (time.Duration, int, error) {
	var rows []struct {
		Payload   string
		CreatedAt clock.Time
	}
	err := d.DB.Read().NewRaw("SELECT payload, created_at FROM work WHERE corp_id = ? AND lane = 'inbox' ORDER BY id DESC LIMIT 25", d.CorpID).Scan(ctx, &rows)
	if err != nil {
		return 0, 0, fmt.Errorf("read the latest events: %w", err)
	}
	var offsets []time.Duration
	for _, r := range rows {
		var p struct{ CreateTime string }
		if json.Unmarshal([]byte(r.Payload), &p) != nil {
			continue
		}
		if sec, err := strconv.ParseInt(p.CreateTime, 10, 64); err == nil && sec > 0 {
			offsets = append(offsets, clock.Unix(sec).Sub(r.CreatedAt))
		}
	}
	if len(offsets) == 0 {
		return 0, 0, nil
	}
	slices.Sort(offsets)
	return offsets[len(offsets)/2], len(offsets), nil
}

// welcomes looks whether something takes our welcome messages away: a welcome message set in the admin console goes first and
// uses the code up, or WeCom gives no code at all.
func (d *Doctor) welcomes(ctx context.Context) Result {
	w, err := d.Welcomes(ctx)
	if err != nil {
		return failed(Bad, errs.T("读不出欢迎语的去向", "what became of welcome messages cannot be read"), errs.T("见数据库一项。", "See the database."))
	}
	lost := w.Used + w.NoCode
	detail := errs.Tf("一周内发出 %d 条；%d 次没有欢迎码，%d 次欢迎码已被用掉（41051）",
		"in a week %d sent, %d without a welcome code, %d with the code used up (41051)", w.Sent, w.NoCode, w.Used)
	switch {
	case w.Sent+lost == 0:
		return skip(errs.T("一周内没有新客户", "no new customer in a week"))
	case lost > w.Sent:
		return failed(Warn, detail, errs.T("多半是管理后台或别的应用设了欢迎语：管理后台 → 客户联系 → 欢迎语，移除与这些成员有关的设置。每次的原因见欢迎语 → 去向。",
			"Most likely a welcome message is set in the admin console or by another app: Customer contact, Welcome messages: take away what concerns these members. Each case's reason is under Welcome, Traces."))
	}
	return good(detail)
}
