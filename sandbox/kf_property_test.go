package sandbox

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// kfModel is what a careful reader of the rules expects of one conversation.
type kfModel struct {
	wrote   time.Duration // since the start; negative = never
	now     time.Duration
	state   int
	replies int
}

func (m *kfModel) settle() {
	if m.wrote < 0 || m.now-m.wrote >= kfWindow {
		m.state = kfEnded
	}
}

// send is the errcode of send_msg now.
func (m *kfModel) send() float64 {
	switch {
	case m.wrote < 0:
		return 95031
	case m.now-m.wrote >= kfWindow:
		return 95002
	case m.state == kfEnded:
		return 95013
	case m.state > kfAssistant:
		return 95018
	case m.replies >= kfRepliesAllowed:
		return 95001
	}
	return 0
}

func TestSendingInKfFollowsTheRulesWhateverHappensBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		customer := d.stranger()
		who := object{"kf": d.kf, "customer": customer}
		m := kfModel{wrote: -1, state: kfEnded}
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"says", "send", "send", "send", "wait", "enter", "pool", "human", "end"}), 1, 25).Draw(rt, "steps")
		for _, step := range steps {
			m.settle()
			trans := func(to int, from ...int) {
				code := d.call("kf/service_state/trans", object{
					"open_kfid": d.kf, "external_userid": customer, "service_state": to, "servicer_userid": "S01",
				})["errcode"]
				want := 95016.0
				if m.state == kfEnded {
					want = 95013
				} else if inState(from...)(m.state) {
					want, m.state = 0, to
				}
				if code != want {
					rt.Fatalf("move from %d to %d: errcode %v, want %v", m.state, to, code, want)
				}
			}
			switch step {
			case "says":
				d.says(customer, "在吗")
				m.wrote, m.replies = m.now, 0
				if m.state == kfEnded {
					m.state = kfNew
				}
			case "send":
				want := m.send()
				if got := d.call("kf/send_msg", d.text(customer, "在的"))["errcode"]; got != want {
					rt.Fatalf("send in %+v: errcode %v, want %v", m, got, want)
				}
				if want == 0 {
					m.state = kfAssistant
					m.replies++
				}
			case "wait":
				by := time.Duration(rapid.IntRange(1, 30).Draw(rt, "hours")) * time.Hour
				d.later(by)
				m.now += by
			case "enter":
				d.act("open_kf", object{"kf": who["kf"], "customer": who["customer"]})
			case "pool":
				trans(kfPool, kfNew, kfAssistant)
			case "human":
				trans(kfHuman, kfNew, kfAssistant, kfPool, kfHuman)
			case "end":
				trans(kfEnded, kfNew, kfAssistant, kfPool, kfHuman)
			}
			m.settle()
			if got := d.state(customer); got != float64(m.state) {
				rt.Fatalf("after %s: state %v, want %d", step, got, m.state)
			}
		}
	})
}
