package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestProducts(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"album.products": "2"} })
	const add, get, all, update, del = "externalcontact/add_product_album", "externalcontact/get_product_album", "externalcontact/get_product_album_list", "externalcontact/update_product_album", "externalcontact/delete_product_album"
	image, other := r.attach("image", forAlbum, "a.png", png1x1), r.attach("image", forMoments, "a.png", png1x1)
	pic := func(id string) object { return object{"type": "image", "image": object{"media_id": id}} }
	base := func(name string, v any) object {
		out := object{"description": "水光面膜", "price": 9900, "product_sn": "SN001", "attachments": []object{pic(image)}}
		if v == nil {
			delete(out, name)
		} else if name != "" {
			out[name] = v
		}
		return out
	}
	for _, bad := range []struct {
		code int
		name string
		v    any
	}{
		{41087, "description", nil},
		{41087, "description", ""},
		{41087, "description", strings.Repeat("长", 301)},
		{41086, "price", nil},
		{41086, "price", 5_000_001},
		{41086, "price", -1},
		{41085, "product_sn", "SN-001"},
		{41085, "product_sn", strings.Repeat("a", 129)},
		{41088, "attachments", nil},
		{41064, "attachments", slices.Repeat([]object{pic(image)}, 10)},
		{41065, "attachments", []object{{"type": "video"}}},
		{41072, "attachments", []object{pic(other)}},
		{40007, "attachments", []object{pic("none")}},
	} {
		r.refused(bad.code, add, base(bad.name, bad.v))
	}
	id := fmt.Sprint(r.good(add, base("price", 5_000_000))["product_id"])
	p := r.good(get, object{"product_id": id})["product"].(map[string]any)
	shown := list(p["attachments"])[0].(map[string]any)["image"].(map[string]any)["media_id"]
	if p["product_sn"] != "SN001" || p["price"] != 5e6 || p["create_time"] != float64(testStart.Unix()) || !strings.HasPrefix(fmt.Sprint(shown), "WWCISP_") {
		t.Errorf("product: got %v", p)
	}
	if code, body := r.download(fmt.Sprint(shown), ""); code != 200 || body != png1x1 {
		t.Errorf("its picture: status %d", code)
	}
	r.good(update, object{"product_id": id, "price": 100})
	if p := r.good(get, object{"product_id": id})["product"].(map[string]any); p["price"] != 100.0 || p["description"] != "水光面膜" {
		t.Errorf("what an update leaves out must stay: got %v", p)
	}
	r.good(add, base("", nil))
	r.refused(41202, add, base("", nil))
	first := r.good(all, object{"limit": 1})
	rest := r.good(all, object{"limit": 1, "cursor": first["next_cursor"]})
	row := list(first["product_list"])[0].(map[string]any)
	if row["product_id"] != id || row["create_time"] != nil || len(list(rest["product_list"])) != 1 || rest["next_cursor"] != "" {
		t.Errorf("list: got %v and %v", first, rest)
	}
	r.good(del, object{"product_id": id})
	for _, path := range []string{get, update, del} {
		r.refused(41074, path, object{"product_id": id})
		r.refused(41075, path, object{"product_id": "none"})
		r.refused(41075, path, object{})
	}
	if left := list(r.good(all, object{})["product_list"]); len(left) != 1 {
		t.Errorf("after deleting: got %v", left)
	}
}
