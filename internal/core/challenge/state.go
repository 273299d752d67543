package challenge

import (
	"encoding/binary"
	"encoding/json"
)

// State is what one step of a sign-in hands to the next. Pool and Client are not part of the sealed text: it is bound
// to them and opens for no others.
type State struct {
	Pool, Client string

	// ID names the session for single use; Seal draws it.
	ID string
	// Sub and Username are the user who is signing in. For a user who does not exist they are what was simulated.
	Sub, Username string
	// Step is the challenge that must be answered with this session.
	Step string
	// IssuedAt and ExpiresAt are in milliseconds since 1970.
	IssuedAt, ExpiresAt int64
	// AuthTime is when the user was first proven in this sign-in, in seconds since 1970; 0 when not yet.
	AuthTime int64
	// Proven are the authentication methods (amr values) completed so far.
	Proven []string
	// Data is the step's own state, JSON of any kind.
	Data json.RawMessage
	// Secret is binary state of the step, for instance an SRP exponent or key; it travels without text encoding.
	Secret []byte
	// Goal is what the whole sign-in has to reach, nil for one that only has to succeed.
	Goal *Goal
}

// Goal is the aim of a sign-in by step-up authentication. Every session of the sign-in carries it.
type Goal struct {
	// Level is the authentication level to reach, 1 to 4; 0 when only the age of the sign-in was asked for.
	Level int
	// Have are the methods that count already: those of the access token that was shown, and those proven before the
	// challenge at hand.
	Have []string
}

// format is the first byte of the encoding; a state of another format is refused, which costs its user one sign-in.
const format = 2

// maxProven bounds the list of methods, of which eight exist.
const maxProven = 16

// maxLevel is the highest level of a Goal.
const maxLevel = 4

// append encodes the state: lengths and numbers as varints, so that a session stays well below its 2048 characters.
func (st *State) append(b []byte) []byte {
	b = append(b, format)
	for _, s := range []string{st.ID, st.Sub, st.Username, st.Step, string(st.Data), string(st.Secret)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, n := range []int64{st.IssuedAt, st.ExpiresAt - st.IssuedAt, st.AuthTime} {
		b = binary.AppendVarint(b, n)
	}
	b = appendList(b, st.Proven)
	if st.Goal == nil {
		return append(b, 0)
	}
	return appendList(binary.AppendUvarint(b, uint64(st.Goal.Level)+1), st.Goal.Have)
}

func appendList(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// parse decodes what append wrote; false on anything else, trailing bytes included.
func (st *State) parse(b []byte) bool {
	r := reader{rest: b}
	if r.byte() != format {
		return false
	}
	st.ID, st.Sub, st.Username, st.Step = r.string(), r.string(), r.string(), r.string()
	if data := r.string(); data != "" {
		st.Data = json.RawMessage(data)
	}
	if secret := r.string(); secret != "" {
		st.Secret = []byte(secret)
	}
	st.IssuedAt = r.int()
	st.ExpiresAt = st.IssuedAt + r.int()
	st.AuthTime = r.int()
	st.Proven = r.list()
	if level := r.uint(); level > maxLevel+1 {
		return false
	} else if level > 0 {
		st.Goal = &Goal{Level: int(level) - 1, Have: r.list()}
	}
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

func (r *reader) list() (out []string) {
	n := r.uint()
	if n > maxProven {
		r.bad, r.rest = true, nil
		return nil
	}
	for range n {
		out = append(out, r.string())
	}
	return out
}
