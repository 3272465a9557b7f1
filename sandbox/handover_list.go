package sandbox

import (
	"encoding/json"
	"fmt"
)

const unassignedPage = 1000

type unassignedQuery struct {
	Cursor   string      `json:"cursor"`
	PageSize int         `json:"page_size"`
	PageID   json.Number `json:"page_id"` // of the old paging: a number, by some SDKs as text
}

type unassignedRow struct {
	Handover       string `json:"handover_userid"`
	ExternalUserID string `json:"external_userid"`
	DimissionTime  int64  `json:"dimission_time"`
}

type unassignedReply struct {
	reply
	Info       []unassignedRow `json:"info"`
	IsLast     bool            `json:"is_last"`
	NextCursor *string         `json:"next_cursor,omitempty"` // absent with page_id
}

// unassignedList is who still belongs to members that have left: relations that
// wait for a handover, or are done with one, are not among them.
func unassignedList(c *call, q *unassignedQuery) (any, error) {
	if q.PageSize < 0 || q.PageSize > unassignedPage {
		return nil, refuse(40058, "page_size %d: must be between 1 and %d", q.PageSize, unassignedPage)
	}
	size := q.PageSize
	if size == 0 {
		size = unassignedPage
	}
	const filter = 133
	staff, at, err := readBatchCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	skip, old := 0, q.PageID != "" && q.Cursor == ""
	if old {
		page, err := q.PageID.Int64()
		if err != nil || page < 0 || page > 1<<20 {
			return nil, refuse(40058, "page_id %q: must be a number from 0", q.PageID)
		}
		skip = int(page) * size
	}
	w, end := c.w, ""
	out := unassignedReply{reply: done(), Info: []unassignedRow{}, IsLast: true}
	for ; staff < len(w.staff) && out.IsLast; staff, at = staff+1, 0 {
		m := &w.staff[staff]
		if !m.resigned {
			continue
		}
		for ; at < len(m.relations); at++ {
			r := &w.relations[m.relations[at]]
			if !r.alive() || w.handovers.open[pairKey{r.staff, r.customer}] != nil {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if len(out.Info) == size {
				out.IsLast, end = false, fmt.Sprintf("%x-%d-%d", filter, staff, at)
				break
			}
			out.Info = append(out.Info, unassignedRow{
				Handover: m.id, ExternalUserID: w.customerID(r.customer), DimissionTime: w.leftAt(r.staff).Unix(),
			})
		}
	}
	if !old {
		out.NextCursor = &end
	}
	return out, nil
}
