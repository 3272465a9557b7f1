package sandbox

import "time"

// Base frequency limits of one API per corp. The limits per address are twice
// and four times as high and never bind with one address.
const (
	callsPerMinute = 10_000
	callsPerHour   = 150_000
)

// quotas counts calls by path in windows of world time. A window that
// overflows blocks the path for the length of the window.
type quotas struct{ paths map[string]*pathQuota }

type pathQuota struct {
	minute, hour   int64 // current windows
	inMinute       int
	inHour         int
	blockedTill    time.Time
	blockedBecause string
	ownMinute      int64 // window of the call's own limit
	inOwn          int
}

func newQuotas() quotas { return quotas{paths: map[string]*pathQuota{}} }

func (q *quotas) of(path string) *pathQuota {
	p := q.paths[path]
	if p == nil {
		p = &pathQuota{}
		q.paths[path] = p
	}
	return p
}

// countOwn counts against the limit of one call. Nothing is blocked beyond the
// minute.
func (q *quotas) countOwn(path string, limit int, now time.Time) error {
	p := q.of(path)
	if m := now.Unix() / 60; m != p.ownMinute {
		p.ownMinute, p.inOwn = m, 0
	}
	if p.inOwn++; p.inOwn > limit {
		return refuse(45009, "more than %d calls of this interface in a minute (switch quota.call)", limit)
	}
	return nil
}

func (q *quotas) count(path string, now time.Time) error {
	p := q.of(path)
	if now.Before(p.blockedTill) {
		return refuse(45009, "%s, blocked until %s of the world", p.blockedBecause, stamp(p.blockedTill))
	}
	unix := now.Unix()
	if m := unix / 60; m != p.minute {
		p.minute, p.inMinute = m, 0
	}
	if h := unix / 3600; h != p.hour {
		p.hour, p.inHour = h, 0
	}
	p.inMinute++
	p.inHour++
	switch {
	case p.inMinute > callsPerMinute:
		p.block(now.Add(time.Minute), "more than 10,000 calls in a minute")
	case p.inHour > callsPerHour:
		p.block(now.Add(time.Hour), "more than 150,000 calls in an hour")
	default:
		return nil
	}
	return refuse(45009, "%s, blocked until %s of the world", p.blockedBecause, stamp(p.blockedTill))
}

func (p *pathQuota) block(till time.Time, because string) {
	p.blockedTill, p.blockedBecause = till, because
}
