package policy

// Refusal is a function that the platform does not have, on purpose. internal/deptest shows of each that it is absent.
type Refusal struct {
	ID     string `json:"id"`
	Rule   string `json:"rule"`
	Title  Words  `json:"title"`
	Reason Words  `json:"reason"`
	Way    Words  `json:"way"` // the lawful way, or that there is none
}

// readRefusals reads the list; every rule it names has to be one of the policy.
func (p *Policy) readRefusals() error { return read("refusals.json", &p.Refusals) }
