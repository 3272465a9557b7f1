package governance

import (
	"encoding/json"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
)

// verdicts keeps what was said about those who stand alike, in one batch of requests.
type verdicts map[asked]told

// asked is all of a request, beside its customer, that a verdict depends on.
type asked struct {
	stance
	class     Class
	channel   Channel
	topic     string
	cost      int
	open      bool
	winback   bool
	traits    bool
	texts     *string // the list itself: a batch is one message to many
	notBefore clock.Time
}

type told struct {
	verdict verdict
	why     string
}

// of answers the verdict about a standing and its steps as the ledger keeps them.
func (v verdicts) of(r Request, s standing, judge func() verdict) (verdict, string, error) {
	stance, ok := stanceOf(s)
	k := asked{stance, r.Class, r.Channel, r.Topic, r.cost(), r.Open, r.Winback, r.Traits, nil, r.NotBefore}
	if len(r.Texts) > 0 {
		k.texts = &r.Texts[0]
	}
	if t, known := v[k]; ok && known {
		return t.verdict, t.why, nil
	}
	t := told{verdict: judge()}
	why, err := t.verdict.why()
	if err != nil {
		return verdict{}, "", fmt.Errorf("decide about %s: %w", r.Key, err)
	}
	t.why = why
	if ok {
		v[k] = t
	}
	return t.verdict, t.why, nil
}

// why is the steps of a verdict as the ledger keeps them.
func (v verdict) why() (string, error) {
	raw, err := json.Marshal(v.steps)
	if err != nil {
		return "", fmt.Errorf("write the reasons: %w", err)
	}
	return string(raw), nil
}
