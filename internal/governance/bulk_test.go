package governance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// BenchmarkReserve is the cost of one of 10,000 reservations for customers with a month of history.
func BenchmarkReserve(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			world := clock.NewManual(tuesday)
			g := newGovernor(b, open(b), world)
			campaign := func(n int) []Request {
				reqs := make([]Request, 10_000)
				for i := range reqs {
					reqs[i] = marketing(fmt.Sprintf("b%d/%d", n, i), fmt.Sprintf("customer %05d", i))
				}
				return reqs
			}
			for b.Loop() {
				b.StopTimer()
				world.Advance(96 * time.Hour)
				reqs := campaign(int(world.Now()))
				b.StartTimer()
				err := g.db.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					_, err := g.Reserve(ctx, tx, reqs...)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/touch")
		})
	}
}
