package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// maxReply bounds an answer, in bytes; one with everybody in it stays far below.
const maxReply = 64 << 20

// once sends one request and reads its answer.
func (c *Client) once(ctx context.Context, call wire.Call, in any, out Reply) (err error) {
	begun := time.Now() //nolint:forbidigo // wall time of a request
	defer func() {
		code := codeOf(err)
		if err != nil && code == 0 {
			code = NoAnswer
		}
		took := time.Since(begun) //nolint:forbidigo // wall time of a request
		c.observe(call.Op, code, took)
		c.log.DebugContext(ctx, "wecom call", "op", call.Op, "code", code, "took", took)
	}()
	req, err := c.request(ctx, call, in)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(ctx, call.Op, err)
	}
	defer resp.Body.Close()
	if raw, ok := out.(*Media); ok && !isJSON(resp) {
		return c.readMedia(ctx, call.Op, resp, raw)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return c.unreachable(ctx, call.Op, err)
	}
	if len(body) > maxReply {
		return fmt.Errorf("wecom: %s: the answer is larger than %d bytes", call.Op, maxReply)
	}
	out.reset()
	if err := decode(body, out); err != nil {
		if resp.StatusCode != http.StatusOK || !json.Valid(body) {
			return &HTTPError{Op: call.Op, Status: resp.StatusCode}
		}
		return fmt.Errorf("wecom: %s: read the answer: %w", call.Op, err)
	}
	if code, msg := out.status(); code != 0 {
		return newError(call.Op, code, c.redact(msg))
	}
	if resp.StatusCode != http.StatusOK {
		return &HTTPError{Op: call.Op, Status: resp.StatusCode}
	}
	return nil
}

func isJSON(resp *http.Response) bool {
	t := resp.Header.Get("Content-Type")
	return resp.StatusCode >= 400 || strings.HasPrefix(t, "application/json") || strings.HasPrefix(t, "text/plain")
}

func (c *Client) request(ctx context.Context, call wire.Call, in any) (*http.Request, error) {
	target := c.base + "/cgi-bin/" + call.Op
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	method, contentType := http.MethodGet, ""
	var body io.Reader
	switch {
	case call.File != nil:
		form, kind, err := upload(call.File)
		if err != nil {
			return nil, fmt.Errorf("wecom: %s: build the upload: %w", call.Op, err)
		}
		method, contentType, body = http.MethodPost, kind, form
	case in != nil:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false) // customers' words stay as they are
		if err := enc.Encode(in); err != nil {
			return nil, fmt.Errorf("wecom: %s: encode the request: %w", call.Op, err)
		}
		method, contentType, body = http.MethodPost, "application/json", &buf
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("wecom: %s: build the request: %w", call.Op, bare(err))
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

// upload writes the one part WeCom wants, called media.
func upload(f *wire.File) (form *bytes.Buffer, contentType string, err error) {
	form = new(bytes.Buffer)
	w := multipart.NewWriter(form)
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="media"; filename=%q; filelength=%d`, f.Name, len(f.Content)))
	h.Set("Content-Type", f.Type)
	part, err := w.CreatePart(h)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(f.Content); err != nil {
		return nil, "", err
	}
	return form, w.FormDataContentType(), w.Close()
}

// unreachable tells why no answer came, without the URL and the token in it.
func (c *Client) unreachable(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wecom: %s: %w", op, ctx.Err())
	}
	err = bare(err)
	if msg := err.Error(); c.redact(msg) != msg {
		err = errors.New(c.redact(msg))
	}
	return &unreachable{op: op, err: err}
}

// bare takes the URL off an error of net/http.
func bare(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// redact cuts secrets and tokens out of a text that came from outside.
func (c *Client) redact(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for secret, t := range c.tokens {
		s = strings.ReplaceAll(s, secret, "***")
		if v := t.value(); v != "" {
			s = strings.ReplaceAll(s, v, "***")
		}
	}
	return s
}
