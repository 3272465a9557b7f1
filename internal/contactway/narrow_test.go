package contactway

import "testing"

// What a customer was told is told by their own acts: a handover tells them nothing, and takes nothing from them.
func TestAHandoverTellsNobodyOfAnotherPurpose(t *testing.T) {
	t.Parallel()
	const scan = 1
	help := cameBy{Live: true, AddWay: scan, State: "c1", Narrow: true}
	till := cameBy{Live: true, AddWay: scan, State: "c2"}
	given := cameBy{Live: true, AddWay: wayAssigned}
	unread := cameBy{Live: true, AddWay: wayUnknown}
	gone := func(r cameBy) cameBy { r.Live = false; return r }
	for name, x := range map[string]struct {
		came []cameBy
		want bool
	}{
		"nobody's customer":                        {nil, false},
		"only by a code for service":               {[]cameBy{help}, true},
		"by both":                                  {[]cameBy{help, till}, false},
		"by both, the wider one has ended":         {[]cameBy{help, gone(till)}, true},
		"by both, the narrow one has ended":        {[]cameBy{gone(help), till}, false},
		"came for service, handed over":            {[]cameBy{gone(help), given}, true},
		"came for service, given to one more":      {[]cameBy{help, given}, true},
		"handed over, not read yet":                {[]cameBy{gone(help), unread}, true},
		"told of both, handed over":                {[]cameBy{gone(till), given}, false},
		"came for service and both, handed over":   {[]cameBy{gone(help), gone(till), given}, false},
		"handed over before anybody kept a record": {[]cameBy{given}, false},
		"new, and not read yet":                    {[]cameBy{unread}, false},
		"left":                                     {[]cameBy{gone(help)}, false},
	} {
		if got := narrow(x.came); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
