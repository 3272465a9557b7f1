// Package message describes what a message to a customer may carry beside its text: the same for welcomes, mass messages
// and whatever else is sent. It knows neither WeCom's wire nor who sends.
package message

// Attachment is one thing that goes with a message; exactly the member named by Type is set.
type Attachment struct {
	Type        string       `json:"type" enum:"link,image,miniprogram"`
	Link        *Link        `json:"link,omitempty"`
	Image       *Image       `json:"image,omitempty"`
	MiniProgram *MiniProgram `json:"miniprogram,omitempty"`
}

// Link is a card that opens a page.
type Link struct {
	Title  string `json:"title" maxLength:"128" doc:"at most 128 bytes"`
	URL    string `json:"url" maxLength:"2048" format:"uri"`
	Desc   string `json:"desc,omitempty" maxLength:"512" doc:"at most 512 bytes"`
	PicURL string `json:"pic_url,omitempty" maxLength:"2048"`
}

// Image is a picture that WeCom holds, by media id, or by a URL of its image upload.
type Image struct {
	MediaID string `json:"media_id,omitempty"`
	PicURL  string `json:"pic_url,omitempty"`
}

// MiniProgram is a card that opens a mini program linked to the corp.
type MiniProgram struct {
	Title      string `json:"title" maxLength:"64" doc:"at most 64 bytes"`
	PicMediaID string `json:"pic_media_id"`
	AppID      string `json:"appid"`
	Page       string `json:"page"`
}

// Texts answers every string of the attachment that governance must read.
func (a Attachment) Texts() []string {
	switch {
	case a.Link != nil:
		return []string{a.Link.Title, a.Link.Desc, a.Link.URL}
	case a.MiniProgram != nil:
		return []string{a.MiniProgram.Title}
	default:
		return nil
	}
}
