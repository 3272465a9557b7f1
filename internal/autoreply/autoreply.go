// Package autoreply answers what customers write in WeChat customer service (kf), by keyword rules.
//
// It holds the rules, finds the one that fits a message, and explains why another did not. It sends nothing: internal/kf
// asks it about each customer message, once, and passes the answer through governance like every message to a person.
//
// Callers: internal/kf (Match), the console (rules and Try).
package autoreply

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Kind is how a pattern is compared with a message.
type Kind string

// The kinds of pattern. All compare folded text (see Fold).
const (
	Exact    Kind = "exact"    // the whole message, punctuation around it aside
	Contains Kind = "contains" // somewhere in the message
	Regex    Kind = "regex"    // RE2, somewhere in the message
	Pinyin   Kind = "pinyin"   // sounds like it: whole syllables, tones aside
)

// Pattern is one thing a message may match.
type Pattern struct {
	Kind  Kind   `json:"kind"`
	Value string `json:"value"`
}

// AnswerKind is what happens when a rule matches.
type AnswerKind string

// The kinds of answer.
const (
	Text    AnswerKind = "text"    // these words
	Joinway AnswerKind = "joinway" // the way into a customer group that has room
	Handoff AnswerKind = "handoff" // a person takes over
)

// How an Answer of kind Joinway is sent.
const (
	AsPage  = "page"  // link to our public page, which shows the code of a group with room
	AsImage = "image" // the code itself as a picture
)

// Answer is what a rule answers with. Text goes before the link or picture, and before the hand-off, when it is not empty.
type Answer struct {
	Kind      AnswerKind `json:"kind"`
	Text      string     `json:"text,omitempty"`
	JoinwayID int64      `json:"joinway_id,omitempty"`
	As        string     `json:"as,omitempty"`
}

// Hours is a span of the day in the corp's zone during which a rule works. From and To are "HH:MM"; To before From
// means over midnight, counted to the weekday it begins on. Weekdays are 1 (Monday) to 7; none means every day.
type Hours struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Weekdays []int  `json:"weekdays,omitempty"`
}

// Rule is one keyword rule.
type Rule struct {
	ID        int64
	CorpID    string
	Name      string
	Enabled   bool
	Priority  int      // the higher one wins; among equals the older
	Accounts  []string // kf accounts (open_kfid) it works in; none = all
	Patterns  []Pattern
	Answer    Answer
	Hours     []Hours // none = always
	Matched   int64   // how many messages it answered
	CreatedAt clock.Time
	UpdatedAt clock.Time
}

// Label stands before the first automatic words of a conversation: whoever reads them knows that no person wrote them.
const Label = "【自动回复】"

// Limits of a rule. Those of text are WeCom's (send_msg), the others keep a message's matching within microseconds.
const (
	maxName      = 60
	maxPatterns  = 5000
	maxValue     = 200 // runes
	maxRegexInst = 2000
	// bytes of text.content with the Label, https://developer.work.weixin.qq.com/document/path/94677
	maxAnswer = 2048 - len(Label)
)

// Check says what is wrong with a rule, by field, or nil.
func (r *Rule) Check() error {
	r.Name = strings.TrimSpace(r.Name)
	switch {
	case r.Name == "":
		return errs.Bad("name", "autoreply.name_empty", errs.T("请给规则起个名字。", "Give the rule a name."))
	case utf8.RuneCountInString(r.Name) > maxName:
		return errs.Bad("name", "autoreply.name_long", errs.Tf("名字最多 %d 个字。", "A name has at most %d characters.", maxName))
	case len(r.Patterns) == 0:
		return errs.Bad("patterns", "autoreply.no_pattern", errs.T("至少写一个关键词。", "Write at least one keyword."))
	case len(r.Patterns) > maxPatterns:
		return errs.Bad("patterns", "autoreply.many_patterns", errs.Tf("一条规则最多 %d 个关键词。", "A rule has at most %d keywords.", maxPatterns))
	}
	for i, p := range r.Patterns {
		if err := p.check(fmt.Sprintf("patterns[%d].value", i)); err != nil {
			return err
		}
	}
	for _, h := range r.Hours {
		if err := h.check(); err != nil {
			return err
		}
	}
	return r.Answer.check()
}

// check says what is wrong with the pattern, which field names.
func (p Pattern) check(field string) error {
	switch {
	case !slices.Contains([]Kind{Exact, Contains, Regex, Pinyin}, p.Kind):
		return errs.Bad(field, "autoreply.kind", errs.Tf("不认识的匹配方式 %q。", "Unknown kind of match %q.", p.Kind))
	case Fold(p.Value) == "" || p.Kind == Exact && bare(Fold(p.Value)) == "":
		return errs.Bad(field, "autoreply.empty_pattern", errs.T("关键词不能为空。", "A keyword must not be empty."))
	case utf8.RuneCountInString(p.Value) > maxValue:
		return errs.Bad(field, "autoreply.long_pattern", errs.Tf("关键词最多 %d 个字。", "A keyword has at most %d characters.", maxValue))
	case p.Kind == Pinyin && len(spell(Fold(p.Value)).text) == 0:
		return errs.Bad(field, "autoreply.no_pinyin", errs.Tf("“%s”里没有可以读的字。", "%q has nothing that can be spoken.", p.Value))
	}
	if p.Kind == Regex {
		_, err := compile(field, p.Value)
		return err
	}
	return nil
}

// compile reads a regular expression and refuses one whose program is so large that every message would pay for it.
func compile(field, value string) (*regexp.Regexp, error) {
	tree, err := syntax.Parse(value, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, errs.Bad(field, "autoreply.regex", unreadable(value, err))
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxRegexInst {
		return nil, errs.Bad(field, "autoreply.regex_large", errs.Tf("正则表达式“%s”太大，请拆开写。", "Regular expression %q is too large: split it.", value))
	}
	re, err := regexp.Compile("(?i)" + value)
	if err != nil {
		return nil, errs.Bad(field, "autoreply.regex", unreadable(value, err))
	}
	if re.MatchString("") {
		return nil, errs.Bad(field, "autoreply.regex_all", errs.Tf("正则表达式“%s”会匹配所有消息。", "Regular expression %q matches every message.", value))
	}
	return re, nil
}

// unreadable says where a regular expression cannot be read, and what may be the reason.
func unreadable(value string, err error) errs.Text {
	var at *syntax.Error
	if !errors.As(err, &at) {
		return errs.Tf("正则表达式“%s”读不懂。", "Regular expression %q cannot be read.", value)
	}
	switch at.Code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape:
		return errs.Tf("正则表达式里的“%s”不支持：不能用断言和反向引用，请换个写法。", "%q is not supported: no look-around, no back-references. Write it another way.", at.Expr)
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return errs.Tf("正则表达式“%s”的括号不成对。", "The brackets of %q do not match.", value)
	case syntax.ErrMissingBracket:
		return errs.Tf("正则表达式“%s”的方括号没有收尾。", "A square bracket of %q is not closed.", value)
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		return errs.Tf("正则表达式里的“%s”前面没有可重复的内容。", "There is nothing for %q to repeat.", at.Expr)
	default:
		return errs.Tf("正则表达式里的“%s”读不懂。", "%q cannot be read.", at.Expr)
	}
}

func (a Answer) check() error {
	if len(a.Text) > maxAnswer {
		return errs.Bad("answer.text", "autoreply.long_answer", errs.Tf("回复最多 %d 字节，现在 %d 字节。", "An answer has at most %d bytes, this one has %d.", maxAnswer, len(a.Text)))
	}
	switch a.Kind {
	case Text:
		if strings.TrimSpace(a.Text) == "" {
			return errs.Bad("answer.text", "autoreply.empty_answer", errs.T("请写回复内容。", "Write the answer."))
		}
	case Joinway:
		if a.JoinwayID == 0 {
			return errs.Bad("answer.joinway_id", "autoreply.no_joinway", errs.T("请选一个群活码。", "Choose a group code."))
		}
		if a.As != AsPage && a.As != AsImage {
			return errs.Bad("answer.as", "autoreply.as", errs.T("请选择发页面链接还是二维码图片。", "Choose between page link and picture."))
		}
	case Handoff:
	default:
		return errs.Bad("answer.kind", "autoreply.answer_kind", errs.Tf("不认识的回复方式 %q。", "Unknown kind of answer %q.", a.Kind))
	}
	return nil
}

func (h Hours) check() error {
	from, ok1 := minute(h.From)
	to, ok2 := minute(h.To)
	if !ok1 || !ok2 || from == to {
		return errs.Bad("hours", "autoreply.hours", errs.Tf("时段 %s–%s 不对，应为 09:00–21:00 这样。", "Hours %s-%s: write them like 09:00-21:00.", h.From, h.To))
	}
	for _, d := range h.Weekdays {
		if d < 1 || d > 7 {
			return errs.Bad("hours", "autoreply.weekday", errs.T("星期用 1（周一）到 7（周日）表示。", "Weekdays are 1 (Monday) to 7 (Sunday)."))
		}
	}
	return nil
}

// minute reads "HH:MM" as minutes of the day; 24:00 is the day's end.
func minute(s string) (int, bool) {
	if s == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}

// covers says whether t, already in the corp's zone, lies within the hours.
func (h Hours) covers(t time.Time) bool {
	from, _ := minute(h.From)
	to, _ := minute(h.To)
	now := t.Hour()*60 + t.Minute()
	day := t.Weekday()
	if to < from { // over midnight
		if now < to {
			day = (day + 6) % 7 // it began the day before
		} else if now < from {
			return false
		}
	} else if now < from || now >= to {
		return false
	}
	weekday := int(day)
	if weekday == 0 {
		weekday = 7
	}
	return len(h.Weekdays) == 0 || slices.Contains(h.Weekdays, weekday)
}

// open says whether the rule works at t, already in the corp's zone.
func (r *Rule) open(t time.Time) bool {
	return len(r.Hours) == 0 || slices.ContainsFunc(r.Hours, func(h Hours) bool { return h.covers(t) })
}

// serves says whether the rule works in a kf account.
func (r *Rule) serves(account string) bool {
	return account == "" || len(r.Accounts) == 0 || slices.Contains(r.Accounts, account)
}
