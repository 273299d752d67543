package limit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cognate/internal/base/clock"
	"cognate/internal/base/db"
)

// Over is the refusal of a use that a budget has no room for.
type Over struct {
	// Scope is whose budget it is, for the caller to set.
	Scope string
	// After is when there is room again.
	After time.Duration
}

// Destination is the scope of what addresses are sent.
const Destination = "destination"

// Error tells the scope.
func (o *Over) Error() string { return fmt.Sprintf("limit: the budget of the %s is used up", o.Scope) }

const (
	// patience is how long a use waits for others under way, which may turn out not to count.
	patience = 5 * time.Second
	// tooMany is how many budgets a node keeps in mind before it forgets those that the database knows.
	tooMany = 100_000
)

// Budgets are budgets that all nodes share. A node decides in memory and tells the database every second (Flush), or at once
// when it is a slice of the budget ahead, so that N nodes together overshoot a budget by N slices at most; a slice is a
// tenth of the budget, or five. What a use comes to is often known only afterwards: it is reserved, and kept or returned.
type Budgets struct {
	db    *db.DB
	clock *clock.Clock

	mu    sync.Mutex
	cells map[string]*cell
}

// cell is one budget as this node sees it. Times are microseconds since 1970.
type cell struct {
	rate  Rate
	full  int64 // when everything that was used will be forgotten
	ahead int64 // uses that the database does not know of
	busy  int64 // reserved uses
	moved chan struct{}
	flush bool // under way
}

// NewBudgets returns budgets that nothing has been used of on this node.
func NewBudgets(d *db.DB, c *clock.Clock) *Budgets {
	return &Budgets{db: d, clock: c, cells: map[string]*cell{}}
}

func (b *Budgets) now() int64 { return b.clock.Now().UnixMicro() }

// cell returns the budget of an id. The caller holds the lock.
func (b *Budgets) cell(id string, r Rate) *cell {
	c := b.cells[id]
	if c == nil {
		c = &cell{rate: r, moved: make(chan struct{})}
		b.cells[id] = c
	}
	return c
}

// room is how many uses there is room for, and when there is room for one when there is none.
func (c *cell) room(now int64) (int64, time.Duration) {
	step := c.rate.step()
	used := (max(0, c.full-now) + step - 1) / step
	if n := c.rate.Max - used; n > 0 {
		return n, 0
	}
	return 0, time.Duration(c.full-now-(c.rate.Max-1)*step) * time.Microsecond
}

// use counts one.
func (c *cell) use(now int64) {
	c.full = max(c.full, now) + c.rate.step()
	c.ahead++
}

// change wakes those who wait for a cell.
func (c *cell) change() {
	close(c.moved)
	c.moved = make(chan struct{})
}

// Reservation is a use of which it is not known yet whether it counts. The methods of nil do nothing.
type Reservation struct {
	b    *Budgets
	cell *cell
}

// Reserve reserves a use of the budget id: an *Over when there is no room. It waits for uses under way where it depends on
// them. Not to be called within a transaction.
func (b *Budgets) Reserve(ctx context.Context, id string, r Rate) (*Reservation, error) {
	if r.Off() {
		return nil, nil
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		b.mu.Lock()
		c := b.cell(id, r)
		room, after := c.room(b.now())
		if room == 0 {
			b.mu.Unlock()
			return nil, &Over{After: after}
		}
		if c.busy < room && c.busy+c.ahead < r.slice() {
			c.busy++
			b.mu.Unlock()
			return &Reservation{b, c}, nil
		}
		tell, moved := c.ahead > 0 && !c.flush, c.moved
		b.mu.Unlock()
		if tell {
			if err := b.tell(ctx, []string{id}); err != nil {
				return nil, err
			}
			continue
		}
		select {
		case <-moved:
		case <-timeout.C:
			return nil, &Over{After: time.Second}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Keep lets the use count.
func (r *Reservation) Keep() { r.settle(true) }

// Return gives the use back.
func (r *Reservation) Return() { r.settle(false) }

func (r *Reservation) settle(counts bool) {
	if r == nil || r.cell == nil {
		return
	}
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	r.cell.busy--
	if counts {
		r.cell.use(r.b.now())
	}
	r.cell.change()
	r.cell = nil
}

// Take counts a use of the budget id at once, without waiting: it may be called within a transaction, and lets a node be half
// a budget ahead instead of a slice.
func (b *Budgets) Take(id string, r Rate) error {
	if r.Off() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.cell(id, r)
	room, after := c.room(b.now())
	if room == 0 {
		return &Over{After: after}
	}
	if c.ahead >= max(r.slice(), r.Max/2) {
		return &Over{After: time.Second}
	}
	c.use(b.now())
	return nil
}

// Flush tells the database what it does not know yet and forgets what is over.
func (b *Budgets) Flush(ctx context.Context) error {
	now := b.now()
	var ids []string
	b.mu.Lock()
	crowded := len(b.cells) > tooMany
	for id, c := range b.cells {
		switch {
		case c.ahead > 0 && !c.flush:
			ids = append(ids, id)
		case c.ahead == 0 && c.busy == 0 && (crowded || c.full <= now):
			delete(b.cells, id)
		}
	}
	b.mu.Unlock()
	for len(ids) > 0 {
		n := min(len(ids), batch)
		if err := b.tell(ctx, ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// Forget drops what this node has in mind, after the database below was replaced.
func (b *Budgets) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.cells)
}

// told is what the database is told of a cell, and what it says.
type told struct {
	id          string
	cell        *cell
	uses, micro int64 // how many uses, and how long they last
	full        int64
}

// tell brings cells and database together.
func (b *Budgets) tell(ctx context.Context, ids []string) error {
	var all []*told
	b.mu.Lock()
	for _, id := range ids {
		if c := b.cells[id]; c != nil && !c.flush && c.ahead > 0 {
			c.flush = true
			all = append(all, &told{id: id, cell: c, uses: c.ahead, micro: c.ahead * c.rate.step()})
		}
	}
	b.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	now := b.now()
	err := b.db.Update(ctx, func(tx *db.Tx) error { return addUses(tx, all, now) })
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range all {
		if err == nil {
			t.cell.ahead -= t.uses
			t.cell.full = t.full + t.cell.ahead*t.cell.rate.step()
		}
		t.cell.flush = false
		t.cell.change()
	}
	return err
}
