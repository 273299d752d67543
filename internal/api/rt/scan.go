package rt

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a JSON string. The result aliases the body when the string has no
// escapes, so callers copy what they keep.
func (d *Decoder) text() []byte {
	d.pos++ // opening quote
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := d.data[start:d.pos]
			d.pos++
			return s
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			d.malformed("control character in a string")
			return nil
		}
		d.pos++
	}
	d.malformed("string without end")
	return nil
}

// escaped finishes a string in which an escape was met at the current position.
func (d *Decoder) escaped(start int) []byte {
	out := append(make([]byte, 0, 2*(d.pos-start)+32), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return out
		case c < ' ':
			d.malformed("control character in a string")
			return nil
		case c != '\\':
			// Copy the whole run up to the next quote, escape or control character.
			n := bytes.IndexFunc(d.data[d.pos:], func(r rune) bool { return r == '"' || r == '\\' || r < ' ' })
			if n < 0 {
				n = len(d.data) - d.pos
			}
			out = append(out, d.data[d.pos:d.pos+n]...)
			d.pos += n
		default:
			var ok bool
			if out, ok = d.escape(out); !ok {
				d.malformed("bad escape in a string")
				return nil
			}
		}
	}
	d.malformed("string without end")
	return nil
}

// escape decodes one escape sequence. Half of a surrogate pair becomes U+FFFD.
func (d *Decoder) escape(out []byte) ([]byte, bool) {
	if d.pos+1 >= len(d.data) {
		return nil, false
	}
	c := d.data[d.pos+1]
	d.pos += 2
	switch c {
	case '"', '\\', '/':
		return append(out, c), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		r, ok := d.hex4(d.pos)
		if !ok {
			return nil, false
		}
		d.pos += 4
		if utf16.IsSurrogate(r) {
			r = d.pair(r)
		}
		return utf8.AppendRune(out, r), true
	}
	return nil, false
}

func (d *Decoder) pair(high rune) rune {
	if d.pos+1 < len(d.data) && d.data[d.pos] == '\\' && d.data[d.pos+1] == 'u' {
		if low, ok := d.hex4(d.pos + 2); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				d.pos += 6
				return r
			}
		}
	}
	return utf8.RuneError
}

func (d *Decoder) hex4(at int) (rune, bool) {
	if at+4 > len(d.data) {
		return 0, false
	}
	var r rune
	for _, c := range d.data[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// number reads a JSON number and returns its text.
func (d *Decoder) number() string {
	start := d.pos
	if d.at() == '-' {
		d.pos++
	}
	ok := d.at() == '0'
	if ok {
		d.pos++
	} else {
		ok = d.digits()
	}
	if ok && d.at() == '.' {
		d.pos++
		ok = d.digits()
	}
	if ok && (d.at() == 'e' || d.at() == 'E') {
		d.pos++
		if d.at() == '+' || d.at() == '-' {
			d.pos++
		}
		ok = d.digits()
	}
	// 01 and 1x are one wrong token, not a number and something else.
	if c := d.at(); !ok || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
		d.malformed("not a JSON value")
		return ""
	}
	return string(d.data[start:d.pos])
}

func (d *Decoder) at() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *Decoder) digits() bool {
	start := d.pos
	for c := d.at(); c >= '0' && c <= '9'; c = d.at() {
		d.pos++
	}
	return d.pos > start
}

// integer turns a JSON number into an int64 as AWS does: a fraction is cut off.
// ok is false when it does not fit; v is then the nearest value that does.
func integer(s string) (v int64, ok bool) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return v, true
	}
	f, err := strconv.ParseFloat(s, 64)
	const limit = 1 << 63
	switch {
	case f >= limit:
		return 1<<63 - 1, false
	case f <= -limit:
		return -1 << 63, false
	}
	return int64(f), err == nil
}
