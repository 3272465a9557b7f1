package governance

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// The ladder answers what the rules refuse again and again, earlier than WeChat would. A refused text, too many Moments in a
// day, a campaign that people leave is a hit; the hits of 30 days say how high somebody stands:
//
//	1 notice   it was refused, and its author is told
//	2 cool     marketing rests for 12 hours
//	3 pause    marketing rests for 24 hours, and every draft goes to a second person
//	4 suspend  nothing is sent for 7 days, then an owner lets it go on
//	5 stop     nothing is sent until two persons say so; only people take this step
//
// What stands of a step falls by one for each 30 days without a hit. Whoever is concerned may appeal once, somebody else
// decides, and an appeal that is upheld takes the hits away too. The ladder of the corp counts its suspended members.

// Subject is who stands on the ladder.
type Subject string

// The subjects.
const (
	OnStaff    Subject = "staff"    // by account
	OnCampaign Subject = "campaign" // by campaign id
	OnCorp     Subject = "corp"     // with an empty id
)

// Rung is a step of the ladder.
type Rung int

// The rungs.
const (
	Clean Rung = iota
	Noticed
	Cooled
	Paused
	Suspended
	Stopped
)

// StepState says whether a step holds.
type StepState string

// The states of a step. A proposed one holds too: the second person decides whether it stays.
const (
	StepProposed StepState = "proposed"
	StepInForce  StepState = "in_force"
	StepEnded    StepState = "ended"
)

// Why a step ended, beside its time.
const (
	endedReplaced = "replaced"
	endedAppeal   = "appeal"
	endedResumed  = "resumed"
	endedRejected = "rejected"
)

// What an appeal came to.
const (
	Upheld = "upheld"
	Denied = "denied"
)

// byLadder stands where a person's name would, when the ladder itself acted.
const byLadder = "ladder"

const (
	hitWindow   = 30 * 24 * time.Hour
	weightBlock = 1
	weightHeavy = 2 // refused with its sender, over-active, or a campaign's warning
	weightPause = 3
)

// lasts is how long the effect of a rung lasts.
func (r Rung) lasts() time.Duration {
	switch r {
	case Cooled:
		return 12 * time.Hour
	case Paused:
		return 24 * time.Hour
	case Suspended:
		return 7 * 24 * time.Hour
	case Noticed:
		return hitWindow
	default:
		return 0
	}
}

// Name of the rung.
func (r Rung) Name() errs.Text {
	switch r {
	case Noticed:
		return errs.T("提醒", "notice")
	case Cooled:
		return errs.T("冷却", "cool-down")
	case Paused:
		return errs.T("暂停", "pause")
	case Suspended:
		return errs.T("停用", "suspension")
	case Stopped:
		return errs.T("停止服务", "end of service")
	default:
		return errs.T("无", "none")
	}
}

// climb is where the weights of 30 days and what stands from before lead to. The last rung is people's alone.
func climb(weight int, standing Rung) Rung {
	return min(Suspended, max(Rung(min(weight, int(Suspended))), standing))
}

// LadderHit is one thing that speaks against somebody.
type LadderHit struct {
	bun.BaseModel `bun:"table:ladder_hit"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Key        string
	At         clock.Time
	Subject    Subject
	SubjectID  string
	Weight     int
	RuleID     string
	CampaignID string
	Text       string
	RemovedAt  clock.Time
}

// LadderStep is one step taken on the ladder.
type LadderStep struct {
	bun.BaseModel `bun:"table:ladder"`

	CorpID       string `bun:",pk"`
	ID           int64  `bun:",pk"`
	Subject      Subject
	SubjectID    string
	Title        string
	Author       string
	Rung         Rung
	State        StepState
	Rules        string // JSON
	Hits         string // JSON
	Reason       string
	ByWhom       string
	Since        clock.Time
	Until        clock.Time
	ConfirmedBy  string
	ConfirmedAt  clock.Time
	ResumeBy     string
	Appeal       string
	AppealedBy   string
	AppealedAt   clock.Time
	Decision     string
	DecidedBy    string
	DecidedAt    clock.Time
	DecisionNote string
	EndedAt      clock.Time
	EndedBy      string
	EndedWhy     string
}

func (s *LadderStep) rules() (out []string) {
	_ = json.Unmarshal([]byte(s.Rules), &out) // written by us
	return out
}

func (s *LadderStep) hits() (out []int64) {
	_ = json.Unmarshal([]byte(s.Hits), &out) // written by us
	return out
}

// Holds says whether the step still has its effect at t.
func (s *LadderStep) Holds(t clock.Time) bool {
	return s.EndedAt == 0 && (s.Rung >= Suspended || t < s.Until)
}

// standing is what is left of the step at t, when it was not overturned.
func (s *LadderStep) standing(t clock.Time) Rung {
	if s == nil {
		return Clean
	}
	if s.Rung >= Suspended && s.EndedAt == 0 {
		return s.Rung
	}
	clean := int(t.Sub(max(s.Since, s.EndedAt)) / hitWindow)
	return max(Clean, min(s.Rung, Suspended)-Rung(clean))
}

// keeps says whether the step keeps a touch of a class from reaching anybody at `on`.
func (s *LadderStep) keeps(class Class, on clock.Time) bool {
	switch {
	case s == nil || s.Rung < Cooled:
		return false
	case s.Rung >= Suspended:
		return true
	}
	return class.Limited() && on < s.Until
}

// steps are those in force, by subject and id.
type steps map[Subject]map[string]*LadderStep

// against is the step that keeps a touch from reaching anybody: of who sends it, who asked for it, its campaign or the corp.
func (s steps) against(class Class, staffID, by, campaignID string, on clock.Time) *LadderStep {
	for _, st := range []*LadderStep{s[OnCorp][""], s[OnStaff][staffID], s[OnStaff][by], s[OnCampaign][campaignID]} {
		if st.keeps(class, on) {
			return st
		}
	}
	return nil
}

// step is the step as the ledger writes it.
func (s *LadderStep) step() Step {
	st := Step{RuleID: ruleLadder, Since: s.Since, Text: string(s.Subject), Cap: int(s.Rung)}
	if s.Rung < Suspended {
		st.Next = s.Until
	}
	return st
}

// reasonLadder says why a step keeps a touch back, out of what the ledger holds of it.
func reasonLadder(subject Subject, rung Rung) errs.Text {
	zh, en := "发送或提交它的人", "Whoever sends or submitted it"
	switch subject {
	case OnCampaign:
		zh, en = "这次活动", "This campaign"
	case OnCorp:
		zh, en = "企业", "The corp"
	case OnStaff:
	}
	if rung >= Suspended {
		return errs.T(zh+"处在「"+rung.Name().ZH+"」，什么都不发。", en+" is under "+rung.Name().EN+": nothing is sent.")
	}
	return errs.T(zh+"处在「"+rung.Name().ZH+"」，营销先停一停。", en+" is under "+rung.Name().EN+": marketing rests for now.")
}

// overactive are those who did far more in a day than their peers: above the cap, and three deviations above the middle of all
// others. The middle and the deviation are medians, so that two who do it do not hide each other.
func overactive(counts map[string]int, most int) []string {
	var out []string
	for id, n := range counts {
		if n <= most {
			continue
		}
		var others []float64
		for other, m := range counts {
			if other != id {
				others = append(others, float64(m))
			}
		}
		middle := median(others)
		for i, m := range others {
			others[i] = math.Abs(m - middle)
		}
		if float64(n) >= middle+3*max(1, median(others)) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// median of some numbers; 0 of none.
func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}
