package governance

// sharesIO are the caps of a topic, a channel and a member, beside those of everything (FTG-02, FTG-16, OWN-05).
type sharesIO struct {
	TopicWeek   int             `json:"topic_week" minimum:"0" doc:"touches about one topic within 7 days"`
	ChannelWeek []channelWeekIO `json:"channel_week" maxItems:"2" doc:"channels that get less than everything together"`
	Ramp        [rampDays]int   `json:"ramp" doc:"customers on each of a new member's first days"`
	StaffDay    int             `json:"staff_day" minimum:"0" doc:"customers of a member's day; 0 = no limit of the corp's own"`
	StaffHour   int             `json:"staff_hour,omitempty" minimum:"0" doc:"customers of a member's part of one mass message within an hour; absent: as it is"`
	Policy      *sharesIO       `json:"policy,omitempty" readOnly:"true" doc:"the most that can be set"`
}

type channelWeekIO struct {
	Channel Channel `json:"channel" enum:"mass_customer,moment"`
	Cap     int     `json:"cap" minimum:"0"`
}

func (h *API) showShares(c Caps) sharesIO {
	out, most := sharesOf(c), sharesOf(h.book.caps)
	for _, channel := range []Channel{MassCustomer, Moment} {
		most.ChannelWeek = append(most.ChannelWeek, channelWeekIO{channel, h.book.caps.Per[1].Cap})
	}
	most.StaffDay = maxStaffDay
	out.Policy = &most
	return out
}

func sharesOf(c Caps) sharesIO {
	out := sharesIO{TopicWeek: c.TopicWeek, ChannelWeek: []channelWeekIO{}, Ramp: c.Ramp, StaffDay: c.StaffDay, StaffHour: c.StaffHour}
	for _, channel := range []Channel{MassCustomer, Moment} {
		if most, ok := c.ChannelWeek[channel]; ok {
			out.ChannelWeek = append(out.ChannelWeek, channelWeekIO{channel, most})
		}
	}
	return out
}

// to writes what was sent into the limits; whether they are allowed is looked at afterwards.
func (s *sharesIO) to(c *Caps) {
	c.TopicWeek, c.Ramp, c.StaffDay, c.ChannelWeek = s.TopicWeek, s.Ramp, s.StaffDay, nil
	if s.StaffHour != 0 {
		c.StaffHour = s.StaffHour
	}
	for _, w := range s.ChannelWeek {
		if c.ChannelWeek == nil {
			c.ChannelWeek = map[Channel]int{}
		}
		c.ChannelWeek[w.Channel] = w.Cap
	}
}
