package privacy

import "zhiyin.dev/zhiyin/internal/bus"

// Register tells the bus what this room does later.
func (s *Service) Register(b *bus.Bus) {
	b.Perform(eraseKind, s.performErase)
	b.Perform(scrubKind, s.performScrub)
	b.Perform(keepKind, s.performKeep)
}
