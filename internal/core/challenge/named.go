package challenge

import (
	"encoding/base64"

	"cognate/internal/base/pack"
)

// namedHeader begins the sessions that carry their pool and client before the sealed part. It differs from header in
// its lowest bit, which the text AYABe does not show. Both names stand in the clear, because the pool's key must be
// found before anything can be opened; they are authenticated like those of every session.
var namedHeader = [4]byte{0x01, 0x80, 0x01, 0x79}

// named reports whether the sessions of a challenge carry their pool and client: those that operations take which name
// neither.
func named(step string) bool { return step == "MFA_SETUP" }

// appendOwner returns the part of a named session before the sealed one.
func appendOwner(st *State) []byte {
	b := namedHeader[:]
	for _, s := range []string{st.Pool, st.Client} {
		b = pack.Text(b, s)
	}
	return b
}

// split takes a Session apart; pool and client are empty for one that carries no names.
func split(session string) (poolID, clientID string, sealed []byte, err error) {
	if len(session) < minSession || len(session) > maxSession {
		return "", "", nil, ErrInvalid
	}
	raw, err := decode(base64.RawURLEncoding, session)
	if err != nil || len(raw) < len(header) {
		return "", "", nil, ErrInvalid
	}
	rest := raw[len(header):]
	switch [4]byte(raw) {
	case header:
		return "", "", rest, nil
	case namedHeader:
		r := pack.Read(rest)
		poolID, clientID = r.Text(), r.Text()
		if r.Bad() || poolID == "" {
			return "", "", nil, ErrInvalid
		}
		return poolID, clientID, r.Rest(), nil
	}
	return "", "", nil, ErrInvalid
}
