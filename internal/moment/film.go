package moment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/jpeg" // pictures are measured
	_ "image/png"  // pictures are measured
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Limits of files for Moments. Official page: document/path/95098.
const (
	maxFile    = 10 << 20
	minFile    = 6
	imageLong  = 10800
	imageShort = 1080
	maxFilm    = 30 * time.Second
)

// measure says what a file is and refuses what WeCom would refuse, with WeCom's own figures, before anything is sent.
func measure(name string, content []byte) (Part, error) {
	switch {
	case len(content) < minFile:
		return Part{}, errs.Bad("content", "moment.file_small", errs.T("文件是空的。", "The file is empty."))
	case len(content) > maxFile:
		return Part{}, errs.Bad("content", "moment.file_big", errs.Tf("文件 %s，企业微信最多 10 MB。", "The file has %s; WeCom takes 10 MB.", megabytes(len(content))))
	case len(content) > 8 && string(content[4:8]) == "ftyp":
		return film(name, content)
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return Part{}, errs.Bad("content", "moment.file_kind", errs.T("只收 JPG、PNG 图片和 MP4 视频。", "JPG and PNG pictures and MP4 films are taken."))
	}
	if long, short := max(size.Width, size.Height), min(size.Width, size.Height); long > imageLong || short > imageShort {
		return Part{}, errs.Bad("content", "moment.file_pixels", errs.T(
			fmt.Sprintf("图片 %d×%d 像素，长边最多 %d，短边最多 %d。请缩小后再传。", size.Width, size.Height, imageLong, imageShort),
			fmt.Sprintf("The picture has %d×%d pixels; the long side takes %d, the short side %d. Make it smaller.", size.Width, size.Height, imageLong, imageShort)))
	}
	return Part{Kind: "image", Name: name, Type: "image/" + format, Width: size.Width, Height: size.Height}, nil
}

func megabytes(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

func film(name string, content []byte) (Part, error) {
	length, ok := filmLength(content)
	switch {
	case !ok:
		return Part{}, errs.Bad("content", "moment.film", errs.T("读不出视频的长度。请导出成普通的 MP4 再传。", "The length of the film cannot be read. Export it as a plain MP4."))
	case length > maxFilm:
		return Part{}, errs.Bad("content", "moment.film_long", errs.Tf("视频 %.0f 秒，朋友圈最多 30 秒（41082）。请剪短后再传。",
			"The film runs %.0f seconds; a Moment takes 30 (41082). Cut it shorter.", length.Seconds()))
	}
	return Part{Kind: "video", Name: name, Type: "video/mp4"}, nil
}

// filmLength reads how long an MP4 runs from its movie header.
func filmLength(content []byte) (time.Duration, bool) {
	_, head, ok := bytes.Cut(content, []byte("mvhd"))
	if !ok {
		return 0, false
	}
	var scale, length uint64
	switch {
	case len(head) >= 20 && head[0] == 0:
		scale, length = uint64(binary.BigEndian.Uint32(head[12:])), uint64(binary.BigEndian.Uint32(head[16:]))
	case len(head) >= 32 && head[0] == 1:
		scale, length = uint64(binary.BigEndian.Uint32(head[20:])), binary.BigEndian.Uint64(head[24:])
	}
	if scale == 0 || length/scale > 1<<20 {
		return 0, false
	}
	return time.Duration(float64(length) / float64(scale) * float64(time.Second)), true
}
