package federate_test

import (
	"fmt"
	"testing"
	"time"

	"switchback/internal/adapters/memory"
	"switchback/internal/federate"
	"switchback/internal/model"
)

// BenchmarkFirstPage is a page of 50 over fleets of different sizes, 20 backups
// in each connection; what the memory adapter costs is part of it.
func BenchmarkFirstPage(b *testing.B) {
	for _, connections := range []int{1000, 100, 10, 1} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			e := newEstate(b, connections, federate.Settings{})
			for i, w := range e.worlds {
				for n := range 20 {
					w.AddBackup(memory.Backup{Key: fmt.Sprint(n), StartedAt: start.Add(-time.Duration(n*connections+i) * time.Second)})
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				list, err := e.page(b.Context(), 50, "", model.BackupQuery{})
				if err != nil || !list.Complete {
					b.Fatal(err, list)
				}
			}
		})
	}
}
