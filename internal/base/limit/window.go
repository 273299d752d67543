package limit

import (
	"encoding/binary"
	"time"
)

// Window allows Max uses within any span of Per. It slides exactly: the times of the last uses are kept, packed as
// ascending big-endian milliseconds of eight bytes.
type Window struct {
	Max int
	Per time.Duration
}

// packed is the size of one time.
const packed = 8

// Use returns the packed uses with one at now, without those that no longer count; false, and nothing, when it would be
// one too many.
func (w Window) Use(uses []byte, now int64) ([]byte, bool) {
	recent := w.recent(uses, now)
	if len(recent)/packed >= w.Max {
		return nil, false
	}
	out := make([]byte, 0, len(recent)+packed)
	return binary.BigEndian.AppendUint64(append(out, recent...), uint64(now)), true
}

// After is how long it takes until there is room for one more.
func (w Window) After(uses []byte, now int64) time.Duration {
	recent := w.recent(uses, now)
	switch {
	case w.Max < 1:
		return w.Per
	case len(recent)/packed < w.Max:
		return 0
	}
	oldest := recent[len(recent)-w.Max*packed:]
	return time.Duration(int64(binary.BigEndian.Uint64(oldest))+w.Per.Milliseconds()-now) * time.Millisecond
}

// Until is when the uses that were packed at now count no longer, in milliseconds.
func (w Window) Until(now int64) int64 { return now + w.Per.Milliseconds() }

// recent leaves out the uses that lie Per or longer before now.
func (w Window) recent(uses []byte, now int64) []byte {
	for len(uses) >= packed && int64(binary.BigEndian.Uint64(uses)) <= now-w.Per.Milliseconds() {
		uses = uses[packed:]
	}
	return uses
}

// Return takes the newest use back: it was reserved for something that turned out not to count.
func (w Window) Return(uses []byte) []byte { return uses[:max(0, len(uses)-packed)] }
