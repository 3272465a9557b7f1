package outreach

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

const (
	momentKind       = "outreach.moment"
	momentJobKind    = "outreach.moment_job"
	momentCancelKind = "outreach.moment_cancel"

	// permitMost is how many permits one transaction mints.
	permitMost = 2000
	// momentLost is how long a Moment whose making got no answer is looked for. WeCom gives no bound for its job; what
	// appears later still is found by the reconciliation, and nothing is made twice.
	momentLost = 10 * time.Minute
	// momentAgain is the wait between two looks.
	momentAgain = 10 * time.Second
)

// Moment is a post that members are asked to publish to those of their customers who carry a tag.
type Moment struct {
	ID       int64   // the caller's
	TouchIDs []int64 // reserved: one for each customer who carries the tag
	Text     string
	Parts    []MomentPart // of one kind
	Tag      string       // of those it is aimed at: exactly one, what several mean is not stated
	Until    clock.Time   // it is not made later
}

// MomentPart is a picture, a film or a link; its file was uploaded for Moments.
type MomentPart struct {
	Kind    string // image, video, link
	MediaID string
	Title   string
	URL     string
}

// MomentStage is what happened to a Moment.
type MomentStage string

// The stages.
const (
	MomentMaking    MomentStage = "making"    // WeCom is making it: JobID
	MomentOpen      MomentStage = "open"      // members have it: PostID
	MomentNone      MomentStage = "none"      // it is not made and will not be
	MomentLost      MomentStage = "lost"      // nobody answered, and it was not found; it is not tried again by itself
	MomentCancelled MomentStage = "cancelled" // nobody can publish it any more; what was published stays
)

// MomentEvent tells what happened to a Moment, inside the transaction that settles the call.
type MomentEvent struct {
	ID      int64
	Stage   MomentStage
	JobID   string
	PostID  string // WeCom's moment_id
	At      clock.Time
	Refused []governance.Decision // touches without a permit
	Err     string                // why it was not made, for people
}

type momentPayload struct {
	Moment
	Since clock.Time
}

type momentRef struct {
	ID     int64
	JobID  string
	PostID string
}

// Moment stores the intent to ask members to publish.
func (s *Service) Moment(ctx context.Context, tx *db.Tx, m Moment) error {
	return s.putMoment(ctx, tx, momentKind, fmt.Sprint("moment/", m.ID), m.ID, momentPayload{Moment: m, Since: s.World.Now()}, 0)
}

// MomentJob stores the intent to read what became of the making.
func (s *Service) MomentJob(ctx context.Context, tx *db.Tx, id int64, jobID string) error {
	return s.putMoment(ctx, tx, momentJobKind, fmt.Sprint("moment/", id, "/job"), id, momentRef{ID: id, JobID: jobID}, s.World.Now().Add(2*time.Second))
}

// CancelMoment stores the intent to stop a Moment for those who have not published it.
func (s *Service) CancelMoment(ctx context.Context, tx *db.Tx, id int64, postID string) error {
	return s.putMoment(ctx, tx, momentCancelKind, fmt.Sprint("moment/", id, "/cancel"), id, momentRef{ID: id, PostID: postID}, 0)
}

func (s *Service) putMoment(ctx context.Context, tx *db.Tx, kind, key string, id int64, payload any, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: kind, Key: key, OrderKey: fmt.Sprint("moment/", id), Payload: payload, DueAt: at,
	})
	return err
}

func (s *Service) registerMoment(b *bus.Bus) {
	b.Perform(momentKind, s.makeMoment)
	b.Perform(momentJobKind, s.readMomentJob)
	b.Perform(momentCancelKind, s.cancelMoment)
}

// tellMoment tells the noun, which keeps which touches are in it, and so books them too.
func (s *Service) tellMoment(e MomentEvent) bus.Settle {
	e.At = s.World.Now()
	return func(ctx context.Context, tx *db.Tx) error {
		for _, tell := range s.OnMoment {
			if err := tell(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}
}

// makeMoment begins the making. When a former call got no answer, WeCom's own list is asked first: a repeat would ask
// members to publish the same thing twice.
func (s *Service) makeMoment(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p momentPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	now := s.World.Now()
	if w.Attempts > 0 {
		return s.adoptMoment(ctx, p)
	}
	e := MomentEvent{ID: p.ID, Stage: MomentNone}
	if now >= p.Until {
		return s.tellMoment(e), nil
	}
	var permits []governance.Permit
	for part := range slices.Chunk(p.TouchIDs, permitMost) {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			allowed, refused, err := s.Governor.Permit(ctx, tx, part...)
			permits, e.Refused = append(permits, allowed...), append(e.Refused, refused...)
			return err
		})
		if err != nil { // no call was made: this try is none, or the next would look for a Moment in vain
			return nil, bus.Later(now.Add(time.Second), err)
		}
	}
	if at := soon(e.Refused, now); at != 0 && len(permits) == 0 { // another node's clock is ahead; no call was made
		return nil, bus.Later(at, fmt.Errorf("Moment %d: its time comes soon", p.ID))
	}
	if len(permits) == 0 {
		return s.tellMoment(e), nil
	}
	var staff []wecom.StaffID
	for _, permit := range permits {
		staff = append(staff, wecom.StaffID(permit.StaffID()))
	}
	slices.Sort(staff)
	staff = slices.Compact(staff)
	jobID, err := s.with(permits[0]).AddMomentTask(ctx, wire.MomentRequest{
		Text: p.Text, Attachments: momentParts(p.Parts), Staff: staff, Tags: []string{p.Tag},
	})
	if len(staff) == 1 { // of several nobody could say whom the answer means
		stop, failed := s.Limited(ctx, string(staff[0]), err)
		if failed != nil {
			return nil, failed
		}
		if stop != nil {
			e.Err = err.Error()
			return both(s.tellMoment(e), stop), nil
		}
	}
	if err == nil {
		e.Stage, e.JobID = MomentMaking, jobID
		return s.tellMoment(e), nil
	}
	return s.notMade(err, e)
}

// notMade tells refusals, which made nothing, from silence, after which it may have been made.
func (s *Service) notMade(err error, e MomentEvent) (bus.Settle, error) {
	doing := fmt.Sprint("make Moment ", e.ID)
	var refused *wecom.Error
	switch {
	case wecom.ClassOf(err) == wecom.ClassRateLimit:
		return nil, calls.Failed(err, doing)
	case !errors.As(err, &refused):
		return nil, calls.Failed(err, doing)
	case refused.Class() == wecom.ClassRetryable: // WeCom says that it is busy: nothing was made
		return nil, bus.Later(s.World.Now().Add(momentAgain), fmt.Errorf("%s: %w", doing, err))
	}
	e.Err = refused.Error()
	return s.tellMoment(e), nil
}

func momentParts(parts []MomentPart) []wire.Attachment {
	out := make([]wire.Attachment, len(parts))
	for i, p := range parts {
		switch p.Kind {
		case "image":
			out[i] = wire.Image{MediaID: p.MediaID}
		case "video":
			out[i] = wire.Video{MediaID: p.MediaID}
		default:
			out[i] = wire.MomentLink{Title: p.Title, URL: p.URL, MediaID: p.MediaID}
		}
	}
	return out
}

// adoptMoment looks for what a call without an answer may have made.
func (s *Service) adoptMoment(ctx context.Context, p momentPayload) (bus.Settle, error) {
	touches, err := s.Governor.Touches(ctx, s.CorpID, p.TouchIDs)
	if err != nil {
		return nil, err
	}
	staff := map[wecom.StaffID]bool{}
	for _, t := range touches {
		staff[wecom.StaffID(t.StaffID)] = true
	}
	now := s.World.Now()
	f := wecom.MomentFilter{By: wecom.MomentByCorp, Start: p.Since.Add(-time.Minute).Unix(), End: now.Add(time.Minute).Unix()}
	for more := true; more; more = f.Cursor != "" {
		page, next, err := s.WeCom.Moments(ctx, f)
		if err != nil {
			return nil, s.readMomentFailed(err, "list Moments")
		}
		for _, m := range page {
			ours, err := s.isMoment(ctx, p, m, staff)
			if err != nil {
				return nil, err
			}
			if ours {
				return s.tellMoment(MomentEvent{ID: p.ID, Stage: MomentOpen, PostID: m.ID}), nil
			}
		}
		f.Cursor = next
	}
	if now < p.Since.Add(momentLost) {
		return nil, bus.Later(now.Add(momentAgain), fmt.Errorf("Moment %d: nobody answered, and it is not listed yet", p.ID))
	}
	return s.tellMoment(MomentEvent{ID: p.ID, Stage: MomentLost}), nil
}

// isMoment says whether a listed Moment is the one that we asked for: our words and parts, members of ours alone, and
// nobody else's in the ledger.
func (s *Service) isMoment(ctx context.Context, p momentPayload, m wecom.Moment, staff map[wecom.StaffID]bool) (bool, error) {
	parts := len(m.Images)
	if m.Video != nil || m.Link != nil {
		parts = 1
	}
	if m.Text.Content != p.Text || parts != len(p.Parts) || m.Link != nil && m.Link.URL != p.Parts[0].URL {
		return false, nil
	}
	if known, err := s.Governor.TaskKnown(ctx, s.CorpID, m.ID); err != nil || known {
		return false, err
	}
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.WeCom.MomentTasks(ctx, m.ID, cursor, 1000)
		if err != nil {
			return false, s.readMomentFailed(err, "read the members of "+m.ID)
		}
		for _, t := range page {
			if !staff[t.Staff] {
				return false, nil
			}
		}
		cursor = next
	}
	return true, nil
}

// readMomentFailed waits where WeCom is still dealing a Moment out.
func (s *Service) readMomentFailed(err error, doing string) error {
	if errors.Is(err, wecom.ErrMomentBusy) {
		return bus.Later(s.World.Now().Add(5*time.Second), fmt.Errorf("%s: %w", doing, err))
	}
	return calls.Failed(err, doing)
}

// readMomentJob waits for the end of the making.
func (s *Service) readMomentJob(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p momentRef
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	job, err := s.WeCom.MomentJob(ctx, p.JobID)
	switch {
	case errors.Is(err, wecom.ErrNoMomentJob): // WeCom forgets after 24 hours
		return s.tellMoment(MomentEvent{ID: p.ID, Stage: MomentLost}), nil
	case err != nil:
		return nil, s.readMomentFailed(err, "read the making of a Moment")
	case job.Status != wecom.MomentJobDone:
		return nil, bus.Later(s.World.Now().Add(2*time.Second), fmt.Errorf("Moment %d is being made", p.ID))
	case job.Result.Code != 0:
		refused := &wecom.Error{Op: "externalcontact/get_moment_task_result", Code: job.Result.Code, Msg: job.Result.Msg}
		return s.tellMoment(MomentEvent{ID: p.ID, Stage: MomentNone, Err: refused.Error()}), nil
	}
	return s.tellMoment(MomentEvent{ID: p.ID, Stage: MomentOpen, PostID: job.Result.MomentID}), nil
}

// cancelMoment stops a Moment. Cancelling twice changes nothing, so a repeat is safe.
func (s *Service) cancelMoment(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p momentRef
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	err := s.wire.CancelMoment(ctx, p.PostID)                // takes something back: nothing to permit
	if err != nil && wecom.ClassOf(err) != wecom.ClassGone { // a Moment that is not there is stopped
		return nil, calls.Failed(err, "cancel "+p.PostID)
	}
	return s.tellMoment(MomentEvent{ID: p.ID, Stage: MomentCancelled, PostID: p.PostID}), nil
}
