package governance

// CheckOut is a Check as the API answers it, in one language. Welcomes, kf answers and mass messages share it.
type CheckOut struct {
	Verdict  Severity     `json:"verdict" enum:"allow,warn,review,block"`
	Bytes    int          `json:"bytes" doc:"length of the text in WeCom's unit"`
	Limit    int          `json:"limit" doc:"most bytes WeCom takes"`
	Findings []FindingOut `json:"findings"`
}

// FindingOut is a Finding in one language.
type FindingOut struct {
	RuleID   string   `json:"rule_id"`
	Severity Severity `json:"severity" enum:"allow,warn,review,block"`
	Field    string   `json:"field"`
	Start    int      `json:"start" doc:"UTF-16 units in the original text"`
	End      int      `json:"end"`
	Text     string   `json:"text"`
	Reason   string   `json:"reason"`
	WayOut   string   `json:"way_out"`
}

// Show turns the check into what the API answers. bytes and limit are of the text, in the interface's own unit.
func (c Check) Show(lang string, bytes, limit int) CheckOut {
	out := CheckOut{Verdict: c.Verdict, Bytes: bytes, Limit: limit, Findings: make([]FindingOut, len(c.Findings))}
	for i, f := range c.Findings {
		out.Findings[i] = FindingOut{
			RuleID: f.RuleID, Severity: f.Severity, Field: f.Field, Start: f.Start, End: f.End, Text: f.Text,
			Reason: f.Reason.In(lang), WayOut: f.WayOut.In(lang),
		}
	}
	return out
}

// Blocking is the first finding that forbids the message, if there is one.
func (c Check) Blocking() (Finding, bool) {
	if f := c.blocking(); f != nil {
		return *f, true
	}
	return Finding{}, false
}
