package governance

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
	"zhiyin.dev/zhiyin/internal/governance/normal"
)

func codeOf(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return ""
}

// answer is what a stranger reads of GET /touches/{id}: nothing else is known to decideAlone.
type answer struct {
	Class   Class   `json:"class"`
	Channel Channel `json:"channel"`
	State   State   `json:"state"`
	RuleID  string  `json:"rule_id"`
	Rules   []struct {
		RuleID  string      `json:"rule_id"`
		Verdict StepVerdict `json:"verdict"`
		Days    int         `json:"days"`
		Before  int         `json:"before"`
		After   int         `json:"after"`
		Cap     int         `json:"cap"`
		Value   string      `json:"value"`
		Since   *time.Time  `json:"since"`
		NextAt  *time.Time  `json:"next_at"`
		TooLate *time.Time  `json:"too_late"`
	} `json:"rules"`
	Basis struct {
		On     time.Time    `json:"on"`
		Topic  string       `json:"topic"`
		Traits bool         `json:"traits"`
		Cost   int          `json:"cost"`
		Texts  []string     `json:"texts"`
		Record guard.Record `json:"record"`
		Policy string       `json:"policy"`
		Now    string       `json:"policy_now"`
	} `json:"basis"`
}

// decideAlone decides again from the answer alone (L14): which rule refuses. The words are read by the public policy that the
// answer names; everything else is arithmetic on what stands there.
func decideAlone(a answer, read func(class Class, channel Channel, texts []string) string) (rule string, consistent bool) {
	for _, r := range a.Rules {
		refuses := false
		switch {
		case r.Verdict == NotRead:
			continue
		case r.RuleID == ruleContent:
			refuses = read(a.Class, a.Channel, a.Basis.Texts) != ""
		case r.RuleID == ruleAlike:
			other, err := strconv.ParseUint(r.Value, 16, 64)
			refuses = err == nil && likeness.Of(normal.New(), a.Basis.Texts).Distance(likeness.Print(other)) <= r.Cap
		case r.RuleID == ruleSunset && r.Days == 0: // days of silence, or the last question
			refuses = r.After > r.Cap
		case r.RuleID == ruleGrievance: // open, or at rest until then
			refuses = r.Since != nil && (r.NextAt == nil || r.NextAt.After(a.Basis.On))
		case r.RuleID == ruleHalt || r.RuleID == ruleOptOut || r.RuleID == ruleSuppressed:
			refuses = r.Since != nil
		case r.Days > 0 || r.Cap > 0:
			refuses = r.After > r.Cap
			if r.After < r.Before+min(a.Basis.Cost, 1) {
				return "", false
			}
		case r.RuleID == rulePreference:
			refuses = r.NextAt != nil && r.NextAt.After(a.Basis.On) || r.Value != "" && r.Value == a.Basis.Topic
		case r.RuleID == ruleConsent:
			refuses = r.After == 0
		case r.RuleID == ruleTraits:
			refuses = r.Since != nil && a.Basis.Traits
		case r.RuleID == ruleQuiet:
			refuses = r.TooLate != nil && !a.Basis.On.Before(*r.TooLate)
		case r.RuleID == ruleService || r.RuleID == ruleHoldout:
			refuses = r.Verdict == Refused // the draw of the holdout is all that is taken on trust
		default:
			refuses = read(a.Class, a.Channel, a.Basis.Texts) == r.RuleID
		}
		if refuses != (r.Verdict == Refused) {
			return r.RuleID, false
		}
		if refuses {
			return r.RuleID, true
		}
	}
	return "", true
}

func TestARefusalCanBeDecidedAgainFromTheAnswerAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		none := func(context.Context, []string) (map[string]string, error) { return nil, nil }
		h := &API{g, Neighbours{Staff: none, Customers: none}}
		sent(t, g, "cap/1", "青柠 01")
		optOut(t, g, "青柠 02")
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			if err := g.SetPreference(ctx, tx, Preference{CorpID: "c", CustomerID: "青柠 03", PausedUntil: world.Now().Add(72 * time.Hour), Via: "page", ByWhom: "customer"}); err != nil {
				return err
			}
			return g.SetPreference(ctx, tx, Preference{CorpID: "c", CustomerID: "青柠 04", TopicsOff: topics{"上新"}, Via: "page", ByWhom: "customer"})
		})
		topic := marketing("topic", "青柠 04")
		topic.Topic = "上新"
		bad := marketing("bad", "青柠 05")
		bad.Texts = []string{"快帮我砍一刀，还差3个好友就能免费拿"}
		paper := Licence{CorpID: "c", Kind: "lending", Holder: "青禾小额贷款有限公司", Number: "粤金贷7号", Issuer: "金融管理局", MadeBy: "S01"}
		if _, err := g.AddLicence(t.Context(), paper, ""); err != nil {
			t.Fatal(err)
		}
		licensed := marketing("licensed", "青柠 08")
		licensed.Texts = []string{"凭身份证申请，无抵押贷款以合同为准"}
		reqs := []Request{licensed, marketing("cap/2", "青柠 01"), marketing("stop", "青柠 02"), marketing("pause", "青柠 03"), topic, bad, marketing("fine", "青柠 06")}
		ids := []int64{}
		for _, dec := range reserve(t, g, reqs...) {
			ids = append(ids, dec.TouchID)
		}
		grieve(t, g, "青柠 08", Refund)
		ids = append(ids, reserve(t, g, marketing("refund", "青柠 08"))[0].TouchID)
		sent(t, g, "twin/1", "青柠 10")
		again := marketing("twin/1", "青柠 10")
		again.Key, again.NotBefore = "twin/2", world.Now().Add(30*time.Hour)
		again.Texts = []string{again.Texts[0] + "！"}
		ids = append(ids, reserve(t, g, again)[0].TouchID)
		quietFor(t, g, "青柠 09", 200)
		ask := marketing("question", "青柠 06")
		ask.Winback = true
		ids = append(ids, reserve(t, g, marketing("dormant", "青柠 09"))[0].TouchID, reserve(t, g, ask)[0].TouchID)
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := g.SetZones(ctx, tx, "c", "staff", "S01", map[string]string{"青柠 11": "America/New_York", "青柠 12": "Asia/Urumqi"})
			return err
		})
		for _, far := range []string{"青柠 11", "青柠 12"} {
			r := marketing("far "+far, far)
			r.Closes = world.Now().Add(11 * time.Hour)
			ids = append(ids, reserve(t, g, r)[0].TouchID)
		}
		choose(t, g, Preference{CustomerID: "青柠 13", NoTraits: true})
		for _, who := range []string{"青柠 13", "青柠 14"} {
			ids = append(ids, reserve(t, g, chosenBy("tag "+who, who))[0].TouchID)
		}
		asksConsent(t, g, true)
		says(t, g, "青柠 15")
		for _, who := range []string{"青柠 15", "青柠 16"} {
			ids = append(ids, reserve(t, g, marketing("consent "+who, who))[0].TouchID)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.HaltSending(ctx, tx, "c", "", "S01", "查一查") })
		ids = append(ids, reserve(t, g, marketing("halted", "青柠 07"))[0].TouchID)
		refusals := 0
		for _, id := range ids {
			e, err := g.Explain(t.Context(), "c", id)
			if err != nil {
				t.Fatal(err)
			}
			out, err := h.explain(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(out)
			if err != nil {
				t.Fatal(err)
			}
			var a answer
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			if a.Basis.Policy == "" || a.Basis.Policy != a.Basis.Now || out.Evidence.Audit == "" {
				t.Errorf("the answer names no policy or no audit entry: %s", raw)
			}
			rule, ok := decideAlone(a, func(c Class, ch Channel, texts []string) string {
				if f, blocks := g.read(g.book.guard.Own(a.Basis.Record), c, ch, fieldsOf(texts)...).Blocking(); blocks {
					return f.RuleID
				}
				return ""
			})
			held := a.State == Held
			if held {
				refusals++
			}
			if !ok || held && rule != a.RuleID || !held && rule != "" {
				t.Errorf("%s was %s by %q; from the answer alone %q (%v)\n%s", e.Touch.Key, a.State, a.RuleID, rule, ok, raw)
			}
		}
		if refusals != 13 {
			t.Errorf("%d refusals, want 13", refusals)
		}
	})
}

// A policy that is gone is not guessed at: the words stand as they were found, and the answer says so.
func TestAFormerPolicyIsSaidToBeGone(t *testing.T) {
	t.Parallel()
	world := clock.NewManual(tuesday)
	g := newGovernor(t, dbtest.SQLite(t), world)
	bad := marketing("bad", "青柠 05")
	bad.Texts = []string{"快帮我砍一刀，还差3个好友就能免费拿"}
	id := reserve(t, g, bad)[0].TouchID
	was := g.book.Version
	g.book.Version = "another"
	r, err := g.Recompute(t.Context(), "c", id)
	if err != nil || !r.Same || r.SamePolicy() || r.PolicyThen != was || r.State != Held {
		t.Fatalf("%+v %v", r, err)
	}
}
