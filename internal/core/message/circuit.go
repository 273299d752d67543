package message

import (
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// failuresToPause is how many failures in a row pause a lane.
	failuresToPause = 5
	// maxPause is the longest pause, so that deliveries begin again within about a minute.
	maxPause = time.Minute
)

// circuits know which lanes are worth trying. A lane is one receiving server: the mail server, the SMS provider, a
// function of a pool. One that fails in a row is paused, twice as long each time; then a single try finds out whether it is
// back. While it is paused its rows cost nothing. Each node finds out for itself.
type circuits struct {
	mu    sync.Mutex
	lanes map[string]*circuit
}

type circuit struct {
	underWay int
	failures int // in a row
	pauses   int // since it was reached last
	until    time.Time
}

// room is how many tries may begin on a lane, and how long none may.
func (c *circuits) room(lane string, most int, now time.Time) (int, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[lane]
	switch {
	case l == nil:
		return most, 0
	case l.failures < failuresToPause:
		return max(0, most-l.underWay), 0
	case now.Before(l.until):
		return 0, l.until.Sub(now)
	}
	return max(0, 1-l.underWay), 0
}

// begin notes a try.
func (c *circuits) begin(lane string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lanes == nil {
		c.lanes = map[string]*circuit{}
	}
	if c.lanes[lane] == nil {
		c.lanes[lane] = &circuit{}
	}
	c.lanes[lane].underWay++
}

// reach is what a try tells about the server.
type reach int

const (
	untold reach = iota
	reached
	unreachable
)

// end notes what came of a try that was begun.
func (c *circuits) end(lane string, r reach, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[lane]
	l.underWay--
	switch r {
	case reached:
		l.failures, l.pauses, l.until = 0, 0, time.Time{}
	case unreachable:
		l.failures++
		if l.failures >= failuresToPause && !now.Before(l.until) {
			pause := min(time.Second<<min(l.pauses, 16), maxPause)
			l.pauses++
			l.until = now.Add(pause - pause/4 + rand.N(pause/2)) // nodes must not come back together
		}
	}
	if l.underWay == 0 && l.failures == 0 {
		delete(c.lanes, lane)
	}
}

// paused is how many lanes wait for their server.
func (c *circuits) paused() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lanes {
		if l.failures >= failuresToPause {
			n++
		}
	}
	return n
}
