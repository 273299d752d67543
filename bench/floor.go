package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"runtime"
	"sync"
	"syscall"
	"time"

	"cognate/internal/base/jose"
	"cognate/internal/base/srp"
)

// floors are the cryptography of the paths that have a floor, for one call: what no implementation can leave out.
// Budgets are multiples of its processor time.
type floors map[string]func() error

func newFloors() (floors, error) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, jose.KeyBits)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(rsaKey)
	if err != nil {
		return nil, err
	}
	passkey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	digest, salt, claims := make([]byte, 32), make([]byte, 16), make([]byte, 600)
	for i := range claims {
		claims[i] = 'x'
	}
	assertion, err := ecdsa.SignASN1(rand.Reader, passkey, digest)
	if err != nil {
		return nil, err
	}
	client, err := srp.NewShortClient(rand.Reader, 32)
	if err != nil {
		return nil, err
	}
	srp.Warm()
	verifier, a := srp.Verifier("pool", "user", userPassword, salt), client.A()

	tokens := func() error { // two signatures
		_, first := jose.SignRS256(signer, "kid", claims)
		_, second := jose.SignRS256(signer, "kid", claims)
		return errors.Join(first, second)
	}
	token := func() error { _, err := jose.SignRS256(signer, "kid", claims); return err }
	password := func() error { srp.Verifier("pool", "user", userPassword, salt); return nil }
	exchange := func() error {
		s, err := srp.NewServer(verifier, rand.Reader)
		if err == nil {
			s.B()
			_, err = s.Key(a)
		}
		return err
	}
	code := func() error { // those of three time steps are compared
		for i := range 3 {
			totp(salt, int64(i))
		}
		return nil
	}
	assert := func() error { ecdsa.VerifyASN1(&passkey.PublicKey, digest, assertion); return nil }
	return floors{
		pathPlain: all(password, tokens), pathSRP: all(exchange, tokens), pathRefresh: tokens, pathPasskey: all(assert, tokens),
		pathPlainTOTP: all(password, code, tokens), pathSRPTOTP: all(exchange, code, tokens),
		pathMachine: token, pathJourney: all(password, tokens), pathAgain: tokens,
	}, nil
}

func all(parts ...func() error) func() error {
	return func() error {
		for _, part := range parts {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	}
}

// now is the floor of a path at this moment, measured on all processors at once, as the path will be; 0 for paths
// without one.
func (f floors) now(path string) (time.Duration, error) {
	fn := f[path]
	if fn == nil {
		return 0, nil
	}
	const calls = 25
	var group sync.WaitGroup
	procs := runtime.GOMAXPROCS(0)
	failed := make([]error, procs)
	before := processorTime()
	for i := range procs {
		group.Go(func() {
			for n := 0; n < calls && failed[i] == nil; n++ {
				failed[i] = fn()
			}
		})
	}
	group.Wait()
	return (processorTime() - before) / time.Duration(calls*procs), errors.Join(failed...)
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
