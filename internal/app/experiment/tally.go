package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
)

// Tally is what one playing came to, counted by the sandbox: what it says reached people, and what they did.
type Tally struct {
	Touches   int `json:"touches"`   // mass messages and Moments that reached a customer
	Reached   int `json:"reached"`   // customers they reached
	AtNight   int `json:"at_night"`  // of the touches, from 21:00 to 9:00
	Nights    int `json:"nights"`    // in which somebody was touched
	MostIn7   int `json:"most_in_7"` // touches of one customer in 7 days, sliding
	Replies   int `json:"replies"`
	Deletions int `json:"deletions"` // customers deleting a member, for whatever reason
	Reports   int `json:"reports"`
	Purchases int `json:"purchases"`
	Fen       int `json:"fen"` // what they paid
}

// Hours of quiet that are counted, as FTG-05 has them on weekdays.
const (
	quietFrom = 21
	quietTo   = 9
)

func (st *stage) count(ctx context.Context) (Tally, error) {
	var t Tally
	times, nights := map[string][]time.Time{}, map[string]bool{}
	for _, d := range st.box.Deliveries(0) {
		if d.Origin != "api" || (d.Kind != "mass_customer" && d.Kind != "moment") {
			continue
		}
		at, err := time.Parse(time.RFC3339, d.Time)
		if err != nil {
			return t, fmt.Errorf("delivery %d: %w", d.Seq, err)
		}
		at = at.In(sandbox.Zone)
		t.Touches++
		if at.Hour() >= quietFrom || at.Hour() < quietTo {
			t.AtNight++
			nights[at.Add(-quietTo*time.Hour).Format(time.DateOnly)] = true
		}
		times[d.Customer] = append(times[d.Customer], at)
	}
	t.Reached, t.Nights = len(times), len(nights)
	for _, of := range times {
		t.MostIn7 = max(t.MostIn7, mostWithin(of, 7*24*time.Hour))
	}
	err := st.countJournal(ctx, &t)
	return t, err
}

// countJournal counts what people did.
func (st *stage) countJournal(ctx context.Context, t *Tally) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, st.box.URL+"/_sandbox/journal", nil)
	if err != nil {
		return err
	}
	client := http.Client{}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	dec := json.NewDecoder(resp.Body)
	for {
		var e struct{ Kind, Detail string }
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		switch e.Kind {
		case "mass_replied":
			t.Replies++
		case "del_follow_user":
			t.Deletions++
		case "customer_reports":
			t.Reports++
		case "customer_pays":
			fen, err := strconv.Atoi(e.Detail)
			if err != nil {
				return fmt.Errorf("a purchase of %q fen: %w", e.Detail, err)
			}
			t.Purchases++
			t.Fen += fen
		}
	}
}

// mostWithin is the most of the times, which are in order, that any span holds.
func mostWithin(times []time.Time, span time.Duration) int {
	most, from := 0, 0
	for i, at := range times {
		for at.Sub(times[from]) >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
