package srp

import (
	"crypto/rand"
	"testing"
)

func BenchmarkVerifier(b *testing.B) {
	Warm()
	b.ReportAllocs()
	for b.Loop() {
		Verifier("AbCdEf123", "2c5d5d5e-1111-4222-8333-444455556666", "Password1!", []byte("0123456789abcdef"))
	}
}

// BenchmarkServer measures both calls of an SRP sign-in: B at the first, the session key at the second.
func BenchmarkServer(b *testing.B) {
	Warm()
	verifier := Verifier("pool", "user", "Password1!", []byte("0123456789abcdef"))
	client, err := NewClient(nil)
	if err != nil {
		b.Fatal(err)
	}
	a := client.A()
	b.Run("first call", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, _ := NewServer(verifier, rand.Reader)
			s.B()
			if _, err := s.Begin(a); err != nil {
				b.Fatal(err)
			}
		}
	})
	s, _ := NewServer(verifier, rand.Reader)
	kept, _ := s.Begin(a)
	b.Run("second call", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Finish(verifier, kept); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkClient(b *testing.B) {
	verifier := Verifier("pool", "user", "Password1!", []byte("0123456789abcdef"))
	s, _ := NewServer(verifier, rand.Reader)
	for name, n := range map[string]int{"1024 bits": 128, "256 bits": 32} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, _ := NewShortClient(nil, n)
				if _, err := c.Key("pool", "user", "Password1!", "30", s.B()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		buildTable()
	}
}
