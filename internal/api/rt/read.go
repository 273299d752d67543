package rt

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
)

// The texts of Amazon's services for a value of the wrong JSON type.
const (
	textList   = "Start of list found where not expected"
	textObject = "Start of structure or map found where not expected."
)

// mismatch reports that the value at hand has the wrong JSON type; scalar is
// the text for a string, number or boolean.
func (d *Decoder) mismatch(scalar string) {
	switch c := d.peek(); {
	case c == '[':
		d.fail(textList)
	case c == '{':
		d.fail(textObject)
	default:
		// A garbled value is a syntax error, not a type error.
		at := d.pos
		if d.Skip(); d.err == nil {
			d.pos = at
			d.fail(scalar)
		}
	}
}

// convert is mismatch for scalar targets, for example "a String".
func (d *Decoder) convert(target string) {
	kind := "NUMBER"
	switch d.peek() {
	case '"':
		kind = "STRING"
	case 't':
		kind = "TRUE"
	case 'f':
		kind = "FALSE"
	}
	d.mismatch(kind + "_VALUE can not be converted to " + target)
}

// String reads a string or enum. All readers answer false for null and after
// an error.
func String[T ~string](d *Decoder) (T, bool) {
	if d.node != nil {
		s, ok := d.leaf("a String")
		return T(s), ok
	}
	if d.peek() == '"' {
		s := T(d.text())
		return s, d.err == nil
	}
	if !d.null() {
		d.convert("a String")
	}
	return "", false
}

// Bool reads a boolean.
func Bool(d *Decoder) (bool, bool) {
	if d.node != nil {
		return nodeBool(d)
	}
	switch d.peek() {
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	}
	if !d.null() {
		d.convert("a Boolean")
	}
	return false, false
}

// Flag reads a boolean of which the service makes one of any text: "false" is false, every other text true. A null is
// none.
func Flag(d *Decoder) (bool, bool) {
	if d.node != nil {
		return nodeBool(d)
	}
	switch d.peek() {
	case '"':
		return string(d.text()) != "false", d.err == nil
	case 'n':
		if d.literal("null") {
			d.fail("NULL_VALUE can not be converted to a Boolean")
		}
		return false, false
	}
	return Bool(d)
}

// digit reports whether a number stands at the current position.
func (d *Decoder) digit() bool {
	c := d.peek()
	return c == '-' || (c >= '0' && c <= '9')
}

// Int reads a 32-bit integer. Values outside 32 bits are an error unless the
// rule refuses them anyway: then the violation names the bound, as on AWS.
func Int(d *Decoder, rule *IntRule) (int64, bool) {
	if d.node != nil {
		return nodeInt(d, "an Integer", 32, rule)
	}
	if !d.digit() {
		if !d.null() {
			d.convert("an Integer")
		}
		return 0, false
	}
	at := d.pos
	s := d.number()
	if d.err != nil {
		return 0, false
	}
	v, _ := integer(s)
	if (v > math.MaxInt32 || v < math.MinInt32) && !(d.strict && rule.refuses(v)) {
		d.pos = at
		d.fail("NUMBER_VALUE can not be converted to an Integer")
		return 0, false
	}
	return v, true
}

// Long reads a 64-bit integer.
func Long(d *Decoder) (int64, bool) {
	if d.node != nil {
		return nodeInt(d, "a Long", 64, nil)
	}
	if !d.digit() {
		if !d.null() {
			d.convert("a Long")
		}
		return 0, false
	}
	s := d.number()
	if d.err != nil {
		return 0, false
	}
	v, ok := integer(s)
	if !ok {
		d.fail("NUMBER_VALUE can not be converted to a Long")
	}
	return v, ok
}

// Double reads a floating point number.
func Double(d *Decoder) (float64, bool) {
	if d.node != nil {
		return nodeDouble(d)
	}
	if !d.digit() {
		if !d.null() {
			d.convert("a Double")
		}
		return 0, false
	}
	s := d.number()
	if d.err != nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		d.fail("NUMBER_VALUE can not be converted to a Double")
	}
	return v, err == nil
}

// Timestamp reads epoch seconds.
func Timestamp(d *Decoder) (Time, bool) {
	if d.node != nil {
		return nodeTime(d)
	}
	if !d.digit() {
		if !d.null() {
			d.convert("milliseconds since epoch")
		}
		return Time{}, false
	}
	s := d.number()
	if d.err != nil {
		return Time{}, false
	}
	t, err := parseEpoch(s)
	if err != nil {
		d.fail("NUMBER_VALUE can not be converted to milliseconds since epoch")
	}
	return t, err == nil
}

// TimestampISO reads a timestamp whose shape is ISO 8601 in every format.
func TimestampISO(d *Decoder) (Time, bool) {
	if d.node != nil {
		return nodeTime(d)
	}
	if d.peek() != '"' {
		if !d.null() {
			d.convert("a timestamp")
		}
		return Time{}, false
	}
	t, err := parseText(string(d.text()))
	if err != nil {
		d.fail("STRING_VALUE can not be converted to a timestamp")
	}
	return t, err == nil && d.err == nil
}

// Blob reads base64 text.
func Blob(d *Decoder) ([]byte, bool) {
	var s []byte
	switch {
	case d.node != nil:
		text, ok := d.leaf("a Blob")
		if !ok {
			return nil, false
		}
		s = []byte(text)
	case d.peek() == '"':
		s = d.text()
	default:
		if !d.null() {
			d.convert("a Blob")
		}
		return nil, false
	}
	if d.err != nil {
		return nil, false
	}
	if len(s)%4 != 0 {
		d.fail(fmt.Sprintf("'%s' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: %d",
			clip(string(s)), len(s)))
		return nil, false
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(s)))
	n, err := base64.StdEncoding.Decode(out, s)
	if err != nil {
		d.fail(fmt.Sprintf("'%s' can not be converted to a Blob: Invalid Base64 character", clip(string(s))))
		return nil, false
	}
	return out[:n], true
}

// Doc keeps one value of any type as its text.
func Doc(d *Decoder) (Document, bool) {
	if d.node != nil {
		d.unfit("a document")
		return nil, false
	}
	if d.null() || d.err != nil {
		return nil, false
	}
	d.peek()
	start := d.pos
	d.Skip()
	if d.err != nil {
		return nil, false
	}
	return append(Document(nil), d.data[start:d.pos]...), true
}

// Ptr turns a reader's answer into an optional member.
func Ptr[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}

// Mark sets or clears a bit, so that of duplicate members the last one counts.
func Mark(seen, bit uint64, ok bool) uint64 {
	if ok {
		return seen | bit
	}
	return seen &^ bit
}
