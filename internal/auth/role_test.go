package auth

import "testing"

func TestRolesMayWhatTheTableSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role       Role
		permission string
		want       bool
	}{
		{Owner, "settings.write", true},
		{Owner, "anything.new", true},
		{Owner, "nonsense", false},
		{Manager, "customer.export", true},
		{Manager, "governance.write", true},
		{Manager, "settings.write", false},
		{Manager, "staff.write", false},
		{Manager, "token.read", false},
		{Operator, "broadcast.write", true},
		{Operator, "customer.export", false},
		{Operator, "governance.write", false},
		{Operator, "settings.read", false},
		{Staff, "kf.write", true},
		{Staff, "kf.manage", false},
		{Staff, "broadcast.write", false},
		{Auditor, "governance.read", true},
		{Auditor, "customer.write", false},
		{Auditor, "token.read", false},
		{Role("king"), "customer.read", false},
	} {
		if got := c.role.May(c.permission); got != c.want {
			t.Errorf("%s may %s: %v, want %v", c.role, c.permission, got, c.want)
		}
	}
}
