package policy

import "fmt"

// SiteCheck finds links by where they lead. Its words may name the site as {host}, and how long a penalty holds as {until}.
type SiteCheck struct {
	Kind    SiteKind `json:"kind"`
	Classes []string `json:"classes,omitempty"` // empty = all that the check is for
	Reason  Words    `json:"reason"`
	WayOut  Words    `json:"way_out"`
}

// SiteKind says which sites are meant.
type SiteKind string

// The kinds.
const (
	SiteForeign   SiteKind = "foreign"   // the corp has not put it on record
	SitePenalised SiteKind = "penalised" // a penalty of WeChat against it holds
)

func checkSites(r *Rule) error {
	if r.Check == nil {
		return nil
	}
	for _, s := range r.Check.Sites {
		if s.Kind != SiteForeign && s.Kind != SitePenalised || s.Reason == (Words{}) || s.WayOut == (Words{}) {
			return fmt.Errorf("a check of sites needs a kind and words")
		}
	}
	return nil
}
