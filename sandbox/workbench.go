package sandbox

import (
	"time"
	"unicode/utf8"
)

// workbench is how the app's tile on the members' workbench looks.
type workbench struct {
	off      bool // an administrator switched the custom mode off
	template workbenchTile
	replace  bool                    // replace_user_data of the template
	own      map[int32]workbenchTile // what single members were given
	writes   map[int32]*volume       // by member
	batch    volume
}

// workbenchTile is one kind of tile with its content.
type workbenchTile struct {
	Type    string            `json:"type"`
	KeyData *workbenchKeyData `json:"keydata,omitempty"`
	Image   *workbenchImage   `json:"image,omitempty"`
	List    *workbenchList    `json:"list,omitempty"`
	WebView *workbenchWebView `json:"webview,omitempty"`
}

type workbenchKeyData struct {
	Items []struct {
		Key      string `json:"key,omitempty"`
		Data     string `json:"data"`
		JumpURL  string `json:"jump_url,omitempty"`
		PagePath string `json:"pagepath,omitempty"`
	} `json:"items"`
}

type workbenchImage struct {
	URL      string `json:"url"`
	JumpURL  string `json:"jump_url,omitempty"`
	PagePath string `json:"pagepath,omitempty"`
}

type workbenchList struct {
	Items []struct {
		Title    string `json:"title"`
		JumpURL  string `json:"jump_url,omitempty"`
		PagePath string `json:"pagepath,omitempty"`
	} `json:"items"`
}

type workbenchWebView struct {
	URL         string `json:"url"`
	JumpURL     string `json:"jump_url,omitempty"`
	PagePath    string `json:"pagepath,omitempty"`
	Height      string `json:"height,omitempty"`
	HideTitle   bool   `json:"hide_title,omitempty"`
	EnableClick bool   `json:"enable_webview_click,omitempty"`
}

const (
	workbenchKeys       = 4
	workbenchLines      = 3
	workbenchTitle      = 128 // bytes
	workbenchDatum      = 64  // characters, of a key and of its data
	workbenchURL        = 1024
	workbenchAMinute    = 10      // writes to one member
	workbenchBatch      = 1000    // members of a call
	workbenchBatchTimes = 100_000 // members of the calls of a minute
)

// check refuses a tile whose type is unknown or whose content is wrong.
func (t *workbenchTile) check() error {
	switch t.Type {
	case "keydata":
		return t.KeyData.check()
	case "image":
		if t.Image == nil || !hasScheme(t.Image.URL) {
			return refuse(94013, "image.url is missing, or does not begin with http:// or https://")
		}
		return checkWorkbenchJump(t.Image.JumpURL, t.Image.PagePath)
	case "list":
		return t.List.check()
	case "webview":
		return t.WebView.check()
	}
	return refuse(94001, "type %q is unknown", t.Type)
}

func (k *workbenchKeyData) check() error {
	switch {
	case k == nil || len(k.Items) == 0:
		return refuse(94002, "keydata.items is missing")
	case len(k.Items) > workbenchKeys:
		return refuse(94003, "keydata has %d items, at most %d are allowed", len(k.Items), workbenchKeys)
	}
	for i, item := range k.Items {
		switch {
		case item.Data == "":
			return refuse(94012, "keydata.items[%d].data is missing", i)
		case utf8.RuneCountInString(item.Key) > workbenchDatum || utf8.RuneCountInString(item.Data) > workbenchDatum:
			return refuse(94003, "keydata.items[%d]: key and data have at most %d characters", i, workbenchDatum)
		}
		if err := checkWorkbenchJump(item.JumpURL, item.PagePath); err != nil {
			return err
		}
	}
	return nil
}

func (l *workbenchList) check() error {
	switch {
	case l == nil || len(l.Items) == 0:
		return refuse(94005, "list.items is missing")
	case len(l.Items) > workbenchLines:
		return refuse(94006, "list has %d items, at most %d are allowed", len(l.Items), workbenchLines)
	}
	for i, item := range l.Items {
		switch {
		case item.Title == "":
			return refuse(94010, "list.items[%d].title is missing", i)
		case len(item.Title) > workbenchTitle:
			return refuse(94014, "list.items[%d].title has more than %d bytes", i, workbenchTitle)
		}
		if err := checkWorkbenchJump(item.JumpURL, item.PagePath); err != nil {
			return err
		}
	}
	return nil
}

func (v *workbenchWebView) check() error {
	switch {
	case v == nil:
		return refuse(94007, "webview is missing")
	case !hasScheme(v.URL):
		return refuse(94015, "webview.url is missing, or does not begin with http:// or https://")
	case v.Height != "" && v.Height != "single_row" && v.Height != "double_row":
		return refuse(94011, "webview.height %q: must be single_row or double_row", v.Height)
	}
	return checkWorkbenchJump(v.JumpURL, v.PagePath)
}

func checkWorkbenchJump(jump, page string) error {
	if utf8.RuneCountInString(jump) > workbenchURL || utf8.RuneCountInString(page) > workbenchURL || jump != "" && !hasScheme(jump) {
		return refuse(40058, "jump_url must begin with http:// or https://; it and pagepath have at most %d characters", workbenchURL)
	}
	return nil
}

// only is the tile without the parts of other types.
func (t workbenchTile) only() workbenchTile {
	out := workbenchTile{Type: t.Type}
	switch t.Type {
	case "keydata":
		out.KeyData = t.KeyData
	case "image":
		out.Image = t.Image
	case "list":
		out.List = t.List
	case "webview":
		out.WebView = t.WebView
	}
	return out
}

// fits refuses data that the template has no place for.
func (b *workbench) fits(t *workbenchTile) error {
	switch {
	case b.template.Type == "":
		return refuse(94008, "no template is set")
	case t.Type != b.template.Type:
		return refuse(94001, "type %q: the template is of type %q", t.Type, b.template.Type)
	}
	if err := t.check(); err != nil {
		return err
	}
	if w := t.WebView; t.Type == "webview" && w.Height != "" && w.Height != b.template.WebView.Height {
		return refuse(94016, "webview.height %q: that of the template is %q", w.Height, b.template.WebView.Height)
	}
	return nil
}

// shows is what a member sees: his own data while it is of the template's type.
func (b *workbench) shows(n int32) workbenchTile {
	if own, ok := b.own[n]; ok && own.Type == b.template.Type {
		return own
	}
	if b.template.Type == "" {
		return workbenchTile{Type: "normal"}
	}
	return b.template
}

// give writes to one member, at most 10 times a minute.
func (b *workbench) give(n int32, t workbenchTile, now time.Time) error {
	got := b.writes[n]
	if got == nil {
		got = &volume{}
		b.writes[n] = got
	}
	got.roll(now)
	if got.inMinute >= workbenchAMinute {
		return refuse(45009, "more than %d writes to this member in a minute", workbenchAMinute)
	}
	got.add(1)
	b.own[n] = t.only()
	return nil
}
