package staff

import (
	"context"
	"errors"
	"fmt"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// Count is how far a reading came, for the sync's report.
type Count struct {
	Expected, Read, Stored, Failed int
}

// ReadDepartments reads all departments from WeCom and replaces ours.
func (s *Service) ReadDepartments(ctx context.Context) (Count, error) {
	list, err := s.askDepartments(ctx)
	if err != nil {
		return Count{}, err
	}
	if err := s.SetDepartments(ctx, list...); err != nil {
		return Count{Expected: len(list), Read: len(list), Failed: len(list)}, err
	}
	return Count{Expected: len(list), Read: len(list), Stored: len(list)}, nil
}

func (s *Service) askDepartments(ctx context.Context) ([]Department, error) {
	found, err := s.WeCom.Departments(ctx)
	if err != nil {
		return nil, fmt.Errorf("read departments: %w", err)
	}
	list := make([]Department, len(found))
	for i, d := range found {
		list[i] = Department{ID: int64(d.ID), Name: d.Name, ParentID: int64(d.Parent), Rank: int64(d.Order)}
	}
	return list, nil
}

// ReadStaff reads all members from WeCom, stores them, and marks those gone who are not there any more. Nobody is marked
// gone unless everything was read.
func (s *Service) ReadStaff(ctx context.Context) (Count, error) {
	asked := s.World.Now()
	known, err := s.ids(ctx, s.DB.Read(), "gone_at = 0") // who is stored while WeCom answers is not missing from its answer
	if err != nil {
		return Count{}, err
	}
	departments, err := s.askDepartments(ctx)
	if err != nil {
		return Count{}, err
	}
	contact, err := s.WeCom.FollowUsers(ctx)
	if err != nil {
		return Count{}, fmt.Errorf("read members with customer contact: %w", err)
	}
	found := map[string]Member{}
	var order []string
	for _, top := range tops(departments) {
		list, err := s.WeCom.StaffList(ctx, int(top), true)
		if err != nil {
			return Count{Read: len(order)}, fmt.Errorf("read the members of department %d: %w", top, err)
		}
		for _, w := range list {
			m := member(w)
			if _, known := found[m.ID]; !known {
				order = append(order, m.ID)
			}
			found[m.ID] = m
		}
	}
	for _, id := range contact { // outside of the app's visible range a member still has customers
		m, known := found[string(id)]
		if !known {
			m = Member{ID: string(id), Name: string(id), Active: true}
			order = append(order, m.ID)
		}
		m.Contact = true
		found[m.ID] = m
	}
	list := make([]Member, len(order))
	for i, id := range order {
		list[i] = found[id]
	}
	count := Count{Expected: len(list), Read: len(list)}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.upsert(ctx, tx, list, asked); err != nil {
			return err
		}
		var gone []string
		for _, id := range known {
			if _, still := found[id]; !still {
				gone = append(gone, id)
			}
		}
		return s.markGone(ctx, tx, gone)
	})
	if err != nil {
		count.Failed = len(list)
		return count, err
	}
	count.Stored = len(list)
	return count, nil
}

// tops lists the departments that have no parent among those we may see: all others are read with them.
func tops(list []Department) []int64 {
	seen := map[int64]bool{}
	for _, d := range list {
		seen[d.ID] = true
	}
	var out []int64
	for _, d := range list {
		if !seen[d.ParentID] {
			out = append(out, d.ID)
		}
	}
	return out
}

// read asks WeCom for one member as it is now.
func (s *Service) read(ctx context.Context, id string) (m Member, gone bool, err error) {
	w, err := s.WeCom.Staff(ctx, wecom.StaffID(id))
	if errors.Is(err, wecom.ErrNoSuchStaff) {
		return Member{}, true, nil
	}
	if err != nil {
		return Member{}, false, err
	}
	m = member(w)
	contact, err := s.WeCom.FollowUsers(ctx)
	if err != nil {
		return Member{}, false, err
	}
	for _, c := range contact {
		if string(c) == id {
			m.Contact = true
		}
	}
	return m, false, nil
}

func member(w wecom.Staff) Member {
	m := Member{ID: string(w.ID), Name: w.Name, Position: w.Position, Active: w.Status == wecom.StaffActive || w.Status == 0}
	for _, d := range w.Departments {
		m.Departments = append(m.Departments, int64(d))
	}
	return m
}
