package tag_test

import (
	"errors"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/tag"
)

// refusedFor wants an error of a code at a field.
func refusedFor(t *testing.T, err error, code, field string) {
	t.Helper()
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != code || e.Field != field {
		t.Fatalf("%v, want %s at %s", err, code, field)
	}
}

// sensitive answers the one sensitive tag of a name.
func sensitive(t *testing.T, p *apptest.Platform, name string) *tag.Sensitive {
	t.Helper()
	all, err := p.Tags.Sensitive(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

func TestASensitiveTagNeedsAReasonAndAConsentOfItsOwn(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		ctx := t.Context()
		if all, err := p.Tags.Sensitive(ctx, nil); err != nil || len(all) != 0 {
			t.Fatalf("the shop's own tags, 敏感肌 among them: %+v %v", all, err)
		}
		lawful, err := p.Tags.Make(ctx, "S01", "", "口味", []string{"偏好清淡口味"}, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Tags.Make(ctx, "S01", "", "会员资料", []string{"新客", "糖尿病"}, "")
		refusedFor(t, err, "tag.sensitive", "reason")
		_, err = p.Tags.Make(ctx, "S01", "", "宗教", []string{"有"}, "")
		refusedFor(t, err, "tag.sensitive", "reason") // the group says what it means
		_, err = p.Tags.Make(ctx, "S01", "", "会员资料", []string{"糖尿病"}, "嗯")
		refusedFor(t, err, "tag.reason", "reason")
		if _, ok := find(t, p, "糖尿病"); ok {
			t.Fatal("it was made all the same")
		}
		made, err := p.Tags.Make(ctx, "S01", "", "会员资料", []string{"控糖会员", "糖尿病"}, "营养师按医嘱配餐，要避开高糖的菜")
		if err != nil || len(made.Tags) != 2 {
			t.Fatalf("%+v %v", made, err)
		}
		one := sensitive(t, p, "糖尿病")
		if one == nil || one.Class != "health" || one.Need == nil || one.Need.MadeBy != "S01" || one.Need.MadeAt == 0 || one.Consent != nil || sensitive(t, p, "控糖会员") != nil {
			t.Fatalf("%+v", one)
		}
		refusedFor(t, p.Tags.Consented(ctx, "audience.tags", lawful.Tags[0].ID, one.ID), "tag.no_consent", "audience.tags")
		if err := p.Tags.Consented(ctx, "audience.tags", lawful.Tags[0].ID); err != nil {
			t.Fatal(err)
		}
		_, err = p.Tags.SetConsent(ctx, one.ID, "S01", "有")
		refusedFor(t, err, "tag.reason", "reason")
		if _, err := p.Tags.SetConsent(ctx, lawful.Tags[0].ID, "S01", "到店签署的同意书"); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("a consent for a tag that needs none: %v", err)
		}
		if _, err := p.Tags.SetConsent(ctx, one.ID, "S02", "到店签署的单独同意书，存店长处"); err != nil {
			t.Fatal(err)
		}
		if err := p.Tags.Consented(ctx, "audience.tags", one.ID); err != nil {
			t.Fatalf("with a consent on record: %v", err)
		}
		if c := sensitive(t, p, "糖尿病").Consent; c == nil || c.MadeBy != "S02" || !strings.Contains(c.Reason, "同意书") {
			t.Fatalf("%+v", c)
		}

		// A consent is for what the tag said then.
		refusedFor(t, p.Tags.RenameBy(ctx, "S01", one.ID, "抑郁", ""), "tag.sensitive", "reason")
		if err := p.Tags.RenameBy(ctx, "S01", one.ID, "抑郁", "心理门诊的随访"); err != nil {
			t.Fatal(err)
		}
		refusedFor(t, p.Tags.Consented(ctx, "audience.tags", one.ID), "tag.no_consent", "audience.tags")
		if _, err := p.Tags.SetConsent(ctx, one.ID, "S02", "到店签署的单独同意书，存店长处"); err != nil {
			t.Fatal(err)
		}
		if err := p.Tags.EndConsent(ctx, one.ID, "S02"); err != nil {
			t.Fatal(err)
		}
		refusedFor(t, p.Tags.Consented(ctx, "audience.tags", one.ID), "tag.no_consent", "audience.tags")
		if err := p.Tags.EndConsent(ctx, one.ID, "S02"); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("ended twice: %v", err)
		}
		if err := p.Tags.RenameBy(ctx, "S01", one.ID, "老朋友", ""); err != nil || sensitive(t, p, "老朋友") != nil {
			t.Fatalf("renamed to what tells nothing: %v", err)
		}
	})
}

// A notice that does not say that such data is used stands against it, whatever consent is on record (LAW-01).
func TestASensitiveTagHasToBeNamedInTheNotice(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		ctx := t.Context()
		made, err := p.Tags.Make(ctx, "S01", "", "会员资料", []string{"糖尿病"}, "营养师按医嘱配餐，要避开高糖的菜")
		if err != nil {
			t.Fatal(err)
		}
		id := made.Tags[0].ID
		if _, err := p.Tags.SetConsent(ctx, id, "S02", "到店签署的单独同意书"); err != nil {
			t.Fatal(err)
		}
		if err := p.Tags.Consented(ctx, "audience.tags", id); err != nil {
			t.Fatalf("without a notice: %v", err)
		}
		text := governance.NoticeText{ZH: "测试用的告知"}
		body := governance.NoticeBody{Who: text, How: text, Keep: text, Rights: text, Purposes: []governance.NoticePurpose{{ID: governance.ForService, Text: text}}}
		if _, err := p.Governor.PublishNotice(ctx, p.CorpID, "S01", body, false, "第一版"); err != nil {
			t.Fatal(err)
		}
		refusedFor(t, p.Tags.Consented(ctx, "audience.tags", id), "tag.not_in_notice", "audience.tags")
		body.Purposes = append(body.Purposes, governance.NoticePurpose{ID: governance.ForSensitive, Text: text})
		if _, err := p.Governor.PublishNotice(ctx, p.CorpID, "S01", body, false, "写明敏感信息"); err != nil {
			t.Fatal(err)
		}
		if err := p.Tags.Consented(ctx, "audience.tags", id); err != nil {
			t.Fatalf("with a notice that names it: %v", err)
		}
	})
}
