package broadcast

import (
	"context"
	"slices"
	"strconv"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/errs"
)

// query is what chooses the persons of an audience within a data scope (staff ids; nil = all).
func (s *Service) query(ctx context.Context, a Audience, scope []string) (customer.AudienceQuery, error) {
	staff, err := s.speakers(ctx, a)
	if err != nil {
		return customer.AudienceQuery{}, err
	}
	switch {
	case staff == nil:
		staff = scope
	case scope != nil:
		staff = slices.DeleteFunc(slices.Clone(staff), func(id string) bool { return !slices.Contains(scope, id) })
	}
	return customer.AudienceQuery{TagIDs: a.Tags, TagMode: customer.TagMode(a.TagMode), ExcludeTagIDs: a.ExcludeTags, StaffIDs: staff}, nil
}

// speakers are the members whose customers an audience is of, by name or by department; nil = all.
func (s *Service) speakers(ctx context.Context, a Audience) ([]string, error) {
	if len(a.Departments) == 0 {
		if len(a.Staff) == 0 {
			return nil, nil
		}
		return a.Staff, nil
	}
	ids := make([]int64, len(a.Departments))
	for i, d := range a.Departments {
		var err error
		if ids[i], err = strconv.ParseInt(d, 10, 64); err != nil {
			return nil, noDepartment(d)
		}
	}
	members, unknown, err := s.InDepartments(ctx, ids...)
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		return nil, noDepartment(strconv.FormatInt(unknown[0], 10))
	}
	for _, id := range a.Staff {
		if !slices.Contains(members, id) {
			members = append(members, id)
		}
	}
	if members == nil {
		members = []string{}
	}
	return members, nil
}

func noDepartment(id string) error {
	return errs.Bad("audience.departments", "broadcast.department", errs.Tf("没有编号为 %s 的部门；部门从企业微信同步，请重新选择。",
		"There is no department %s; departments are read from WeCom, choose again.", id))
}
