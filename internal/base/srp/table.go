package srp

import (
	"math/big"
	"math/bits"
	"sync"

	"filippo.io/bigmod"
)

// The fixed-base table holds, for every window i of the 256-bit exponent and every digit d, the number g^(d·2^(w·i)).
// A power of g then costs one multiplication per window instead of a whole chain of squarings.
const (
	windowBits = 6
	windows    = (8*EphemeralSize + windowBits - 1) / windowBits
	digitCount = 1 << windowBits
	limbs      = 8 * Size / bits.UintSize
)

// fixedBase is the table, one flat block of windows·digitCount numbers (1.06 MB with six-bit windows).
type fixedBase struct{ words []uint }

// table returns the table, built at its first use.
var table = sync.OnceValue(buildTable)

// buildTable computes the table. Every value in it is public, so math/big may be used.
func buildTable() *fixedBase {
	g := params()
	t := &fixedBase{words: make([]uint, windows*digitCount*limbs)}
	base, raw := big.NewInt(generator), make([]byte, Size)
	product, quotient := new(big.Int), new(big.Int)
	for i := range windows {
		value := big.NewInt(1)
		for d := range digitCount {
			t.put(i, d, value.FillBytes(raw))
			quotient.QuoRem(product.Mul(value, base), g.n, value)
		}
		base.Set(value) // base^digitCount is the base of the next window
	}
	return t
}

// Warm builds the fixed-base table now instead of at the first use. A server may call it on a goroutine after start.
func Warm() { table() }

// put stores the number in raw (Size bytes, big-endian) as digit d of window i.
func (t *fixedBase) put(i, d int, raw []byte) {
	at := (i*digitCount + d) * limbs
	for pos, b := range raw {
		pos = Size - 1 - pos
		t.words[at+pos/(bits.UintSize/8)] |= uint(b) << (8 * (pos % (bits.UintSize / 8)))
	}
}

// pick reads digit d of window i into out. It touches every entry of the window, so that neither branches nor the
// cache tell which one was wanted.
func (t *fixedBase) pick(out []uint, i int, d uint) {
	clear(out)
	row := t.words[i*digitCount*limbs : (i+1)*digitCount*limbs]
	for j := uint(0); j < digitCount; j++ {
		// diff-1 underflows to all ones only when diff is zero; both are below 2^windowBits otherwise.
		diff := j ^ d
		mask := -((diff - 1) >> (bits.UintSize - 1))
		entry := row[:limbs:limbs]
		row = row[limbs:]
		for w := range out[:limbs] {
			out[w] |= entry[w] & mask
		}
	}
}

// power returns g^e mod N for a secret exponent of EphemeralSize bytes, big-endian, in constant time.
func power(e *[EphemeralSize]byte) *bigmod.Nat {
	g, t := params(), table()
	acc, factor := bigmod.NewNat().ExpandFor(g.mod), bigmod.NewNat().ExpandFor(g.mod)
	t.pick(acc.Bits(), 0, window(e, 0))
	for i := 1; i < windows; i++ {
		t.pick(factor.Bits(), i, window(e, i))
		acc.Mul(factor, g.mod)
	}
	return acc
}

// window returns the i-th group of windowBits bits of e, counted from the least significant end. Positions are public.
func window(e *[EphemeralSize]byte, i int) uint {
	bit := i * windowBits
	last := EphemeralSize - 1 - bit/8
	v := uint(e[last])
	if last > 0 {
		v |= uint(e[last-1]) << 8
	}
	return v >> (bit % 8) & (digitCount - 1)
}
