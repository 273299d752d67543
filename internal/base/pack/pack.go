// Package pack writes and reads small binary records: numbers as varints, texts with their length in front. Such a record
// has one spelling, so it can be sealed, hashed or bound to, and its reader takes hostile bytes without a panic.
package pack

import "encoding/binary"

// Text appends s with its length in front, so that no two sequences of texts give the same bytes.
func Text[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Int appends a number that may be negative.
func Int(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// Count appends a number that is not negative, such as the length of a list.
func Count(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// Fixed appends a number in eight bytes whatever it is, so that the length of the record does not tell.
func Fixed(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// List appends a list of texts.
func List[T ~string](b []byte, list []T) []byte {
	b = Count(b, len(list))
	for _, s := range list {
		b = Text(b, s)
	}
	return b
}

// Reader takes values off a record. After the first that does not fit it is bad and yields zeros.
type Reader struct {
	rest []byte
	bad  bool
}

// Read begins to read a record, which must not change meanwhile.
func Read(b []byte) *Reader { return &Reader{rest: b} }

// Done reports whether everything fitted and nothing is left.
func (r *Reader) Done() bool { return !r.bad && len(r.rest) == 0 }

// Bad reports whether something did not fit.
func (r *Reader) Bad() bool { return r.bad }

// Spoil makes the reader bad: what was read is not possible.
func (r *Reader) Spoil() { r.bad, r.rest = true, nil }

// Rest is what has not been read.
func (r *Reader) Rest() []byte { return r.rest }

// Take takes n bytes, which belong to the record; nil when there are fewer.
func (r *Reader) Take(n int) []byte {
	if r.bad || n < 0 || n > len(r.rest) {
		r.Spoil()
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

// Byte takes one byte.
func (r *Reader) Byte() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Int takes what Int wrote.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.rest)
	if b := r.Take(size); len(b) == 0 || long(b) {
		r.Spoil()
		return 0
	}
	return n
}

// long reports whether a varint is written in more bytes than it needs, which would be a second spelling.
func long(b []byte) bool { return len(b) > 1 && b[len(b)-1] == 0 }

// Count takes what Count wrote, at most limit.
func (r *Reader) Count(limit int) int {
	n, size := binary.Uvarint(r.rest)
	if b := r.Take(size); len(b) == 0 || long(b) || n > uint64(limit) {
		r.Spoil()
		return 0
	}
	return int(n)
}

// Fixed takes what Fixed wrote.
func (r *Reader) Fixed() int64 {
	if b := r.Take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// Text takes a text.
func (r *Reader) Text() string { return string(r.Take(r.Count(len(r.rest)))) }

// Bytes takes what Text wrote of bytes, at most limit, and copies it; nil for none.
func (r *Reader) Bytes(limit int) []byte {
	return append([]byte(nil), r.Take(r.Count(min(limit, len(r.rest))))...)
}

// Texts takes a list of at most limit texts; nil for an empty one.
func Texts[T ~string](r *Reader, limit int) (out []T) {
	for range r.Count(limit) {
		if r.bad {
			return nil
		}
		out = append(out, T(r.Text()))
	}
	return out
}
