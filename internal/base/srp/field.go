package srp

import (
	"encoding/binary"
	"math/bits"
)

// limbs is the number of 64-bit words of a number modulo N.
const limbs = Size / 8

// element is a number below N, least significant word first, in Montgomery form (x·2^3072 mod N) unless said otherwise.
//
// Nothing here branches on a word's value or uses it as an index, and math/bits promises that Add64, Sub64 and Mul64
// run in time independent of their operands. DESIGN.md tells why this is not done by filippo.io/bigmod; the tests hold
// every function against it.
type element [limbs]uint64

// double is a product before its reduction.
type double [2 * limbs]uint64

// mulAdd adds x·y to the equally long z and returns the carry word. The lengths are public.
func mulAdd(z, x []uint64, y uint64) (carry uint64) {
	var c uint64
	for len(z) >= 8 && len(x) >= 8 {
		zz, xx := (*[8]uint64)(z), (*[8]uint64)(x)
		h0, l0 := bits.Mul64(xx[0], y)
		h1, l1 := bits.Mul64(xx[1], y)
		h2, l2 := bits.Mul64(xx[2], y)
		h3, l3 := bits.Mul64(xx[3], y)
		l0, c = bits.Add64(l0, carry, 0)
		l1, c = bits.Add64(l1, h0, c)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		carry, _ = bits.Add64(h3, 0, c)
		zz[0], c = bits.Add64(zz[0], l0, 0)
		zz[1], c = bits.Add64(zz[1], l1, c)
		zz[2], c = bits.Add64(zz[2], l2, c)
		zz[3], c = bits.Add64(zz[3], l3, c)
		carry, _ = bits.Add64(carry, 0, c)
		h0, l0 = bits.Mul64(xx[4], y)
		h1, l1 = bits.Mul64(xx[5], y)
		h2, l2 = bits.Mul64(xx[6], y)
		h3, l3 = bits.Mul64(xx[7], y)
		l0, c = bits.Add64(l0, carry, 0)
		l1, c = bits.Add64(l1, h0, c)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		carry, _ = bits.Add64(h3, 0, c)
		zz[4], c = bits.Add64(zz[4], l0, 0)
		zz[5], c = bits.Add64(zz[5], l1, c)
		zz[6], c = bits.Add64(zz[6], l2, c)
		zz[7], c = bits.Add64(zz[7], l3, c)
		carry, _ = bits.Add64(carry, 0, c)
		z, x = z[8:], x[8:]
	}
	for i := range z {
		hi, lo := bits.Mul64(x[i], y)
		lo, c = bits.Add64(lo, carry, 0)
		carry, _ = bits.Add64(hi, 0, c)
		z[i], c = bits.Add64(z[i], lo, 0)
		carry, _ = bits.Add64(carry, 0, c)
	}
	return carry
}

// mul sets z = x·y. z may be x or y.
func (z *element) mul(x, y *element) {
	var t double
	for i, word := range y {
		t[i+limbs] = mulAdd(t[i:i+limbs], x[:], word)
	}
	z.reduce(&t)
}

// square sets z = x², with each product of two different words computed once. z may be x.
func (z *element) square(x *element) {
	var t double
	for i := range limbs - 1 {
		t[i+limbs] = mulAdd(t[2*i+1:i+limbs], x[i+1:], x[i])
	}
	var carry, shifted uint64
	for i, word := range x {
		hi, lo := bits.Mul64(word, word)
		even, odd := t[2*i], t[2*i+1]
		t[2*i], carry = bits.Add64(even<<1|shifted, lo, carry)
		t[2*i+1], carry = bits.Add64(odd<<1|even>>63, hi, carry)
		shifted = odd >> 63
	}
	z.reduce(&t)
}

// reduce sets z = t·2^-3072 mod N for t below N·2^3072, destroying t: word-by-word Montgomery reduction. The factor
// -1/N mod 2^64 of the general method is 1 here, because the lowest word of N is all ones.
func (z *element) reduce(t *double) {
	n := &params().words
	var carry uint64
	for i := range limbs {
		c := mulAdd(t[i:i+limbs], n[:], t[i])
		t[i+limbs], carry = bits.Add64(t[i+limbs], c, carry)
	}
	z.subtractModulus((*element)(t[limbs:]), carry)
}

// subtractModulus sets z to the number in x and carry, which is below 2·N, less N if that is not negative.
func (z *element) subtractModulus(x *element, carry uint64) {
	var less element
	var borrow uint64
	for i, word := range params().words {
		less[i], borrow = bits.Sub64(x[i], word, borrow)
	}
	_, borrow = bits.Sub64(carry, 0, borrow)
	keep := -borrow // all ones when x was below N
	for i := range z {
		z[i] = less[i] ^ keep&(less[i]^x[i])
	}
}

// add sets z = x + y.
func (z *element) add(x, y *element) {
	var sum element
	var carry uint64
	for i := range sum {
		sum[i], carry = bits.Add64(x[i], y[i], carry)
	}
	z.subtractModulus(&sum, carry)
}

// setBytes reads Size big-endian bytes into z, not in Montgomery form, and reports whether they are below N. The
// comparison takes constant time.
func (z *element) setBytes(raw []byte) bool {
	_ = raw[Size-1]
	var borrow uint64
	for i, word := range params().words {
		z[i] = binary.BigEndian.Uint64(raw[Size-8-8*i:])
		_, borrow = bits.Sub64(z[i], word, borrow)
	}
	return borrow == 1
}

// enter brings z into Montgomery form.
func (z *element) enter() { z.mul(z, &params().rr) }

// bytes returns z, which is in Montgomery form, as Size big-endian bytes.
func (z *element) bytes() []byte {
	var t double
	copy(t[:], z[:])
	var plain element
	plain.reduce(&t)
	out := make([]byte, Size)
	for i, word := range plain {
		binary.BigEndian.PutUint64(out[Size-8-8*i:], word)
	}
	return out
}

// isZero reports whether z is zero, without telling more by its running time.
func (z *element) isZero() bool {
	var all uint64
	for _, word := range z {
		all |= word
	}
	return all == 0
}

// pick sets z to row[digit]. It reads every entry of the row, so that neither branches nor the cache tell which one
// was wanted.
func (z *element) pick(row []element, digit uint64) {
	*z = element{}
	for j := range row {
		// The difference less one has its top bit set only when the difference is zero.
		mask := -(((uint64(j) ^ digit) - 1) >> 63)
		entry := &row[j]
		for w := range z {
			z[w] |= entry[w] & mask
		}
	}
}

// expWindow is the number of exponent bits that exp takes at a time.
const expWindow = 4

// exp sets z = base^e for a big-endian exponent, in time that depends on the exponent's length only. z may be base.
func (z *element) exp(base *element, e []byte) {
	var row [1 << expWindow]element
	row[0] = params().one
	row[1] = *base
	for i := 2; i < len(row); i += 2 {
		row[i].square(&row[i/2])
		row[i+1].mul(&row[i], base)
	}
	acc, factor := params().one, element{}
	for i, b := range e {
		for j, digit := range [2]byte{b >> 4, b & 15} {
			if i > 0 || j > 0 { // squaring the initial one is wasted work
				for range expWindow {
					acc.square(&acc)
				}
			}
			factor.pick(row[:], uint64(digit))
			acc.mul(&acc, &factor)
		}
	}
	*z = acc
}
