// Package auth says who calls: by the password of the first user, by a member's login through WeCom, or by an API token.
//
// A session is an opaque token in an HttpOnly cookie (also answered once as JSON, for programs); the database holds its
// hash. What a caller may do follows from the role, by one table in role.go; whose data the caller sees follows from
// the scope. Both are read again with every request, so a change counts at once; a member's sessions also end when the
// role, the scope, the departments or the membership change.
//
// Times are wall times throughout: a login has nothing to do with the corp's clock.
//
// It is part of the ground and knows no noun: members come through the interface Members, which internal/staff fills.
package auth
