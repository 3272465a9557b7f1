// Package setting keeps what is set in the console: sealed in the database, under the names of internal/config. Flags,
// environment and file win over it; what they set cannot be changed here, and the console says so.
//
// Current answers one finished configuration that never changes; after a change there is a new one, and OnChange is told.
package setting

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/seal"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Sealer *seal.Sealer
	// Read answers what flags, environment and file say: config.Load.
	Read func() (*config.Config, error)
}

// Service reads and changes settings.
type Service struct {
	Config

	// OnChange is told after a change with the new configuration. Fill it before the first change.
	OnChange []func(c *config.Config)

	current atomic.Pointer[config.Config]
	mu      sync.Mutex // one change at a time
}

type row struct {
	bun.BaseModel `bun:"table:setting"`

	CorpID string `bun:",pk"` // '' = of this installation: the corp itself is one of the settings
	Name   string `bun:",pk"`
	Value  string
	Sealed bool
}

// Open reads all settings.
func Open(ctx context.Context, c Config) (*Service, error) {
	s := &Service{Config: c}
	return s, s.Reload(ctx)
}

// Current is the configuration as it is now. It is not to be written to.
func (s *Service) Current() *config.Config { return s.current.Load() }

// Reload reads the settings again, for example because another node changed them.
func (s *Service) Reload(ctx context.Context) error {
	values, err := s.values(ctx)
	if err != nil {
		return err
	}
	c, err := s.with(values)
	if err != nil {
		return err
	}
	s.current.Store(c)
	return nil
}

func (s *Service) with(values map[string]string) (*config.Config, error) {
	c, err := s.Read()
	if err != nil {
		return nil, err
	}
	c = c.Clone() // whoever gave it may keep it
	_, err = c.Lay(values)
	return c, err
}

func place(name string) string { return "setting/" + name }

func known() map[string]config.Variable {
	out := map[string]config.Variable{}
	for _, v := range config.Variables() {
		if v.Console {
			out[v.Name] = v
		}
	}
	return out
}

func (s *Service) values(ctx context.Context) (map[string]string, error) {
	var rows []row
	if err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ''").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	names := known()
	out := map[string]string{}
	for _, r := range rows {
		if _, ok := names[r.Name]; !ok {
			continue // of another package, or of another version
		}
		if r.Sealed {
			plain, err := s.Sealer.Open(r.Value, place(r.Name))
			if err != nil {
				return nil, fmt.Errorf("read settings: %w", err)
			}
			r.Value = plain
		}
		out[r.Name] = r.Value
	}
	return out, nil
}

// Set changes settings by the names of internal/config; an empty value removes one. All of them change or none.
func (s *Service) Set(ctx context.Context, change map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := known()
	values, err := s.values(ctx)
	if err != nil {
		return err
	}
	for name, value := range change {
		if _, ok := names[name]; !ok {
			return errs.New(errs.Invalid, "setting.unknown", errs.Tf("没有 %s 这个设置。", "There is no setting %s.", name))
		}
		if src := s.Current().Source(name); src != config.Default && src != config.Console {
			return errs.New(errs.Conflict, "setting.environment", errs.Tf("%s 已由启动配置设定，请在那里修改后重启。",
				"%s is set by flag, environment or file. Change it there and restart.", name))
		}
		if value == "" {
			delete(values, name)
			continue
		}
		if err := config.Accepts(name, value); err != nil {
			return errs.New(errs.Invalid, "setting.invalid", errs.Tf("%s 不正确：%s", "%s %s", name, err.Error()))
		}
		values[name] = value
	}
	next, err := s.with(values)
	var bad *config.Error
	if errors.As(err, &bad) && len(bad.Problems) > 0 {
		p := bad.Problems[0]
		return errs.New(errs.Invalid, "setting.invalid", errs.Tf("%s 不正确：%s", "%s %s", p.Variable, p.Text))
	}
	if err != nil {
		return err
	}
	if err := s.store(ctx, names, change); err != nil {
		return err
	}
	s.current.Store(next)
	for _, tell := range s.OnChange {
		tell(next)
	}
	return nil
}

func (s *Service) store(ctx context.Context, names map[string]config.Variable, change map[string]string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for name, value := range change {
			if value == "" {
				if _, err := tx.NewDelete().Model((*row)(nil)).Where("corp_id = '' AND name = ?", name).Exec(ctx); err != nil {
					return fmt.Errorf("remove setting %s: %w", name, err)
				}
				continue
			}
			if err := s.put(ctx, tx, name, value, names[name].Secret); err != nil {
				return err
			}
		}
		if corpID := s.Current().CorpID; corpID != "" { // without a corp there is no log of its yet
			return audit.Log(ctx, tx, audit.Entry{
				CorpID: corpID, Act: "settings.set", Subject: audit.Of("settings", ""), Detail: audit.Detail{"names": slices.Sorted(maps.Keys(change))},
			})
		}
		return nil
	})
}

func (s *Service) put(ctx context.Context, tx *db.Tx, name, value string, secret bool) error {
	r := row{Name: name, Value: value, Sealed: secret}
	if secret {
		sealed, err := s.Sealer.Seal(value, place(name))
		if err != nil {
			return err
		}
		r.Value = sealed
	}
	_, err := tx.NewInsert().Model(&r).On("CONFLICT (corp_id, name) DO UPDATE").Set("value = EXCLUDED.value").Set("sealed = EXCLUDED.sealed").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store setting %s: %w", name, errors.New("the database refused it")) // its error could repeat the value
	}
	return nil
}

// sandboxMark marks a database whose customers are a sandbox's.
const sandboxMark = "mark.sandbox"

// MarkSandbox marks the data as a sandbox's or a demo's, for good.
func MarkSandbox(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := row{Name: sandboxMark, Value: "1"}
		if _, err := tx.NewInsert().Model(&r).On("CONFLICT (corp_id, name) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("mark the data as a sandbox's: %w", err)
		}
		return nil
	})
}

// OfSandbox says whether the data was marked: serve refuses it with the official host.
func OfSandbox(ctx context.Context, d *db.DB) (bool, error) {
	n, err := d.Read().NewSelect().Model((*row)(nil)).Where("corp_id = '' AND name = ?", sandboxMark).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look whose data this is: %w", err)
	}
	return n > 0, nil
}
