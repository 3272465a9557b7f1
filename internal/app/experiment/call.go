package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const largestAnswer = 64 << 20

// call makes one call over loopback and reads its JSON answer into each of out; nil ones are left out.
func call(ctx context.Context, method, address, token string, in any, out ...any) error {
	raw, err := fetch(ctx, method, address, token, in)
	if err != nil {
		return err
	}
	for _, v := range out {
		if v == nil || len(raw) == 0 {
			continue
		}
		if err := json.Unmarshal(raw, v); err != nil {
			return fmt.Errorf("%s: read the answer: %w", pathOf(address), err)
		}
	}
	return nil
}

func fetch(ctx context.Context, method, address, token string, in any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pathOf(address), err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pathOf(address), err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s: status %d: %.300s", pathOf(address), resp.StatusCode, raw)
	}
	return raw, nil
}

// pathOf is an address without its query, which may hold a token.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address"
	}
	return u.Path
}
