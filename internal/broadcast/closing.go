package broadcast

import (
	"encoding/json"
	"fmt"
)

// closing is the last line of a message of a kind. One into a group ends without it, because nobody's choice can leave a room.
func (s *Service) closing(k Kind) string {
	if k == ToGroups {
		return ""
	}
	return s.Governor.Closing()
}

// closed gives words the last line that they are sent with.
func (s *Service) closed(w Words) Words {
	w.closing = s.closing(w.Kind)
	return w
}

// words are what a mass message says, with the last line.
func (s *Service) words(b *Broadcast) (Words, error) {
	w, err := b.words()
	return s.closed(w), err
}

// Said is the text as customers get it.
func (w Words) Said() string {
	switch {
	case w.closing == "":
		return w.Text
	case w.Text == "":
		return w.closing
	}
	return w.Text + "\n" + w.closing
}

// texts are the words as the ledger keeps them.
func (s *Service) texts(b *Broadcast) (string, error) {
	w, err := s.words(b)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(append([]string{}, w.texts()...))
	if err != nil {
		return "", fmt.Errorf("write the texts of mass message %d: %w", b.ID, err)
	}
	return string(raw), nil
}

// added is how many bytes the last line takes.
func added(closing string) int {
	if closing == "" {
		return 0
	}
	return len(closing) + len("\n")
}
