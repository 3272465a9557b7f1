package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Problem is an error as the API answers it (RFC 9457).
type Problem struct {
	Type      string  `json:"type" doc:"about:blank, or a page about this kind of error"`
	Title     string  `json:"title" doc:"The status in words"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail" doc:"What happened and what to do, in the caller's language"`
	Code      string  `json:"code" doc:"Stable and for machines"`
	RequestID string  `json:"request_id" doc:"Names this request in the server's log"`
	Errors    []Fault `json:"errors,omitempty" doc:"Every wrong field"`
}

// Fault is one wrong field of the input.
type Fault struct {
	Location string `json:"location" doc:"Path of the field, for example body.name"`
	Message  string `json:"message" doc:"Names the field and says what is allowed, in the caller's language"`
	Value    any    `json:"value,omitempty" doc:"What was sent, when it stood in the address"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus tells huma the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells huma the media type of a problem.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statuses is the one table from kind to HTTP status.
var statuses = map[errs.Kind]int{
	errs.Invalid: http.StatusUnprocessableEntity, errs.NotFound: http.StatusNotFound, errs.Conflict: http.StatusConflict,
	errs.Forbidden: http.StatusForbidden, errs.Unauthed: http.StatusUnauthorized, errs.Limited: http.StatusTooManyRequests,
	errs.Unavailable: http.StatusServiceUnavailable, errs.Internal: http.StatusInternalServerError,
}

// problem turns any error into what may be shown.
func problem(ctx context.Context, err error) *Problem {
	lang := langOf(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = errs.New(errs.Unavailable, "interrupted", errs.T("请求中断，请重试。", "The request was interrupted. Try again."))
	}
	var e *errs.Error
	if !errors.As(err, &e) {
		e = errs.New(errs.Internal, "internal", errs.T("出了意外的错误，已记入日志。请把请求编号交给管理员。",
			"Something unexpected went wrong; it is in the log. Give the request id to the administrator."))
	}
	status := statuses[e.Kind]
	p := &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: e.Text.In(lang), Code: e.Code, RequestID: RequestID(ctx),
	}
	if e.Field != "" {
		p.Errors = []Fault{{Location: "body." + e.Field, Message: p.Detail}}
	}
	return p
}

// WriteError answers err as a problem: for handlers outside of the API. API handlers just return the error.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, problem(r.Context(), err))
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil { // a value that JSON cannot say came in through JSON: not possible, but an answer is owed
		body = fmt.Appendf(nil, `{"status":%d,"code":%q}`, p.Status, p.Code)
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// fromHuma rewrites what huma found wrong with an input before any handler ran.
func fromHuma(ctx context.Context, m *huma.ErrorModel) *Problem {
	lang := langOf(ctx)
	code, text := "invalid", errs.T("输入不正确，请看各字段的说明。", "The input is not valid; each field says why.")
	switch m.Status {
	case http.StatusBadRequest:
		code, text = "bad_json", errs.T("请求内容不是正确的 JSON。", "The body is not valid JSON.")
		if m.Detail == "request body is required" {
			code, text = "body_missing", errs.T("缺少请求内容。", "The body is missing.")
		}
	case http.StatusRequestEntityTooLarge:
		code, text = "too_large", errs.T("请求内容超过 1 MiB。", "The body is larger than 1 MiB.")
	case http.StatusUnsupportedMediaType:
		code, text = "media_type", errs.T("只接受 application/json。", "Only application/json is accepted.")
	case http.StatusRequestTimeout:
		code, text = "timeout", errs.T("请求内容没有及时到达。", "The body did not arrive in time.")
	}
	p := &Problem{
		Type: "about:blank", Title: http.StatusText(m.Status), Status: m.Status, Detail: text.In(lang), Code: code, RequestID: RequestID(ctx),
	}
	if code == "invalid" {
		for _, d := range m.Errors {
			if d != nil {
				p.Errors = append(p.Errors, fault(lang, d))
			}
		}
	}
	return p
}

// echo repeats a wrong value of the address only, short and simple: a body may hold a password.
func echo(location string, v any) any {
	if !strings.HasPrefix(location, "query.") && !strings.HasPrefix(location, "path.") {
		return nil
	}
	switch v := v.(type) {
	case string:
		if len(v) <= 64 {
			return v
		}
	case bool, int, int64, float64:
		return v
	}
	return nil
}
