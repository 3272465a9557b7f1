package stats

import "time"

// The harm index says how much a campaign, or a member, bothered those whom it reached. A corp cannot see who reported it to
// WeChat; it sees who left, who said stop, and what should not have happened. Points are given for each of these, per thousand
// touches, as if fifty harmless touches more had been sent: three people who were reached once do not outrank a bad campaign.
const (
	pointsDeletion = 3 // deleted their member within 24 hours
	pointsOptOut   = 2 // said stop within 24 hours
	pointsNight    = 1 // arrived outside of sending hours
	pointsRepeat   = 1 // arrived within 24 hours of another one
	pointsLate     = 1 // arrived although it was taken back, or after a stop
	harmlessMore   = 50
)

// Costs are what followed touches, or was wrong with them, each counted in touches.
type Costs struct {
	Touches   int     `json:"touches" doc:"marketing and lifecycle touches that arrived"`
	Persons   int     `json:"persons"`
	Deletions int     `json:"deletions" doc:"followed by the customer's deletion of a member within 24 hours"`
	OptOuts   int     `json:"optouts" doc:"followed by a stop within 24 hours"`
	Replies   int     `json:"replies" doc:"followed by words of the customer in customer service within 24 hours"`
	Night     int     `json:"night" doc:"arrived outside of sending hours"`
	Repeats   int     `json:"repeats" doc:"arrived within 24 hours of another one"`
	Late      int     `json:"late" doc:"arrived after they were taken back or the customer had said stop"`
	Index     float64 `json:"index" doc:"points per 1,000 touches: 3 for a deletion, 2 for a stop, 1 for a night touch, a repeat and a late one"`
}

// index of these costs.
func (c Costs) index() float64 {
	points := pointsDeletion*c.Deletions + pointsOptOut*c.OptOuts + pointsNight*c.Night + pointsRepeat*c.Repeats + pointsLate*c.Late
	return float64(points*10000/(c.Touches+harmlessMore)) / 10
}

// Named is something with its name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Harmed is one campaign, or one member, with its costs.
type Harmed struct {
	Named
	Kind string `json:"kind,omitempty" doc:"of a campaign: broadcast, moment, member (their own mass message), moment-seen (their own Moment), ..."`
	Ref  string `json:"ref,omitempty" doc:"of a campaign: its id within its kind"`
	Costs
}

// Limits are what governance allows, as internal/app asks it.
type Limits struct {
	Windows []Window // FTG-01, shortest first
	Mass    Period   // WC-01
	// Hours are the sending hours of the day that begins at midnight; the policy's own, so that a corp that tightens them does
	// not turn what was right into a night touch.
	Hours func(midnight time.Time) (open, shut time.Time)
}

// Window is one sliding limit.
type Window struct{ Days, Cap int }
