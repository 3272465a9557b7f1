package sandbox

import "math"

// lifeSettings say how lively the population is; docs/sandbox.md explains the
// model. Rates are for a whole corp and a working hour, shares go from 0 to 1.
type lifeSettings struct {
	Opens      float64 `json:"opens" yaml:"opens"`             // hour of the day from which people are awake
	Closes     float64 `json:"closes" yaml:"closes"`           // hour of the day up to which they are
	NightShare float64 `json:"night_share" yaml:"night_share"` // of the day's rate, at night
	Pace       float64 `json:"pace" yaml:"pace"`               // all rates by hour are multiplied by it

	ArrivalsPerHour float64      `json:"arrivals_per_hour" yaml:"arrivals_per_hour"` // new people
	Channels        lifeChannels `json:"channels" yaml:"channels"`                   // how they come
	JoinsPerHour    float64      `json:"joins_per_hour" yaml:"joins_per_hour"`       // people scanning group codes
	LeavesPerHour   float64      `json:"leaves_per_hour" yaml:"leaves_per_hour"`     // people leaving groups
	ChatsPerHour    float64      `json:"chats_per_hour" yaml:"chats_per_hour"`       // members writing to customers by themselves
	AsksPerHour     float64      `json:"asks_per_hour" yaml:"asks_per_hour"`         // customers asking a member something
	BuysPerHour     float64      `json:"buys_per_hour" yaml:"buys_per_hour"`         // customers buying of their own accord
	DeletesPerHour  float64      `json:"deletes_per_hour" yaml:"deletes_per_hour"`   // customers deleting members for their own reasons
	KfPerHour       float64      `json:"kf_per_hour" yaml:"kf_per_hour"`             // people who open a kf chat and ask
	AgreesPerHour   float64      `json:"agrees_per_hour" yaml:"agrees_per_hour"`     // people who agree to the archive

	AnswerMinutes float64 `json:"answer_minutes" yaml:"answer_minutes"` // typical time until a member answers
	ThanksShare   float64 `json:"thanks_share" yaml:"thanks_share"`     // of answers
	SaleShare     float64 `json:"sale_share" yaml:"sale_share"`         // of answers that end with a purchase

	ConfirmMinutes float64 `json:"confirm_minutes" yaml:"confirm_minutes"` // typical time until a member confirms
	DeclineShare   float64 `json:"decline_share" yaml:"decline_share"`     // tasks that are never sent
	ShiftHours     float64 `json:"shift_hours" yaml:"shift_hours"`         // that a member works a day
	DaysOff        float64 `json:"days_off" yaml:"days_off"`               // of a member, a week
	ResignsAYear   float64 `json:"resigns_a_year" yaml:"resigns_a_year"`   // share of the members who leave in a year
	HireDays       float64 `json:"hire_days" yaml:"hire_days"`             // until somebody follows one who left

	ReplyShare   float64      `json:"reply_share" yaml:"reply_share"`       // of calm people who answer a mass message
	BuyShare     float64      `json:"buy_share" yaml:"buy_share"`           // of calm people who buy after a touch of weight 1
	LikeShare    float64      `json:"like_share" yaml:"like_share"`         // of calm people who like a moment they see
	CommentShare float64      `json:"comment_share" yaml:"comment_share"`   // of those who write below it
	Touch        touchWeights `json:"touch" yaml:"touch"`                   // what each kind of touch weighs
	HalfLifeDays float64      `json:"half_life_days" yaml:"half_life_days"` // in which irritation fades by half
	Patience     float64      `json:"patience" yaml:"patience"`             // irritation that a customer bears on average
	ReportShare  float64      `json:"report_share" yaml:"report_share"`     // of those who go who report the member too
}

// lifeChannels are the weights of the ways in which new people come.
type lifeChannels struct {
	Scan   float64 `json:"scan" yaml:"scan"`     // a contact way
	Link   float64 `json:"link" yaml:"link"`     // an acquisition link; a contact way when there is none
	Search float64 `json:"search" yaml:"search"` // the member's phone number
	Card   float64 `json:"card" yaml:"card"`     // a card that a friend passed on
	Group  float64 `json:"group" yaml:"group"`   // somebody of a customer group adds its owner
}

// touchWeights are how much each kind of touch irritates, in touches.
type touchWeights struct {
	Single float64 `json:"single" yaml:"single"` // a mass message to one customer
	Group  float64 `json:"group" yaml:"group"`   // one to a customer group, for each in it
	Moment float64 `json:"moment" yaml:"moment"` // a moment of the corp
	Chat   float64 `json:"chat" yaml:"chat"`     // a member writing first
	Night  float64 `json:"night" yaml:"night"`   // times as much when people are not awake
}

// lifeRule is what one field must hold.
type lifeRule struct {
	field string
	value float64
	least float64
	most  float64
	want  string
}

// rules are what every field of the settings must hold.
func (l *lifeSettings) rules() []lifeRule {
	var out []lifeRule
	rate := func(name string, v float64) { out = append(out, lifeRule{name, v, 0, 1e6, "from 0 to 1e6"}) }
	share := func(name string, v float64) { out = append(out, lifeRule{name, v, 0, 1, "from 0 to 1"}) }
	some := func(name string, v, least, most float64, want string) {
		out = append(out, lifeRule{name, v, least, most, want})
	}
	some("opens", l.Opens, 0, 23, "an hour from 0 to 23")
	some("closes", l.Closes, l.Opens+1, 24, "an hour after opens, at most 24")
	share("night_share", l.NightShare)
	rate("pace", l.Pace)
	rate("arrivals_per_hour", l.ArrivalsPerHour)
	rate("joins_per_hour", l.JoinsPerHour)
	rate("leaves_per_hour", l.LeavesPerHour)
	rate("chats_per_hour", l.ChatsPerHour)
	rate("asks_per_hour", l.AsksPerHour)
	rate("buys_per_hour", l.BuysPerHour)
	rate("deletes_per_hour", l.DeletesPerHour)
	rate("kf_per_hour", l.KfPerHour)
	rate("agrees_per_hour", l.AgreesPerHour)
	rate("answer_minutes", l.AnswerMinutes)
	share("thanks_share", l.ThanksShare)
	share("sale_share", l.SaleShare)
	rate("confirm_minutes", l.ConfirmMinutes)
	share("decline_share", l.DeclineShare)
	some("shift_hours", l.ShiftHours, 1, 24, "hours from 1 to 24")
	some("days_off", l.DaysOff, 0, 6, "days from 0 to 6")
	some("resigns_a_year", l.ResignsAYear, 0, 100, "from 0 to 100")
	some("hire_days", l.HireDays, 0, 3650, "days from 0 to 3650")
	share("reply_share", l.ReplyShare)
	share("buy_share", l.BuyShare)
	share("like_share", l.LikeShare)
	share("comment_share", l.CommentShare)
	some("half_life_days", l.HalfLifeDays, 1e-3, 3650, "days from 0.001 to 3650")
	some("patience", l.Patience, 1e-3, 1e6, "more than 0")
	share("report_share", l.ReportShare)
	rate("channels.scan", l.Channels.Scan)
	rate("channels.link", l.Channels.Link)
	rate("channels.search", l.Channels.Search)
	rate("channels.card", l.Channels.Card)
	rate("channels.group", l.Channels.Group)
	rate("touch.single", l.Touch.Single)
	rate("touch.group", l.Touch.Group)
	rate("touch.moment", l.Touch.Moment)
	rate("touch.chat", l.Touch.Chat)
	rate("touch.night", l.Touch.Night)
	return out
}

// fault is a rule that does not hold; nil when all do.
func (l *lifeSettings) fault() *lifeRule {
	for _, r := range l.rules() {
		if !(r.value >= r.least && r.value <= r.most) || math.IsNaN(r.value) {
			return &r
		}
	}
	return nil
}

// asleep is true at an hour of the day, with its fraction, at which people are
// not awake.
func (l *lifeSettings) asleep(hour float64) bool { return hour < l.Opens || hour >= l.Closes }
