// Package disclosure keeps who gets personal data from the corp, and what left: the register of receivers, customers' consents to other
// handlers, and exports (LAW-15, WC-15).
//
//	export:  making ─▶ ready ─fetched, for 7 days─▶ over
//	            └────▶ waiting ─another person approves─▶ ready
//	                      └─ refuses ─▶ refused
//
// An export says for what and for whom, and which customers: the rows are its evidence and never go. The file itself lies nowhere; it is
// made of the rows each time its maker fetches it, within the maker's data scope of that moment, and every line carries the mark of
// the export. To another handler only those go whose consent to it is on record.
//
// It is not: the export of one person's own data to that person, or what WeCom and its own console give out. Callers: internal/app;
// after a leak, incident asks which customers an export held.
package disclosure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Kind of a receiver.
type Kind string

// The kinds.
const (
	Entrusted Kind = "entrusted" // processes the data for us, as a contract says
	Handler   Kind = "handler"   // uses it for its own ends: each person has to consent to it
)

// ReceiverState says whether a receiver may get data.
type ReceiverState string

// The states of a receiver. Live and Ending may get data.
const (
	Live   ReceiverState = "live"
	Ending ReceiverState = "ending" // its contract ends within 30 days
	Past   ReceiverState = "past"   // its contract has ended
	Ended  ReceiverState = "ended"  // by a person
)

// State of an export.
type State string

// The states.
const (
	Making  State = "making"
	Waiting State = "waiting"
	Ready   State = "ready"
	Over    State = "over" // ready once; the days for fetching it have passed
	Refused State = "refused"
)

// Ourselves is the receiver that is always there: the data stays inside the corp.
const Ourselves int64 = 0

const (
	endingBefore = 30 * 24 * time.Hour
	keepFor      = 7 * 24 * time.Hour // for fetching
	countBack    = 24 * time.Hour     // what one person takes out alone is counted over
	defaultLimit = 500
	mostLimit    = 100_000
	mostRows     = 100_000 // of one export
	mostLive     = 200     // receivers
	writeStep    = 1000    // rows of one transaction
	readStep     = 500     // customers of the file that are read at once
	mostAtOnce   = 500     // consents noted with one evidence
)

// words tidies what a person wrote, and refuses what is too short or too long.
func words(field, text string, least, most int, ask errs.Text) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return "", errs.Bad(field, "disclosure.words", errs.T(fmt.Sprintf("%s，%d 到 %d 个字。", ask.ZH, least, most), fmt.Sprintf("%s, in %d to %d characters.", ask.EN, least, most)))
	}
	return text, nil
}

// mark is what each line of an export carries: its id, and a seal that nobody makes up.
func mark(key []byte, id int64) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("export/" + strconv.FormatInt(id, 10)))
	return strconv.FormatInt(id, 10) + "-" + hex.EncodeToString(mac.Sum(nil)[:4])
}

// markOf reads the id out of a mark; false when it is none of ours.
func markOf(key []byte, text string) (int64, bool) {
	number, _, ok := strings.Cut(strings.TrimSpace(text), "-")
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || !hmac.Equal([]byte(mark(key, id)), []byte(strings.TrimSpace(text))) {
		return 0, false
	}
	return id, true
}

// disarm keeps a spreadsheet from running a cell as a formula.
func disarm(cells []string) []string {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}

// lastDay reads the last day of something as the instant of its end.
func lastDay(day string, zone *time.Location) (clock.Time, bool) {
	d, err := time.ParseInLocation(time.DateOnly, day, zone)
	return clock.At(d.AddDate(0, 0, 1)), err == nil
}
