package contactway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

type row struct {
	bun.BaseModel `bun:"table:contactway,alias:cw"`

	CorpID      string `bun:",pk"`
	ID          int64  `bun:",pk"`
	ConfigID    string
	Name        string
	State       string
	Staff       string
	Departments string
	SkipVerify  bool
	Remark      string
	QRCode      string `bun:"qr_code"`
	Tags        string
	Passed      string
	Enabled     bool
	CreatedAt   clock.Time
}

func (r row) contactway() (Contactway, error) {
	c := Contactway{
		ID: r.ID, ConfigID: r.ConfigID, Name: r.Name, State: r.State, SkipVerify: r.SkipVerify, Remark: r.Remark, QRCode: r.QRCode,
		Enabled: r.Enabled, CreatedAt: r.CreatedAt,
	}
	for _, f := range []struct {
		raw  string
		into any
	}{{r.Staff, &c.StaffIDs}, {r.Departments, &c.Departments}, {r.Tags, &c.TagIDs}, {r.Passed, &c.Passed}} {
		if err := json.Unmarshal([]byte(f.raw), f.into); err != nil {
			return c, fmt.Errorf("read channel code %d: %w", r.ID, err)
		}
	}
	return c, nil
}

func rowOf(corpID string, c Contactway) (row, error) {
	r := row{
		CorpID: corpID, ID: c.ID, ConfigID: c.ConfigID, Name: c.Name, State: c.State, SkipVerify: c.SkipVerify, Remark: c.Remark,
		QRCode: c.QRCode, Enabled: c.Enabled, CreatedAt: c.CreatedAt,
	}
	for _, f := range []struct {
		from any
		into *string
	}{{c.StaffIDs, &r.Staff}, {c.Departments, &r.Departments}, {c.TagIDs, &r.Tags}, {c.Passed, &r.Passed}} {
		raw, err := json.Marshal(f.from)
		if err != nil {
			return r, fmt.Errorf("write channel code %q: %w", c.Name, err)
		}
		*f.into = string(raw)
	}
	return r, nil
}

// Page answers codes newest first, from after the id `after` (0 = from the newest).
func (s *Service) Page(ctx context.Context, query string, after int64, limit int) ([]Contactway, error) {
	var rows []row
	q := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND enabled", s.CorpID).OrderExpr("id DESC").Limit(int64(limit))
	if after > 0 {
		q.Where("id < ?", after)
	}
	if err := byName(q, query).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list channel codes: %w", err)
	}
	out := make([]Contactway, 0, len(rows))
	for _, r := range rows {
		c, err := r.contactway()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	list := make([]*Contactway, len(out))
	for i := range out {
		list[i] = &out[i]
	}
	return out, s.purposes(ctx, s.DB.Read(), list...)
}

// byName keeps the codes whose name holds query.
func byName(q *bun.SelectQuery, query string) *bun.SelectQuery {
	if query == "" {
		return q
	}
	return q.Where("LOWER(name) LIKE LOWER(?) ESCAPE '!'", "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(query)+"%")
}

// Count answers how many codes there are whose name holds query.
func (s *Service) Count(ctx context.Context, query string) (int, error) {
	n, err := byName(s.DB.Read().NewSelect().Model((*row)(nil)), query).Where("corp_id = ? AND enabled", s.CorpID).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count channel codes: %w", err)
	}
	return int(n), nil
}

// Get answers one code.
func (s *Service) Get(ctx context.Context, id int64) (Contactway, error) {
	var r row
	err := s.DB.Read().NewSelect().Model(&r).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return Contactway{}, errs.Missing("渠道活码", "channel code")
	}
	if err != nil {
		return Contactway{}, fmt.Errorf("read channel code %d: %w", id, err)
	}
	c, err := r.contactway()
	if err != nil {
		return c, err
	}
	return c, s.purposes(ctx, s.DB.Read(), &c)
}

// ByState answers the code with this state, in the caller's transaction; ok is false when none has it.
func (s *Service) ByState(ctx context.Context, q bun.IDB, state string) (c Contactway, ok bool, err error) {
	if state == "" {
		return c, false, nil
	}
	var r row
	err = q.NewSelect().Model(&r).Where("corp_id = ? AND state = ?", s.CorpID, state).OrderExpr("id").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("find the channel code of a state: %w", err)
	}
	c, err = r.contactway()
	return c, err == nil, err
}

// Names answers the names of codes by state.
func (s *Service) Names(ctx context.Context, states []string) (map[string]Contactway, error) {
	out := map[string]Contactway{}
	if len(states) == 0 {
		return out, nil
	}
	var rows []row
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND state IN (?)", s.CorpID, bun.List(states)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read channel codes by state: %w", err)
	}
	for _, r := range rows {
		c, err := r.contactway()
		if err != nil {
			return nil, err
		}
		out[r.State] = c
	}
	return out, nil
}
