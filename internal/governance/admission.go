package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// ruleAdmission is OWN-03: whom the platform does not serve.
const ruleAdmission = "OWN-03"

// admissionForm is the version of the questions: whoever answered others is asked again.
const admissionForm = 1

// Question asks for something that ends the service when the answer is yes.
type Question struct {
	ID   string
	Text errs.Text
}

// NoneOfIt is a no to every question: what a corp answers that exists in a sandbox only.
func NoneOfIt() map[string]bool {
	out := map[string]bool{}
	for _, q := range Questions() {
		out[q.ID] = false
	}
	return out
}

// Standard is something that a corp may take on of its own will.
type Standard struct {
	ID    string
	Text  errs.Text
	Hosts []string // links to them, and to what lies below, are refused in marketing
}

// Questions are what everybody is asked before the first marketing.
func Questions() []Question {
	return []Question{
		{"gambling", errs.T("经营或推广赌博、博彩、棋牌下分一类的业务", "Run or advertise gambling or betting of any kind")},
		{"pornography", errs.T("经营或推广色情、招嫖、低俗擦边的内容或服务", "Run or advertise pornography, escorts or suggestive content")},
		{"fraud", errs.T("经营或推广诈骗、违禁品、刷单、虚假交易、假证假票", "Run or advertise fraud, illegal goods, fake orders or forged papers")},
		{"ecosystem", errs.T("使用外挂、协议或群控驱动个人微信，批量加人，诱导分享或多级分销", "Use plug-ins, protocols or phone farms on personal WeChat, add people in bulk, induce sharing, or sell by several levels")},
		{"data", errs.T("买卖、交换客户数据，或在客户不知情时监控、画像", "Sell or exchange customers' data, or watch and profile customers without their knowing")},
	}
}

// Standards are what a corp may take on beyond the questions.
func Standards() []Standard {
	return []Standard{{
		"no_taobao", errs.T("不为淘宝、天猫店铺引流：营销里带它们的链接会被拦下", "Bring nobody to Taobao or Tmall shops: marketing with a link to them is refused"),
		[]string{"taobao.com", "tmall.com", "tb.cn"},
	}}
}

// Admission is what a corp answered.
type Admission struct {
	bun.BaseModel `bun:"table:admission"`

	CorpID    string `bun:",pk"`
	Version   int    `bun:",pk"`
	Form      int
	Answers   string // JSON of map[string]bool
	Standards string // JSON of []string
	At        clock.Time
	ByWhom    string
	Demo      bool
}

func (a *Admission) answers() map[string]bool {
	out := map[string]bool{}
	_ = json.Unmarshal([]byte(a.Answers), &out) // written by us
	return out
}

func (a *Admission) standards() []string {
	var out []string
	_ = json.Unmarshal([]byte(a.Standards), &out) // written by us
	return out
}

// refused are the questions that were answered with yes.
func (a *Admission) refused() []Question {
	answers := a.answers()
	return slices.DeleteFunc(Questions(), func(q Question) bool { return !answers[q.ID] })
}

// AdmissionOf reads what the corp answered last; nil when it was not asked yet.
func (g *Governor) AdmissionOf(ctx context.Context, q bun.IDB, corpID string) (*Admission, error) {
	var a Admission
	err := q.NewSelect().Model(&a).Where("corp_id = ?", corpID).OrderExpr("version DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, nil //nolint:nilnil // not being asked yet is no error
	}
	if err != nil {
		return nil, fmt.Errorf("read the admission of %s: %w", corpID, err)
	}
	return &a, nil
}

// Answer keeps what the corp answers to the questions, as a new version. Every question wants an answer.
func (g *Governor) Answer(ctx context.Context, corpID, by string, answers map[string]bool, standards []string, demo bool) (*Admission, error) {
	for _, q := range Questions() {
		if _, ok := answers[q.ID]; !ok {
			return nil, errs.Bad("answers."+q.ID, "admission.missing", errs.T("还没有回答："+q.Text.ZH+"。", "Not answered yet: "+q.Text.EN+"."))
		}
	}
	for id := range answers {
		if !slices.ContainsFunc(Questions(), func(q Question) bool { return q.ID == id }) {
			return nil, errs.Bad("answers."+id, "admission.unknown", errs.Tf("问卷里没有 %s 这一题。", "The questionnaire has no question %s.", id))
		}
	}
	standards = slices.Compact(slices.Sorted(slices.Values(standards)))
	for _, id := range standards {
		if !slices.ContainsFunc(Standards(), func(s Standard) bool { return s.ID == id }) {
			return nil, errs.Bad("standards", "admission.unknown_standard", errs.Tf("没有 %s 这条自定标准。", "There is no standard %s.", id))
		}
	}
	said, err := json.Marshal(answers)
	if err != nil {
		return nil, fmt.Errorf("write the answers: %w", err)
	}
	took, err := json.Marshal(append([]string{}, standards...))
	if err != nil {
		return nil, fmt.Errorf("write the standards: %w", err)
	}
	a := &Admission{CorpID: corpID, Form: admissionForm, Answers: string(said), Standards: string(took), At: g.world.Now(), ByWhom: by, Demo: demo}
	err = g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "admission/"+corpID); err != nil {
			return err
		}
		last, err := g.AdmissionOf(ctx, tx, corpID)
		if err != nil {
			return err
		}
		a.Version = 1
		if last != nil {
			a.Version = last.Version + 1
		}
		if _, err := tx.NewInsert().Model(a).Exec(ctx); err != nil {
			return fmt.Errorf("keep the admission: %w", err)
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: corpID, Act: "admission.answer", Subject: audit.Of("admission", strconv.Itoa(a.Version)), Who: by, At: a.At,
			Detail: audit.Detail{"answers": answers, "standards": standards, "form": admissionForm, "demo": demo},
		})
	})
	return a, err
}

// Admitted says why the corp may not submit marketing with these texts: it was not asked yet, it does what the platform does not
// serve, or a text goes against a standard that it took on itself. What answers a customer's own act never asks.
func (g *Governor) Admitted(ctx context.Context, corpID string, texts ...string) error {
	a, err := g.AdmissionOf(ctx, g.db.Read(), corpID)
	switch {
	case err != nil:
		return err
	case a == nil || a.Form != admissionForm:
		return errs.New(errs.Conflict, "admission.unanswered", errs.T("提交营销之前，请所有者先在「治理 › 准入与拒绝」回答一次准入问卷（OWN-03）。客服回答和欢迎语不受影响。",
			"Before marketing can be submitted, an owner answers the questions under Governance › Admission once (OWN-03). Answers to customers and welcome messages go on."))
	}
	if no := a.refused(); len(no) > 0 {
		return errs.New(errs.Forbidden, "admission.refused", errs.T("准入问卷里答了「是」："+no[0].Text.ZH+"。这样的业务不提供营销触达（OWN-03）。答错了，请所有者重新回答。",
			"The questionnaire says yes to this: "+no[0].Text.EN+". Marketing is not offered for it (OWN-03). If that was a mistake, an owner answers again."))
	}
	for _, s := range Standards() {
		if !slices.Contains(a.standards(), s.ID) {
			continue
		}
		for _, text := range texts {
			if host := s.finds(text); host != "" {
				return errs.Bad("text", "admission.standard", errs.T("企业自定的标准不允许这个链接（"+host+"）："+s.Text.ZH+"（OWN-03）。去掉链接，或请所有者修改标准。",
					"A standard of your own refuses this link ("+host+"): "+s.Text.EN+" (OWN-03). Take it out, or ask an owner to change the standard."))
			}
		}
	}
	return nil
}

// finds answers the host of a link in the text that the standard refuses; "" = none.
func (s Standard) finds(text string) string {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r <= ' ' || r > 0x7e || strings.ContainsRune(`"'<>()[]{},`, r) }) {
		if !strings.Contains(word, "://") {
			word = "https://" + word
		}
		u, err := url.Parse(word)
		if err != nil {
			continue
		}
		for _, h := range s.Hosts {
			if host := u.Hostname(); host == h || strings.HasSuffix(host, "."+h) {
				return host
			}
		}
	}
	return ""
}
