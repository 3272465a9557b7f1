package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// WorldSpec says what a world is made of; a world file holds one as JSON, and
// what it leaves out is taken from the default world.
type WorldSpec struct {
	Corp      string    `json:"corp"`      // name of root department 1
	Stores    []string  `json:"stores"`    // departments below it
	Staff     int       `json:"staff"`     // S01, S02, ...
	Customers int       `json:"customers"` // distinct people with a live relation
	Groups    int       `json:"groups"`    // customer groups
	Days      int       `json:"days"`      // of history before the start
	Tags      []TagSpec `json:"tags"`
	KF        []string  `json:"kf"` // names of kf accounts
}

// TagSpec is one group of corp tags.
type TagSpec struct {
	Group string   `json:"group"`
	Tags  []string `json:"tags"`
}

// huajian is the default world: a chain of skincare stores that does not exist.
func huajian() WorldSpec {
	return WorldSpec{
		Corp:   "花间集",
		Stores: []string{"春溪店", "夏荷店", "秋桂店", "冬梅店", "朝露店", "晚晴店"},
		Staff:  40, Customers: 3000, Groups: 25, Days: 60,
		Tags: []TagSpec{
			{Group: "肤质", Tags: []string{"干皮", "油皮", "混合皮", "敏感肌"}},
			{Group: "会员等级", Tags: []string{"新客", "银卡", "金卡", "黑金"}},
			{Group: "关注", Tags: []string{"补水", "美白", "抗初老", "防晒", "祛痘"}},
			{Group: "来源", Tags: []string{"门店", "老客推荐", "活动", "社交平台"}},
		},
		KF: []string{"花间集客服", "花间集售后"},
	}
}

// loadWorldSpec reads the world the options name and applies their sizes.
func loadWorldSpec(o Options) (WorldSpec, error) {
	spec := huajian()
	if o.World != "huajian" {
		raw, err := os.ReadFile(o.World)
		if err != nil {
			return spec, fmt.Errorf("read world %q (neither the built-in huajian nor a readable file): %w", o.World, err)
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&spec); err != nil {
			return spec, fmt.Errorf("read world %q: %w", o.World, err)
		}
	}
	if o.Staff > 0 {
		spec.Staff = o.Staff
	}
	if o.Customers > 0 {
		spec.Customers = o.Customers
	}
	if o.Groups > 0 {
		spec.Groups = o.Groups
	}
	if spec.Staff < 2 || len(spec.Stores) == 0 || spec.Days < 1 || spec.Customers < 0 || spec.Groups < 0 {
		return spec, fmt.Errorf("world %q: needs at least 2 staff, 1 store and 1 day of history", o.World)
	}
	return spec, nil
}
