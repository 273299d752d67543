// Command bench measures a real server from outside: it builds and starts
// cognate on SQLite and, where one is to be had, on PostgreSQL, drives the hot
// paths over HTTP and prints latency, throughput and the processor time that the
// server itself spent per call, which is what the budgets in docs/performance.md
// are about. Nothing here asserts; it prints figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

type options struct {
	binary   string
	duration time.Duration
	workers  int
	sizes    []int
	postgres string
	only     string
}

func main() {
	log.SetFlags(0)
	var o options
	sizes := flag.String("users", "1000,1000000", "numbers of users to measure ListUsers and sign-in at, comma separated")
	flag.StringVar(&o.binary, "binary", "", "cognate binary; built when empty")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "how long each path is driven")
	flag.IntVar(&o.workers, "workers", 4, "concurrent callers")
	flag.StringVar(&o.postgres, "postgres", os.Getenv("COGNATE_TEST_PG_URL"), "URL of a PostgreSQL server to measure too (a database is made on it)")
	flag.StringVar(&o.only, "only", "", "measure only paths whose name contains one of these, comma separated")
	flag.Parse()
	for _, s := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil {
			log.Fatalf("-users: %v", err)
		}
		o.sizes = append(o.sizes, n)
	}
	if err := run(context.Background(), o); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "cognate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		o.binary = filepath.Join(dir, "cognate")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "cognate/cmd/cognate")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	if err := startFigures(ctx, o, dir); err != nil {
		return err
	}
	for i, n := range o.sizes {
		stores, err := storages(o, filepath.Join(dir, fmt.Sprintf("users-%d", n)))
		if err != nil {
			return err
		}
		for _, st := range stores {
			if err := measure(ctx, o, st, n, i == 0); err != nil {
				return fmt.Errorf("%s with %d users: %w", st.engine, n, err)
			}
			os.RemoveAll(st.data)
		}
	}
	return nil
}

// storage is where one server keeps its data.
type storage struct {
	engine, data, database string
}

func (s storage) args() []string {
	out := []string{"--data", s.data}
	if s.database != "" {
		out = append(out, "--database", s.database)
	}
	return out
}

// storages are SQLite in a folder and, where there is a server, PostgreSQL.
func storages(o options, home string) ([]storage, error) {
	out := []storage{{engine: "SQLite", data: home + "-sqlite"}}
	if o.postgres != "" {
		url, err := makeDatabase(o.postgres, filepath.Base(home))
		if err != nil {
			return nil, err
		}
		out = append(out, storage{engine: "PostgreSQL", data: home + "-postgres", database: url})
	}
	return out, nil
}

// startFigures measures the start on an empty folder and what stays resident.
func startFigures(ctx context.Context, o options, dir string) error {
	const runs = 7
	fmt.Printf("## Start on an empty data folder, %d runs\n\n", runs)
	var took []time.Duration
	var resident []float64
	for i := range runs {
		s, err := start(ctx, o.binary, "--data", filepath.Join(dir, "start-"+strconv.Itoa(i)))
		if err != nil {
			return err
		}
		took = append(took, s.started)
		resident = append(resident, s.residentMiB())
		s.stop()
	}
	fmt.Printf("first answer: median %s, worst %s; resident then: median %.1f MiB\n\n",
		quantile(took, 0.5).Round(time.Millisecond), quantile(took, 1).Round(time.Millisecond), middle(resident))
	return nil
}

// measure drives all paths against one server with n users in the pool.
func measure(ctx context.Context, o options, st storage, n int, all bool) error {
	w, err := newWorld(ctx, o, st, n)
	if err != nil {
		return err
	}
	defer w.server.stop()
	if all {
		if w.factors, err = newFactors(ctx, w.server, o); err != nil {
			return err
		}
		if w.relying, err = newRelying(w); err != nil {
			return err
		}
	}
	w.server.settle()
	floor, err := newFloors()
	if err != nil {
		return err
	}
	fmt.Printf("## %s, %d users, %d callers, %s a path\n\n", st.engine, n, o.workers, o.duration)
	fmt.Println("| path | calls/s | p50 | p99 | server CPU per call | floor | of the floor |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- |")
	for _, p := range paths(all) {
		if !slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool { return strings.Contains(p.name, part) }) {
			continue
		}
		if err := measurePath(ctx, w, p, o, floor); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	fmt.Printf("\nresident after the run: %.1f MiB\n\n", w.server.residentMiB())
	return nil
}

// measurePath drives a path and prints its line.
func measurePath(ctx context.Context, w *world, p path, o options, floor floors) error {
	f, err := drive(ctx, w, p, o, floor)
	if err != nil {
		return err
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }
	least, ratio := "", ""
	if f.floor > 0 {
		least, ratio = ms(f.floor), fmt.Sprintf("%.2f ×", f.perCall().Seconds()/f.floor.Seconds())
	}
	fmt.Printf("| %s | %.0f | %s | %s | %s | %s | %s |\n", p.name, f.rate(),
		ms(quantile(f.took, 0.5)), ms(quantile(f.took, 0.99)), ms(f.perCall()), least, ratio)
	return nil
}
