package moment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// A personal link opens a history page as its reader. It goes only into texts that one person gets (welcomes, answers in customer
// service); a mass message or a Moment is one text for all. Inside WeChat nobody needs it: WeCom says who reads there, so it
// counts only in other browsers, and a friend to whom it was passed on inside WeChat reads as themselves.

const (
	linkLife  = 90 * dayLong
	linkParam = "k"
)

// LinkTo is the path of the history page that a customer of a member is shown, as their own; "" when none is open.
func (s *Service) LinkTo(ctx context.Context, customerID, staffID string) (string, error) {
	path, err := s.PageOf(ctx, staffID)
	if err != nil || path == "" || len(s.Key) == 0 {
		return path, err
	}
	return path + "?" + linkParam + "=" + s.linkToken(customerID, s.World.Now().Add(linkLife)), nil
}

// HasPage says whether any history page is open.
func (s *Service) HasPage(ctx context.Context) (bool, error) {
	pages, err := s.Pages(ctx)
	for _, p := range pages {
		if p.ClosedAt == 0 {
			return true, err
		}
	}
	return false, err
}

func (s *Service) linkToken(customerID string, until clock.Time) string {
	body := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d\x00%s", int64(until), customerID))
	m := hmac.New(sha256.New, s.Key)
	_, _ = fmt.Fprintf(m, "%d:%s%d:%s", len(s.CorpID), s.CorpID, len(body), body)
	return body + "." + hex.EncodeToString(m.Sum(nil))[:32]
}

// linkOf answers whose link it is; "" when it was altered, is too old or was revoked.
func (s *Service) linkOf(ctx context.Context, token string) (string, error) {
	body, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return "", nil //nolint:nilerr // an altered link is no link
	}
	ms, customerID, ok := strings.Cut(string(raw), "\x00")
	until, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || !ok || customerID == "" || !hmac.Equal([]byte(s.linkToken(customerID, clock.Time(until))), []byte(token)) {
		return "", nil //nolint:nilerr // the same
	}
	if clock.Time(until) < s.World.Now() {
		return "", nil
	}
	var revoked clock.Time
	err = s.DB.Read().NewRaw("SELECT COALESCE(MAX(revoked_at), 0) FROM moment_link WHERE corp_id = ? AND customer_id IN ('', ?)", s.CorpID, customerID).Scan(ctx, &revoked)
	if err != nil {
		return "", fmt.Errorf("look whether a link was revoked: %w", err)
	}
	if clock.Time(until).Add(-linkLife) <= revoked {
		return "", nil
	}
	return customerID, nil
}

// RevokeLinks makes the personal links void that were sent until now: a customer's, or everybody's ("").
func (s *Service) RevokeLinks(ctx context.Context, customerID string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO moment_link (corp_id, customer_id, revoked_at) VALUES (?, ?, ?) ON CONFLICT (corp_id, customer_id) DO UPDATE SET revoked_at = EXCLUDED.revoked_at",
			s.CorpID, customerID, s.World.Now()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("revoke links: %w", err)
		}
		return nil
	})
}

// arrive takes a personal link: who has it reads on as its owner, at an address without it. It answers whether the request is done,
// and whether the link counts no more.
func (s *Service) arrive(w http.ResponseWriter, r *http.Request, c PageConfig, slug string) (done, void bool, err error) {
	token := r.URL.Query().Get(linkParam)
	if token == "" || c.Reader.Reading(r) != "" || c.Reader.InWeChat(r) {
		return false, false, nil
	}
	id, err := s.linkOf(r.Context(), token)
	if err != nil || id == "" {
		return false, true, err
	}
	c.Reader.Remember(w, r, id)
	http.Redirect(w, r, slug, http.StatusSeeOther) // relative: the platform may live below a base path
	return true, false, nil
}

// forget is a reader's press: this is not me. The links that were sent to that customer are void, and this browser forgets them.
func (s *Service) forget(w http.ResponseWriter, r *http.Request, c PageConfig) {
	p, err := s.page(r.Context(), s.DB.Read(), r.PathValue("slug"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if id := c.Reader.Reading(r); id != "" {
		if err := s.RevokeLinks(r.Context(), id); err != nil {
			s.refuse(w, r, err)
			return
		}
	}
	c.Reader.Forget(w, r)
	http.Redirect(w, r, "../"+p.Slug, http.StatusSeeOther)
}
