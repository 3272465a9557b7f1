package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

func (h *API) registerPurposes(a *web.API) {
	web.Get(a, "/governance/purposes", web.Op{
		ID: "list-purposes", Permission: "governance.read", Scope: web.Shared,
		Summary: "What customers' data is used for, on which basis, and the notices that say so",
	}, h.purposes)
	web.Get(a, "/governance/notices/{version}", web.Op{
		ID: "get-privacy-notice", Permission: "governance.read", Scope: web.Shared, Summary: "One version of the notice about customers' data",
	}, h.noticeShown)
	web.Post(a, "/governance/notices", web.Op{
		ID: "publish-privacy-notice", Permission: "governance.write", Scope: web.WholeCorp, Status: http.StatusCreated,
		Summary: "Publish a new version of the notice about customers' data",
	}, h.noticePublished)
}

type purposeOut struct {
	ID       Purpose       `json:"id" enum:"service,lifecycle,marketing,traits,sensitive"`
	Title    string        `json:"title"`
	Does     string        `json:"does" doc:"what the platform does for it, and what the customer can say"`
	Basis    Basis         `json:"basis" enum:"contract,consent,separate" doc:"contract: the customer asked, or it belongs to a contract with them; separate: a consent of its own"`
	Must     bool          `json:"must" doc:"every notice names it"`
	Named    bool          `json:"named" doc:"the notice in force names it"`
	Consents int           `json:"consents" doc:"of customers and guardians, that count at present"`
	Rules    []licenceRule `json:"rules" doc:"what refuses without it"`
}

// NoticeBrief is a version of the notice without its words.
type NoticeBrief struct {
	Version  int       `json:"version"`
	SHA256   string    `json:"sha256" doc:"of the text"`
	Again    bool      `json:"again" doc:"purpose, manner or kind of data changed: who was told before is asked again"`
	Purposes []Purpose `json:"purposes" enum:"service,lifecycle,marketing,traits,sensitive"`
	Changes  string    `json:"changes"`
	By       named     `json:"by"`
	At       time.Time `json:"at"`
}

type noticeOut struct {
	NoticeBrief
	Intact bool       `json:"intact" doc:"the text is the one whose digest was kept"`
	Body   NoticeBody `json:"body"`
}

type purposesOut struct {
	Purposes []purposeOut  `json:"purposes"`
	Notices  []NoticeBrief `json:"notices" doc:"the newest first; none: nothing was published yet"`
	Page     string        `json:"page" doc:"where people read it"`
	// Customers and Consented say what asking again would do.
	Customers int `json:"customers" doc:"who has a relation now: a version that asks again leaves them without marketing until they say yes"`
	Consented int `json:"consented" doc:"whose own consent to marketing counts at present"`
}

func (h *API) purposes(ctx context.Context, _ *web.None) (*purposesOut, error) {
	corpID, lang := web.Caller(ctx).CorpID, web.Lang(ctx)
	rows, err := h.Notices(ctx, corpID)
	if err != nil {
		return nil, err
	}
	told, err := noticeIn(ctx, h.db.Read(), corpID, newest)
	if err != nil {
		return nil, err
	}
	out := &purposesOut{Purposes: []purposeOut{}, Notices: make([]NoticeBrief, len(rows)), Page: PrivacyPath}
	var counts []struct {
		Purpose Purpose
		Own     bool
		N       int
	}
	err = h.db.Read().NewRaw("SELECT purpose, own, COUNT(*) AS n FROM consent WHERE corp_id = ? AND ended_id = 0 AND id > ? GROUP BY purpose, own", corpID, told.again).Scan(ctx, &counts)
	if err != nil {
		return nil, fmt.Errorf("count consents by purpose: %w", err)
	}
	by := map[Purpose]int{}
	for _, c := range counts {
		if by[c.Purpose] += c.N; c.Own && c.Purpose == ForMarketing {
			out.Consented = c.N
		}
	}
	for _, p := range Purposes() {
		o := purposeOut{ID: p.ID, Title: p.Title.In(lang), Does: p.Does.In(lang), Basis: p.Basis, Must: p.Must, Consents: by[p.ID], Named: told.named(p.ID), Rules: []licenceRule{}}
		for _, id := range p.Rules {
			o.Rules = append(o.Rules, licenceRule{id, h.Title(id).In(lang)})
		}
		out.Purposes = append(out.Purposes, o)
	}
	for i := range rows {
		if out.Notices[i], err = h.briefOf(ctx, &rows[i]); err != nil {
			return nil, err
		}
	}
	if h.near.Living != nil {
		out.Customers, err = h.near.Living(ctx)
	}
	return out, err
}

func (h *API) briefOf(ctx context.Context, n *PrivacyNotice) (NoticeBrief, error) {
	names, err := h.near.Staff(ctx, []string{n.MadeBy})
	if err != nil {
		return NoticeBrief{}, err
	}
	out := NoticeBrief{Version: n.Version, SHA256: n.SHA256, Again: n.Again, Changes: n.Changes, By: named{n.MadeBy, names[n.MadeBy]}, At: n.MadeAt.In(h.zone)}
	if err := json.Unmarshal([]byte(n.Purposes), &out.Purposes); err != nil {
		return out, fmt.Errorf("read the purposes of notice %d: %w", n.Version, err)
	}
	return out, nil
}

type versionIn struct {
	Version int `path:"version"`
}

func (h *API) noticeShown(ctx context.Context, in *versionIn) (*noticeOut, error) {
	n, err := h.Notice(ctx, web.Caller(ctx).CorpID, in.Version)
	if err != nil {
		return nil, err
	}
	return h.showNotice(ctx, n)
}

func (h *API) showNotice(ctx context.Context, n *PrivacyNotice) (*noticeOut, error) {
	out := &noticeOut{Intact: n.Intact()}
	var err error
	if out.NoticeBrief, err = h.briefOf(ctx, n); err != nil {
		return nil, err
	}
	out.Body, err = n.Reads()
	return out, err
}

type publishNoticeIn struct {
	Body struct {
		Text    NoticeBody `json:"text"`
		Again   bool       `json:"again,omitempty" doc:"purpose, manner or kind of data changed: consents given before count no longer, and who came before gets no marketing until they say yes again"`
		Changes string     `json:"changes" maxLength:"2000" doc:"what this version is, or what it changes; 2 to 500 characters"`
	}
}

func (h *API) noticePublished(ctx context.Context, in *publishNoticeIn) (*noticeOut, error) {
	who := web.Caller(ctx)
	n, err := h.PublishNotice(ctx, who.CorpID, who.User, in.Body.Text, in.Body.Again, in.Body.Changes)
	if err != nil {
		return nil, err
	}
	return h.showNotice(ctx, n)
}
