package sandbox

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// sight is how much of a change a receiver of events may see.
type sight uint8

const (
	seesIDs  sight = iota // a contacts helper whose URL was set after 2022-08-15
	seesWork              // an app of today: no numbers, mailboxes, gender, picture
	seesAll               // a contacts helper of before
)

// helperSight is what the contacts helper of this corp sees.
func (s *Sandbox) helperSight() sight {
	if s.switches["contact.event_fields"] == "full" {
		return seesAll
	}
	return seesIDs
}

// contactsChanged tells a change of the contacts to the contacts helper, unless
// its own call made it, and, by the switch contact.app_events, to the app. fill
// reports whether there is anything to tell a receiver of that sight.
func (s *Sandbox) contactsChanged(by caller, change, key string, fill func(e *event, see sight) bool) {
	tell := func(area Area, see sight) {
		e := s.newEvent(area, "change_contact."+change, key, "change_contact", change)
		if fill(e, see) {
			s.send(e)
		}
	}
	if by != byContact {
		tell(AreaContact, s.helperSight())
	}
	if s.on("contact.app_events") {
		tell(AreaApp, seesWork)
	}
}

// partyChange says which fields of a department changed.
type partyChange struct{ name, parent bool }

func (s *Sandbox) partyChanged(by caller, change string, d department, what partyChange) {
	s.contactsChanged(by, change, "department/"+itoa(d.id), func(e *event, see sight) bool {
		e.number("Id", int64(d.id))
		if see > seesIDs && what.name {
			e.text("Name", d.name)
		}
		if what.parent {
			e.text("ParentId", itoa(d.parent))
		}
		if see > seesIDs && change == "create_party" {
			e.number("Order", int64(d.order))
		}
		return see > seesIDs || change != "update_party" || what.parent
	})
}

// memberAdded tells of a new member.
func (s *Sandbox) memberAdded(by caller, m *member) {
	s.contactsChanged(by, "create_user", m.id, func(e *event, see sight) bool {
		e.text("UserID", m.id)
		if see > seesIDs {
			e.text("Name", m.name)
		}
		e.text("Department", joinInts(m.departments()))
		s.memberFields(e, m, see, func(string) bool { return true })
		return true
	})
}

// memberUpdated tells what changed of a member, fields by their names in the
// call. was is the id before the change.
func (s *Sandbox) memberUpdated(by caller, m *member, was string, changed map[string]bool) {
	if len(changed) == 0 {
		return
	}
	s.contactsChanged(by, "update_user", m.id, func(e *event, see sight) bool {
		e.text("UserID", was)
		if changed["new_userid"] {
			e.text("NewUserID", m.id)
		}
		if see > seesIDs && changed["name"] {
			e.text("Name", m.name)
		}
		if changed["department"] {
			e.text("Department", joinInts(m.departments()))
		}
		s.memberFields(e, m, see, func(field string) bool { return changed[field] })
		return see > seesIDs || changed["department"] || changed["new_userid"]
	})
}

// memberFields adds what is no id, as far as the receiver may see it.
func (s *Sandbox) memberFields(e *event, m *member, see sight, has func(field string) bool) {
	if see == seesIDs {
		return
	}
	card := m.cardOrNone()
	if has("department") || has("main_department") {
		e.number("MainDepartment", int64(m.department))
	}
	if has("department") || has("is_leader_in_dept") {
		e.text("IsLeaderInDept", joinInts(m.leads()))
	}
	add := func(field, name, value string) {
		if has(field) {
			e.text(name, value)
		}
	}
	add("direct_leader", "DirectLeader", strings.Join(card.directLeader, ","))
	add("position", "Position", m.position)
	if see == seesAll {
		add("mobile", "Mobile", card.mobile)
		if has("gender") {
			e.number("Gender", int64(m.gender))
		}
		add("email", "Email", card.email)
		add("biz_mail", "BizMail", card.bizMail)
	}
	if has("enable") {
		e.number("Status", int64(m.status()))
	}
	add("alias", "Alias", card.alias)
	add("telephone", "Telephone", card.telephone)
	if see == seesAll {
		add("address", "Address", card.address)
	}
}

// memberRemoved tells that a member left the corp.
func (s *Sandbox) memberRemoved(by caller, id string) {
	s.contactsChanged(by, "delete_user", id, func(e *event, _ sight) bool {
		e.text("UserID", id)
		return true
	})
}

// rangeChanged tells the app that a member came into its visible range, or left
// it: everybody who is active is in it.
func (s *Sandbox) rangeChanged(m *member, event string) {
	e := s.newMessage(AreaApp, event, m.id, m.id, "event", s.now())
	e.text("Event", event).number("AgentID", int64(s.agentID))
	s.send(e)
}

// tagMembersChanged tells which members and departments a member tag won and lost.
func (s *Sandbox) tagMembersChanged(by caller, t *staffTag, addUsers, delUsers []string, addParties, delParties []int) {
	s.contactsChanged(by, "update_tag", "tag/"+itoa(t.id), func(e *event, _ sight) bool {
		e.number("TagId", int64(t.id))
		for _, part := range []struct {
			name  string
			items string
		}{
			{"AddUserItems", strings.Join(addUsers, ",")},
			{"DelUserItems", strings.Join(delUsers, ",")},
			{"AddPartyItems", joinInts(addParties)},
			{"DelPartyItems", joinInts(delParties)},
		} {
			if part.items != "" {
				e.text(part.name, part.items)
			}
		}
		return true
	})
}

func joinInts(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = itoa(n)
	}
	return strings.Join(texts, ",")
}
