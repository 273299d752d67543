package challenge

import "encoding/binary"

// State is what one step of a sign-in hands to the next. Pool and Client are not part of the sealed text: it is bound
// to them and opens for no others.
type State struct {
	Pool, Client string

	// ID names the session for single use; Seal draws it when it is empty.
	ID string
	// Step is the challenge that must be answered with this session.
	Step string
	// IssuedAt and ExpiresAt are in milliseconds since 1970.
	IssuedAt, ExpiresAt int64

	Progress
}

// format is the first byte of the encoding; a state of another format is refused, which costs its user one sign-in.
const format = 3

// maxList bounds the lists of methods and challenges, of which fewer exist.
const maxList = 16

// maxLevel is the highest level of a Goal.
const maxLevel = 4

// append encodes the state: lengths and numbers as varints, so that a session stays well below its 2048 characters.
func (st *State) append(b []byte) []byte {
	b = append(b, format)
	b = appendString(appendString(b, st.ID), st.Step)
	b = binary.AppendVarint(b, st.IssuedAt)
	b = binary.AppendVarint(b, st.ExpiresAt-st.IssuedAt)
	return st.Progress.append(b)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendList[T ~string](b []byte, list []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, string(s))
	}
	return b
}

// parse decodes what append wrote; false on anything else, trailing bytes included.
func (st *State) parse(b []byte) bool {
	r := reader{rest: b}
	if r.byte() != format {
		return false
	}
	st.ID, st.Step = r.string(), r.string()
	st.IssuedAt = r.int()
	st.ExpiresAt = st.IssuedAt + r.int()
	st.Progress.read(&r)
	return !r.bad && len(r.rest) == 0 && st.ID != ""
}

// reader takes values off a byte string; after the first that does not fit it is bad and yields zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	c := r.rest[0]
	r.rest = r.rest[1:]
	return c
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	return take(r, v, n)
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.rest)
	return take(r, v, n)
}

func take[T uint64 | int64](r *reader, v T, n int) T {
	if n <= 0 || r.bad {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) string() string {
	n := r.uint()
	if r.bad || n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// bytes is string for binary values; nil for an empty one.
func (r *reader) bytes() []byte {
	if s := r.string(); s != "" {
		return []byte(s)
	}
	return nil
}

// fixed is a number of eight bytes.
func (r *reader) fixed() int64 {
	if len(r.rest) < 8 {
		r.bad, r.rest = true, nil
		return 0
	}
	n := binary.BigEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return int64(n)
}

func readList[T ~string](r *reader) (out []T) {
	n := r.uint()
	if n > maxList {
		r.bad, r.rest = true, nil
		return nil
	}
	for range n {
		out = append(out, T(r.string()))
	}
	return out
}
