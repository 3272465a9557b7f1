package governance

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

// AgeMarkOut is a mark of age as the API answers it.
type AgeMarkOut struct {
	ID        web.ID     `json:"id"`
	Age       Age        `json:"age" enum:"under_14,under_18"`
	Reason    string     `json:"reason" doc:"how it is known"`
	By        named      `json:"by"`
	At        time.Time  `json:"at"`
	EndedAt   *time.Time `json:"ended_at,omitempty" doc:"absent: it holds"`
	EndedBy   *named     `json:"ended_by,omitempty"`
	EndReason string     `json:"end_reason,omitempty"`
}

// AgeOut is what is known of a customer's age.
type AgeOut struct {
	Mark     *AgeMarkOut  `json:"mark,omitempty" doc:"absent: nobody said that they are a minor"`
	History  []AgeMarkOut `json:"history" doc:"all marks, the newest first"`
	Guardian []ConsentOut `json:"guardian" doc:"what a guardian consents to at present"`
}

func (h *API) registerMinors(a *web.API) {
	web.Get(a, "/customers/{id}/age", web.Op{
		ID: "get-customer-age", Permission: "customer.read", Scope: web.Filtered, Personal: true, Tag: "customers",
		Summary: "Whether a customer is marked as a minor, with the evidence and what a guardian consents to",
	}, h.ageShown)
	web.Post(a, "/customers/{id}/age", web.Op{
		ID: "mark-customer-age", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "Mark a customer as a minor: what that forbids is taken back at once",
	}, h.ageMarked)
	web.Post(a, "/customers/{id}/age/end", web.Op{
		ID: "end-customer-age", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "End the mark of age, and with it what a guardian consented to",
	}, h.ageEnded)
	web.Post(a, "/customers/{id}/guardian-consents", web.Op{
		ID: "record-guardian-consent", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "Record what a minor's guardian consents to, in the place of what they consented to before",
	}, h.guardianAgreed)
	web.Post(a, "/customers/{id}/guardian-consents/end", web.Op{
		ID: "end-guardian-consent", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "Note that a guardian took it back",
	}, h.guardianEnded)
}

func (h *API) ageShown(ctx context.Context, in *customerIn) (*AgeOut, error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	return h.age(ctx, in.ID)
}

func (h *API) age(ctx context.Context, id string) (*AgeOut, error) {
	corpID := web.Caller(ctx).CorpID
	rows, err := h.AgeMarks(ctx, corpID, id)
	if err != nil {
		return nil, err
	}
	consents, err := h.Consents(ctx, corpID, id)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, m := range rows {
		people = append(people, m.SetBy, m.EndedBy)
	}
	names, err := h.near.Staff(ctx, people)
	if err != nil {
		return nil, err
	}
	out := &AgeOut{History: make([]AgeMarkOut, len(rows)), Guardian: []ConsentOut{}}
	for i, m := range rows {
		o := AgeMarkOut{ID: web.IDOf(m.ID), Age: m.Age, Reason: m.Reason, By: named{m.SetBy, names[m.SetBy]}, At: m.SetAt.In(h.zone), EndReason: m.EndReason}
		if m.EndedAt != 0 {
			o.EndedAt, o.EndedBy = h.when(m.EndedAt), &named{m.EndedBy, names[m.EndedBy]}
		}
		if out.History[i] = o; m.EndedID == 0 {
			out.Mark = &out.History[i]
		}
	}
	told, err := noticeIn(ctx, h.db.Read(), corpID, newest)
	if err != nil {
		return nil, err
	}
	for i := range consents {
		if !consents[i].Own && consents[i].EndedID == 0 {
			out.Guardian = append(out.Guardian, h.showConsent(&consents[i], told))
		}
	}
	return out, nil
}

type markAgeIn struct {
	ID   string `path:"id"`
	Body struct {
		Age    Age    `json:"age" enum:"under_14,under_18"`
		Reason string `json:"reason" maxLength:"2000" doc:"how it is known, 2 to 500 characters"`
	}
}

func (h *API) ageMarked(ctx context.Context, in *markAgeIn) (*AgeOut, error) {
	who := web.Caller(ctx)
	return h.aged(ctx, in.ID, func(ctx context.Context, tx *db.Tx) error {
		_, err := h.MarkAge(ctx, tx, AgeMark{CorpID: who.CorpID, CustomerID: in.ID, Age: in.Body.Age, Reason: in.Body.Reason, SetBy: who.User})
		return err
	})
}

type endAgeIn struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason" maxLength:"2000" doc:"why it holds no longer, 2 to 500 characters"`
	}
}

func (h *API) ageEnded(ctx context.Context, in *endAgeIn) (*AgeOut, error) {
	who := web.Caller(ctx)
	return h.aged(ctx, in.ID, func(ctx context.Context, tx *db.Tx) error {
		return h.EndAge(ctx, tx, who.CorpID, in.ID, who.User, in.Body.Reason)
	})
}

type guardianIn struct {
	ID   string `path:"id"`
	Body struct {
		Guardian string    `json:"guardian" maxLength:"400" doc:"who it is, and what they are to the child; 2 to 100 characters"`
		Words    string    `json:"words" maxLength:"2000" doc:"where and how they said so, 2 to 500 characters"`
		Purposes []Purpose `json:"purposes" enum:"marketing,lifecycle,traits" minItems:"1" maxItems:"3" doc:"to these and nothing else"`
	}
}

func (h *API) guardianAgreed(ctx context.Context, in *guardianIn) (*AgeOut, error) {
	who := web.Caller(ctx)
	return h.aged(ctx, in.ID, func(ctx context.Context, tx *db.Tx) error {
		return h.GuardianAgrees(ctx, tx, Guardian{CorpID: who.CorpID, CustomerID: in.ID, Who: in.Body.Guardian, Words: in.Body.Words, Purposes: in.Body.Purposes, By: who.User})
	})
}

func (h *API) guardianEnded(ctx context.Context, in *customerIn) (*AgeOut, error) {
	who := web.Caller(ctx)
	return h.aged(ctx, in.ID, func(ctx context.Context, tx *db.Tx) error {
		return h.GuardianEnds(ctx, tx, who.CorpID, in.ID, who.User)
	})
}

// aged does something about a minor whom the caller may see, and answers how it is then.
func (h *API) aged(ctx context.Context, id string, do func(ctx context.Context, tx *db.Tx) error) (*AgeOut, error) {
	if err := h.seeing(ctx, id); err != nil {
		return nil, err
	}
	if err := h.db.Tx(ctx, do); err != nil {
		return nil, err
	}
	return h.age(ctx, id)
}
