package timing

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"cognate/internal/testkit/process"
)

const (
	// samples is how many times each kind of user is tried in one comparison; COGNATE_TEST_TIMING sets another number.
	samples = 400
	// perUser is how many failures one name takes: fewer than lock it.
	perUser = 4
	// tLimit is the usual bound of leakage tests. Beyond it a difference counts when it is also large enough to be used
	// over a network.
	tLimit = 4.5
	// relativeLimit is that size: a share of the time the call takes.
	relativeLimit = 0.01
	// attempts is how often a comparison may be repeated: noise of the machine goes away, a difference in the code does
	// not.
	attempts = 3
)

// TestUnknownUsersCostTheSame tries users who exist and names nobody has in every way that an outsider can, and wants
// answers of one shape that take equally long.
func TestUnknownUsersCostTheSame(t *testing.T) {
	n := samples
	if v, err := strconv.Atoi(os.Getenv("COGNATE_TEST_TIMING")); err == nil {
		n = v
	}
	server := process.Start(t, "--ephemeral")
	for _, p := range probes {
		t.Run(p.name, func(t *testing.T) {
			for attempt := 1; ; attempt++ {
				if compare(t, server, p, n, attempt) {
					return
				}
				if attempt == attempts {
					t.Fatalf("|t| above %.1f and a difference above %.0f %% in %d attempts", tLimit, 100*relativeLimit, attempts)
				}
			}
		})
	}
}

// record is what the walks of one kind of name gave, by step.
type record struct {
	times  []sample
	shapes []map[string]int
}

func newRecord(p probe) *record {
	r := &record{times: make([]sample, len(p.steps)), shapes: make([]map[string]int, len(p.steps))}
	for i := range r.shapes {
		r.shapes[i] = map[string]int{}
	}
	return r
}

func (r *record) add(w *walk) {
	for i, took := range w.took {
		r.times[i].add(took)
		r.shapes[i][w.shapes[i]]++
	}
}

// compare walks n times with users and n times with names nobody has, in random order on a fresh pool, and reports
// whether they take equally long. Answers of different shape end the test.
func compare(t *testing.T, server *process.Server, p probe, n, attempt int) bool {
	t.Helper()
	ctx := context.Background()
	v := newVillage(ctx, t, server, p, (n+perUser-1)/perUser)
	for i := range warmNames * perUser { // warm caches and connections
		v.walk(t, p, v.strangers[i/perUser])
	}
	v.strangers = v.strangers[warmNames:]
	known, unknown := newRecord(p), newRecord(p)
	for _, i := range rand.Perm(2 * n) {
		if i < n {
			known.add(v.walk(t, p, v.people[i/perUser]))
		} else {
			unknown.add(v.walk(t, p, v.strangers[(i-n)/perUser]))
		}
	}
	equal := true
	for i, step := range p.steps {
		if a, b := shapes(known.shapes[i]), shapes(unknown.shapes[i]); !slices.Equal(a, b) {
			t.Fatalf("%s: users are answered\n%q\nand names nobody has\n%q", step, a, b)
		}
		statistic, relative, difference := welch(known.times[i].trimmed(), unknown.times[i].trimmed())
		t.Logf("%s, attempt %d: t = %+.2f, known users take %+.2f %% longer (%+.1f µs), %d calls of each kind",
			step, attempt, statistic, 100*relative, 1e6*difference, n)
		equal = equal && (max(statistic, -statistic) <= tLimit || max(relative, -relative) <= relativeLimit)
	}
	return equal
}

func shapes(seen map[string]int) []string { return slices.Sorted(maps.Keys(seen)) }
