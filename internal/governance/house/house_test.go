package house

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var facts = Facts{Text: "会员日全场八折", Class: "marketing", Channel: "mass_customer", Topic: "会员日", Hour: 20, Weekday: 6, Audience: 1200, Staff: "S01", Tags: []string{"t1", "t2"}}

func TestExpressionsSayWhatTheyMean(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		`audience > 1000 and hour >= 20`:                  true,
		`weekday in [6, 7] && channel == "mass_customer"`: true,
		`text contains "八折" and not (topic == "会员日")`:     false,
		`text matches "全场.折"`:                             true,
		`any(tags, # == "t2")`:                            true,
		`len(text) > 400 || staff == "S02"`:               false,
		`class in ["service", "transactional"]`:           false,
	} {
		r, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := r.Holds(facts); err != nil || got != want {
			t.Errorf("%s: %v %v", source, got, err)
		}
	}
}

func TestABrokenExpressionIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][2]int{
		"audience > ":                               {1, 0}, // 0: anywhere on the line
		"audience >\n  len(":                        {2, 0},
		`hour + 1`:                                  {1, 0}, // no yes or no
		`hour == "20"`:                              {1, 6},
		`colour == "red"`:                           {1, 1},
		`true && any(1..9, # > 3)`:                  {1, 14},
		`any(tags, any(tags, # == "a"))`:            {1, 0},
		`text matches topic`:                        {1, 6},
		`now().Year() > 2020`:                       {1, 1},
		`repeat(text, 100000) != ""`:                {1, 1},
		strings.Repeat("hour > 1 && ", 70) + "true": {1, 0},
		strings.Repeat(" ", MaxSource) + "true":     {1, 1},
		"":                                          {1, 0},
	} {
		_, err := Compile(source)
		var e *Error
		if !errors.As(err, &e) || e.Line != want[0] || e.Column < 1 || want[1] > 0 && e.Column != want[1] {
			t.Errorf("%.40q: %v", source, err)
		}
	}
}

// The worst that the bounds let through ends: a fraction of a second of work, which under the race detector on a crowded machine
// may last a few. What the bounds keep out would take hours.
func TestNothingRunsLong(t *testing.T) {
	t.Parallel()
	f := facts
	f.Text = strings.Repeat("全场八折", 1000)
	for range 200 {
		f.Tags = append(f.Tags, "t")
	}
	r, err := Compile(`all(tags, not (text contains ("没有" + #))) and all(tags, not (text matches "(全|场)+折$"))`)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := r.Holds(f); err != nil {
		t.Log(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`audience > 1000 and any(tags, # startsWith "t")`)
	f.Fuzz(func(t *testing.T, source string) {
		r, err := Compile(source)
		if err == nil {
			_, _ = r.Holds(facts)
		}
	})
}
