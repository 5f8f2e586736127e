// Command bench runs the benchmarks of the repository and prints, for every
// benchmark with variants, each variant as a ratio to the last one: ratios hold
// on a noisy machine where times do not. Variants run in turn, several times;
// the median counts.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// rounds is how often everything is run.
const rounds = "5"

func main() {
	packages := os.Args[1:]
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	args := append([]string{"test", "-run=^$", "-bench=.", "-benchmem", "-benchtime=0.3s", "-count=" + rounds}, packages...)
	command := exec.Command("go", args...) //nolint:gosec,noctx // go test of packages that the caller names
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		_, _ = os.Stderr.Write(out)
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	report(parse(out))
}

// figure is one measurement of one variant.
type figure struct{ ns, bytes, allocs float64 }

type variant struct {
	benchmark, name string
	figures         []figure
}

var line = regexp.MustCompile(`^(Benchmark[^\s/]+)(?:/(\S+?))?(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(.*)$`)

// parse reads the output of go test, variants in the order in which they came.
func parse(out []byte) []*variant {
	var all []*variant
	scanner := bufio.NewScanner(bytes.NewReader(out))
	for scanner.Scan() {
		m := line.FindStringSubmatch(scanner.Text())
		if m == nil {
			continue
		}
		i := slices.IndexFunc(all, func(v *variant) bool { return v.benchmark == m[1] && v.name == m[2] })
		if i < 0 {
			all, i = append(all, &variant{benchmark: m[1], name: m[2]}), len(all)
		}
		f := figure{ns: number(m[3])}
		fields := strings.Fields(m[4])
		for at := 0; at+1 < len(fields); at += 2 {
			switch fields[at+1] {
			case "B/op":
				f.bytes = number(fields[at])
			case "allocs/op":
				f.allocs = number(fields[at])
			}
		}
		all[i].figures = append(all[i].figures, f)
	}
	return all
}

func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return n
}

func (v *variant) median(of func(figure) float64) float64 {
	sorted := slices.SortedFunc(slices.Values(v.figures), func(a, b figure) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}

func report(all []*variant) {
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	defer func() { _ = table.Flush() }()
	_, _ = fmt.Fprintln(table, "benchmark\tvariant\tns/op\tB/op\tallocs/op\ttime\tbytes\tallocs")
	for _, v := range all {
		base := v
		for _, other := range all {
			if other.benchmark == v.benchmark {
				base = other
			}
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t", strings.TrimPrefix(v.benchmark, "Benchmark"), v.name)
		metrics := []func(figure) float64{
			func(f figure) float64 { return f.ns }, func(f figure) float64 { return f.bytes }, func(f figure) float64 { return f.allocs },
		}
		for _, of := range metrics {
			_, _ = fmt.Fprintf(table, "%.0f\t", v.median(of))
		}
		for _, of := range metrics {
			if base == v || base.median(of) == 0 {
				_, _ = fmt.Fprint(table, "\t")
				continue
			}
			_, _ = fmt.Fprintf(table, "%.2fx\t", v.median(of)/base.median(of))
		}
		_, _ = fmt.Fprintln(table)
	}
}
