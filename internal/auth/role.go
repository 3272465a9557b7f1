package auth

import (
	"slices"
	"strings"
)

// Role is what a person or a token is here for.
type Role string

// The roles.
const (
	Owner    Role = "owner"    // everything, also roles, tokens and secrets
	Manager  Role = "manager"  // runs the work: everything but who may do what and secrets
	Operator Role = "operator" // plans and sends; reads what is needed for it
	Staff    Role = "staff"    // talks with customers
	Auditor  Role = "auditor"  // reads everything, changes nothing
)

// grants is the whole table of who may do what. A permission is "noun.verb"; "*" stands for every noun or every verb. What
// stands nowhere is allowed to nobody but owners.
var grants = map[Role][]string{
	Owner: {"*.*"},
	Manager: {
		"*.read", "customer.*", "tag.*", "contactway.*", "welcome.*", "groupchat.*", "joinway.*", "autoreply.*", "kf.*", "broadcast.*", "moment.*",
		"material.*", "governance.*", "review.*", "ladder.*", "sync.*", "deadletter.*", "doctor.*", "privacy.*",
		"receiver.*", "export.*", "assessment.*", "incident.*",
	},
	Operator: {
		"home.read", "staff.read", "tag.*", "customer.read", "customer.write", "contactway.*", "welcome.*", "groupchat.*", "joinway.*", "autoreply.*",
		"kf.*", "broadcast.read", "broadcast.write", "moment.read", "moment.write", "moment.answer", "material.*", "governance.read", "review.read",
		"ladder.read", "ladder.appeal", "sync.read", "assessment.read",
	},
	Staff: {
		"home.read", "staff.read", "tag.read", "customer.read", "customer.write", "groupchat.read", "kf.read", "kf.write", "moment.read", "moment.answer", "governance.read", "ladder.read", "ladder.appeal",
	},
	Auditor: {"*.read"},
}

// never are permissions that a pattern with a star gives to owners only: they show or change who may do what, or let a stopped
// account go on.
var never = []string{"ladder.resume", "token.read", "settings.write", "staff.write", "token.write", "admission.write", "licence.write", "site.write", "fraud.write", "account.write", "tag.consent", "retention.write", "export.limit"}

// Roles lists all roles, from most to least.
func Roles() []Role { return []Role{Owner, Manager, Operator, Staff, Auditor} }

// Valid says whether r is a role.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// May says whether the role has a permission.
func (r Role) May(permission string) bool {
	noun, verb, ok := strings.Cut(permission, ".")
	if !ok || r != Owner && slices.Contains(never, permission) {
		return false
	}
	for _, g := range grants[r] {
		n, v, _ := strings.Cut(g, ".")
		if (n == "*" || n == noun) && (v == "*" || v == verb) {
			return true
		}
	}
	return false
}

// Of lists which of the known permissions the role has.
func (r Role) Of(known []string) []string {
	out := []string{}
	for _, p := range known {
		if r.May(p) {
			out = append(out, p)
		}
	}
	return out
}
