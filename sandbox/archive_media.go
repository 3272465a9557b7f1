package sandbox

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"time"
)

// archiveFile is one file of a message. Its bytes are drawn again whenever they
// are pulled, so that an archive full of pictures keeps a few words for each.
type archiveFile struct {
	id     string
	kind   string
	size   int
	draw   uint64
	made   time.Time
	md5sum string
}

// mediaSizes are the sizes of files nobody gave a size.
var mediaSizes = map[string]int{"image": 0, "voice": 6810, "video": 700 << 10, "emotion": 0, "file": 18181}

// archiveFileLimit keeps an act from asking for more than a machine has.
const archiveFileLimit = 64 << 20

// newArchiveFile makes a file; size 0 takes the usual one. Content never
// becomes shorter than its format needs.
func (s *Sandbox) newArchiveFile(kind string, size int) *archiveFile {
	a := s.world.archive
	if size == 0 {
		size = mediaSizes[kind]
	}
	f := &archiveFile{kind: kind, size: size, draw: hash(s.world.seed, a.seq, uint64(len(a.fileOrder)), hashString("archive file")), made: s.now()}
	data := f.data()
	f.size = len(data)
	sum := md5.Sum(data)
	f.md5sum = hex.EncodeToString(sum[:])
	f.id = letters(96, f.draw, hashString("sdkfileid"))
	a.files[f.id] = f
	a.fileOrder = append(a.fileOrder, f.id)
	return f
}

// data is the content: a true head of its format, then bytes drawn from the
// seed up to the size.
func (f *archiveFile) data() []byte {
	var b bytes.Buffer
	switch f.kind {
	case "image":
		mustEncode(jpeg.Encode(&b, drawnPicture(f.draw), nil))
	case "emotion":
		mustEncode(gif.Encode(&b, drawnPicture(f.draw), nil))
	case "voice":
		b.WriteString("#!AMR\n")
	case "video":
		b.Write([]byte{0, 0, 0, 0x18})
		b.WriteString("ftypmp42\x00\x00\x00\x00mp42isom")
	}
	h := f.draw
	for b.Len() < f.size {
		h = mix(h + gamma)
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], h)
		b.Write(word[:min(8, f.size-b.Len())])
	}
	return b.Bytes()
}

func mustEncode(err error) {
	if err != nil {
		panic("sandbox: draw a picture: " + err.Error())
	}
}

// drawnPicture is a small pattern, different for each draw.
func drawnPicture(draw uint64) image.Image {
	p := image.NewPaletted(image.Rect(0, 0, 48, 48), palette.WebSafe)
	for y := range 48 {
		for x := range 48 {
			p.SetColorIndex(x, y, uint8(hash(draw, uint64(x/8), uint64(y/8))%uint64(len(palette.WebSafe))))
		}
	}
	p.Set(0, 0, color.White)
	return p
}
