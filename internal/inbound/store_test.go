package inbound

import (
	"context"
	"errors"
	"testing"

	"zhiyin.dev/zhiyin/wecom/callback"
)

func TestRoomIsTakenAndGivenBack(t *testing.T) {
	t.Parallel()
	in := New(Config{Room: 100 << 10})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	all, err := in.enter(t.Context(), -1) // of unknown length: as if it were the longest, which is more than all there is
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.enter(gone, 10); !errors.Is(err, context.Canceled) {
		t.Fatalf("a second one enters a full room: %v", err)
	}
	in.leave(all)
	var in10 []*delivery
	for range 10 { // 4 KiB and six times 1 KiB each
		d, err := in.enter(t.Context(), 1<<10)
		if err != nil {
			t.Fatal(err)
		}
		in10 = append(in10, d)
	}
	if _, err := in.enter(gone, 1<<10); err == nil {
		t.Fatal("an eleventh enters a room for ten")
	}
	in10[0].queued = true // the writer gives it back
	in.leave(in10[0])
	if _, err := in.enter(gone, 1<<10); err == nil {
		t.Fatal("the room of what the writer holds was given back")
	}
	in.leave(in10[1])
	if _, err := in.enter(t.Context(), 1<<10); err != nil {
		t.Fatal(err)
	}
	if _, err := in.enter(gone, callback.MaxBody); err == nil {
		t.Fatal("a long one enters a room that is nearly full")
	}
}
