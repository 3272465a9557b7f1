package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// imageFamily serves the pictures that answers point at: QR codes and avatars.
func imageFamily() family {
	return family{pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){
		"GET /qr/{id}":       serveQR,
		"GET /avatar/{name}": serveAvatar,
	}}
}

// qrURL is the picture of a contact way or join way.
func (c *call) qrURL(id string) string { return c.base + "/qr/" + id }

func serveQR(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	s.mu.Lock()
	_, way := s.world.wayIndex[id]
	_, join := s.world.joinIndex[id]
	_, member := s.world.staffByID(strings.TrimPrefix(id, "member-"))
	corp := s.now().Before(s.world.joinCodes[id])
	size := 300
	if n, err := strconv.Atoi(r.URL.Query().Get("size")); err == nil && corp && slices.Contains(joinQRSizes, n) {
		size = n
	}
	s.mu.Unlock()
	if !way && !join && !member && !corp {
		http.NotFound(w, r)
		return
	}
	png, err := qrcode.Encode(requestBase(r)+"/qr/"+id, qrcode.Medium, size)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(png) // a reader that went away is not our error
}

func serveAvatar(_ *Sandbox, w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(strings.TrimSuffix(r.PathValue("name"), ".svg"), 10, 32)
	if err != nil || n < 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "max-age=86400")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="%s"/>`+
		`<text x="32" y="42" font-size="28" text-anchor="middle" fill="#fff">%c</text></svg>`,
		avatarColour(hash(uint64(n))), []rune(customerName(int32(n)))[1])
}
