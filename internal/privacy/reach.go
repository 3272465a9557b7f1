package privacy

import "context"

// Over is what one part of the coming night would end.
type Over struct {
	Table string // "" = persons who are customers no more: they are erased
	What  string // words, rows, persons
	N     int
	More  bool // than N: the night goes on until nothing is left
}

// Reach answers what the coming night would end if data were kept for these periods, as of now.
func (s *Service) Reach(ctx context.Context, p Periods) ([]Over, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	var out []Over
	for _, part := range s.parts(p, s.World.Now()) {
		found, err := part.find(ctx)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			out = append(out, Over{part.log, part.what, len(found), len(found) == keepMost})
		}
	}
	return out, nil
}
