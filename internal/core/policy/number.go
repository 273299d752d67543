package policy

import (
	"cmp"
	"strings"
)

// maxNumber is more digits than any condition key has.
const maxNumber = 64

// decimal is a number in its digits, so that it compares exactly and without a size that could be exceeded.
type decimal struct {
	negative       bool
	whole, decimal string // without leading and trailing zeros
}

// parseDecimal reads digits with an optional sign and an optional fraction.
func parseDecimal(s string) (decimal, bool) {
	if len(s) == 0 || len(s) > maxNumber {
		return decimal{}, false
	}
	var d decimal
	switch s[0] {
	case '-':
		d.negative = true
		s = s[1:]
	case '+':
		s = s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" && fraction == "" || point && fraction == "" || !digits(whole) || !digits(fraction) {
		return decimal{}, false
	}
	d.whole, d.decimal = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if d.whole == "" && d.decimal == "" {
		d.negative = false
	}
	return d, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// compare orders two numbers as cmp.Compare does.
func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	order := cmp.Compare(len(d.whole), len(e.whole))
	if order == 0 {
		order = cmp.Compare(d.whole, e.whole)
	}
	if order == 0 {
		order = cmp.Compare(d.decimal, e.decimal)
	}
	if d.negative {
		return -order
	}
	return order
}
