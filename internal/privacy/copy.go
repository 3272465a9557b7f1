package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// copyFormat names the form of a copy; it changes when a reader of the former one could not read the new one.
const copyFormat = "zhiyin.person/1"

// Copy is everything that is stored of one person (LAW-09), in a form that another program can take over (LAW-11).
type Copy struct {
	Format     string      `json:"format" doc:"zhiyin.person/1"`
	MadeAt     time.Time   `json:"made_at"`
	CorpID     string      `json:"corp_id"`
	CustomerID string      `json:"customer_id"`
	Note       string      `json:"note" doc:"what the copy holds and what not"`
	Names      CopyNames   `json:"names" doc:"what ids in the rows stand for"`
	Tables     []CopyTable `json:"tables" doc:"only those with rows"`
}

// CopyNames are the names of what rows speak of.
type CopyNames struct {
	Tags    map[string]string `json:"tags"`
	Members map[string]string `json:"members"`
	Groups  map[string]string `json:"groups"`
}

// CopyTable is what one table holds of the person.
type CopyTable struct {
	Table    string           `json:"table"`
	Title    string           `json:"title"`
	Purpose  string           `json:"purpose" doc:"why it is stored"`
	Kept     string           `json:"kept" doc:"how long"`
	Personal []string         `json:"personal" doc:"the columns that tell something of the person"`
	Rows     []map[string]any `json:"rows"`
}

// errNobody says that nothing is stored of a person.
func errNobody() error {
	return errs.New(errs.NotFound, "privacy.nobody", errs.T("没有这位客户的任何信息。请核对客户 ID。", "Nothing is stored of this person. Check the id."))
}

// CopyOf reads everything that is stored of a person, in one snapshot.
func (s *Service) CopyOf(ctx context.Context, customerID, lang string) (*Copy, error) {
	known, err := s.known(ctx, customerID)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, errNobody()
	}
	periods, _, err := s.Periods(ctx)
	if err != nil {
		return nil, err
	}
	out := &Copy{
		Format: copyFormat, MadeAt: s.World.Now().In(s.Zone), CorpID: s.CorpID, CustomerID: customerID, Tables: []CopyTable{},
		Note: errs.T("这是本平台保存的关于这位客户的全部内容，按表列出；没有内容的表不列。企业微信自己保存的内容（聊天记录、好友关系）不在其中。时间都带时区，id 以文字写出。",
			"This is all that this platform stores of the person, table by table; tables without rows are left out. What WeCom itself keeps (chats, the contact) is not in it. Times have their zone, ids are written as texts.").In(lang),
	}
	purposes := purposes()
	for _, t := range s.Data.Tables {
		if !t.names() {
			continue
		}
		rows, err := s.rowsOf(ctx, t, customerID)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		out.Tables = append(out.Tables, CopyTable{
			Table: t.Table, Title: t.Title.In(lang), Purpose: purposes[t.Purpose].In(lang), Kept: periods.words(t.Keep).In(lang), Personal: t.Personal, Rows: rows,
		})
	}
	out.Names, err = s.namesIn(ctx, out.Tables)
	return out, err
}

func (s *Service) rowsOf(ctx context.Context, t Table, customerID string) ([]map[string]any, error) {
	where, args := t.rows(s.CorpID, customerID)
	var rows []map[string]any
	err := s.DB.Read().NewSelect().TableExpr(t.Table).Column(t.columns()...).Where(where, args...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("copy what %s holds of a person: %w", t.Table, err)
	}
	for _, row := range rows {
		if err := s.readable(ctx, t, row); err != nil {
			return nil, err
		}
		if t.Table == "audit_entry" {
			alone(row, customerID)
		}
	}
	return rows, nil
}

// readable opens what is sealed, spells out what is shared, and writes times and ids so that every reader takes them right.
func (s *Service) readable(ctx context.Context, t Table, row map[string]any) error {
	for column, v := range row {
		if b, ok := v.([]byte); ok {
			row[column] = string(b)
		}
	}
	for column, pattern := range t.Sealed {
		sealed, _ := row[column].(string)
		if sealed == "" {
			continue
		}
		plain, err := s.Seal.Open(sealed, place(pattern, row))
		if err != nil {
			return fmt.Errorf("open %s.%s: %w", t.Table, column, err)
		}
		row[column] = plain
	}
	for column, v := range row {
		switch v := v.(type) {
		case string:
			if t.Table == "touch" && strings.HasPrefix(v, "@") && (column == "texts" || column == "why") {
				var words string
				err := s.DB.Read().NewRaw("SELECT words FROM touch_words WHERE corp_id = ? AND hash = ?", s.CorpID, v[1:]).Scan(ctx, &words)
				if err != nil {
					return fmt.Errorf("spell out the words of a touch: %w", err)
				}
				row[column] = words
			}
			if plain, ok := row[column].(string); ok && (strings.HasPrefix(plain, "{") || strings.HasPrefix(plain, "[")) && json.Valid([]byte(plain)) {
				row[column] = json.RawMessage(plain)
			}
		case int64:
			switch {
			case isFlag(column): // SQLite answers 0 and 1
				row[column] = v != 0
			case isTime(column) && v > 0:
				row[column] = clock.Time(v).In(s.Zone).Format(time.RFC3339)
			case isTime(column):
				row[column] = nil
			case column == "id" || strings.HasSuffix(column, "_id") || column == "displaced_by" || column == "print":
				row[column] = fmt.Sprint(v)
			}
		}
	}
	return nil
}

// alone leaves the person alone in an entry of the log that names whom a list showed: the others are nothing of theirs.
func alone(row map[string]any, customerID string) {
	raw, _ := row["detail"].(json.RawMessage)
	var detail map[string]any
	if json.Unmarshal(raw, &detail) != nil || detail["customers"] == nil {
		return
	}
	detail["customers"] = []string{customerID}
	row["detail"] = detail
}

func isFlag(column string) bool {
	return slices.Contains([]string{"live", "late", "seen_only", "planned", "by_staff", "held", "grave", "urgent", "no_traits", "winback", "traits", "unbound", "own"}, column)
}

func isTime(column string) bool {
	return column == "at" || column == "since" || strings.HasSuffix(column, "_at") || strings.HasSuffix(column, "_until") || strings.HasSuffix(column, "_since")
}

func (s *Service) namesIn(ctx context.Context, tables []CopyTable) (CopyNames, error) {
	n := CopyNames{}
	for _, what := range []struct {
		into    *map[string]string
		table   string
		columns []string
	}{{&n.Tags, "tag", []string{"tag_id"}}, {&n.Members, "staff", []string{"staff_id", "invitor_id"}}, {&n.Groups, "groupchat", []string{"chat_id"}}} {
		*what.into = map[string]string{}
		var ids []string
		for _, t := range tables {
			for _, row := range t.Rows {
				for _, c := range what.columns {
					if id, _ := row[c].(string); id != "" && !slices.Contains(ids, id) {
						ids = append(ids, id)
					}
				}
			}
		}
		if len(ids) == 0 {
			continue
		}
		var rows []struct{ ID, Name string }
		err := s.DB.Read().NewSelect().TableExpr(what.table).Column("id", "name").Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(ids)).Scan(ctx, &rows)
		if err != nil {
			return n, fmt.Errorf("read the names of a copy: %w", err)
		}
		for _, r := range rows {
			(*what.into)[r.ID] = r.Name
		}
	}
	return n, nil
}
