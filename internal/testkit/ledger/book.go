package ledger

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// Person is the memory of one user: what the server acknowledged, and what was on its way when no answer came.
type Person struct {
	name     string
	created  bool   // the sign-up was acknowledged
	password string // acknowledged password
	pending  string // password of a change that was sent and not answered; "" when there is none
	refresh  string // a refresh token that was handed out; "" when there is none
	revoked  bool   // its revocation was acknowledged
	maybe    bool   // its revocation was sent and not answered
	removed  bool   // the deletion was acknowledged
	removing bool   // a deletion was sent and not answered
	moved    string // acknowledged value of the attribute "nickname"
	moving   string // value on its way
	held     bool   // a client of this round works with it
}

// Book is everything the clients know, over all rounds. A person belongs to one worker, so only the list is shared.
type Book struct {
	mu     sync.Mutex
	people []*Person
	serial atomic.Int64
	acks   atomic.Int64
}

// People are all persons so far.
func (b *Book) People() []*Person {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.people)
}

// Acks is how many calls were acknowledged.
func (b *Book) Acks() int64 { return b.acks.Load() }

// Living draws up to n users of earlier rounds that no other client of this round holds.
func (b *Book) Living(rng *rand.Rand, n int) []*Person {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*Person
	for range 8 * n {
		if len(b.people) == 0 || len(out) == n {
			break
		}
		p := b.people[rng.IntN(len(b.people))]
		if p.created && !p.removed && !p.held {
			p.held = true
			out = append(out, p)
		}
	}
	return out
}

func (b *Book) add(p *Person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.people = append(b.people, p)
}
