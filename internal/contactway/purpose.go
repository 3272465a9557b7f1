package contactway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Purpose is what a code tells those who come by it that their data is for (LAW-04).
type Purpose string

// The purposes.
const (
	ServiceOnly         Purpose = "service" // after-sales and questions: no marketing without a consent of their own
	ServiceAndMarketing Purpose = "service_and_marketing"
)

// servicePeriod is a time in which a code was for service only. Rows outlive the code: what people were told does not change with it.
type servicePeriod struct {
	bun.BaseModel `bun:"table:contactway_service"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	WayID   int64
	State   string
	Since   clock.Time
	Until   clock.Time // 0 = it still is
	SetBy   string
	EndedBy string
}

// apart is how far WeCom's clock, which tells when somebody came, may be from ours: who came that close to a change counts as told of
// service only.
const apart = clock.Time(time.Minute / time.Millisecond)

func (p Purpose) check() error {
	if p == "" || p == ServiceOnly || p == ServiceAndMarketing {
		return nil
	}
	return errs.Bad("purpose", "contactway.purpose", errs.T("请选：只用于服务、服务和营销。", "Choose: for service only, for service and marketing."))
}

// setPurpose notes from when on a code says something else. It holds for who comes afterwards: nobody who came before is told anew.
func (s *Service) setPurpose(ctx context.Context, tx *db.Tx, c Contactway) error {
	if err := tx.Lock(ctx, fmt.Sprint("contactway/purpose/", c.ID)); err != nil {
		return err
	}
	var open []servicePeriod
	err := tx.NewSelect().Model(&open).Where("corp_id = ? AND way_id = ? AND until = 0", s.CorpID, c.ID).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read the purpose of channel code %d: %w", c.ID, err)
	}
	if (c.Purpose == ServiceOnly) == (len(open) > 0) {
		return nil
	}
	now, by := s.World.Now(), c.SavedBy
	if c.Purpose == ServiceOnly {
		_, err = tx.NewInsert().Model(&servicePeriod{CorpID: s.CorpID, ID: tx.NewID(), WayID: c.ID, State: c.State, Since: now, SetBy: by}).Exec(ctx)
	} else {
		_, err = tx.NewUpdate().Model((*servicePeriod)(nil)).Set("until = ?", now).Set("ended_by = ?", by).
			Where("corp_id = ? AND way_id = ? AND until = 0", s.CorpID, c.ID).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("set the purpose of channel code %d: %w", c.ID, err)
	}
	return audit.Log(ctx, tx, audit.Entry{
		CorpID: s.CorpID, Act: "contactway.purpose", Subject: audit.Of("contactways", fmt.Sprint(c.ID)), Who: by, At: now, Detail: audit.Detail{"purpose": c.Purpose},
	})
}

// purposes fills in what the codes say now, and since when.
func (s *Service) purposes(ctx context.Context, q bun.IDB, ways ...*Contactway) error {
	ids := make([]int64, len(ways))
	for i, c := range ways {
		ids[i], c.Purpose = c.ID, ServiceAndMarketing
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []servicePeriod
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND way_id IN (?)", s.CorpID, bun.List(ids)).OrderExpr("id").Scan(ctx)
	if err != nil {
		return fmt.Errorf("read the purposes of channel codes: %w", err)
	}
	for _, r := range rows {
		for _, c := range ways {
			if c.ID != r.WayID {
				continue
			}
			if c.Purpose, c.PurposeSince = ServiceAndMarketing, r.Until; r.Until == 0 {
				c.Purpose, c.PurposeSince = ServiceOnly, r.Since
			}
		}
	}
	return nil
}

// Numbers of add_way by which the customer did nothing: they were handed over, and told nothing. Official page: document/path/92114.
const (
	wayUnknown  = -1 // details are not read yet
	wayShared   = 201
	wayAssigned = 202
)

// cameBy is how a customer once came to a member.
type cameBy struct {
	CustomerID string
	Live       bool
	AddWay     int
	State      string
	Narrow     bool // by a code that was for service only then, or before the instant that is asked about
}

// own says that it was the customer's own act.
func (r cameBy) own() bool {
	return r.State != "" || r.AddWay != wayUnknown && r.AddWay != wayShared && r.AddWay != wayAssigned
}

// narrow says whether the relations of one customer make them one who was told of service only: each of those that live and were their
// own act does. Where somebody was handed over, it counts how they had come before, for a handover tells them nothing.
func narrow(all []cameBy) bool {
	var live, former, handed []cameBy
	for _, r := range all {
		switch {
		case r.own() && r.Live:
			live = append(live, r)
		case r.own():
			former = append(former, r)
		case r.Live:
			handed = append(handed, r)
		}
	}
	if len(handed) > 0 {
		live = append(live, former...)
	}
	if len(live) == 0 {
		live = handed
	}
	return len(live) > 0 && !slices.ContainsFunc(live, func(r cameBy) bool { return !r.Narrow })
}

// Narrow answers those of the customers who were told of service only, or came before the instant since.
func (s *Service) Narrow(ctx context.Context, q bun.IDB, customerIDs []string, since clock.Time) (map[string]bool, error) {
	var some []int64
	if err := q.NewRaw("SELECT id FROM contactway_service WHERE corp_id = ? LIMIT 1", s.CorpID).Scan(ctx, &some); err != nil {
		return nil, fmt.Errorf("look for codes that are for service only: %w", err)
	}
	if len(some) == 0 && since == 0 { // most corps
		return nil, nil //nolint:nilnil // nobody is
	}
	var rows []cameBy
	err := q.NewRaw(`SELECT r.customer_id, r.live, r.add_way, r.state, CASE WHEN r.added_at < ? OR EXISTS (SELECT 1 FROM contactway_service AS p
			WHERE p.corp_id = r.corp_id AND p.state = r.state AND p.since - ? <= r.added_at AND (p.until = 0 OR r.added_at < p.until + ?)) THEN TRUE ELSE FALSE END AS narrow
		FROM relation AS r WHERE r.corp_id = ? AND r.customer_id IN ?`, since, apart, apart, s.CorpID, s.DB.OneOf(customerIDs)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read how %d customers came: %w", len(customerIDs), err)
	}
	by := map[string][]cameBy{}
	for _, r := range rows {
		by[r.CustomerID] = append(by[r.CustomerID], r)
	}
	out := map[string]bool{}
	for id, all := range by {
		if narrow(all) {
			out[id] = true
		}
	}
	return out, nil
}
