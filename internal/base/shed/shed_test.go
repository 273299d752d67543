package shed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// serve sends one request every interval for a while to a gate of one slot whose work takes that long, and returns how
// long the admitted ones waited and how many were turned away.
func serve(t *testing.T, g *Gate, interval, work, total time.Duration) (waits []time.Duration, shed int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for began := time.Now(); time.Since(began) < total; time.Sleep(interval) {
		wg.Go(func() {
			at := time.Now()
			_, pass, err := g.Enter(t.Context())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				shed++
				return
			}
			waits = append(waits, time.Since(at))
			mu.Unlock()
			time.Sleep(work)
			pass.Leave()
			mu.Lock()
		})
	}
	wg.Wait()
	slices.Sort(waits)
	return waits, shed
}

func TestBurstIsAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{Slots: 1}
		waits, shed := serve(t, g, time.Millisecond, 4*time.Millisecond, 100*time.Millisecond) // 400 ms of work at once
		if shed != 0 || len(waits) != 100 {
			t.Errorf("%d of a short burst were turned away", shed)
		}
		if s := g.Stats(); s.Running != 0 || s.Waiting != 0 || s.Admitted != 100 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// Of lasting overload as much is admitted as can be done, and who is admitted hardly waits.
func TestOverloadIsShed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{Slots: 1}
		waits, shed := serve(t, g, 2*time.Millisecond, 10*time.Millisecond, 20*time.Second) // five times too much
		if len(waits) < 1900 || shed < 7000 {
			t.Errorf("admitted %d, turned away %d", len(waits), shed)
		}
		if p50, worst := waits[len(waits)/2], waits[len(waits)-1]; p50 > target || worst > patience {
			t.Errorf("waited %v in the middle, %v at worst", p50, worst)
		}
		time.Sleep(time.Minute)
		if waits, shed := serve(t, g, 20*time.Millisecond, 10*time.Millisecond, time.Second); shed != 0 || waits[len(waits)-1] != 0 {
			t.Errorf("after it: %d turned away, waited %v", shed, waits[len(waits)-1])
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{Slots: 1, Queue: 2}
		_, pass, _ := g.Enter(t.Context())
		for range 2 {
			go func() { _, _, _ = g.Enter(t.Context()) }()
		}
		synctest.Wait()
		if _, _, err := g.Enter(t.Context()); !errors.Is(err, ErrOverload) {
			t.Errorf("a full queue answered %v", err)
		}
		pass.Leave()
	})
}

// Who waits for a function holds no slot, comes back before all others and is never turned away.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{Slots: 1}
		ctx, pass, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		back := Away(ctx)
		_, other, err := g.Enter(t.Context())
		if err != nil {
			t.Fatalf("the slot of one that is away: %v", err)
		}
		returned := make(chan struct{})
		go func() { back(); close(returned) }()
		synctest.Wait()
		late := make(chan error, 1)
		go func() { _, _, err := g.Enter(t.Context()); late <- err }()
		time.Sleep(time.Minute)
		if err := <-late; !errors.Is(err, ErrOverload) {
			t.Errorf("one that waited for a minute: %v", err)
		}
		other.Leave()
		<-returned
		pass.Leave()
		if s := g.Stats(); s.Running != 0 || s.Waiting != 0 {
			t.Errorf("left behind: %+v", s)
		}
		Away(context.Background())() // nothing to give back
	})
}

func TestCallerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{Slots: 1}
		_, pass, _ := g.Enter(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := g.Enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that has gone: %v", err)
		}
		pass.Leave()
		if s := g.Stats(); s.Running != 0 || s.Waiting != 0 || s.Shed != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}
