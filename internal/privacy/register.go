package privacy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
)

//go:embed register.json
var registerFile []byte

// purposes are what the platform processes data for.
func purposes() map[string]errs.Text {
	return map[string]errs.Text{
		"service":    errs.T("服务：接待、回答、欢迎、进群", "Service: receiving, answering, welcoming, groups"),
		"marketing":  errs.T("营销：群发与朋友圈", "Marketing: mass messages and Moments"),
		"traits":     errs.T("按标签选人", "Choosing by tags"),
		"care":       errs.T("保护客户：频次、时段、退订、选择、同意", "Protecting customers: caps, hours, opt-outs, choices, consents"),
		"sharing":    errs.T("给其他机构", "Giving data to others"),
		"statistics": errs.T("统计：只数不看人", "Statistics: counting, without looking at persons"),
		"safety":     errs.T("安全与证明：谁做了什么、违规与复核", "Safety and proof: who did what, findings and reviews"),
		"operation":  errs.T("平台运行", "Running the platform"),
	}
}

// purposeIDs is the order in which they are shown.
func purposeIDs() []string {
	return []string{"service", "marketing", "traits", "care", "sharing", "statistics", "safety", "operation"}
}

type text struct{ ZH, EN string }

// Register is every table of the database.
type Register struct {
	Tables []Table
}

// LoadRegister reads the register that is built in, and refuses one that contradicts itself.
func LoadRegister() (Register, error) {
	var rows []struct {
		Table
		Title text
	}
	var r Register
	if err := json.Unmarshal(registerFile, &rows); err != nil {
		return r, fmt.Errorf("read the register of data: %w", err)
	}
	for _, row := range rows {
		t := row.Table
		t.Title = errs.T(row.Title.ZH, row.Title.EN)
		if err := t.check(); err != nil {
			return r, fmt.Errorf("register of data, %s: %w", t.Table, err)
		}
		r.Tables = append(r.Tables, t)
	}
	return r, nil
}

func (t Table) check() error {
	known := func(columns ...string) error {
		for _, c := range columns {
			if !slices.Contains(t.Personal, c) && !slices.Contains(t.Other, c) {
				return fmt.Errorf("there is no column %s", c)
			}
		}
		return nil
	}
	named := 0
	for _, s := range []string{t.Column, t.Person, t.Holds} {
		if s != "" {
			named++
		}
	}
	_, purpose := purposes()[t.Purpose]
	switch {
	case t.Title.ZH == "" || t.Title.EN == "" || !purpose:
		return fmt.Errorf("title or purpose is missing: %q", t.Purpose)
	case !slices.Contains([]string{"customer", "member", "corp"}, t.About):
		return fmt.Errorf("about %q", t.About)
	case !slices.Contains([]Keep{Contact, Words, Record, Evidence, Always, Own, Run, Log}, t.Keep):
		return fmt.Errorf("kept %q", t.Keep)
	case named > 1 || (named == 1) != (t.Erase != ""):
		return fmt.Errorf("it has to be said once how a person's rows are found, and what erasing does with them")
	case (t.Keep == Words || t.Keep == Record || t.Keep == Evidence) && t.About == "customer" && t.Erase != Nothing && t.Old == "":
		return fmt.Errorf("it is not said which rows are old")
	case t.Keep == Words && len(t.Words) == 0:
		return fmt.Errorf("it is not said where the words are")
	}
	for c := range t.Blank {
		if err := known(c); err != nil {
			return err
		}
	}
	for c := range t.Sealed {
		if err := known(c); err != nil {
			return err
		}
	}
	if t.Column != "" {
		if err := known(t.Column); err != nil {
			return err
		}
	}
	return known(t.Words...)
}

// rows is the condition for a person's rows of a corp, with its arguments.
func (t Table) rows(corpID, customerID string) (string, []any) {
	where := "TRUE"
	if slices.Contains(t.Other, "corp_id") || slices.Contains(t.Personal, "corp_id") {
		where = t.Table + ".corp_id = ?0"
	}
	switch {
	case t.Holds != "": // exact, unlike LIKE, to which an id's underscore is any letter
		where += " AND REPLACE(" + t.Holds + ", ?1, '') <> " + t.Holds
	case t.Person != "":
		where += " AND " + t.Person
	default:
		where += " AND " + t.Column + " = ?1"
		if t.Only != "" {
			where += " AND " + t.Only
		}
	}
	return where, []any{corpID, customerID}
}

// names says whether the table has rows about a person.
func (t Table) names() bool { return t.Erase != "" }

// columns are all of them, the personal ones first.
func (t Table) columns() []string { return append(slices.Clone(t.Personal), t.Other...) }

// place is where a sealed text of a row opens.
func place(pattern string, row map[string]any) string {
	for column, v := range row {
		pattern = strings.ReplaceAll(pattern, "{"+column+"}", fmt.Sprint(v))
	}
	return pattern
}
