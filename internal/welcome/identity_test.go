package welcome

import (
	"testing"

	"zhiyin.dev/zhiyin/internal/governance"
)

func TestAWelcomeSaysWhichCompanyAndWhichMember(t *testing.T) {
	t.Parallel()
	xx := []string{"xx门店有限公司", "xx门店"} // as the rules read it
	for name, c := range map[string]struct {
		names []string
		text  string
		want  int
	}{
		"neither":                        {xx, "您好,欢迎光临", 2},
		"both, written out":              {xx, "您好,我是xx门店顾问小林", 0},
		"both, by the mark":              {xx, "你好,我是xx门店的{员工}", 0},
		"only the company":               {xx, "欢迎来到xx门店", 1},
		"only the member":                {xx, "我叫林青", 1},
		"an adviser without a name":      {xx, "我是xx门店的护肤顾问。有问题请说", 1},
		"nobody knows what it is called": {nil, "我是{员工}", 1},
	} {
		got := nameless(c.names, c.text)
		if len(got) != c.want {
			t.Errorf("%s: %+v, want %d", name, got, c.want)
		}
		for _, f := range got {
			if f.RuleID != ruleIdentity || f.Severity != governance.Warn || f.Reason.EN == "" || f.WayOut.ZH == "" {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}
