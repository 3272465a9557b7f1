package outreach

import "zhiyin.dev/zhiyin/internal/bus"

// registerKf registers the intents of conversations.
func (s *Service) registerKf(*bus.Bus) {}
