package main

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"syscall"
	"time"

	"cognate/internal/base/jose"
	"cognate/internal/base/srp"
)

// floors are what the cryptography of a path costs by itself on this machine
// now, in processor time; budgets are multiples of them.
type floors struct {
	plain, srp, refresh time.Duration
}

func measureFloors() (floors, error) {
	key, err := rsa.GenerateKey(rand.Reader, jose.KeyBits)
	if err != nil {
		return floors{}, err
	}
	signer, err := jose.NewSigner(key)
	if err != nil {
		return floors{}, err
	}
	claims := make([]byte, 600)
	for i := range claims {
		claims[i] = 'x'
	}
	sign := cost(400, func() { _, err = jose.SignRS256(signer, "kid", claims) })
	if err != nil {
		return floors{}, err
	}
	salt := make([]byte, 16)
	srp.Warm()
	verify := cost(400, func() { srp.Verifier("pool", "user", userPassword, salt) })
	verifier := srp.Verifier("pool", "user", userPassword, salt)
	client, err := srp.NewShortClient(rand.Reader, 32)
	if err != nil {
		return floors{}, err
	}
	a := client.A()
	exchange := cost(100, func() {
		var s *srp.Server
		if s, err = srp.NewServer(verifier, rand.Reader); err == nil {
			s.B()
			_, err = s.Key(a)
		}
	})
	return floors{plain: verify + 2*sign, srp: exchange + 2*sign, refresh: 2 * sign}, err
}

// cost is the processor time of one call, the median of five rounds.
func cost(n int, fn func()) time.Duration {
	fn()
	var rounds []time.Duration
	for range 5 {
		before := processorTime()
		for range n / 5 {
			fn()
		}
		rounds = append(rounds, (processorTime()-before)/time.Duration(n/5))
	}
	return quantile(rounds, 0.5)
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (f floors) print() {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }
	fmt.Printf("Floors now (processor time of the cryptography alone): "+
		"plain sign-in (verifier, two signatures) %s; SRP sign-in %s; refresh (two signatures) %s\n\n",
		ms(f.plain), ms(f.srp), ms(f.refresh))
}

// of is the floor of a path, 0 for paths without one.
func (f floors) of(path string) time.Duration {
	switch path {
	case pathPlain:
		return f.plain
	case pathSRP:
		return f.srp
	case pathRefresh:
		return f.refresh
	}
	return 0
}
