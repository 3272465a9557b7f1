package groupchat

import (
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/wecom"
)

// FromWeCom turns a group as the client read it into ours. A person named twice counts once.
func FromWeCom(g wecom.Group) Chat {
	c := Chat{
		ID: string(g.ID), Name: g.Name, OwnerID: string(g.Owner), Notice: g.Notice, Version: g.MemberVersion,
		CreatedAt: clock.Unix(g.CreateTime), Members: make([]Member, 0, len(g.Members)),
	}
	seen := make(map[string]bool, len(g.Members))
	for _, m := range g.Members {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		kind := Customer
		if m.Type == wecom.MemberStaff {
			kind = Staff
		}
		c.Members = append(c.Members, Member{
			ID: m.ID, Kind: kind, Name: m.Name, JoinedAt: clock.Unix(m.JoinTime), JoinScene: m.Scene,
			InvitorID: string(m.Invitor.ID), State: m.State,
		})
	}
	return c
}
