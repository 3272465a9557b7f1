package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// codeLife is how long a login code lives, in world time; it works once.
const codeLife = 5 * time.Minute

// loginCode is who stands behind a code of the login pages.
type loginCode struct {
	staff    string // userid, or
	customer string // external_userid
	private  bool   // the member consented to show private fields
	program  bool   // it was given to a mini-program, not to a page
	expires  time.Time
}

// codeStore keeps the codes that were not used yet.
type codeStore map[string]loginCode

// newCode makes a code for a member or a customer, with s.mu held.
func (s *Sandbox) newCode(staff, customer string) string {
	s.madeCode++
	code := letters(43, s.world.seed, s.madeCode, hashString("code"))
	s.codes[code] = loginCode{staff: staff, customer: customer, expires: s.now().Add(codeLife)}
	return code
}

// takeCode uses a code up; false for codes that are unknown, used or expired.
func (s *Sandbox) takeCode(code string) (loginCode, bool) {
	got, ok := s.codes[code]
	delete(s.codes, code)
	return got, ok && s.now().Before(got.expires)
}

// LoginCode makes a login code for a member, for a customer, or, when both are
// empty, for any member.
func (s *Sandbox) LoginCode(userid, externalUserID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case externalUserID != "":
		if _, ok := s.world.customerByID(externalUserID); !ok {
			return "", fmt.Errorf("no customer %q", externalUserID)
		}
	case userid == "":
		userid = s.world.firstStaff().id
	default:
		if _, ok := s.world.staffByID(userid); !ok {
			return "", fmt.Errorf("no member %q", userid)
		}
	}
	return s.newCode(userid, externalUserID), nil
}

func (s *Sandbox) controlCode(_ *http.Request, body []byte) (any, error) {
	var q struct {
		UserID         string `json:"userid"`
		ExternalUserID string `json:"external_userid"`
	}
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	code, err := s.LoginCode(q.UserID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	return map[string]string{"code": code}, nil
}
