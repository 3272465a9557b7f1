package guard

import "iter"

// triggers are what the patterns of the guard need.
type triggers struct {
	full []uint8 // of each branch: how many needs it has
	idle bool    // they are not asked: everything is tried
}

// add takes a pattern's branches; put is told each text that is needed, for which branch, and as which of its needs.
func (t *triggers) add(p *pattern, put func(text string, branch int32, step uint8)) {
	p.at = len(t.full)
	for _, b := range p.branches {
		for n, texts := range b {
			for _, s := range texts {
				put(s, int32(len(t.full)), uint8(n))
			}
		}
		t.full = append(t.full, uint8(len(b)))
	}
	p.end = len(t.full)
}

// triggered is how many needs of each branch are met somewhere, in their order.
type triggered struct {
	*triggers
	held []uint8
}

// met says whether all that a branch needs is there.
func (t triggered) met(branch int) bool { return t.idle || t.held[branch] == t.full[branch] }

// meet notes that what r asks for is found. Of one word the later needs are noted first: it cannot be two of them at once.
func (t triggered) meet(r ref) (all bool) {
	if t.held[r.branch] != r.step {
		return false
	}
	t.held[r.branch]++
	return t.held[r.branch] == t.full[r.branch]
}

// may says whether the pattern can match there.
func (t triggered) may(p *pattern) bool {
	for i := p.at; i < p.end; i++ {
		if t.met(i) {
			return true
		}
	}
	return p.everywhere()
}

// matches says whether the pattern matches a text of which this is met.
func (t triggered) matches(p *pattern, s string) bool {
	if p.everywhere() {
		return p.whole.get().MatchString(s)
	}
	for i := p.at; i < p.end; i++ {
		if t.met(i) && (i < p.at+p.sure && !t.idle || p.asks[i-p.at].get().MatchString(s)) {
			return true
		}
	}
	return false
}

// places lists where the pattern matches such a text, branch by branch, as FindAllStringSubmatchIndex does.
func (t triggered) places(p *pattern, s string) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		asked := p.whole
		all := func() bool {
			for _, x := range asked.get().FindAllStringSubmatchIndex(s, -1) {
				if !yield(x) {
					return false
				}
			}
			return true
		}
		if p.everywhere() {
			all()
			return
		}
		for i := p.at; i < p.end; i++ {
			if !t.met(i) || asked == p.asks[i-p.at] {
				continue
			}
			if asked = p.asks[i-p.at]; !all() {
				return
			}
		}
	}
}

// clauseTriggers is what is met in one clause after the other.
type clauseTriggers struct {
	triggered
	touched []int32 // branches
	due     []bool  // rules one of whose patterns may match
}

func (g *Guard) newClauseTriggers() *clauseTriggers {
	return &clauseTriggers{triggered{&g.needs, make([]uint8, len(g.needs.full))}, make([]int32, 0, 64), make([]bool, len(g.rules))}
}

func (c *clauseTriggers) meet(r ref) {
	if r.step == 0 && c.held[r.branch] == 0 {
		c.touched = append(c.touched, r.branch)
	}
	if c.triggered.meet(r) {
		c.due[r.rule] = true
	}
}

func (c *clauseTriggers) forget() {
	for _, b := range c.touched {
		c.held[b] = 0
	}
	c.touched = c.touched[:0]
	clear(c.due)
}
