package spec_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/spec"
	"zhiyin.dev/zhiyin/wecom/callback"
)

func load(t *testing.T) *spec.Spec {
	t.Helper()
	s, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFactsAreWellFormed(t *testing.T) {
	t.Parallel()
	s := load(t)
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if len(s.Endpoints) < 350 || len(s.Events) < 130 || len(s.Errors) < 600 || len(s.Rules) < 250 || len(s.Vectors) != 27 {
		t.Errorf("read %d endpoints, %d events, %d error codes, %d rules, %d vectors",
			len(s.Endpoints), len(s.Events), len(s.Errors), len(s.Rules), len(s.Vectors))
	}
}

func TestCheckFindsMistakes(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*spec.Spec){
		"is there twice":                 func(s *spec.Spec) { s.Endpoints = append(s.Endpoints, s.Endpoints[0]) },
		"event without an id":            func(s *spec.Spec) { s.Events[0].ID = "" },
		"type of":                        func(s *spec.Spec) { s.Events[0].Fields[0].Type = "number of things" },
		"required of":                    func(s *spec.Spec) { s.Endpoints[0].Request[0].Required = "" },
		"error code 12345 is unknown":    func(s *spec.Spec) { s.Endpoints[0].Errors = []int{12345} },
		"confidence":                     func(s *spec.Spec) { s.Rules[0].Confidence = "sure" },
		"which is no endpoint":           func(s *spec.Spec) { s.Scope.Owed[0] = "no.such" },
		"is neither owed nor excluded":   func(s *spec.Spec) { s.Scope.Owed = s.Scope.Owed[1:] },
		"is in owed and in exclusion":    func(s *spec.Spec) { s.Scope.Excluded[0].Endpoints[0] = s.Scope.Owed[0] },
		"no id or no reason":             func(s *spec.Spec) { s.Scope.Excluded[0].Reason = "" },
		"key, signature":                 func(s *spec.Spec) { s.Vectors[0].EncodingAESKey = "short" },
		"is at least 3 but at most 2":    func(s *spec.Spec) { f := &s.Endpoints[0].Request[0]; f.Min, f.Max = 3, 2 },
		"sample or sources are missing":  func(s *spec.Spec) { s.Events[0].Sample = "" },
		"endpoint token.x: no source":    func(s *spec.Spec) { s.Endpoints[0].ID, s.Endpoints[0].Sources = "token.x", nil },
		"error code 40001 is there twic": func(s *spec.Spec) { s.Errors = append(s.Errors, *s.Error(40001)) },
	} {
		s := load(t)
		spoil(s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// The samples are read by the client's scanner and hold what the fields say.
func TestSamplesAreReadable(t *testing.T) {
	t.Parallel()
	for _, e := range load(t).Events {
		if e.Format == "json" {
			if !json.Valid([]byte(e.Sample)) {
				t.Errorf("%s: the sample is not JSON", e.ID)
			}
			continue
		}
		got, err := callback.Parse([]byte(e.Sample))
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		if info := got.Get("InfoType"); info != "" { // events to a suite have this in place of Event
			got.Event = info
		}
		if got.MsgType != e.MsgType || got.Event != e.Event || got.ChangeType != e.ChangeType {
			t.Errorf("%s: the sample says %s %s %s", e.ID, got.MsgType, got.Event, got.ChangeType)
		}
		for _, f := range got.Fields {
			if f.Depth == 1 && !slices.ContainsFunc(e.Fields, func(x spec.Field) bool { return strings.Split(strings.TrimSuffix(x.Name, "[]"), ".")[0] == f.Name }) {
				t.Errorf("%s: the sample has %s, the fields have not", e.ID, f.Name)
			}
		}
	}
}

func TestScopeOwesTheCore(t *testing.T) {
	t.Parallel()
	s := load(t)
	for _, id := range []string{
		"gettoken", "user.list", "externalcontact.list", "externalcontact.batch.get_by_user", "externalcontact.send_welcome_msg",
		"externalcontact.add_msg_template", "externalcontact.groupchat.add_join_way", "kf.sync_msg", "kf.send_msg", "media.upload",
	} {
		if !slices.Contains(s.Scope.Owed, id) {
			t.Errorf("%s is not owed", id)
		}
		if e := s.Endpoint(id); e == nil || len(e.Docs) == 0 {
			t.Errorf("%s names no official page", id)
		}
	}
}
