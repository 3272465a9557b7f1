package governance

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// registerAdmission puts the questions and the list of refused functions on the API.
func (h *API) registerAdmission(a *web.API) {
	web.Get(a, "/governance/admission", web.Op{
		ID: "get-admission", Permission: "governance.read", Scope: web.Shared, Summary: "What the corp is asked before its first marketing, and what it answered",
	}, h.admission)
	web.Put(a, "/governance/admission", web.Op{
		ID: "answer-admission", Permission: "admission.write", Scope: web.WholeCorp, Summary: "Answer the questions; owners only",
	}, h.answer)
	web.Get(a, "/governance/refusals", web.Op{
		ID: "list-refusals", Permission: "governance.read", Scope: web.Shared, Summary: "Functions that the platform refuses, why, and the lawful way",
	}, h.refusals)
}

type askedOut struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Answer *bool  `json:"answer,omitempty" doc:"true: we do that; absent: not answered yet"`
}

type standardOut struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Took bool   `json:"took" doc:"the corp took it on"`
}

// AdmissionOut is the questionnaire as the API answers it.
type AdmissionOut struct {
	State     string        `json:"state" enum:"unanswered,admitted,refused" doc:"marketing can be submitted when admitted"`
	RuleID    string        `json:"rule_id"`
	Questions []askedOut    `json:"questions"`
	Standards []standardOut `json:"standards"`
	Version   int           `json:"version"`
	At        *time.Time    `json:"at,omitempty"`
	By        string        `json:"by,omitempty"`
	Demo      bool          `json:"demo" doc:"answered by a demonstration, by nobody"`
}

func (h *API) admission(ctx context.Context, _ *web.None) (*AdmissionOut, error) {
	a, err := h.AdmissionOf(ctx, h.db.Read(), web.Caller(ctx).CorpID)
	if err != nil {
		return nil, err
	}
	return h.showAdmission(web.Lang(ctx), a), nil
}

func (h *API) showAdmission(lang string, a *Admission) *AdmissionOut {
	out := &AdmissionOut{State: "unanswered", RuleID: ruleAdmission}
	answers, took := map[string]bool{}, map[string]bool{}
	if a != nil {
		answers = a.answers()
		for _, id := range a.standards() {
			took[id] = true
		}
		out.Version, out.At, out.By, out.Demo = a.Version, h.when(a.At), a.ByWhom, a.Demo
		switch {
		case a.Form != admissionForm:
		case len(a.refused()) > 0:
			out.State = "refused"
		default:
			out.State = "admitted"
		}
	}
	for _, q := range Questions() {
		o := askedOut{ID: q.ID, Text: q.Text.In(lang)}
		if said, ok := answers[q.ID]; ok {
			o.Answer = &said
		}
		out.Questions = append(out.Questions, o)
	}
	for _, s := range Standards() {
		out.Standards = append(out.Standards, standardOut{s.ID, s.Text.In(lang), took[s.ID]})
	}
	return out
}

type answerIn struct {
	Body struct {
		Answers   map[string]bool `json:"answers" doc:"by question; true: we do that"`
		Standards []string        `json:"standards,omitempty" maxItems:"20" doc:"those that the corp takes on"`
	}
}

func (h *API) answer(ctx context.Context, in *answerIn) (*AdmissionOut, error) {
	who := web.Caller(ctx)
	a, err := h.Answer(ctx, who.CorpID, who.User, in.Body.Answers, in.Body.Standards, false)
	if err != nil {
		return nil, err
	}
	return h.showAdmission(web.Lang(ctx), a), nil
}

type refusalOut struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
	Way    string `json:"way" doc:"the lawful way, or that there is none"`
	RuleID string `json:"rule_id"`
	Test   string `json:"test" doc:"the test that shows that it is absent"`
}

func (h *API) refusals(ctx context.Context, _ *web.None) (*web.Page[refusalOut], error) {
	lang := web.Lang(ctx)
	rows := h.book.Refusals
	out := make([]refusalOut, len(rows))
	for i, r := range rows {
		out[i] = refusalOut{ID: r.ID, Title: r.Title.Text().In(lang), Reason: r.Reason.Text().In(lang), Way: r.Way.Text().In(lang), RuleID: r.Rule, Test: "TestRefusedFunctionsAreAbsent/" + r.ID}
	}
	return &web.Page[refusalOut]{Items: out, Total: len(out)}, nil
}
