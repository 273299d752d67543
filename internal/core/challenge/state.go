package challenge

import (
	"cognate/internal/base/pack"
)

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
const format = 4

// maxList bounds the lists of methods and challenges, of which fewer exist.
const maxList = 16

// maxLevel is the highest level of a Goal.
const maxLevel = 4

// append encodes the state, so that a session stays well below its 2048 characters.
func (st *State) append(b []byte) []byte {
	b = append(b, format)
	b = pack.Text(pack.Text(b, st.ID), st.Step)
	b = pack.Int(pack.Int(b, st.IssuedAt), st.ExpiresAt-st.IssuedAt)
	return st.Progress.append(b)
}

// parse decodes what append wrote; false on anything else, trailing bytes included.
func (st *State) parse(b []byte) bool {
	r := pack.Read(b)
	if r.Byte() != format {
		return false
	}
	st.ID, st.Step = r.Text(), r.Text()
	st.IssuedAt = r.Int()
	st.ExpiresAt = st.IssuedAt + r.Int()
	st.Progress.read(r)
	return r.Done() && st.ID != ""
}
