package outreach

import "zhiyin.dev/zhiyin/internal/bus"

// registerBroadcast registers the intents of mass messages.
func (s *Service) registerBroadcast(*bus.Bus) {}
