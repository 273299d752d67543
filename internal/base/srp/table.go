package srp

import "sync"

// The fixed-base table holds, for every window i of the 256-bit exponent and every digit d, the number g^(d·2^(w·i)).
// A power of g then costs one multiplication per window instead of a whole chain of squarings. Six-bit windows are the
// measured optimum between multiplications and reading rows.
const (
	windowBits = 6
	windows    = (8*EphemeralSize + windowBits - 1) / windowBits
	digitCount = 1 << windowBits
)

// fixedBase is the table: 43 rows of 64 numbers, 1.06 MB.
type fixedBase [windows][digitCount]element

// table returns the table, built at its first use.
var table = sync.OnceValue(buildTable)

// Warm builds the fixed-base table (about ten milliseconds, 1.06 MB) now instead of at the first use. A server may call
// it on a goroutine after start.
func Warm() { table() }

// buildTable computes the table.
func buildTable() *fixedBase {
	t := new(fixedBase)
	base := params().generator
	for i := range t {
		row := &t[i]
		row[0], row[1] = params().one, base
		for d := 2; d < digitCount; d++ {
			row[d].mul(&row[d-1], &base)
		}
		base.mul(&row[digitCount-1], &base) // g^(2^(w·(i+1)))
	}
	return t
}

// power sets z = g^e for a secret exponent, in constant time.
func (z *element) power(e *[EphemeralSize]byte) {
	t := table()
	var factor element
	z.pick(t[0][:], window(e, 0))
	for i := 1; i < windows; i++ {
		factor.pick(t[i][:], window(e, i))
		z.mul(z, &factor)
	}
}

// window returns the i-th group of windowBits bits of e, counted from the least significant end. Positions are public.
func window(e *[EphemeralSize]byte, i int) uint64 {
	bit := i * windowBits
	last := EphemeralSize - 1 - bit/8
	v := uint64(e[last])
	if last > 0 {
		v |= uint64(e[last-1]) << 8
	}
	return v >> (bit % 8) & (digitCount - 1)
}
