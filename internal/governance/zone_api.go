package governance

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

type zoneOut struct {
	Zone  string     `json:"zone" doc:"IANA name or offset; empty: nobody said, the corp's hours hold" example:"Asia/Urumqi"`
	Corp  string     `json:"corp" doc:"the corp's zone"`
	Via   string     `json:"via,omitempty" enum:"staff,api,import" doc:"how it became known"`
	By    *named     `json:"by,omitempty"`
	SetAt *time.Time `json:"set_at,omitempty"`
}

type setZoneIn struct {
	ID   string `path:"id"`
	Body struct {
		Zone string `json:"zone" maxLength:"64" doc:"IANA name (Asia/Urumqi) or offset (+06:00); empty: it is not known any more"`
	}
}

type importZonesIn struct {
	Body struct {
		CSV string `json:"csv" maxLength:"4000000" doc:"a customer a line: external_userid,zone; an empty zone says that it is not known any more"`
	}
}

type zoneError struct {
	Row    int    `json:"row" doc:"line of the file, from 1"`
	Reason string `json:"reason"`
}

type importedZones struct {
	Set    int         `json:"set" doc:"customers whose zone changed"`
	Same   int         `json:"same" doc:"customers who had that zone already"`
	Failed int         `json:"failed" doc:"lines that were left out"`
	Errors []zoneError `json:"errors" doc:"of the first 100 of them"`
}

// maxZoneErrors is how many lines an import explains.
const maxZoneErrors = 100

func (h *API) registerZones(a *web.API) {
	web.Get(a, "/customers/{id}/zone", web.Op{
		ID: "get-customer-zone", Permission: "customer.read", Scope: web.Filtered, Tag: "customers", Summary: "The zone a customer lives in, where somebody said",
	}, h.zoneOf)
	web.Put(a, "/customers/{id}/zone", web.Op{
		ID: "set-customer-zone", Permission: "customer.write", Scope: web.Filtered, Tag: "customers", Summary: "Say which zone a customer lives in",
	}, h.setZone)
	web.Post(a, "/customer-zones", web.Op{
		ID: "import-customer-zones", Permission: "customer.write", Scope: web.WholeCorp, Tag: "customers", MaxBody: 5 << 20,
		Summary: "Say of many customers which zone they live in",
	}, h.importZones)
}

func (h *API) zoneOf(ctx context.Context, in *customerIn) (*zoneOut, error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	zones, err := h.ZonesOf(ctx, h.db.Read(), web.Caller(ctx).CorpID, in.ID)
	if err != nil {
		return nil, err
	}
	z, ok := zones[in.ID]
	out := &zoneOut{Zone: z.Zone, Corp: h.zone.String()}
	if !ok {
		return out, nil
	}
	names, err := h.near.Staff(ctx, []string{z.ByWhom})
	out.Via, out.By, out.SetAt = z.Via, &named{z.ByWhom, names[z.ByWhom]}, h.when(z.SetAt)
	return out, err
}

func (h *API) setZone(ctx context.Context, in *setZoneIn) (*zoneOut, error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	known, err := h.near.Customers(ctx, []string{in.ID})
	if err != nil {
		return nil, err
	}
	if _, ok := known[in.ID]; !ok {
		return nil, errs.Missing("客户", "customer")
	}
	zone, err := parseZone(in.Body.Zone)
	if err != nil {
		return nil, err
	}
	who := web.Caller(ctx)
	via := "staff"
	if strings.HasPrefix(who.User, "token:") {
		via = "api"
	}
	err = h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := h.SetZones(ctx, tx, who.CorpID, via, who.User, map[string]string{in.ID: zone})
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.zoneOf(ctx, &customerIn{ID: in.ID})
}

// zoneLine is one line of an import that can be read.
type zoneLine struct {
	row            int
	customer, zone string
}

// parseZones reads lines of customer and zone; a line that cannot be read is told, and the others stand.
func parseZones(csv string) (lines []zoneLine, wrong map[int]errs.Text) {
	wrong = map[int]errs.Text{}
	first := map[string]int{}
	for i, line := range strings.Split(strings.TrimPrefix(csv, "\ufeff"), "\n") {
		row := i + 1
		line = strings.TrimSpace(strings.ReplaceAll(line, "，", ","))
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(strings.ToLower(line), "external_userid") {
			continue
		}
		cells := strings.Split(line, ",")
		for j := range cells {
			cells[j] = strings.Trim(strings.TrimSpace(cells[j]), `"`)
		}
		if len(cells) != 2 || cells[0] == "" {
			wrong[row] = errs.T("要写成「external_userid,时区」。", "Write “external_userid,zone”.")
			continue
		}
		zone, err := parseZone(cells[1])
		if err != nil {
			wrong[row] = errs.T("不认识这个时区："+cells[1], "This zone is not known: "+cells[1])
			continue
		}
		if was := first[cells[0]]; was != 0 {
			wrong[row] = errs.Tf("这位客户在第 %d 行已经写过。", "This customer is in line %d already.", was)
			continue
		}
		first[cells[0]] = row
		lines = append(lines, zoneLine{row, cells[0], zone})
	}
	return lines, wrong
}

// importZones works in transactions of some hundred: what is said twice changes nothing, so an import that was cut off is done again.
func (h *API) importZones(ctx context.Context, in *importZonesIn) (*importedZones, error) {
	who := web.Caller(ctx)
	lines, wrong := parseZones(in.Body.CSV)
	out := &importedZones{Errors: []zoneError{}}
	for part := range slices.Chunk(lines, chunk) {
		ids := make([]string, len(part))
		for i, l := range part {
			ids[i] = l.customer
		}
		known, err := h.near.Customers(ctx, ids)
		if err != nil {
			return nil, err
		}
		zones := make(map[string]string, len(part))
		for _, l := range part {
			if _, ok := known[l.customer]; !ok {
				wrong[l.row] = errs.T("没有这位客户："+l.customer, "No such customer: "+l.customer)
				continue
			}
			zones[l.customer] = l.zone
		}
		n := 0
		err = h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = h.SetZones(ctx, tx, who.CorpID, "import", who.User, zones)
			return err
		})
		if err != nil {
			return nil, err
		}
		out.Set += n
		out.Same += len(zones) - n
	}
	rows := make([]int, 0, len(wrong))
	for row := range wrong {
		rows = append(rows, row)
	}
	slices.Sort(rows)
	out.Failed = len(rows)
	for _, row := range rows[:min(len(rows), maxZoneErrors)] {
		out.Errors = append(out.Errors, zoneError{row, wrong[row].In(web.Lang(ctx))})
	}
	return out, nil
}
