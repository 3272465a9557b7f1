// Package moment publishes Moments (客户朋友圈) through members of staff, keeps a copy of all that the corp has published, and
// shows it to customers on an open page.
//
// A Moment is planned, submitted, and then runs by itself: at its time the customers it is aimed at are reserved in the
// touch ledger, the corp tag of its audience is made equal to them, and members are asked to publish it to those who carry
// the tag. At the end of sending hours it is cancelled for members who have not.
//
//	draft ─submit─▶ (review ─approve─▶) scheduled ─its time─▶ preparing ─tag, files─▶ making ─▶ open ─hours end─▶ done
//	                    └────────────────────┴────────────────────┴────────┴─cancel─▶ cancelled
//
// The promise is by tag and not by person: whom WeCom shows it to is decided when a member publishes. One tag a Moment, for
// it is not stated whether several mean and, or or. Who saw it without being meant is counted.
//
// It is not: what WeCom shows in the client (that is WeCom's), or answers to comments (no call makes one: a member does).
package moment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// State of a Moment that was planned here.
type State string

// The states.
const (
	Draft     State = "draft"
	Review    State = "review"    // submitted: a second person has to approve it
	Scheduled State = "scheduled" // submitted: waits for its time
	Preparing State = "preparing" // customers are being reserved, the tag and the files made ready
	Making    State = "making"    // WeCom is making it
	Open      State = "open"      // members can publish it
	Done      State = "done"      // nobody can publish it any more
	Cancelled State = "cancelled" // by a person
	Failed    State = "failed"    // it was never made
)

func (s State) running() bool {
	return s == Scheduled || s == Preparing || s == Making || s == Open
}

// ReceiverState says what became of one customer it was aimed at.
type ReceiverState string

// The states of a receiver.
const (
	Matched     ReceiverState = "matched" // of the audience; not decided yet
	Held        ReceiverState = "held"
	Reserved    ReceiverState = "reserved"
	Tasked      ReceiverState = "tasked"
	Delivered   ReceiverState = "delivered"   // their member published it, and WeCom shows it to them
	Unpublished ReceiverState = "unpublished" // their member did not publish it
	NotShown    ReceiverState = "not_shown"   // published, and WeCom does not show it to them
	NotFriend   ReceiverState = "not_friend"
	TakenBack   ReceiverState = "cancelled"
	Lost        ReceiverState = "failed" // it was never made
)

// TaskState says how far one member is.
type TaskState string

// The states of a task.
const (
	TaskOpen      TaskState = "open"
	TaskPublished TaskState = "published"
	TaskCancelled TaskState = "cancelled"
)

// Limits of WeCom. Official pages: document/path/95094 and 95098.
const (
	MaxLetters      = 2000 // characters of the text
	MaxText         = 4000 // and its bytes
	MaxImages       = 9
	MaxTitleLetters = 64
	MaxTitle        = 128 // bytes
	MaxURL          = 2048
)

const (
	maxStaffDay = 3 // Moments of one member in a day (OWN-05)
	// shownInMonth is how many of the corp's Moments WeCom shows one customer in a calendar month. No official page says so;
	// plans count with it, nothing is held back for it.
	shownInMonth   = 4
	maxReminders   = 3
	reminderWindow = 24 * time.Hour
)

// Part is a picture, a film or a link below the text; Hash names a file that is kept here.
type Part struct {
	Kind   string `json:"kind" enum:"image,video,link"`
	Hash   string `json:"hash" maxLength:"64" doc:"of POST /moment-media; of a link: its cover"`
	Name   string `json:"name,omitempty" maxLength:"200"`
	Type   string `json:"type,omitempty" maxLength:"100"`
	Width  int    `json:"width,omitempty" minimum:"0"`
	Height int    `json:"height,omitempty" minimum:"0"`
	Title  string `json:"title,omitempty" maxLength:"64" doc:"of a link: at most 64 characters and 128 bytes"`
	URL    string `json:"url,omitempty" maxLength:"2048"`
}

// Audience chooses among live relations; each customer counts once, with the member who is to publish. No tags and no
// exclusions means everybody.
type Audience struct {
	Tags        []string `json:"tags"`
	TagMode     string   `json:"tag_mode,omitempty" enum:"any,all" default:"any"`
	Staff       []string `json:"staff,omitempty" doc:"only these publish; empty = everybody the caller may see"`
	ExcludeTags []string `json:"exclude_tags,omitempty"`
}

// Everybody says that the Moment is aimed at nobody in particular: at all who want marketing.
func (a Audience) Everybody() bool { return len(a.Tags) == 0 && len(a.ExcludeTags) == 0 }

// key names the customers whom the audience chooses, whoever publishes; "" is everybody.
func (a Audience) key() string {
	if a.Everybody() {
		return ""
	}
	mode := a.TagMode
	if len(a.Tags) < 2 {
		mode = ""
	}
	sorted := func(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }
	raw, _ := json.Marshal([]any{mode, sorted(a.Tags), sorted(a.ExcludeTags)}) // strings always encode
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// Counts say what became of the receivers.
type Counts struct {
	Matched     int `json:"matched"`
	Reachable   int `json:"reachable" doc:"not held back"`
	Held        int `json:"held"`
	Waiting     int `json:"waiting" doc:"not decided yet"`
	Seen        int `json:"seen" doc:"their member published it and WeCom shows it to them"`
	Late        int `json:"late" doc:"of those who see it"`
	Unplanned   int `json:"unplanned" doc:"of those who see it: it was not aimed at them"`
	Unpublished int `json:"unpublished"`
	NotShown    int `json:"not_shown"`
	NotFriend   int `json:"not_friend"`
	Cancelled   int `json:"cancelled"`
	Failed      int `json:"failed"`
}

// placeholder finds words that ask for each customer's own: a Moment is one text for all.
var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}|\{(客户|昵称|姓名|name|nickname|customer)[^}]*\}|%(NICKNAME|USERNAME|昵称|姓名)%|\$\{[^}]*\}`)

// checkWords says what WeCom would refuse, counted as WeCom counts.
func checkWords(w Words) error {
	letters := utf8.RuneCountInString(w.Text)
	switch {
	case strings.TrimSpace(w.Name) == "" || utf8.RuneCountInString(w.Name) > 50:
		return errs.Bad("name", "moment.name", errs.T("名称需要 1 到 50 个字，只在内部可见。", "The name needs 1 to 50 characters; only staff see it."))
	case strings.TrimSpace(w.Text) == "" && len(w.Parts) == 0:
		return errs.Bad("text", "moment.empty", errs.T("文字和附件至少要有一样。", "There must be a text or an attachment."))
	case letters > MaxLetters:
		return errs.Bad("text", "moment.too_long", errs.Tf("超出 %d 个字，朋友圈最多 %d 个字。", "%d characters too many; a Moment takes %d.", letters-MaxLetters, MaxLetters))
	case len(w.Text) > MaxText:
		return errs.Bad("text", "moment.too_long", errs.Tf("超出 %d 字节，朋友圈最多 %d 字节（一个汉字 3 字节）。",
			"%d bytes too many; a Moment takes %d (a Chinese character is 3).", len(w.Text)-MaxText, MaxText))
	}
	if p := placeholder.FindString(w.Text); p != "" {
		return errs.Bad("text", "moment.placeholder", errs.Tf("朋友圈对所有人是同一段文字，不能写 %s 这样的占位。",
			"A Moment is one text for all: it cannot hold a placeholder such as %s.", p))
	}
	return checkParts(w.Parts)
}

func checkParts(parts []Part) error {
	most := map[string]int{"image": MaxImages, "video": 1, "link": 1}
	for i, p := range parts {
		field := fmt.Sprintf("parts[%d]", i)
		switch {
		case most[p.Kind] == 0:
			return errs.Bad(field+".kind", "moment.part", errs.T("附件只能是图片、视频或链接。", "An attachment is a picture, a film or a link."))
		case p.Kind != parts[0].Kind:
			return errs.Bad(field, "moment.mixed", errs.T("一条朋友圈只能放一种附件：图片、视频、链接选一种。",
				"A Moment takes one kind of attachment: pictures, a film or a link."))
		case i >= most[p.Kind]:
			return errs.Bad("parts", "moment.too_many", errs.Tf("最多 9 张图片，或 1 个视频，或 1 个链接；这里有 %d 个。",
				"At most 9 pictures, or 1 film, or 1 link; here are %d.", len(parts)))
		case p.Hash == "" && p.Kind == "link":
			return errs.Bad(field+".hash", "moment.cover", errs.T("链接需要一张封面图。", "A link needs a cover picture."))
		case p.Hash == "":
			return errs.Bad(field+".hash", "moment.file", errs.T("文件没有传完，请再传一次。", "The file was not stored. Upload it again."))
		}
		if p.Kind != "link" {
			continue
		}
		if n := utf8.RuneCountInString(p.Title); n > MaxTitleLetters || len(p.Title) > MaxTitle {
			return errs.Bad(field+".title", "moment.link_title", errs.Tf("标题最多 %d 个字、%d 字节，现在 %d 个字、%d 字节。",
				"A title takes %d characters and %d bytes; this one has %d and %d.", MaxTitleLetters, MaxTitle, n, len(p.Title)))
		}
		if u, err := url.Parse(p.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(p.URL) > MaxURL {
			return errs.Bad(field+".url", "moment.link_url", errs.T("要写完整的网址，以 https:// 开头，最多 2048 字节。",
				"Write the whole address, beginning with https://, at most 2048 bytes."))
		}
	}
	return nil
}

// reminded keeps the reminders that still count, and says whether one more is allowed.
func reminded(at []clock.Time, now clock.Time) (kept []clock.Time, allowed bool) {
	kept = slices.DeleteFunc(slices.Clone(at), func(t clock.Time) bool { return t <= now.Add(-reminderWindow) })
	return kept, len(kept) < maxReminders
}

// pollAfter is how long to wait before the n-th reading of an open Moment, n from 0.
func pollAfter(n int) time.Duration {
	switch {
	case n < 10:
		return 30 * time.Second
	case n < 40:
		return 2 * time.Minute
	default:
		return 10 * time.Minute
	}
}

// hashtag is how people mark what a post is about: #护肤小课# or #护肤小课 before a space.
var hashtag = regexp.MustCompile(`[#＃]([\p{L}\p{N}_]{1,20})`)

// topicsOf are what a post is about: the topic it was planned with, and the marks in its text.
func topicsOf(topic, text string) []string {
	var out []string
	if topic = strings.TrimSpace(topic); topic != "" {
		out = append(out, topic)
	}
	for _, m := range hashtag.FindAllStringSubmatch(text, 8) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

func touchKey(id int64, customerID string) string { return fmt.Sprint("moment/", id, "/", customerID) }
func campaignID(id int64) string                  { return fmt.Sprint("moment/", id) }
