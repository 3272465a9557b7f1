package outreach

import (
	"context"
	"errors"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
)

// CodeLimited says that the account of the member is limited (WC-13).
const CodeLimited = "WC-13"

// ReasonLimited is CodeLimited in words.
var ReasonLimited = errs.T("企业微信的回答说明这位成员的账号受限，没有再试；也加了这位客户的同事可以发。",
	"WeCom's answer means that this member's account is limited, and nothing was tried again; a colleague who has the customer can send.")

// Limited tells whether the answer to a call for one member means, to this corp, that the member is limited: the work is not done
// again then. The settle, nil otherwise, stops the member's sending.
func (s *Service) Limited(ctx context.Context, staffID string, err error) (bus.Settle, error) {
	var refused *wecom.Error
	if staffID == "" || !errors.As(err, &refused) {
		return nil, nil
	}
	if means, err := s.Governor.SaysLimited(ctx, s.DB.Read(), s.CorpID, refused.Code); err != nil || !means {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		return s.Governor.LimitMember(ctx, tx, governance.Limit{CorpID: s.CorpID, StaffID: staffID, Code: refused.Code, Op: refused.Op})
	}, nil
}

// both settles one after the other.
func both(first, then bus.Settle) bus.Settle {
	return func(ctx context.Context, tx *db.Tx) error {
		if err := first(ctx, tx); err != nil {
			return err
		}
		return then(ctx, tx)
	}
}
