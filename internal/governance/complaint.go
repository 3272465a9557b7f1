package governance

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// A complaint is a grievance that is also somebody's task: it is told at once, has to end within the hours of LAW-34, and is told
// again, higher up, when it has not.

// GrievanceTold is told inside the transaction in which a complaint is noted, and when its time is up and it is still open.
type GrievanceTold struct {
	Grievance
	DueAt   clock.Time
	Overdue bool
}

const kindComplaintDue = "governance.complaint_due"

// ByCustomer stands where the name of who did something would, when the customer did it.
const ByCustomer = "customer"

// due is until when a complaint has to have ended; 0 = no such time.
func (g *Governor) due(v *Grievance) clock.Time {
	if v.Kind != Complaint {
		return 0
	}
	return v.Since.Add(g.book.complaintWithin)
}

// Overdue says whether a complaint is open beyond its time.
func (g *Governor) Overdue(v *Grievance, now clock.Time) bool {
	due := g.due(v)
	return v.EndedAt == 0 && due != 0 && now >= due
}

// Complain notes what a customer complains of by themselves. While one of theirs is open, the same words change nothing; other words
// are a further one.
func (g *Governor) Complain(ctx context.Context, tx *db.Tx, corpID, customerID, note string) (*Grievance, error) {
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, customerID)}); err != nil {
		return nil, err
	}
	open, err := g.grievances(ctx, tx, corpID, customerID, true)
	if err != nil {
		return nil, err
	}
	v, n := Grievance{CorpID: corpID, CustomerID: customerID, Kind: Complaint, Note: note, ByWhom: ByCustomer}, 1
	for i := range open {
		if open[i].Kind != Complaint {
			continue
		}
		if open[i].Note == strings.TrimSpace(note) {
			return &open[i], nil
		}
		n++
	}
	if n > 1 {
		v.Ref = fmt.Sprint("#", n)
	}
	return g.OpenGrievance(ctx, tx, v)
}

// ComplainedInTalk notes that a customer said in a conversation that they complain. Their words stay there, sealed.
func (g *Governor) ComplainedInTalk(ctx context.Context, tx *db.Tx, corpID, customerID string) error {
	_, err := g.Complain(ctx, tx, corpID, customerID, "客户在微信客服里投诉，原话在会话里。")
	return err
}

// tellComplaint tells of a new complaint and sets the time at which it is asked for again.
func (g *Governor) tellComplaint(ctx context.Context, tx *db.Tx, v *Grievance) error {
	due := g.due(v)
	if due == 0 {
		return nil
	}
	if _, err := g.bus.Put(ctx, tx, bus.Item{
		CorpID: v.CorpID, Lane: bus.Timer, Kind: kindComplaintDue, Key: fmt.Sprint("governance/complaint/", v.ID), OrderKey: "governance/complaint/" + v.CustomerID, DueAt: due,
		Payload: complaintDue{v.ID},
	}); err != nil {
		return err
	}
	return g.tellGrievance(ctx, tx, GrievanceTold{Grievance: *v, DueAt: due})
}

type complaintDue struct{ ID int64 }

// complaintDue looks at a complaint when its time is up.
func (g *Governor) complaintDue(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p complaintDue
	if err := w.Decode(&p); err != nil {
		return err
	}
	v, err := g.Grievance(ctx, tx, w.CorpID, p.ID)
	if errs.KindOf(err) == errs.NotFound || err == nil && v.EndedAt != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return g.tellGrievance(ctx, tx, GrievanceTold{Grievance: *v, DueAt: g.due(v), Overdue: true})
}

func (g *Governor) tellGrievance(ctx context.Context, tx *db.Tx, e GrievanceTold) error {
	for _, f := range g.OnComplaint {
		if err := f(ctx, tx, e); err != nil {
			return fmt.Errorf("tell of complaint %d: %w", e.ID, err)
		}
	}
	return nil
}

// OpenComplaints are those that have not ended, the oldest first, at most 200.
func (g *Governor) OpenComplaints(ctx context.Context, corpID string) ([]Grievance, error) {
	const most = 200
	var rows []Grievance
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND kind = ? AND ended_at = 0", corpID, Complaint).OrderExpr("id").Limit(most).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open complaints: %w", err)
	}
	return rows, nil
}

// readComplaint reads the hours of LAW-34.
func (r *rulebook) readComplaint() error {
	var within struct {
		Hours int `json:"hours"`
	}
	if err := r.Params(ruleComplaint, &within); err != nil {
		return err
	}
	r.complaintWithin = time.Duration(within.Hours) * time.Hour
	return nil
}
