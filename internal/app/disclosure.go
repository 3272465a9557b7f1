package app

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/assessment"
	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/disclosure"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/incident"
	"zhiyin.dev/zhiyin/internal/stats"
	"zhiyin.dev/zhiyin/internal/web"
)

// newDisclosures makes the register of receivers and exports.
func (a *App) newDisclosures() (*disclosure.Service, error) {
	key, err := a.Sealer.Derive("export")
	if err != nil {
		return nil, err
	}
	return disclosure.New(disclosure.Config{
		DB: a.DB, World: a.World, Zone: a.Zone, CorpID: a.CorpID, Key: key, Customers: a.Customers.Exporter(a.aroundCustomers()), Live: a.Live.Publish,
		Assessed: a.assessedReceiver, Known: a.knownCustomers,
	}), nil
}

// assessed answers which impact assessments an audience needs and has: sensitive data by the names of tags, automated decisions by what a
// machine judged, be it the platform's own count of silence or a program that gives a tag (LAW-17).
func (a *App) assessed(ctx context.Context, q bun.IDB, tags []string, behaviour bool) (governance.Assessed, error) {
	var kinds []assessment.Kind
	if len(tags) > 0 {
		sensitive, err := a.Tags.SensitiveIn(ctx, q, tags)
		if err != nil {
			return governance.Assessed{}, err
		}
		if len(sensitive) > 0 {
			kinds = append(kinds, assessment.Sensitive)
		}
		automatic, err := a.Assessments.Automatic(ctx, q, tags)
		if err != nil {
			return governance.Assessed{}, err
		}
		behaviour = behaviour || automatic
	}
	if behaviour {
		kinds = append(kinds, assessment.Automated)
	}
	return a.Assessments.Basis(ctx, q, kinds...)
}

func (a *App) assessedMoment(ctx context.Context, tags []string) (governance.Assessed, error) {
	return a.assessed(ctx, a.DB.Read(), tags, false)
}

// assessedReceiver answers which impact assessments a receiver needs and has.
func (a *App) assessedReceiver(ctx context.Context, kind disclosure.Kind, abroad bool) (governance.Assessed, error) {
	kinds := []assessment.Kind{assessment.Entrusting}
	if kind == disclosure.Handler {
		kinds[0] = assessment.Sharing
	}
	if abroad {
		kinds = append(kinds, assessment.Abroad)
	}
	return a.Assessments.Basis(ctx, a.DB.Read(), kinds...)
}

// knownCustomers answers those of ids who are customers within the caller's scope.
func (a *App) knownCustomers(ctx context.Context, ids []string) (out []string, err error) {
	staff, err := scope(ctx)
	if err != nil {
		return nil, err
	}
	for _, lost := range []bool{false, true} {
		found, err := a.Customers.IDs(ctx, customer.Filter{IDs: ids, Scope: staff, Lost: lost}, len(ids))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// givenByToken notes the tags that a program gave through the API.
func (a *App) givenByToken(ctx context.Context, tagIDs []string) error {
	who := web.Caller(ctx).User
	if !strings.HasPrefix(who, "token:") {
		return nil
	}
	return a.Assessments.GivenByToken(ctx, who, tagIDs)
}

func (a *App) newIncidents() *incident.Service {
	return incident.New(incident.Config{
		DB: a.DB, World: a.World, Zone: a.Zone, CorpID: a.CorpID, Audit: a.Audit,
		Around: incident.Around{
			Sent: a.Disclosures.Sent, SentBy: a.Disclosures.SentBy, ExportOf: a.Disclosures.ExportOf, Everybody: a.everybody, CustomersOf: a.Customers.OfMember,
			CorpName: a.corpName,
		},
	})
}

// everybody is all persons of whom something is stored that was known before an instant: customers, who wrote to customer service, and who
// was in a customer group.
func (a *App) everybody(ctx context.Context, before clock.Time) (out []string, err error) {
	for _, f := range []func(ctx context.Context, before clock.Time) ([]string, error){a.Customers.KnownBefore, a.Kf.WroteBefore, a.Groupchats.JoinedBefore} {
		ids, err := f(ctx, before)
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, nil
}

// corpName is the corp's first name on record, else what it is called here.
func (a *App) corpName(ctx context.Context) (string, error) {
	rows, err := a.Governor.Licences(ctx, a.CorpID)
	if err != nil {
		return "", err
	}
	now := a.World.Now()
	for _, l := range rows {
		if s := l.State(now); l.Kind == "identity" && (s == governance.LicenceInForce || s == governance.LicenceExpiring) {
			return l.Holder, nil
		}
	}
	if a.CorpName != "" {
		return a.CorpName, nil
	}
	return a.CorpID, nil
}

func (a *App) aroundIncidents() incident.Neighbours {
	return incident.Neighbours{Staff: a.staffNames, Customers: a.customerNames, Members: a.Customers.MembersOf}
}

// WriteAffected writes whom a leak concerns as a file, for the command line.
func (a *App) WriteAffected(ctx context.Context, w io.Writer, id int64) (incident.List, error) {
	i, err := a.Incidents.Get(ctx, id)
	if err != nil {
		return incident.List{}, err
	}
	found, err := a.Incidents.Affected(ctx, i)
	if err != nil {
		return incident.List{}, err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: a.CorpID, Act: "incident.list", Subject: audit.Of("incident", strconv.FormatInt(id, 10)), Who: audit.Command, At: a.World.Now(),
			Detail: audit.Detail{"affected": len(found.People)},
		})
	})
	if err != nil {
		return incident.List{}, err
	}
	return found, a.Incidents.WriteCSV(ctx, w, found, a.aroundIncidents())
}

// todoDisclosure is exports that wait for a second person, assessments to review, and leaks that are not dealt with.
func (a *App) todoDisclosure(ctx context.Context, staff []string, lang string) (out []stats.Todo, err error) {
	if staff != nil {
		return nil, nil
	}
	if mayCall(ctx, "export.approve") {
		n, err := a.Disclosures.WaitingFor(ctx, web.Caller(ctx).User)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, stats.Todo{
				Kind: "export", Count: n, Link: "/receivers",
				Title:  errs.T(fmt.Sprintf("%d 次客户导出等你审批", n), errs.Count(n, "export of customers waits", "exports of customers wait")+" for your approval").In(lang),
				Detail: errs.T("看用途、接收方和人数，同意后导出的人才能取文件", "Look at purpose, receiver and number; only then its maker gets the file").In(lang),
			})
		}
	}
	if mayCall(ctx, "incident.write") {
		n, err := a.Incidents.Unfinished(ctx)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, stats.Todo{
				Kind: "incident", Count: n, Link: "/incidents",
				Title:  errs.T(fmt.Sprintf("%d 起泄露事件还没有处理完", n), errs.Count(n, "leak is", "leaks are")+" not dealt with yet").In(lang),
				Detail: errs.T("补救、报告主管部门、告知受影响的人，每一步都要记下", "Remedy, tell the authority, tell those concerned: note each step").In(lang),
			})
		}
	}
	if mayCall(ctx, "assessment.write") {
		n, err := a.Assessments.ToReview(ctx)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, stats.Todo{
				Kind: "assessment", Count: n, Link: "/assessments",
				Title:  errs.T(fmt.Sprintf("%d 份影响评估要复审", n), errs.Count(n, "impact assessment", "impact assessments")+" to review").In(lang),
				Detail: errs.T("到期后，靠它的群发、朋友圈和接收方会停下", "Once one is overdue, what rests on it stops").In(lang),
			})
		}
	}
	return out, nil
}
