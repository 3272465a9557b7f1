package sandbox

import "slices"

// templateCard is a card of one of five kinds. Lengths in characters are
// advice on the pages, not limits; keys and ids have limits.
type templateCard struct {
	CardType        string           `json:"card_type"`
	Source          *cardSource      `json:"source"`
	ActionMenu      *cardMenu        `json:"action_menu"`
	MainTitle       *cardTitle       `json:"main_title"`
	SubTitleText    string           `json:"sub_title_text"`
	Emphasis        *cardTitle       `json:"emphasis_content"`
	QuoteArea       *cardQuote       `json:"quote_area"`
	Horizontal      []cardHorizontal `json:"horizontal_content_list"`
	JumpList        []cardJump       `json:"jump_list"`
	CardAction      *cardJump        `json:"card_action"`
	CardImage       *cardImage       `json:"card_image"`
	ImageTextArea   *cardQuote       `json:"image_text_area"`
	Vertical        []cardTitle      `json:"vertical_content_list"`
	ButtonSelection *cardSelect      `json:"button_selection"`
	ButtonList      []cardButton     `json:"button_list"`
	Checkbox        *cardSelect      `json:"checkbox"`
	SelectList      []cardSelect     `json:"select_list"`
	SubmitButton    *cardButton      `json:"submit_button"`
	TaskID          string           `json:"task_id"`
	ReplaceText     string           `json:"replace_text"` // only when a card is updated
}

type cardSource struct {
	IconURL   string `json:"icon_url"`
	Desc      string `json:"desc"`
	DescColor int    `json:"desc_color"`
}

type cardMenu struct {
	Desc       string `json:"desc"`
	ActionList []struct {
		Text string `json:"text"`
		Key  string `json:"key"`
	} `json:"action_list"`
}

type cardTitle struct {
	Title string `json:"title"`
	Desc  string `json:"desc"`
}

type cardQuote struct {
	Type      int    `json:"type"`
	URL       string `json:"url"`
	AppID     string `json:"appid"`
	PagePath  string `json:"pagepath"`
	Title     string `json:"title"`
	QuoteText string `json:"quote_text"`
	Desc      string `json:"desc"`
	ImageURL  string `json:"image_url"`
}

type cardHorizontal struct {
	Type    int    `json:"type"`
	KeyName string `json:"keyname"`
	Value   string `json:"value"`
	URL     string `json:"url"`
	MediaID string `json:"media_id"`
	UserID  string `json:"userid"`
}

type cardJump struct {
	Type     int    `json:"type"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath"`
}

type cardImage struct {
	URL         string   `json:"url"`
	AspectRatio *float64 `json:"aspect_ratio"`
}

type cardSelect struct {
	QuestionKey string       `json:"question_key"`
	Title       string       `json:"title"`
	SelectedID  string       `json:"selected_id"`
	Mode        int          `json:"mode"`
	Disable     bool         `json:"disable"`
	OptionList  []cardOption `json:"option_list"`
}

type cardOption struct {
	ID        string `json:"id"`
	Text      string `json:"text"`
	IsChecked bool   `json:"is_checked"`
}

type cardButton struct {
	Type  int    `json:"type"`
	Text  string `json:"text"`
	Style int    `json:"style"`
	Key   string `json:"key"`
	URL   string `json:"url"`
}

const (
	keyLimit    = 1024
	optionLimit = 128
	taskIDLimit = 128
)

// interactive kinds answer: a button, a vote, a form.
var interactiveCards = []string{"button_interaction", "vote_interaction", "multiple_interaction"}

func (t *templateCard) interactive() bool { return slices.Contains(interactiveCards, t.CardType) }

// answers is true for cards whose sending yields a response_code.
func (t *templateCard) answers() bool { return t.interactive() || t.ActionMenu != nil }

func (t *templateCard) title() string {
	if t.MainTitle != nil && t.MainTitle.Title != "" {
		return t.MainTitle.Title
	}
	return t.SubTitleText
}

func (t *templateCard) check(c *call) error {
	if err := t.checkKind(); err != nil {
		return err
	}
	if t.answers() && !goodTaskID(t.TaskID) {
		return refuse(42014, "task_id must be 1 to %d digits, letters and _-@", taskIDLimit)
	}
	for _, check := range []func(*call) error{t.checkLines, t.checkJumps, t.checkMenu} {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}

func goodTaskID(id string) bool {
	return id != "" && len(id) <= taskIDLimit && !slices.ContainsFunc([]byte(id), func(b byte) bool {
		return !(b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '-' || b == '@')
	})
}

// checkKind is about what each kind of card must have.
func (t *templateCard) checkKind() error {
	if t.CardType != "text_notice" && (t.MainTitle == nil || t.MainTitle.Title == "") && slices.Contains(append(interactiveCards, "news_notice"), t.CardType) {
		return refuse(42033, "main_title.title is missing")
	}
	switch t.CardType {
	case "text_notice":
		if t.title() == "" {
			return refuse(42033, "main_title.title and sub_title_text are both missing")
		}
		return t.checkAction()
	case "news_notice":
		if t.ImageTextArea == nil && (t.CardImage == nil || t.CardImage.URL == "") {
			return refuse(42044, "card_image.url and image_text_area are both missing")
		}
		return t.checkAction()
	case "button_interaction":
		return t.checkButtons()
	case "vote_interaction":
		if t.Checkbox == nil {
			return refuse(42043, "checkbox is missing")
		}
		if t.Checkbox.Mode>>1 != 0 {
			return refuse(40058, "checkbox.mode must be 0 or 1")
		}
		if err := t.Checkbox.check(20); err != nil {
			return err
		}
		return t.checkSubmit()
	case "multiple_interaction":
		if len(t.SelectList) == 0 || len(t.SelectList) > 3 {
			return refuse(42047, "select_list has %d selectors, 1 to 3 are allowed", len(t.SelectList))
		}
		for i := range t.SelectList {
			if err := t.SelectList[i].check(10); err != nil {
				return err
			}
		}
		return t.checkSubmit()
	}
	return refuse(42031, "card_type %q is unknown", t.CardType)
}

// checkAction is what a click on the whole card does: notices must have it.
func (t *templateCard) checkAction() error {
	if t.CardAction == nil || t.CardAction.Type < 1 || t.CardAction.Type > 2 {
		return refuse(42045, "card_action is missing, or its type is not 1 or 2")
	}
	return nil
}

func (t *templateCard) checkButtons() error {
	if len(t.ButtonList) == 0 || len(t.ButtonList) > 6 {
		return refuse(42038, "button_list has %d buttons, 1 to 6 are allowed", len(t.ButtonList))
	}
	for i, b := range t.ButtonList {
		switch {
		case b.Text == "":
			return refuse(42038, "button_list[%d].text is missing", i)
		case b.Type>>1 != 0 || b.Style < 0 || b.Style > 4:
			return refuse(40058, "button_list[%d]: type is 0 or 1, style 1 to 4", i)
		case b.Type == 0 && (b.Key == "" || len(b.Key) > keyLimit):
			return refuse(42039, "button_list[%d].key must have 1 to %d bytes", i, keyLimit)
		case b.Type == 1 && b.URL == "":
			return refuse(42028, "button_list[%d].url is missing", i)
		}
	}
	if t.ButtonSelection != nil {
		return t.ButtonSelection.check(10)
	}
	return nil
}

func (t *templateCard) checkSubmit() error {
	switch b := t.SubmitButton; {
	case b == nil || b.Key == "" || len(b.Key) > keyLimit:
		return refuse(42046, "submit_button.key must have 1 to %d bytes", keyLimit)
	case b.Text == "":
		return refuse(42049, "submit_button.text is missing")
	}
	return nil
}

// check is about a question with its options.
func (q *cardSelect) check(most int) error {
	if q.QuestionKey == "" || len(q.QuestionKey) > keyLimit {
		return refuse(42043, "question_key must have 1 to %d bytes", keyLimit)
	}
	if len(q.OptionList) == 0 || len(q.OptionList) > most {
		return refuse(42037, "option_list has %d options, 1 to %d are allowed", len(q.OptionList), most)
	}
	seen := map[string]bool{}
	for i, o := range q.OptionList {
		if o.ID == "" || len(o.ID) > optionLimit || seen[o.ID] {
			return refuse(42040, "option_list[%d].id must have 1 to %d bytes, each once", i, optionLimit)
		}
		if o.Text == "" {
			return refuse(42041, "option_list[%d].text is missing", i)
		}
		seen[o.ID] = true
	}
	return nil
}

// checkLines is about the lines of a card and what stands above them.
func (t *templateCard) checkLines(c *call) error {
	if t.Source != nil && (t.Source.DescColor < 0 || t.Source.DescColor > 3) {
		return refuse(40058, "source.desc_color must be 0 to 3")
	}
	if t.CardImage != nil && t.CardImage.AspectRatio != nil && (*t.CardImage.AspectRatio < 1.3 || *t.CardImage.AspectRatio > 2.25) {
		return refuse(40058, "card_image.aspect_ratio must lie between 1.3 and 2.25")
	}
	if len(t.Horizontal) > 6 {
		return refuse(42035, "horizontal_content_list has %d lines, at most 6 are allowed", len(t.Horizontal))
	}
	for i, h := range t.Horizontal {
		_, known := c.w.staffByID(h.UserID)
		switch {
		case h.KeyName == "":
			return refuse(42027, "horizontal_content_list[%d].keyname is missing", i)
		case h.Type < 0 || h.Type > 3:
			return refuse(40058, "horizontal_content_list[%d].type must be 0 to 3", i)
		case h.Type == 1 && h.URL == "":
			return refuse(42028, "horizontal_content_list[%d].url is missing", i)
		case h.Type == 2 && !c.cardFile(h.MediaID):
			return refuse(42029, "horizontal_content_list[%d].media_id is no live media", i)
		case h.Type == 3 && !known:
			return refuse(42050, "horizontal_content_list[%d].userid is no member", i)
		}
	}
	if len(t.Vertical) > 4 {
		return refuse(42036, "vertical_content_list has %d lines, at most 4 are allowed", len(t.Vertical))
	}
	for i, v := range t.Vertical {
		if v.Title == "" {
			return refuse(42033, "vertical_content_list[%d].title is missing", i)
		}
	}
	return nil
}

// cardFile is true for files that a card can show: those of the corp, or of the
// robot that posts.
func (c *call) cardFile(id string) bool {
	if c.robot != nil {
		return c.robot.media.has(id, "", c.now)
	}
	return c.w.media.has(id, "", c.now)
}

// checkJumps is about what leads out of a card.
func (t *templateCard) checkJumps(*call) error {
	if len(t.JumpList) > 3 {
		return refuse(42042, "jump_list has %d lines, at most 3 are allowed", len(t.JumpList))
	}
	for i, j := range t.JumpList {
		if j.Title == "" {
			return refuse(42033, "jump_list[%d].title is missing", i)
		}
		if err := checkJump("jump_list", j.Type, j.URL, j.AppID); err != nil {
			return err
		}
	}
	if a := t.CardAction; a != nil {
		if err := checkJump("card_action", a.Type, a.URL, a.AppID); err != nil {
			return err
		}
	}
	for name, q := range map[string]*cardQuote{"quote_area": t.QuoteArea, "image_text_area": t.ImageTextArea} {
		if q != nil {
			if err := checkJump(name, q.Type, q.URL, q.AppID); err != nil {
				return err
			}
		}
	}
	if t.ImageTextArea != nil && t.ImageTextArea.ImageURL == "" {
		return refuse(42044, "image_text_area.image_url is missing")
	}
	return nil
}

func checkJump(where string, kind int, target, appID string) error {
	switch {
	case kind < 0 || kind > 2:
		return refuse(40058, "%s.type must be 0, 1 or 2", where)
	case kind == 1 && target == "":
		return refuse(42028, "%s.url is missing", where)
	case kind == 2 && appID == "":
		return refuse(42030, "%s.appid is missing", where)
	}
	return nil
}

// checkMenu is about the menu in the corner of a card.
func (t *templateCard) checkMenu(*call) error {
	if t.ActionMenu == nil {
		return nil
	}
	if n := len(t.ActionMenu.ActionList); n == 0 || n > 3 {
		return refuse(40058, "action_menu.action_list has %d entries, 1 to 3 are allowed", n)
	}
	seen := map[string]bool{}
	for i, a := range t.ActionMenu.ActionList {
		switch {
		case a.Text == "":
			return refuse(42038, "action_menu.action_list[%d].text is missing", i)
		case a.Key == "" || len(a.Key) > keyLimit:
			return refuse(42039, "action_menu.action_list[%d].key must have 1 to %d bytes", i, keyLimit)
		case seen[a.Key]:
			return refuse(42051, "action_menu has the key %q twice", a.Key)
		}
		seen[a.Key] = true
	}
	return nil
}
