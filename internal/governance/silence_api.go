package governance

import (
	"context"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

// sunsetIO is from when on who does not react gets less, and then nothing (FTG-13).
type sunsetIO struct {
	Cooling int       `json:"cooling" minimum:"1" doc:"days without a reaction from which on messages slow down"`
	Dormant int       `json:"dormant" minimum:"1" doc:"days without a reaction from which on there is no marketing but one last question"`
	Week    int       `json:"week" minimum:"0" doc:"how many within 7 days once they slow down"`
	Least   int       `json:"least,omitempty" readOnly:"true" doc:"messages without a reaction that make it silence"`
	Policy  *sunsetIO `json:"policy,omitempty" readOnly:"true" doc:"the most that can be set"`
}

func (h *API) showSunset(c Caps) sunsetIO {
	of := func(s Sunset) sunsetIO {
		return sunsetIO{Cooling: s.Cooling, Dormant: s.Dormant, Week: s.Week, Least: s.Least}
	}
	out, most := of(c.Sunset), of(h.book.caps.Sunset)
	out.Policy = &most
	return out
}

// to writes what was sent into the limits; whether they are allowed is looked at afterwards.
func (s *sunsetIO) to(c *Caps) {
	c.Sunset.Cooling, c.Sunset.Dormant, c.Sunset.Week = s.Cooling, s.Dormant, s.Week
}

type actIn struct {
	ID   string `path:"id"`
	Body struct {
		Act Act `json:"act" enum:"replied,bought,visited" doc:"what the customer did: replied to a member, bought, visited"`
	}
}

func (h *API) registerSilence(a *web.API) {
	web.Post(a, "/customers/{id}/acts", web.Op{
		ID: "note-act", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "Note something the customer did that WeCom does not tell: it ends their silence",
	}, h.noteAct)
}

func (h *API) noteAct(ctx context.Context, in *actIn) (*web.None, error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	who := web.Caller(ctx)
	return nil, h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.Told(ctx, tx, who.CorpID, in.ID, in.Body.Act, who.User)
	})
}
