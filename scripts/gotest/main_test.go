package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReportCountsLeavesAndNamesFailures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		stream string
		want   [3]int
		says   string
		silent string
	}{
		{
			name: "a parent is not counted beside its subtests",
			stream: `{"Action":"run","Package":"p","Test":"T"}
{"Action":"run","Package":"p","Test":"T/sqlite"}
{"Action":"run","Package":"p","Test":"T/postgres"}
{"Action":"pass","Package":"p","Test":"T/sqlite"}
{"Action":"pass","Package":"p","Test":"T/postgres"}
{"Action":"pass","Package":"p","Test":"T"}
{"Action":"pass","Package":"p","Elapsed":1}`,
			want: [3]int{2, 0, 0},
		},
		{
			name: "a failing test shows its output, a passing one does not",
			stream: `{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"quiet words\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"B"}
{"Action":"output","Package":"p","Test":"B","Output":"    b_test.go:7: wrong colour\n"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"fail","Package":"p"}`,
			want: [3]int{1, 1, 0}, says: "b_test.go:7: wrong colour", silent: "quiet words",
		},
		{
			name: "a skip tells its reason",
			stream: `{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:3: no server here\n"}
{"Action":"skip","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}`,
			want: [3]int{0, 0, 1}, says: "skip p A: a_test.go:3: no server here",
		},
		{
			name: "a package that does not build counts as one failure",
			stream: `{"ImportPath":"p","Action":"build-output","Output":"p/x.go:1:1: expected package\n"}
{"Action":"fail","Package":"p"}`,
			want: [3]int{0, 1, 0}, says: "expected package",
		},
		{
			name: "a panic shows what the running test had printed",
			stream: `{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`,
			want: [3]int{0, 1, 0}, says: "panic: boom",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			r := newReport(&out)
			if err := r.read(strings.NewReader(tc.stream)); err != nil {
				t.Fatal(err)
			}
			passed, failed, skipped := r.close()
			if diff := cmp.Diff(tc.want, [3]int{passed, failed, skipped}); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			if !strings.Contains(out.String(), tc.says) {
				t.Errorf("output %q lacks %q", out.String(), tc.says)
			}
			if tc.silent != "" && strings.Contains(out.String(), tc.silent) {
				t.Errorf("output %q holds %q", out.String(), tc.silent)
			}
		})
	}
}

func TestPassedElementNeedsAPassAndAWholeElement(t *testing.T) {
	t.Parallel()
	r := newReport(&bytes.Buffer{})
	stream := `{"Action":"run","Package":"p","Test":"T/postgres"}
{"Action":"skip","Package":"p","Test":"T/postgres"}
{"Action":"pass","Package":"p","Test":"T/postgresql_url"}`
	if err := r.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	if r.passedElement("postgres") {
		t.Error("a skipped test and a longer name count as a pass of postgres")
	}
	if err := r.read(strings.NewReader(`{"Action":"pass","Package":"p","Test":"T/postgres"}`)); err != nil {
		t.Fatal(err)
	}
	if !r.passedElement("postgres") {
		t.Error("a passed postgres subtest is not seen")
	}
}
