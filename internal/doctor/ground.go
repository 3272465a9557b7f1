package doctor

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

const (
	diskWarn = 2 << 30   // bytes
	diskBad  = 256 << 20 // bytes
)

// database writes and takes it back: a full disk or a read-only database answers a ping.
func (d *Doctor) database(ctx context.Context) Result {
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("INSERT INTO setting (corp_id, name, value) VALUES ('', 'doctor.probe', '') ON CONFLICT (corp_id, name) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("DELETE FROM setting WHERE corp_id = '' AND name = 'doctor.probe'").Exec(ctx)
		return err
	})
	if err == nil {
		return good(errs.Tf("可写（%s）", "writable (%s)", string(d.DB.Engine)))
	}
	if d.DB.Engine == db.Postgres {
		return failed(Bad, errs.T("PostgreSQL 连不上或不可写", "PostgreSQL cannot be reached or written"),
			errs.T("检查 ZHIYIN_DATABASE_URL、网络和数据库的磁盘；恢复之前回调不会被应答，企业微信会重试。",
				"Look at ZHIYIN_DATABASE_URL, the network and the database's disk. Until then callbacks are not answered, and WeCom repeats them."))
	}
	return failed(Bad, errs.T("SQLite 不可写", "SQLite cannot be written"),
		errs.T("检查数据目录的权限和磁盘空间，并确认没有另一个进程占用它。", "Look at the data directory's rights and disk space, and that no other process holds it."))
}

func (d *Doctor) disk(context.Context) Result {
	free, err := freeBytes(d.DataDir)
	if err != nil {
		return skip(errs.T("这个系统上看不到剩余空间", "free space cannot be seen on this system"))
	}
	detail := errs.Tf("数据目录还剩 %.1f GiB", "%.1f GiB free for the data directory", float64(free)/(1<<30))
	wayOut := errs.T("清出空间，或把数据目录（ZHIYIN_DATA）移到更大的盘。", "Make room, or move the data directory (ZHIYIN_DATA) to a larger disk.")
	switch {
	case free < diskBad:
		return failed(Bad, detail, wayOut)
	case free < diskWarn:
		return failed(Warn, detail, wayOut)
	}
	return good(detail)
}

func (d *Doctor) bus(ctx context.Context) Result {
	if d.Bus(ctx) == nil {
		return good(errs.T("可用", "works"))
	}
	return failed(Bad, errs.T("消息总线没有回应", "the bus does not answer"),
		errs.T("用集群时检查 ZHIYIN_NATS_URL；用内嵌总线时重启本进程。工作都在数据库里，不会丢。",
			"With a cluster look at ZHIYIN_NATS_URL; with the embedded one restart this process. All work is in the database; nothing is lost."))
}

func (d *Doctor) deadLetters(ctx context.Context) Result {
	n, err := d.DeadLetters(ctx)
	switch {
	case err != nil:
		return failed(Bad, errs.T("读不出死信", "dead letters cannot be read"), errs.T("见数据库一项。", "See the database."))
	case n == 0:
		return good(errs.T("没有", "none"))
	}
	return failed(Warn, errs.T(fmt.Sprintf("%d 件工作多次失败后放弃了", n), errs.Count(n, "piece", "pieces")+" of work given up after several failures"),
		errs.T("到设置 → 死信看原因，解决后点重试。", "See Settings, Dead letters for the reasons; mend them and try again."))
}

func (d *Doctor) notice(ctx context.Context) Result {
	told, err := d.Notice(ctx)
	switch {
	case err != nil:
		return failed(Bad, errs.T("读不出告知", "the notice cannot be read"), errs.T("见数据库一项。", "See the database."))
	case told:
		return good(errs.T("已发布", "published"))
	}
	return failed(Warn, errs.T("还没有发布，客户不知道自己的信息用来做什么", "not published: customers are not told what their data is used for"),
		errs.T("到个人信息 → 用途与告知，写好并发布（LAW-01）。", "Write and publish it under Personal data, Purposes and notice (LAW-01)."))
}
