package jose

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"cognate/internal/base/background"
)

// KeySource makes RSA-2048 keys ahead, because one costs tens of milliseconds and sometimes several hundred. It is safe
// for concurrent use.
type KeySource struct {
	ready chan *rsa.PrivateKey
	done  chan struct{}
}

// NewKeySource returns a source that keeps up to ahead keys ready once Start was called.
func NewKeySource(ahead int) *KeySource {
	return &KeySource{ready: make(chan *rsa.PrivateKey, max(ahead, 1)-1), done: make(chan struct{})}
}

// Start makes keys on one goroutine until enough are ready, and another whenever one is taken. The goroutine ends with
// ctx; Wait tells when. Call it once.
func (s *KeySource) Start(ctx context.Context) {
	background.Go("keys ahead", func() {
		defer close(s.done)
		background.Keep(ctx, "keys ahead", s.run)
	})
}

// run holds one finished key in hand besides those in the channel.
func (s *KeySource) run(ctx context.Context) {
	for ctx.Err() == nil {
		key, err := generate()
		if err != nil {
			return // only a broken machine; Take reports it
		}
		select {
		case s.ready <- key:
		case <-ctx.Done():
		}
	}
}

// Take returns a key that nobody else gets: one made ahead, or a new one when none is ready. Before Start and after the
// end it makes keys on demand. The error is ctx's or that of a failing random source.
func (s *KeySource) Take(ctx context.Context) (*rsa.PrivateKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("jose: take key: %w", err)
	}
	select {
	case key := <-s.ready:
		return key, nil
	default:
		return generate()
	}
}

// Wait returns when the goroutine has ended.
func (s *KeySource) Wait() { <-s.done }

// generate makes one key. Its randomness is crypto/rand's whatever is passed, since Go 1.26.
func generate() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, KeyBits)
	if err != nil {
		return nil, fmt.Errorf("jose: make key: %w", err)
	}
	return key, nil
}
