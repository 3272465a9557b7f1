// Package material is the library of what messages carry beside their words: pictures, films and files that were uploaded once, and
// cards of links and mini programs that were written once.
//
// Content lies in internal/blob by its hash. At WeCom a file lives three days; a media id is made just before a message needs it, and
// made again when what is left of it would be too short. A material never changes: what an approver saw is what goes out. Taking one
// off the shelf hides it and touches no message.
//
// Callers: the console, rooms whose messages carry attachments (broadcast), internal/outreach by a function that app hands over.
// It sends nothing.
package material

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures are measured
	_ "image/png"  // pictures are measured
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
)

// Kind of a material.
type Kind string

// The kinds.
const (
	Image       Kind = "image"
	Video       Kind = "video"
	File        Kind = "file"
	Link        Kind = "link"
	MiniProgram Kind = "miniprogram" // its content is the cover
)

// Limits of WeCom for temporary media. Official page: document/path/90253.
const (
	minFile  = 6 // more than 5 bytes
	maxImage = 10 << 20
	maxVideo = 10 << 20
	maxFile  = 20 << 20
	mediaFor = 72 * time.Hour
	// mediaLeft is what must be left of a media id: it has to outlive the hours in which members can confirm.
	mediaLeft = 24 * time.Hour
	maxName   = 100 // characters; ours
)

// Shape is what a file is, measured.
type Shape struct {
	Type          string
	Width, Height int
}

// measure says what a file of that kind is, and refuses what WeCom would refuse, with WeCom's own figures.
func measure(k Kind, name string, content []byte) (Shape, error) {
	most := map[Kind]int{Image: maxImage, MiniProgram: maxImage, Video: maxVideo, File: maxFile}[k]
	switch {
	case len(content) < minFile:
		return Shape{}, errs.Bad("content", "material.small", errs.T("文件是空的，或者不到 6 字节。", "The file is empty, or has less than 6 bytes."))
	case len(content) > most:
		return Shape{}, errs.Bad("content", "material.big", errs.T(
			fmt.Sprintf("文件 %s，企业微信最多 %d MB。请压缩后再传。", megabytes(len(content)), most>>20),
			fmt.Sprintf("The file has %s; WeCom takes %d MB. Make it smaller.", megabytes(len(content)), most>>20)))
	}
	film := len(content) > 8 && string(content[4:8]) == "ftyp"
	switch k {
	case Image, MiniProgram:
		size, format, err := image.DecodeConfig(bytes.NewReader(content))
		if err != nil {
			return Shape{}, errs.Bad("content", "material.no_image", errs.T("图片只收 JPG 和 PNG。", "Pictures have to be JPG or PNG."))
		}
		return Shape{Type: "image/" + format, Width: size.Width, Height: size.Height}, nil
	case Video:
		if !film {
			return Shape{}, errs.Bad("content", "material.no_video", errs.T("视频只收 MP4。请导出成普通的 MP4 再传。", "Films have to be MP4. Export it as a plain MP4."))
		}
		return Shape{Type: "video/mp4"}, nil
	case File, Link:
	}
	if path.Ext(name) == "" {
		return Shape{}, errs.Bad("name", "material.no_ending", errs.T("文件名要带后缀，例如 价目表.pdf；客户的手机靠它来打开。",
			"The name needs an ending, such as prices.pdf: the customer's phone opens it by that."))
	}
	return Shape{Type: "application/octet-stream"}, nil
}

func megabytes(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// cleanName is a name without a path; it is an error when nothing is left or it is too long.
func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return "", errs.Bad("name", "material.name", errs.Tf("名称需要 1 到 %d 个字。", "The name needs 1 to %d characters.", maxName))
	}
	return name, nil
}

// Card is what a link or a mini program says.
type Card struct {
	Title  string `json:"title" maxLength:"128"`
	URL    string `json:"url,omitempty" maxLength:"2048" doc:"of a link"`
	Desc   string `json:"desc,omitempty" maxLength:"512" doc:"of a link"`
	PicURL string `json:"pic_url,omitempty" maxLength:"2048" doc:"of a link"`
	AppID  string `json:"appid,omitempty" maxLength:"64" doc:"of a mini program"`
	Page   string `json:"page,omitempty" maxLength:"1024" doc:"of a mini program"`
}

// check refuses a card that could not go out.
func (c Card) check(k Kind) error {
	a := message.Attachment{Type: string(k)}
	if k == Link {
		a.Link = &message.Link{Title: c.Title, URL: c.URL, Desc: c.Desc, PicURL: c.PicURL}
	} else {
		a.MiniProgram = &message.MiniProgram{Title: c.Title, AppID: c.AppID, Page: c.Page, PicMaterialID: "cover"}
	}
	err := a.Check("card")
	if e, ok := errors.AsType[*errs.Error](err); ok { // card.link.title is card.title here
		e.Field = "card" + e.Field[strings.LastIndexByte(e.Field, '.'):]
	}
	return err
}
