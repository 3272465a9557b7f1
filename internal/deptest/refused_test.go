package deptest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// absence shows that one refused function is not there: no route of ours, no call of WeCom and no method of the client looks like
// it, no package for it is in the build, or the text that would do it is blocked.
type absence struct {
	name    string // how a route or a call for it would be named
	modules string // how a package for it would be named
	blocked []string
	rule    string // a rule of rules_test.go that stands in the way
	holds   string // file and text without which it would be possible
}

var refused = map[string]absence{
	"personal_client":  {modules: `wechaty|itchat|openwechat|wechat-?bot|wetool|wcferry`, name: `personal[-_]?(account|wechat)|wechat[-_]?login`},
	"hooks":            {modules: `xposed|frida|substrate|ipad-?protocol|adb\b`, name: `bulk[-_]?register|assist[-_]?verif|register[-_]?accounts?|inject|replay[-_]?protocol|emulator`},
	"bulk_contacts":    {name: `(add|invite|request)[-_]?(friend|contact)s?([/"]|$)|friend[-_]?request|auto[-_]?add|(del|delete|remove)[-_]?(friend|external_?contact)s?([/"]|$)`},
	"probing":          {name: `zombie|clean[-_]?friends|probe`},
	"unconfirmed_mass": {name: `send[-_]?(now|directly|without)|force[-_]?send|mass[-_]?send([/"]|$)|confirm[-_]?(task|for)`},
	"personal_autochat": {
		name: `auto[-_]?chat|(staff|member|personal)[-_/]?auto[-_]?(reply|answer)`,
	},
	"location":         {name: `nearby|fake[-_]?location|virtual[-_]?location|people[-_]?nearby|geo`},
	"tampering":        {name: `step[-_]?count|grab[-_]?red|multi[-_]?open|emulator[-_]?login|skin`},
	"copied_moments":   {name: `(forward|copy|clone|repost)[-_]?moment|moments?/[^"]*(forward|copy|clone|repost)`},
	"others_groups":    {name: `(join|enter|scan)[-_]?(foreign|other)[-_]?(group|chat)|group[-_]?(crawl|scrape|post)`},
	"pulling":          {name: `(add|pull|invite)[-_]?(member|customer|people)s?[-_]?(to|into)|groupchats?/[^"]*(invite|pull)`},
	"friend_import":    {name: `import[-_]?(friend|contact|customer)s?([/"]|$)|(friend|contact|customer)s?/import|(search|find)[-_]?by[-_]?phone`},
	"induced_sharing":  {name: `fission|referral|bargain|help[-_]?cut|collect[-_]?likes|share[-_]?(reward|unlock)`, blocked: []string{"转发此图到朋友圈截图给我，领取20元红包", "快帮我砍一刀，还差3个好友就能免费拿", "朋友圈集赞38个，到店免费领面膜一盒"}},
	"waking_codes":     {name: `taokouling|tao[-_]?code|wake[-_]?app`, blocked: []string{"复制这段内容￥AbC12xYz￥打开淘宝即可看到"}},
	"cloaked_links":    {name: `cloak|rotat(e|ing)[-_]?(link|domain)|anti[-_]?block`},
	"illegal_trades":   {name: `betting|casino`, blocked: []string{"注册就送38彩金，首存翻倍，六合彩特码内部资料", "本市上门服务，美女全套，加微信看照片", "招兼职刷单员，一单一结，日赚300"}},
	"personas":         {name: `persona|fake[-_]?(name|profile|avatar)`},
	"monitoring":       {name: `spy|monitor[-_]?(chat|talk|staff)|screen[-_]?(record|shot)|key[-_]?log`},
	"data_trade":       {name: `(sell|share|exchange|trade)[-_]?(data|customers?|contacts?)|data[-_]?market`},
	"sensitive_traits": {name: `(infer|guess|predict)[-_]?(location|health|religion|ethnic|income)|trait`},
	"unlabelled_bots":  {name: `bot[-_]?(persona|disguise)|hide[-_]?bot`, modules: `openai|langchain|anthropic|ollama`},
	"volume_boards":    {name: `leaderboard|ranking|top[-_]?senders?`},
	"night_marketing":  {name: `night[-_]?(send|marketing)|ignore[-_]?(quiet|hours)|skip[-_]?(quiet|hours)`, holds: `internal/governance/policy/data/fatigue.json|"to": "21:00"`},
	"past_the_ledger":  {name: `bypass|skip[-_]?(ledger|governance|check)|without[-_]?permit|raw[-_]?send`, rule: "one gate to people"},
}

// TestRefusedFunctionsAreAbsent has one test for each function on the list that the console shows, and none that is not on it.
func TestRefusedFunctionsAreAbsent(t *testing.T) {
	t.Parallel()
	p, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.New(p)
	if err != nil {
		t.Fatal(err)
	}
	names, modules := surface(t)
	if len(p.Refusals) != len(refused) {
		t.Errorf("the list holds %d functions, the tests are of %d", len(p.Refusals), len(refused))
	}
	for _, r := range p.Refusals {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			a, ok := refused[r.ID]
			if !ok {
				t.Fatal("nothing shows that it is absent: add it to refused")
			}
			if p.Rule(r.Rule) == nil {
				t.Errorf("it names the rule %s, which the policy does not have", r.Rule)
			}
			for _, w := range []policy.Words{r.Title, r.Reason, r.Way} {
				if w.ZH == "" || w.EN == "" {
					t.Error("title, reason and lawful way are told in both languages")
				}
			}
			a.check(t, g, names, modules)
		})
	}
}

func (a absence) check(t *testing.T, g *guard.Guard, names []string, modules string) {
	t.Helper()
	like := regexp.MustCompile(a.name)
	for _, n := range names {
		if like.MatchString(n) {
			t.Errorf("%s looks like it", n)
		}
	}
	if a.modules != "" {
		if m := regexp.MustCompile("(?i)" + a.modules).FindString(modules); m != "" {
			t.Errorf("the build names %s", m)
		}
	}
	for _, text := range a.blocked {
		if _, blocks := g.Check("marketing", "mass_customer", guard.Field{Name: "text", Text: text}).Blocking(); !blocks {
			t.Errorf("%q can be sent", text)
		}
	}
	if a.rule != "" && !slices.ContainsFunc(ours.rules(), func(r rule) bool { return r.name == a.rule }) {
		t.Errorf("the rule %q is gone", a.rule)
	}
	if file, text, ok := strings.Cut(a.holds, "|"); ok {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil || !strings.Contains(string(b), text) {
			t.Errorf("%s does not hold %q any more: %v", file, text, err)
		}
	}
}

// surface is the names of everything that can be asked of the platform or asked of WeCom by it: routes and operations, calls of the
// catalogue, methods of the client, commands. And the names of all that is built in.
func surface(t *testing.T) (names []string, modules string) {
	t.Helper()
	read := func(parts ...string) string {
		b, err := os.ReadFile(filepath.Join(append([]string{root}, parts...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	api, calls := read("console", "src", "api", "types.gen.ts"), read("spec", "catalogue.json")
	for _, p := range regexp.MustCompile(`"(/[a-z][^"\s]*)"`).FindAllStringSubmatch(api+calls, -1) {
		names = append(names, strings.ToLower(p[1]))
	}
	for _, p := range regexp.MustCompile(`operations\["([a-z-]+)"\]`).FindAllStringSubmatch(api, -1) {
		names = append(names, p[1])
	}
	for _, dir := range []string{"wecom", "wecom/outreach", "cmd/zhiyin"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`func \(\w+ \*?\w+\) ([A-Z]\w+)`).FindAllStringSubmatch(string(b), -1) {
				names = append(names, strings.ToLower(m[1]))
			}
		}
	}
	if len(names) < 300 {
		t.Fatalf("only %d names found: are the places right?", len(names))
	}
	for _, f := range []string{"go.mod", "go.sum", "console/package-lock.json", "e2e/package-lock.json"} {
		modules += read(filepath.FromSlash(f))
	}
	return names, modules
}

func TestNoLibraryDrivesAPersonalClient(t *testing.T) {
	t.Parallel()
	plugin := regexp.MustCompile(`(?i)wechaty|itchat|openwechat|wechat-?bot|wetool|xposed|frida|substrate|wcferry|ipad-?protocol`)
	_, modules := surface(t)
	if m := plugin.FindString(modules); m != "" {
		t.Errorf("the build names %s: no code may drive a personal WeChat client (ACC-01)", m)
	}
}
