package srp

// ExchangeSize is the length in bytes of what Begin returns.
const ExchangeSize = EphemeralSize + 32 + Size

// Begin takes the client's public value at the first call of a sign-in and returns what the second call needs: b, u and
// A. It costs no power beyond the one for B, so an exchange that is never finished stays cheap, and B need not be kept
// or computed again. The result holds b: it must be sealed wherever it is kept. It returns ErrBadA like Key.
func (s *Server) Begin(a string) ([]byte, error) {
	if len(s.b) != EphemeralSize {
		return nil, ErrState
	}
	public, u, err := s.scramble(a)
	if err != nil {
		return nil, err
	}
	kept := make([]byte, 0, ExchangeSize)
	kept = append(kept, s.b...)
	kept = append(kept, u...)
	return append(kept, public...), nil
}

// Finish returns the session key of an exchange kept from Begin. The verifier is read again at that moment, so a
// password changed in between makes the proof fail. It returns ErrState or ErrVerifier for malformed input.
func Finish(verifier, kept []byte) ([]byte, error) {
	if len(kept) != ExchangeSize {
		return nil, ErrState
	}
	v, err := parseVerifier(verifier)
	if err != nil {
		return nil, err
	}
	b, rest := kept[:EphemeralSize], kept[EphemeralSize:]
	u, public := rest[:32], rest[32:]
	if string(public) >= string(params().bytes) || len(trimZeros(public)) == 0 {
		return nil, ErrState
	}
	return sessionKey(v, b, public, u), nil
}
