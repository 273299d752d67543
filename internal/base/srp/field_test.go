package srp

import (
	"bytes"
	"math/big"
	"testing"

	"filippo.io/bigmod"
	"pgregory.net/rapid"
)

// operand draws numbers below N, often the ones where carries go wrong: around 0, around N, words of all zeros or all
// ones, and numbers with a few set bits.
func operand(t *rapid.T, name string) []byte {
	n := params().n
	raw := make([]byte, Size)
	switch rapid.IntRange(0, 4).Draw(t, name+" kind") {
	case 0:
		return big.NewInt(int64(rapid.IntRange(0, 5).Draw(t, name))).FillBytes(raw)
	case 1:
		return new(big.Int).Sub(n, big.NewInt(int64(rapid.IntRange(1, 5).Draw(t, name)))).FillBytes(raw)
	case 2:
		for i := range limbs {
			if rapid.Bool().Draw(t, name) {
				copy(raw[8*i:], bytes.Repeat([]byte{0xff}, 8))
			}
		}
	case 3:
		bit := rapid.IntRange(0, 8*Size-1).Draw(t, name)
		raw[bit/8] = 1 << (bit % 8)
	default:
		copy(raw, rapid.SliceOfN(rapid.Byte(), Size, Size).Draw(t, name))
	}
	x := new(big.Int).SetBytes(raw)
	return x.Mod(x, n).FillBytes(raw)
}

// read returns raw in Montgomery form.
func read(t *rapid.T, raw []byte) element {
	var z element
	if !z.setBytes(raw) {
		t.Fatal("operand refused")
	}
	z.enter()
	return z
}

func modulus(t testing.TB) *bigmod.Modulus {
	m, err := bigmod.NewModulus(params().bytes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFieldAgainstBigmod holds every operation against filippo.io/bigmod.
func TestFieldAgainstBigmod(t *testing.T) {
	m := modulus(t)
	nat := func(raw []byte) *bigmod.Nat {
		x, err := bigmod.NewNat().SetBytes(raw, m)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := operand(t, "x"), operand(t, "y")
		ex, ey := read(t, x), read(t, y)
		var z element
		check := func(op string, want *bigmod.Nat) {
			if got := z.bytes(); !bytes.Equal(got, want.Bytes(m)) {
				t.Fatalf("%s(%x, %x) = %x", op, x, y, got)
			}
			var n element
			if !n.setBytes(z.bytes()) {
				t.Fatalf("%s left a number that is not reduced", op)
			}
		}
		z = ex
		check("enter", nat(x))
		z.add(&ex, &ey)
		check("add", nat(x).Add(nat(y), m))
		z.mul(&ex, &ey)
		check("mul", nat(x).Mul(nat(y), m))
		z.square(&ex)
		check("square", nat(x).Mul(nat(x), m))
		z = ex
		z.mul(&z, &z)
		check("mul in place", nat(x).Mul(nat(x), m))
		z = ex
		z.square(&z)
		check("square in place", nat(x).Mul(nat(x), m))
	})
}

// TestReduceExtremes feeds the reduction the largest products it can meet, which no product of reduced numbers shows.
func TestReduceExtremes(t *testing.T) {
	n := params().n
	r := new(big.Int).Lsh(big.NewInt(1), 8*Size)
	inverse := new(big.Int).ModInverse(r, n)
	top := new(big.Int).Mul(n, r)
	for _, sub := range []int64{1, 2, 1 << 40} {
		x := new(big.Int).Sub(top, big.NewInt(sub))
		var d double
		raw := x.FillBytes(make([]byte, 2*Size))
		for i := range d {
			d[i] = new(big.Int).SetBytes(raw[2*Size-8-8*i : 2*Size-8*i]).Uint64()
		}
		var z, want element
		z.reduce(&d)
		setWords(&want, x.Mod(x.Mul(x, inverse), n))
		if z != want {
			t.Fatalf("top-%d reduced wrongly", sub)
		}
	}
}

// TestPowers holds both ways to a power against bigmod, for every kind of exponent.
func TestPowers(t *testing.T) {
	m := modulus(t)
	two := bigmod.NewNat().SetUint(g).ExpandFor(m)
	rapid.Check(t, func(t *rapid.T) {
		var e [EphemeralSize]byte
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			e[31] = rapid.Byte().Draw(t, "small")
		case 1:
			copy(e[:], bytes.Repeat([]byte{0xff}, EphemeralSize))
			e[rapid.IntRange(0, 31).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		case 2:
			copy(e[rapid.IntRange(0, 31).Draw(t, "zeros"):], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "tail"))
		default:
			copy(e[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "e"))
		}
		want := bigmod.NewNat().Exp(two, e[:], m).Bytes(m)
		var z element
		z.power(&e)
		if !bytes.Equal(z.bytes(), want) {
			t.Fatalf("table: g^%x is wrong", e)
		}
		z.exp(&params().generator, e[:])
		if !bytes.Equal(z.bytes(), want) {
			t.Fatalf("exp: g^%x is wrong", e)
		}
	})
}

func TestExpOfAnyBase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := operand(t, "base")
		e := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "e")
		want := new(big.Int).Exp(new(big.Int).SetBytes(base), new(big.Int).SetBytes(e), params().n)
		z := read(t, base)
		z.exp(&z, e)
		if got := new(big.Int).SetBytes(z.bytes()); got.Cmp(want) != 0 {
			t.Fatalf("%x^%x = %x", base, e, got)
		}
	})
}

func TestSetBytesRefusesNAndAbove(t *testing.T) {
	n := params().n
	for _, add := range []int64{0, 1} {
		var z element
		if z.setBytes(new(big.Int).Add(n, big.NewInt(add)).FillBytes(make([]byte, Size))) {
			t.Errorf("N+%d accepted", add)
		}
	}
	var z element
	if z.setBytes(bytes.Repeat([]byte{0xff}, Size)) || !z.setBytes(make([]byte, Size)) {
		t.Error("bounds are wrong")
	}
}
