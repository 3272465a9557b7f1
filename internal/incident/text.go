package incident

import (
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Texts are what the law wants to be said, ready to be read over and sent by a person.
type Texts struct {
	Authority errs.Text
	Persons   errs.Text
}

// textsOf makes them of the record: kinds of data, cause and possible harm; what was done and what people can do; how to reach the corp.
func textsOf(i *Incident, corp string, l List, zone *time.Location) Texts {
	when := i.Since.In(zone).Format("2006-01-02 15:04")
	zhUntil, enUntil := "目前还没有堵上", "it is still open"
	if i.Until != 0 {
		at := i.Until.In(zone).Format("2006-01-02 15:04")
		zhUntil, enUntil = "于 "+at+" 堵上", "it was closed at "+at
	}
	found := i.FoundAt.In(zone).Format("2006-01-02 15:04")
	zhRemedies, enRemedies := i.Remedies, i.Remedies
	if zhRemedies == "" {
		zhRemedies, enRemedies = "正在采取，另行补充", "being taken; to be told later"
	}
	zhCount, enCount := fmt.Sprintf("%d 人，按访问和导出记录逐人列出", len(l.People)), errs.Count(len(l.People), "person", "persons")+", listed one by one from the records of access and export"
	if i.Kind == Everything {
		zhCount, enCount = fmt.Sprintf("全部 %d 人", len(l.People)), "all "+errs.Count(len(l.People), "person", "persons")
	}
	if l.Unrecorded {
		zhCount = fmt.Sprintf("最多 %d 人；记录不足以排除任何人，按全部计", len(l.People))
		enCount = "at most " + errs.Count(len(l.People), "person", "persons") + "; the records exclude nobody, so everybody counts"
	}
	return Texts{
		Authority: errs.T(
			lines(
				"个人信息泄露事件报告", "",
				"报告单位："+corp, "联系方式："+i.Contact, "",
				"一、事件："+i.Title,
				"发生时间：自 "+when+" 起，"+zhUntil+"；发现时间："+found,
				"二、涉及的个人信息种类："+i.DataKinds,
				"三、涉及人数："+zhCount,
				"四、原因："+i.Cause,
				"五、可能造成的危害："+i.Harm,
				"六、已采取的补救措施："+zhRemedies,
				"七、个人可以采取的减轻危害的措施："+i.Advice,
			),
			lines(
				"Report of a leak of personal data", "",
				"From: "+corp, "Contact: "+i.Contact, "",
				"1. What happened: "+i.Title,
				"When: since "+when+"; "+enUntil+". Found: "+found,
				"2. Kinds of personal data: "+i.DataKinds,
				"3. Persons concerned: "+enCount,
				"4. Cause: "+i.Cause,
				"5. Possible harm: "+i.Harm,
				"6. Remedies taken: "+enRemedies,
				"7. What the persons can do: "+i.Advice,
			)),
		Persons: errs.T(
			lines(
				"您好，我们是"+corp+"。您的个人信息可能被泄露，按法律规定告知您：",
				"发生了什么："+i.Cause,
				"涉及您的哪些信息："+i.DataKinds,
				"可能的影响："+i.Harm,
				"我们做了什么："+zhRemedies,
				"您可以做什么："+i.Advice,
				"联系我们："+i.Contact,
			),
			lines(
				"This is "+corp+". Your personal data may have been leaked; by law we tell you:",
				"What happened: "+i.Cause,
				"Which of your data: "+i.DataKinds,
				"What it may lead to: "+i.Harm,
				"What we did: "+enRemedies,
				"What you can do: "+i.Advice,
				"How to reach us: "+i.Contact,
			)),
	}
}

func lines(text ...string) string { return strings.Join(text, "\n") }
