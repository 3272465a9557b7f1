package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// act is something a person of the world does, by name. Acts answer the ids
// they made; their callbacks go out afterwards.
type act struct {
	name    string
	handler any                                        // the function that does it, for the documents
	run     func(s *Sandbox, body []byte) (any, error) // with s.mu held
}

// doing registers an act; its fields are decoded strictly. What the caller did
// not name, fn picks from the world by seed.
func doing[Q any](name string, fn func(s *Sandbox, q *Q) (any, error)) act {
	return act{name: name, handler: fn, run: func(s *Sandbox, body []byte) (any, error) {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, fmt.Errorf("act %s: %w", name, err)
		}
		delete(fields, "act")
		rest, err := json.Marshal(fields)
		if err != nil {
			return nil, fmt.Errorf("act %s: %w", name, err)
		}
		dec := json.NewDecoder(bytes.NewReader(rest))
		dec.DisallowUnknownFields()
		var given Q
		if err := dec.Decode(&given); err != nil {
			return nil, fmt.Errorf("act %s: %w", name, err)
		}
		return fn(s, &given)
	}}
}

// Act does one act, named by the field "act" of the JSON object, and answers
// what the control plane answers.
func (s *Sandbox) Act(body []byte) (any, error) {
	var head struct {
		Act string `json:"act"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return nil, fmt.Errorf("read act: %w", err)
	}
	if head.Act == "" {
		return nil, errors.New(`read act: field "act" is missing`)
	}
	a, ok := s.acts[head.Act]
	if !ok {
		return nil, fmt.Errorf("unknown act %q; there are %s", head.Act, strings.Join(slices.Sorted(maps.Keys(s.acts)), ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := a.run(s, body)
	if err == nil {
		s.adminActed(head.Act)
	}
	return answer, err
}
