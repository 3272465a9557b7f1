package tag

import (
	"context"
	"errors"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// change is the part of change_external_tag.* events that this room reads. They tell an id and never a name, so what was
// made or changed is read.
// Official page: https://developer.work.weixin.qq.com/document/path/92130
type change struct {
	ID      string `json:"Id"` // of a tag or a group; empty in a shuffle: the groups themselves changed places
	TagType string // "tag" or "tag_group"; a shuffle has none, its id is a group's
}

const (
	readKind = "tag.read"
	ofTag    = "tag" // the TagType of a single tag
)

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	const event = "change_external_tag."
	b.Handle(event+"create", s.changed)
	b.Handle(event+"update", s.changed)
	b.Handle(event+"shuffle", s.changed)
	b.Handle(event+"delete", s.deleted)
	b.Perform(readKind, s.read)
}

// changed asks for what changed to be read.
func (s *Service) changed(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var c change
	if err := w.Decode(&c); err != nil {
		return err
	}
	return s.Bus.PutMerged(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: readKind, Key: readKind + "/" + w.Key, OrderKey: "tag/" + c.ID, Payload: c,
	})
}

// deleted drops a tag, or a group with its tags: WeCom tells of a group once and not of the tags in it.
func (s *Service) deleted(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var c change
	if err := w.Decode(&c); err != nil {
		return err
	}
	if c.TagType == ofTag {
		return s.drop(ctx, tx, c.ID)
	}
	return s.dropGroup(ctx, tx, c.ID)
}

// read reads a tag, a group, or all, and stores them beside the others.
func (s *Service) read(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var c change
	if err := w.Decode(&c); err != nil {
		return nil, err
	}
	var filter wecom.TagFilter
	switch {
	case c.ID == "": // everything
	case c.TagType == ofTag:
		filter.TagIDs = []string{c.ID}
	default:
		filter.GroupIDs = []string{c.ID}
	}
	groups, err := s.WeCom.CorpTags(ctx, filter)
	if errors.Is(err, errNoTag) {
		return nil, nil // deleted since, or one of a rule group, which are not the corp's
	}
	if err != nil {
		return nil, calls.Failed(err, "read tag "+c.ID)
	}
	return func(ctx context.Context, tx *db.Tx) error {
		for _, g := range groups {
			if err := s.put(ctx, tx, g); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// errNoTag is WeCom's answer for an id that is no corp tag's.
var errNoTag = &wecom.Error{Code: 40068}

// drop removes a tag from our tables, and its group when it was the last one in it, as WeCom does.
func (s *Service) drop(ctx context.Context, tx *db.Tx, id string) error {
	tx.Changed(s.CorpID, "tag", id)
	for _, q := range []string{
		"DELETE FROM tag_group WHERE corp_id = ? AND id = (SELECT group_id FROM tag WHERE corp_id = tag_group.corp_id AND id = ?) " +
			"AND (SELECT COUNT(*) FROM tag AS t WHERE t.corp_id = tag_group.corp_id AND t.group_id = tag_group.id) = 1",
		"DELETE FROM tag WHERE corp_id = ? AND id = ?",
		"DELETE FROM relation_tag WHERE corp_id = ? AND tag_id = ?",
	} {
		if _, err := tx.NewRaw(q, s.CorpID, id).Exec(ctx); err != nil {
			return fmt.Errorf("drop tag %s: %w", id, err)
		}
	}
	return nil
}

// dropGroup removes a group with its tags from our tables.
func (s *Service) dropGroup(ctx context.Context, tx *db.Tx, id string) error {
	var tags []string
	if err := tx.NewSelect().Model((*tagRow)(nil)).Column("id").Where("corp_id = ? AND group_id = ?", s.CorpID, id).Scan(ctx, &tags); err != nil {
		return fmt.Errorf("read the tags of group %s: %w", id, err)
	}
	tx.Changed(s.CorpID, "tag", tags...)
	for _, q := range []string{
		"DELETE FROM relation_tag WHERE corp_id = ? AND tag_id IN (SELECT t.id FROM tag AS t WHERE t.corp_id = relation_tag.corp_id AND t.group_id = ?)",
		"DELETE FROM tag WHERE corp_id = ? AND group_id = ?",
		"DELETE FROM tag_group WHERE corp_id = ? AND id = ?",
	} {
		if _, err := tx.NewRaw(q, s.CorpID, id).Exec(ctx); err != nil {
			return fmt.Errorf("drop tag group %s: %w", id, err)
		}
	}
	return nil
}
