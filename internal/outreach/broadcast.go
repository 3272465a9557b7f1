package outreach

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

const (
	massKind       = "outreach.mass"
	massFindKind   = "outreach.mass_find"
	massCancelKind = "outreach.mass_cancel"
	massRemindKind = "outreach.mass_remind"
	// MassMost is how many customers one task takes. Official page: document/path/92135.
	MassMost = 10_000
	// MassMostGroups is how many groups one task takes.
	MassMostGroups = 2_000
)

// CodeUnreachable says that WeCom could not give a customer's message to the member: no relation any more.
const CodeUnreachable = "wecom.unreachable"

// ReasonUnreachable is CodeUnreachable in words.
var ReasonUnreachable = errs.T("企业微信无法通过这位员工发给该客户。", "WeCom cannot reach this customer through this member.")

// Mass is one member's task: the same words to many customers, sent when the member confirms.
type Mass struct {
	TaskID      int64 // the caller's
	StaffID     string
	Groups      bool    // to groups that StaffID owns, not to customers
	TouchIDs    []int64 // reserved, at most MassMost or MassMostGroups
	Text        string
	Attachments []Attachment
}

// MassStage is what happened to a task.
type MassStage string

// The stages.
const (
	MassOpen      MassStage = "open"      // WeCom has it: MsgID
	MassNone      MassStage = "none"      // nobody of it may or can be reached, or it was never made
	MassCancelled MassStage = "cancelled" // WeCom took it back; what the member had confirmed stays
	MassKept      MassStage = "kept"      // WeCom refuses for good to take it back: the member can still confirm
	MassReminded  MassStage = "reminded"
)

// MassEvent tells what happened to a task, inside the transaction that settles the call.
type MassEvent struct {
	TaskID      int64
	Stage       MassStage
	MsgID       string
	At          clock.Time
	Unreachable []string              // customers or groups WeCom named as unreachable; their touches are released
	Refused     []governance.Decision // touches without a permit; those still Reserved only have to wait
	Limited     bool                  // MassNone: the member's account is limited; what is left of the task goes back with CodeLimited
	Err         string                // why it was not made, or a reminder or cancellation was refused
}

type massPayload struct {
	Mass
	Since clock.Time // no task of this work is older
}

type massRef struct {
	TaskID int64
	MsgID  string
}

// Mass stores the intent to make a task.
func (s *Service) Mass(ctx context.Context, tx *db.Tx, m Mass) error {
	return s.putMass(ctx, tx, massKind, fmt.Sprint("mass/", m.TaskID), m.TaskID, massPayload{Mass: m, Since: s.World.Now()})
}

// FindMass asks whether a task was made after all, when its intent was given up: the answer is MassOpen or MassNone. It
// waits for an intent of that task which is still under way. since is when the task was first wanted.
func (s *Service) FindMass(ctx context.Context, tx *db.Tx, m Mass, since clock.Time) error {
	return s.putMass(ctx, tx, massFindKind, fmt.Sprint("mass/", m.TaskID, "/find"), m.TaskID, massPayload{Mass: m, Since: since})
}

// CancelMass stores the intent to take a task back.
func (s *Service) CancelMass(ctx context.Context, tx *db.Tx, taskID int64, msgID string) error {
	key := fmt.Sprint("mass/", taskID, "/cancel/", int64(s.World.Now())) // one that was kept is tried again later
	return s.putMass(ctx, tx, massCancelKind, key, taskID, massRef{taskID, msgID})
}

// RemindMass stores the intent to remind the member for the n-th time.
func (s *Service) RemindMass(ctx context.Context, tx *db.Tx, taskID int64, msgID string, n int) error {
	return s.putMass(ctx, tx, massRemindKind, fmt.Sprint("mass/", taskID, "/remind/", n), taskID, massRef{taskID, msgID})
}

func (s *Service) putMass(ctx context.Context, tx *db.Tx, kind, key string, taskID int64, payload any) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: kind, Key: key, OrderKey: fmt.Sprint("mass/", taskID), Payload: payload,
	})
	return err
}

// registerBroadcast registers the intents of mass messages.
func (s *Service) registerBroadcast(b *bus.Bus) {
	b.Perform(massKind, s.makeMass)
	b.Perform(massFindKind, s.findMass)
	b.Perform(massCancelKind, s.cancelMass)
	b.Perform(massRemindKind, s.remindMass)
}

// happened tells the noun first and books then: the noun's lock comes before the ledger's rows everywhere, so that two
// transactions cannot wait for each other.
func (s *Service) happened(e MassEvent, book ...bus.Settle) bus.Settle {
	e.At = s.World.Now()
	return func(ctx context.Context, tx *db.Tx) error {
		for _, tell := range s.OnMass {
			if err := tell(ctx, tx, e); err != nil {
				return err
			}
		}
		for _, f := range book {
			if err := f(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// makeMass makes the task. When the call may have been made before, WeCom's own list is asked first: a repeat would reach
// everybody twice.
func (s *Service) makeMass(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p massPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	if w.Attempts > 0 {
		settle, err := s.adopt(ctx, p)
		if settle != nil || err != nil {
			return settle, err
		}
	}
	attachments, err := s.wired(ctx, p.Attachments)
	if err != nil {
		return nil, err
	}
	var permits []governance.Permit
	e := MassEvent{TaskID: p.TaskID, Stage: MassNone}
	wanted := true
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if s.Wanted != nil {
			if wanted, err = s.Wanted(ctx, tx, p.TaskID); err != nil || !wanted {
				return err
			}
		}
		permits, e.Refused, err = s.Governor.Permit(ctx, tx, p.TouchIDs...)
		return err
	})
	if err != nil || !wanted {
		return nil, err
	}
	if at := soon(e.Refused, s.World.Now()); at != 0 { // another node's clock is ahead; no call was made
		return nil, bus.Later(at, fmt.Errorf("mass message of task %d: its time comes soon", p.TaskID))
	}
	if len(permits) == 0 {
		return s.happened(e), nil
	}
	m := wire.MassMessage{Kind: p.kind(), Sender: wecom.StaffID(p.StaffID), Text: p.Text, Attachments: attachments}
	touchIDs, byReceiver := make([]int64, len(permits)), map[string]int64{}
	for i, permit := range permits {
		touchIDs[i] = permit.TouchID()
		if p.Groups {
			m.Chats = append(m.Chats, wecom.ChatID(permit.ChatID()))
			byReceiver[permit.ChatID()] = permit.TouchID()
		} else {
			m.Customers = append(m.Customers, wecom.ExternalUserID(permit.CustomerID()))
			byReceiver[permit.CustomerID()] = permit.TouchID()
		}
	}
	made, err := s.with(permits[0]).AddMsgTemplate(ctx, m)
	stop, failed := s.Limited(ctx, p.StaffID, err)
	if failed != nil {
		return nil, failed
	}
	switch {
	case stop != nil:
		e.Limited, e.Err = true, err.Error()
		return both(s.happened(e), stop), nil
	case err == nil:
		e.Stage, e.MsgID, e.Unreachable = MassOpen, made.MsgID, made.Unreachable
		return s.happened(e, s.tasked(made.MsgID, touchIDs), s.unreachable(byReceiver, made.Unreachable)), nil
	case errors.Is(err, wecom.ErrNoReceiver), errors.Is(err, wecom.ErrNoSuchStaff): // nobody is reached through a member who left
		for r := range byReceiver {
			e.Unreachable = append(e.Unreachable, r)
		}
		slices.Sort(e.Unreachable)
		return s.happened(e, s.unreachable(byReceiver, e.Unreachable)), nil
	default:
		return nil, calls.Failed(err, "make a mass message for "+p.StaffID)
	}
}

// soon is when the last of the refused touches that only wait may go, if that is within minutes; 0 otherwise.
func soon(refused []governance.Decision, now clock.Time) clock.Time {
	var at clock.Time
	for _, d := range refused {
		if d.State == governance.Reserved && d.Next < now.Add(10*time.Minute) {
			at = max(at, d.Next)
		}
	}
	return at
}

func (s *Service) tasked(msgID string, touchIDs []int64) bus.Settle {
	return func(ctx context.Context, tx *db.Tx) error { return s.Governor.Tasked(ctx, tx, msgID, touchIDs...) }
}

func (s *Service) unreachable(touches map[string]int64, receivers []string) bus.Settle {
	return func(ctx context.Context, tx *db.Tx) error {
		var ids []int64
		for _, r := range receivers {
			if id, ok := touches[r]; ok {
				ids = append(ids, id)
			}
		}
		return s.Governor.ReleaseAll(ctx, tx, ids, CodeUnreachable, ReasonUnreachable)
	}
}

// adopt looks for a task that an earlier try made, and settles with it. A nil settle means that there is none.
func (s *Service) adopt(ctx context.Context, p massPayload) (bus.Settle, error) {
	touches, err := s.Governor.Touches(ctx, s.CorpID, p.TouchIDs)
	if err != nil {
		return nil, err
	}
	ours := make(map[string]int64, len(touches))
	for _, t := range touches {
		ours[receiver(&t)] = t.ID
	}
	msgID, reached, err := s.lookUp(ctx, p, ours)
	if err != nil || msgID == "" {
		return nil, err
	}
	e := MassEvent{TaskID: p.TaskID, Stage: MassOpen, MsgID: msgID}
	var in []int64
	for _, t := range touches {
		switch {
		case reached[receiver(&t)], p.Groups && t.State == governance.Tasked: // of groups WeCom lists only those that were sent to
			in = append(in, t.ID)
		case t.State == governance.Tasked: // had a permit, and WeCom left it out
			e.Unreachable = append(e.Unreachable, t.CustomerID)
		case t.State == governance.Held || t.State == governance.Released:
			e.Refused = append(e.Refused, governance.Decision{
				TouchID: t.ID, State: t.State, RuleID: t.RuleID, Reason: t.Reason(), CustomerID: t.CustomerID, ChatID: t.ChatID,
				Existing: true,
			})
		}
	}
	return s.happened(e, s.tasked(msgID, in), s.unreachable(ours, e.Unreachable)), nil
}

// receiver is whom a touch is for: the customer, or the group.
func receiver(t *governance.Touch) string { return cmp.Or(t.CustomerID, t.ChatID) }

func (m Mass) kind() wecom.MassKind {
	if m.Groups {
		return wecom.MassGroups
	}
	return wecom.MassCustomers
}

// lookUp finds the corp's mass message that has our words, was made since the work began, belongs to no other touch and
// goes to none but our customers. Of one to groups WeCom tells only the owner who has to send it until it was sent: that it is
// ours alone, and no touch of ours has it yet, is what there is to know. Should two tasks of one owner with the same words be lost
// at once, each finds one of the two messages: still none goes out twice.
func (s *Service) lookUp(ctx context.Context, p massPayload, ours map[string]int64) (msgID string, reached map[string]bool, err error) {
	f := wecom.GroupMsgFilter{
		Kind: p.kind(), By: wecom.MassByCorp, Limit: 100,
		Start: p.Since.Add(-time.Minute).Unix(), End: s.World.Now().Add(time.Minute).Unix(),
	}
	for {
		page, next, err := s.WeCom.GroupMsgs(ctx, f)
		if err != nil {
			return "", nil, s.readFailed(err, "list mass messages")
		}
		for _, m := range page {
			if m.Text.Content != p.Text || len(m.Attachments) != len(p.Attachments) {
				continue
			}
			if known, err := s.Governor.TaskKnown(ctx, s.CorpID, m.ID); err != nil || known {
				if err != nil {
					return "", nil, err
				}
				continue
			}
			if p.Groups {
				members, err := s.massMembers(ctx, m.ID)
				if err != nil {
					return "", nil, err
				}
				if len(members) == 1 && string(members[0].Staff) == p.StaffID {
					return m.ID, nil, nil
				}
				continue
			}
			reached, err := s.receivers(ctx, m.ID, ours)
			if err != nil {
				return "", nil, err
			}
			if len(reached) > 0 {
				return m.ID, reached, nil
			}
		}
		if next == "" {
			return "", nil, nil
		}
		f.Cursor = next
	}
}

// receivers are the customers of a mass message, when all of them are ours; none otherwise.
func (s *Service) receivers(ctx context.Context, msgID string, ours map[string]int64) (map[string]bool, error) {
	reached := map[string]bool{}
	members, err := s.massMembers(ctx, msgID)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		for cursor, more := "", true; more; more = cursor != "" {
			page, next, err := s.WeCom.GroupMsgResults(ctx, msgID, m.Staff, cursor, 1000)
			if err != nil {
				return nil, s.readFailed(err, "read the receivers of "+msgID)
			}
			for _, r := range page {
				if _, ok := ours[string(r.Customer)]; !ok {
					return nil, nil
				}
				reached[string(r.Customer)] = true
			}
			cursor = next
		}
	}
	return reached, nil
}

func (s *Service) massMembers(ctx context.Context, msgID string) ([]wecom.GroupMsgTask, error) {
	var all []wecom.GroupMsgTask
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.WeCom.GroupMsgTasks(ctx, msgID, cursor, 1000)
		if err != nil {
			return nil, s.readFailed(err, "read the members of "+msgID)
		}
		all, cursor = append(all, page...), next
	}
	return all, nil
}

// readFailed waits where WeCom is still dealing a message out.
func (s *Service) readFailed(err error, doing string) error {
	if errors.Is(err, wecom.ErrDispatching) {
		return bus.Later(s.World.Now().Add(5*time.Second), fmt.Errorf("%s: %w", doing, err))
	}
	return calls.Failed(err, doing)
}

func (s *Service) findMass(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p massPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	settle, err := s.adopt(ctx, p)
	if settle != nil || err != nil {
		return settle, err
	}
	return s.happened(MassEvent{TaskID: p.TaskID, Stage: MassNone}), nil
}

// cancelMass takes a task back. Cancelling twice changes nothing, so a repeat is safe.
func (s *Service) cancelMass(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p massRef
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	e := MassEvent{TaskID: p.TaskID, Stage: MassCancelled, MsgID: p.MsgID}
	err := s.wire.CancelGroupMsg(ctx, p.MsgID) // takes something back: nothing to permit
	if err == nil || errors.Is(err, wecom.ErrTaskCancelled) {
		return s.happened(e), nil
	}
	switch wecom.ClassOf(err) {
	case wecom.ClassGone: // there is no such task: nobody can confirm it
		e.Err = err.Error()
	case wecom.ClassRefused, wecom.ClassBadRequest:
		e.Stage, e.Err = MassKept, err.Error()
	default:
		return nil, calls.Failed(err, "cancel "+p.MsgID)
	}
	return s.happened(e), nil
}

// remindMass reminds the member. It reaches staff, not customers; a lost answer is not repeated.
func (s *Service) remindMass(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p massRef
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	e := MassEvent{TaskID: p.TaskID, Stage: MassReminded, MsgID: p.MsgID}
	if w.Attempts == 0 {
		if err := s.wire.RemindGroupMsg(ctx, p.MsgID); err != nil {
			if wecom.ClassOf(err) == wecom.ClassRateLimit && !errors.Is(err, wecom.ErrRemindTooOften) {
				return nil, calls.Failed(err, "remind of "+p.MsgID)
			}
			e.Err = err.Error()
		}
	}
	return s.happened(e), nil
}

// Book writes what became of many receivers of a mass message to the ledger, and tells of each. It answers which
// deliveries were late.
func (s *Service) Book(ctx context.Context, tx *db.Tx, results []Result) (late map[int64]bool, err error) {
	type why struct {
		code   string
		reason errs.Text
	}
	at, released := map[int64]clock.Time{}, map[why][]int64{}
	for _, r := range results {
		if r.Delivered {
			at[r.TouchID] = r.At
		} else {
			k := why{r.Code, r.Reason}
			released[k] = append(released[k], r.TouchID)
		}
	}
	if late, err = s.Governor.DeliveredAll(ctx, tx, at); err != nil {
		return nil, err
	}
	for k, ids := range released {
		if err := s.Governor.ReleaseAll(ctx, tx, ids, k.code, k.reason); err != nil {
			return nil, err
		}
	}
	for _, r := range results {
		if err := s.tell(ctx, tx, r); err != nil {
			return nil, err
		}
	}
	return late, nil
}
