package sandbox

// contactCalls are the good calls of departments and members.
func contactCalls() map[string]func(r *rig) goodCall {
	return map[string]func(r *rig) goodCall{
		"department.list":       func(*rig) goodCall { return goodCall{query: object{"id": 1}} },
		"department.simplelist": func(*rig) goodCall { return goodCall{query: object{"id": 2}} },
		"department.get":        func(*rig) goodCall { return goodCall{query: object{"id": 1}} },
		"user.get":              func(*rig) goodCall { return goodCall{query: object{"userid": "s01"}} },
		"user.list":             membersOfOne,
		"user.simplelist":       membersOfOne,
		"user.list_id":          func(*rig) goodCall { return goodCall{body: object{"cursor": "", "limit": 5}} },
	}
}

func membersOfOne(*rig) goodCall {
	return goodCall{
		query: object{"department_id": 1, "fetch_child": 1},
		lax:   map[string]string{"fetch_child/enum": "no longer on the page: to be accepted leniently"},
	}
}
