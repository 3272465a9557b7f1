// Package privacy looks after the data of persons: what is stored of them and why (the register), a copy of all of it for the one
// who asks, erasing it, and ending it when its time is over.
//
// The register names every table and column of the database; a test fails for one that is not in it. Because of it this room may
// touch the tables of all others: what is to be done with a person's rows stands there and nowhere else. Nobody calls it but app.
package privacy

import (
	"fmt"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Keep says how long rows are kept.
type Keep string

// The classes. Those with days can be set by the corp.
const (
	Contact  Keep = "contact"  // as long as the person is a customer, and Periods.Contact days after
	Words    Keep = "words"    // what was said: Periods.Words days; then, without it, as a Record
	Record   Keep = "record"   // that something happened: Periods.Record days; then without the person
	Evidence Keep = "evidence" // Periods.Evidence days after it ended
	Always   Keep = "always"   // what protects the person: keyed hashes
	Own      Keep = "own"      // the corp's own, until it removes it
	Run      Keep = "run"      // hours or days: removed by what made it
	Log      Keep = "log"      // the audit log, from which nothing is removed
)

// Erase says what erasing a person does with their rows.
type Erase string

// The ways.
const (
	Remove     Erase = "delete" // rows are deleted
	Stub       Erase = "stub"   // rows stay for counting, with a random name in the person's place and without words
	Ledger     Erase = "ledger" // as Stub, through the ledger, whose rows the audit log knows
	Nothing    Erase = "keep"   // nothing in them is about a person once the rows they belong to are stubs
	Wait       Erase = "wait"   // the rows go by themselves soon: erasing waits for that
	StaysInLog Erase = "log"    // the person's id stays, as proof of who read and did what
)

// Table is one table of the register.
type Table struct {
	Table   string
	Title   errs.Text
	About   string // customer, member, corp
	Purpose string
	Keep    Keep

	Column string // holds the person's id
	Only   string // narrows the rows that do, as SQL
	Person string // SQL with ?0 for the corp and ?1 for the person, where no column holds their id
	Holds  string // a column with JSON that names persons

	Erase  Erase
	Words  []string          // columns with what was said
	Blank  map[string]string // what a stub has in a column, as SQL
	Sealed map[string]string // sealed columns, with the place they open at
	Old    string            // SQL with ?0 for the corp and ?1 for an instant: rows whose time began before it

	Personal []string // columns that tell something of a person
	Other    []string
}

// Periods are how many days data is kept, by class.
type Periods struct {
	Contact  int `json:"contact"`
	Words    int `json:"words"`
	Record   int `json:"record"`
	Evidence int `json:"evidence"`
}

// DefaultPeriods are what holds until the corp sets its own.
func DefaultPeriods() Periods { return Periods{Contact: 365, Words: 365, Record: 1095, Evidence: 1095} }

const (
	mostDays     = 3650
	leastRecord  = 366  // the caps of a year are counted from the ledger
	leastProof   = 1095 // of a consent or a refusal (LAW-21)
	leastContact = 1
)

func (p Periods) check() error {
	for _, c := range []struct {
		field string
		days  int
		least int
		why   errs.Text
	}{
		{"contact", p.Contact, leastContact, errs.T("至少一天", "at least a day")},
		{"words", p.Words, leastContact, errs.T("至少一天", "at least a day")},
		{"record", p.Record, leastRecord, errs.T("账本要数满一年，至少 366 天", "the ledger counts over a year: at least 366 days")},
		{"evidence", p.Evidence, leastProof, errs.T("同意与拒绝的凭证至少留三年", "proof of a yes or a no is kept three years at least")},
	} {
		if c.days < c.least || c.days > mostDays {
			return errs.Bad(c.field, "privacy.period", errs.T(
				fmt.Sprintf("%d 天不行：%s，最多 %d 天。", c.days, c.why.ZH, mostDays),
				fmt.Sprintf("%d days will not do: %s, %d at most.", c.days, c.why.EN, mostDays),
			))
		}
	}
	return nil
}

// ErasureState says how far it is.
type ErasureState string

// The states.
const (
	Waiting ErasureState = "waiting"
	Done    ErasureState = "done"
)
