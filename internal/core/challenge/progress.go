package challenge

import (
	"encoding/binary"

	"cognate/internal/api/cognitoidp"
)

// Progress is all that a sign-in has come to. It is the only payload of a Session; nodes keep nothing of it.
type Progress struct {
	// Door names the entrance where the sign-in began. A session is answered at that entrance.
	Door string
	// Sub is the user who is signing in; for a name nobody has, what was simulated.
	Sub string
	// Typed stands for the name of the first hop: a hash, because names are as long as the caller likes.
	Typed []byte
	// Proven are the authentication methods (amr values) that count so far, in their order.
	Proven []string
	// PasswordSetAt is when the proven password was set, in milliseconds since 1970; a change voids the proof.
	PasswordSetAt int64
	// UserVerified tells that a passkey among Proven verified its user.
	UserVerified bool
	// Goal is what the whole sign-in has to reach, nil for one that only has to succeed.
	Goal *Goal
	// Device is the key of the device that the sign-in comes from, and DeviceProven that it has proven itself.
	Device       string
	DeviceProven bool
	// Custom names the kept state of a custom sign-in whose functions have yet to be asked.
	Custom string
	// Functions tells that the owner's functions decided alone, without the password.
	Functions bool
	// Announced tells that PreAuthentication ran.
	Announced bool
	// First tells that the open challenge is the first factor of USER_AUTH, SetUp that its code sets the factor up.
	First, SetUp bool
	// Offered are the challenges that the client may choose among, Choices the second factors.
	Offered []cognitoidp.ChallengeNameType
	Choices []string
	// Secret is what the open challenge needs to be verified: an SRP key, the state of a passkey ceremony, a seed.
	Secret []byte
}

// Goal is the aim of a sign-in by step-up authentication.
type Goal struct {
	// Level is the authentication level to reach, 1 to 4; 0 when only the age of the sign-in was asked for.
	Level int
}

// The flags of an encoded Progress.
const (
	flagUserVerified = 1 << iota
	flagDeviceProven
	flagFunctions
	flagAnnounced
	flagFirst
	flagSetUp
	allFlags = 1<<iota - 1
)

// append encodes the progress. Times are of fixed size, so that the length of a session does not tell whether there is
// a password.
func (p *Progress) append(b []byte) []byte {
	for _, s := range []string{p.Door, p.Sub, string(p.Typed), p.Device, p.Custom, string(p.Secret)} {
		b = appendString(b, s)
	}
	b = appendList(b, p.Proven)
	b = appendList(b, p.Choices)
	b = appendList(b, p.Offered)
	b = binary.BigEndian.AppendUint64(b, uint64(p.PasswordSetAt))
	b = append(b, p.flags())
	if p.Goal == nil {
		return append(b, 0)
	}
	return append(b, byte(p.Goal.Level)+1)
}

func (p *Progress) flags() (f byte) {
	for i, set := range [...]bool{p.UserVerified, p.DeviceProven, p.Functions, p.Announced, p.First, p.SetUp} {
		if set {
			f |= 1 << i
		}
	}
	return f
}

// read decodes what append wrote.
func (p *Progress) read(r *reader) {
	p.Door, p.Sub, p.Typed = r.string(), r.string(), r.bytes()
	p.Device, p.Custom, p.Secret = r.string(), r.string(), r.bytes()
	p.Proven, p.Choices, p.Offered = readList[string](r), readList[string](r), readList[cognitoidp.ChallengeNameType](r)
	p.PasswordSetAt = r.fixed()
	flags := r.byte()
	p.UserVerified, p.DeviceProven = flags&flagUserVerified != 0, flags&flagDeviceProven != 0
	p.Functions, p.Announced = flags&flagFunctions != 0, flags&flagAnnounced != 0
	p.First, p.SetUp = flags&flagFirst != 0, flags&flagSetUp != 0
	level := r.byte()
	if flags > allFlags || level > maxLevel+1 {
		r.bad = true
		return
	}
	if level > 0 {
		p.Goal = &Goal{Level: int(level) - 1}
	}
}
