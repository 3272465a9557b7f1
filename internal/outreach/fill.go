package outreach

import (
	"context"
	"errors"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

// Placeholders of texts that one person gets (welcomes, answers in customer service); they are filled right before sending, so that
// neither the ledger nor a queue holds what is a person's own. What is one text for all cannot have any.
const (
	customerName = "{客户}"  // the customer's own name; welcomes only
	PageMark     = "{历史页}" // a link to the history page of Moments, good for this customer alone
	StaffMark    = "{员工}"  // the name of the member who sends; welcomes only
)

// namelessStaff stands for a member whose name WeCom does not tell.
const namelessStaff = "您的顾问"

// nameBytes is how many bytes a name may take in place of its mark: 64 characters.
const nameBytes = 192

// pageBytes is how many bytes a link may take in place of its mark.
const pageBytes = 300

// Sized is how many bytes a text takes when its links are filled in, at most.
func Sized(text string) int {
	return len(text) + strings.Count(text, PageMark)*(pageBytes-len(PageMark)) + strings.Count(text, StaffMark)*(nameBytes-len(StaffMark))
}

// CheckMark says what is wrong with a mark for a link in the text of a field; open says whether any history page is open.
func CheckMark(field, text string, most int, open func() (bool, error)) error {
	if !strings.Contains(text, PageMark) {
		return nil
	}
	if over := Sized(text) - most; over > 0 {
		return errs.Bad(field, "outreach.page_long", errs.Tf("放进历史页的链接后会超出 %d 字节（一个链接按 %d 字节算），请缩短文字。",
			"With the link to the history page it is %d bytes too long (a link counts as %d); shorten the text.", over, pageBytes))
	}
	ok, err := open()
	if err == nil && !ok {
		err = errs.Bad(field, "outreach.no_page", errs.T("还没有打开任何朋友圈历史页。请先在「朋友圈 → 历史页」里打开一个，或去掉「{历史页}」。",
			"No history page of Moments is open. Open one under Moments, History pages, or take {历史页} out."))
	}
	return err
}

// fill puts the customer's own name and link into a text that asks for them.
func (s *Service) fill(ctx context.Context, text, customerID, staffID string) (string, error) {
	text, err := s.fillPage(ctx, text, customerID, staffID)
	if err == nil {
		text, err = s.fillStaff(ctx, text, staffID)
	}
	if err != nil || !strings.Contains(text, customerName) {
		return text, err
	}
	c, err := s.WeCom.Customer(ctx, wecom.ExternalUserID(customerID), "")
	if errors.Is(err, wecom.ErrNotCustomer) { // half added: the name is not told yet
		return strings.ReplaceAll(text, customerName, ""), nil
	}
	if err != nil {
		return "", err
	}
	return strings.ReplaceAll(text, customerName, c.Customer.Name), nil
}

// fillStaff puts the name of the member in.
func (s *Service) fillStaff(ctx context.Context, text, staffID string) (string, error) {
	if !strings.Contains(text, StaffMark) {
		return text, nil
	}
	name := ""
	if s.StaffNames != nil {
		names, err := s.StaffNames(ctx, []string{staffID})
		if err != nil {
			return "", err
		}
		name = names[staffID]
	}
	if name == "" || name == staffID {
		name = namelessStaff
	}
	return strings.ReplaceAll(text, StaffMark, name), nil
}

// fillPage puts the link to the history page in. When no page is open any more, the lines that offer it are left out.
func (s *Service) fillPage(ctx context.Context, text, customerID, staffID string) (string, error) {
	if !strings.Contains(text, PageMark) {
		return text, nil
	}
	link := ""
	if s.Page != nil {
		var err error
		if link, err = s.Page(ctx, customerID, staffID); err != nil {
			return "", err
		}
	}
	if link != "" {
		return strings.ReplaceAll(text, PageMark, link), nil
	}
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.Contains(line, PageMark) {
			kept = append(kept, line)
		}
	}
	if left := strings.Join(kept, "\n"); strings.TrimSpace(left) != "" {
		return left, nil
	}
	return strings.TrimSpace(strings.ReplaceAll(text, PageMark, "")), nil // one line: better a sentence without its end than silence
}
