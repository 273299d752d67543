package token

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"sync"

	"cognate/internal/base/db"
)

// maxTouches bounds the activity that waits to be written; beyond it the newest is dropped until the next flush, which
// loses a last-active time and nothing else.
const maxTouches = 16384

// flushBatch is how many rows one transaction of a flush updates.
const flushBatch = 256

type touchKey struct{ poolID, sub, eventID string }

// compare orders keys as the primary key of token_session does.
func (k touchKey) compare(o touchKey) int {
	return cmp.Or(strings.Compare(k.poolID, o.poolID), strings.Compare(k.sub, o.sub), strings.Compare(k.eventID, o.eventID))
}

type touch struct {
	at        int64 // ms since 1970
	ip, agent string
}

// activity collects the last use of sessions by refreshes, so that refreshing does not write.
type activity struct {
	mu      sync.Mutex
	touches map[touchKey]touch
}

func (a *activity) note(s *Session, v touch) {
	key := touchKey{s.PoolID, s.Sub, s.EventID}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.touches == nil {
		a.touches = map[touchKey]touch{}
	}
	if _, have := a.touches[key]; have || len(a.touches) < maxTouches {
		a.touches[key] = v
	}
}

// pending returns the activity of a session that waits to be written on this node.
func (a *activity) pending(key touchKey) (touch, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	v, ok := a.touches[key]
	return v, ok
}

// take removes up to flushBatch entries.
func (a *activity) take() map[touchKey]touch {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.touches) <= flushBatch {
		batch := a.touches
		a.touches = nil
		return batch
	}
	batch := make(map[touchKey]touch, flushBatch)
	for k, v := range a.touches {
		if len(batch) == flushBatch {
			break
		}
		batch[k] = v
	}
	maps.DeleteFunc(a.touches, func(k touchKey, _ touch) bool { _, taken := batch[k]; return taken })
	return batch
}

// Flush writes the session activity that refreshes have collected. The server calls it every few seconds and before it
// stops.
func (t *Tokens) Flush(ctx context.Context) error {
	for {
		batch := t.active.take()
		if len(batch) == 0 {
			return nil
		}
		if err := t.db.Update(ctx, func(tx *db.Tx) error { return touchSessions(tx, batch) }); err != nil {
			return err
		}
	}
}
