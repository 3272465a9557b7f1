package moment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// tagOf answers the corp tag of an audience; it is made when there is none, or when somebody deleted it in WeCom.
func (s *Service) tagOf(ctx context.Context, a Audience) (string, error) {
	key := a.key()
	name, err := s.tagName(ctx, a)
	if err != nil {
		return "", err
	}
	id, err := s.Tags.Ensure(ctx, name)
	if err != nil {
		return "", err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(`INSERT INTO moment_tag (corp_id, audience_key, tag_id) VALUES (?, ?, ?)
			ON CONFLICT (corp_id, audience_key) DO UPDATE SET tag_id = EXCLUDED.tag_id`, s.CorpID, key, id).Exec(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("note the tag of an audience: %w", err)
	}
	return id, nil
}

// tagName is what staff read in WeCom: at most 30 characters.
func (s *Service) tagName(ctx context.Context, a Audience) (string, error) {
	if a.Everybody() {
		return "接收推广", nil
	}
	names, err := s.Tags.Names(ctx, append(slices.Clone(a.Tags), a.ExcludeTags...))
	if err != nil {
		return "", err
	}
	var words []string
	for _, id := range a.Tags {
		words = append(words, names[id])
	}
	if len(words) == 0 {
		words = []string{"部分客户"}
	}
	short := []rune(strings.Join(words, "、"))
	return "接收推广·" + string(short[:min(len(short), 16)]) + "·" + a.key()[:6], nil
}

// marks are the changes that make a tag equal to the customers wanted, as far as it concerns the members who publish
// (nil = all): the rest of it belongs to other Moments.
func marks(wanted map[string]string, now []customer.Member, staff []string) (add, remove []customer.Member) {
	have := map[customer.Member]bool{}
	for _, c := range now {
		c.AddedAt = 0
		have[c] = true
		if wanted[c.CustomerID] != c.StaffID && (len(staff) == 0 || slices.Contains(staff, c.StaffID)) {
			remove = append(remove, c)
		}
	}
	for id, staffID := range wanted {
		if c := (customer.Member{CustomerID: id, StaffID: staffID}); !have[c] {
			add = append(add, c)
		}
	}
	slices.SortFunc(add, func(a, b customer.Member) int { return strings.Compare(a.CustomerID, b.CustomerID) })
	return add, remove
}

// prepare makes the tag equal to those who are reserved and uploads the files; then the Moment goes out. It reaches nobody, and
// a repeat goes on where the last try stopped.
func (s *Service) prepare(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p step
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	m, err := getMoment(ctx, s.DB.Read(), s.CorpID, p.ID)
	if err != nil || m.State != Preparing || s.World.Now() >= m.ClosesAt {
		return nil, err
	}
	words, err := m.words()
	if err != nil {
		return nil, err
	}
	tag, err := s.tagOf(ctx, words.Audience)
	if err != nil {
		return nil, err
	}
	if err := s.mark(ctx, m, words.Audience, tag); err != nil {
		return nil, err
	}
	parts, err := s.upload(ctx, words.Parts)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		m, err := s.lock(ctx, tx, p.ID)
		if err != nil || m.State != Preparing {
			return err
		}
		rows, err := s.receivers(ctx, tx, m.ID, 0, Reserved)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return s.end(ctx, tx, m, outcome{})
		}
		touches := make([]int64, len(rows))
		for i, r := range rows {
			touches[i] = r.TouchID
		}
		m.State, m.TagID = Making, tag
		if err := save(ctx, tx, m, "state", "tag_id"); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(m.ID) })
		return s.Outreach.Moment(ctx, tx, outreach.Moment{ID: m.ID, TouchIDs: touches, Text: m.Text, Parts: parts, Tag: tag, Until: m.ClosesAt})
	}, nil
}

// mark makes the tag equal to the customers who are reserved.
func (s *Service) mark(ctx context.Context, m *Moment, a Audience, tag string) error {
	rows, err := s.receivers(ctx, s.DB.Read(), m.ID, 0, Reserved)
	if err != nil {
		return err
	}
	touches := make([]int64, len(rows))
	for i, r := range rows {
		touches[i] = r.TouchID
	}
	ledger, err := s.Governor.Touches(ctx, s.CorpID, touches)
	if err != nil {
		return err
	}
	open := make(map[int64]bool, len(ledger)) // the governor may have taken a reservation back meanwhile
	for _, t := range ledger {
		open[t.ID] = t.State == governance.Reserved
	}
	wanted, byID := make(map[string]string, len(rows)), make(map[string]*Receiver, len(rows))
	for _, r := range rows {
		if !open[r.TouchID] {
			continue
		}
		wanted[r.CustomerID], byID[r.CustomerID] = r.StaffID, r
	}
	now, err := s.Carriers(ctx, tag)
	if err != nil {
		return err
	}
	add, remove := marks(wanted, now, a.Staff)
	for _, c := range remove { // first: who must not see it is out before the others are in
		if err := s.markOne(ctx, c, nil, []string{tag}); err != nil && wecom.ClassOf(err) != wecom.ClassGone {
			return calls.Failed(err, "take a tag off "+c.CustomerID)
		}
	}
	for _, c := range add {
		err := s.markOne(ctx, c, []string{tag}, nil)
		if wecom.ClassOf(err) == wecom.ClassGone { // the relation ended
			if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return s.giveBack(ctx, tx, []*Receiver{byID[c.CustomerID]}, outcome{state: NotFriend, rule: codeNotFriend, reason: reasonNotFriend})
			}); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return calls.Failed(err, "tag "+c.CustomerID)
		}
	}
	return nil
}

func (s *Service) markOne(ctx context.Context, c customer.Member, add, remove []string) error {
	settle, err := s.Tags.Mark(ctx, c.CustomerID, c.StaffID, add, remove)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx) })
}

// upload brings the files to WeCom just in time: there they live three days.
func (s *Service) upload(ctx context.Context, parts []Part) ([]outreach.MomentPart, error) {
	out := make([]outreach.MomentPart, len(parts))
	for i, p := range parts {
		content, err := s.Blobs.Get(ctx, p.Hash)
		if errs.KindOf(err) == errs.NotFound {
			return nil, bus.Permanent(fmt.Errorf("file %s of a Moment is gone: %w", p.Hash, err))
		}
		if err != nil {
			return nil, err
		}
		kind, name := wecom.MediaImage, "image.jpg"
		switch {
		case p.Kind == "video":
			kind, name = wecom.MediaVideo, "film.mp4"
		case p.Type == "image/png":
			name = "image.png"
		}
		up, err := s.WeCom.UploadAttachment(ctx, wecom.ForMoments, kind, name, content)
		if err != nil {
			return nil, calls.Failed(err, "upload a file for Moments")
		}
		out[i] = outreach.MomentPart{Kind: p.Kind, MediaID: up.MediaID, Title: p.Title, URL: p.URL}
	}
	return out, nil
}

// untag takes tags off a customer who said stop, or who does not want some Moment any more.
func (s *Service) untag(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p untagStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	tags, err := s.unwantedTags(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, tag := range tags {
		carriers, err := s.Carriers(ctx, tag)
		if err != nil {
			return nil, err
		}
		for _, c := range carriers {
			if c.CustomerID != p.CustomerID {
				continue
			}
			if err := s.markOne(ctx, c, nil, []string{tag}); err != nil && wecom.ClassOf(err) != wecom.ClassGone {
				return nil, calls.Failed(err, "take a tag off "+c.CustomerID)
			}
		}
	}
	return nil, nil
}

// unwantedTags are the tags by which something would still reach the customer that they do not want.
func (s *Service) unwantedTags(ctx context.Context, p untagStep) (tags []string, err error) {
	if p.All {
		stopped, err := s.Governor.OptOutOf(ctx, s.CorpID, p.CustomerID)
		if err != nil || len(stopped) == 0 { // wants it again by now
			return nil, err
		}
		if err := s.DB.Read().NewRaw("SELECT tag_id FROM moment_tag WHERE corp_id = ?", s.CorpID).Scan(ctx, &tags); err != nil {
			return nil, fmt.Errorf("read the tags of audiences: %w", err)
		}
		return tags, nil
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []*Receiver
		err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ? AND state = ?", s.CorpID, p.CustomerID, Tasked).Scan(ctx)
		if err != nil {
			return fmt.Errorf("read the Moments aimed at %s: %w", p.CustomerID, err)
		}
		for _, r := range rows {
			unwanted, err := s.Governor.Unwanted(ctx, tx, s.CorpID, r.TouchID)
			if err != nil {
				return err
			}
			if len(unwanted) == 0 {
				continue
			}
			m, err := getMoment(ctx, tx, s.CorpID, r.MomentID)
			if err != nil {
				return err
			}
			tags = append(tags, m.TagID)
		}
		return nil
	})
	return tags, err
}

// readFailed waits where WeCom is still dealing a Moment out.
func (s *Service) readFailed(err error, doing string) error {
	if errors.Is(err, wecom.ErrMomentBusy) {
		return bus.Later(s.World.Now().Add(busyWait), fmt.Errorf("%s: %w", doing, err))
	}
	return calls.Failed(err, doing)
}

// published are the members who have published a Moment of the corp.
func (s *Service) published(ctx context.Context, postID string) ([]string, error) {
	var out []string
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.WeCom.MomentTasks(ctx, postID, cursor, 1000)
		if err != nil {
			return nil, s.readFailed(err, "read the members of "+postID)
		}
		for _, t := range page {
			if t.Status == wecom.MomentPublished {
				out = append(out, string(t.Staff))
			}
		}
		cursor = next
	}
	return out, nil
}

// viewers calls f with every page of the customers who see what a member published.
func (s *Service) viewers(ctx context.Context, postID, staffID string, f func(customers []string) error) error {
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.WeCom.MomentViewers(ctx, postID, wecom.StaffID(staffID), cursor, 3000)
		if errors.Is(err, wecom.ErrMomentUnsent) {
			return nil
		}
		if err != nil {
			return s.readFailed(err, "read who sees "+postID)
		}
		ids := make([]string, len(page))
		for i, id := range page {
			ids[i] = string(id)
		}
		if err := f(ids); err != nil {
			return err
		}
		cursor = next
	}
	return nil
}
