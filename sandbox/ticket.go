package sandbox

import "time"

// jsTicket signs pages for WeCom's script interface.
type jsTicket struct {
	value   string
	expires time.Time
}

const (
	ticketLife       = 7200 * time.Second
	ticketsAnHourApp = 100
)

func ticketFamily() family {
	return family{routes: []route{
		get("/cgi-bin/get_jsapi_ticket", byApp, jsapiTicket),
		get("/cgi-bin/ticket/get", byApp, agentTicket),
	}}
}

type ticketReply struct {
	reply
	Ticket    string `json:"ticket"`
	ExpiresIn int    `json:"expires_in"`
}

func jsapiTicket(c *call, _ *none) (any, error) { return c.ticket("corp") }

type ticketQuery struct {
	Type string `json:"type"`
}

func agentTicket(c *call, q *ticketQuery) (any, error) {
	if q.Type != "agent_config" {
		return nil, refuse(91040, "type %q: must be agent_config", q.Type)
	}
	return c.ticket("agent")
}

// ticket answers the live ticket of a kind, or a new one.
func (c *call) ticket(kind string) (any, error) {
	app := c.w.app
	if h := c.now.Unix() / 3600; h != app.hour {
		app.hour, app.asked = h, 0
	}
	if app.asked++; app.asked > ticketsAnHourApp {
		return nil, refuse(45009, "more than %d tickets in this hour: keep them while they live", ticketsAnHourApp)
	}
	t := app.tickets[kind]
	if t == nil || !c.now.Before(t.expires) {
		t = &jsTicket{value: letters(86, c.w.seed, hashString(kind), uint64(c.now.Unix())), expires: c.now.Add(ticketLife)}
		app.tickets[kind] = t
	}
	return ticketReply{reply: done(), Ticket: t.value, ExpiresIn: int(t.expires.Sub(c.now) / time.Second)}, nil
}
