package challenge

import (
	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/pack"
)

// Progress is all that a sign-in has come to. It is the only payload of a Session; nodes keep nothing of it.
type Progress struct {
	// Door names the entrance where the sign-in began. A session is answered at that entrance.
	Door string
	// Sub is the user who is signing in; for a name nobody has, what was simulated.
	Sub string
	// Epoch is that of the user (directory.User.Epoch) when the session was made; 0 for nobody.
	Epoch int64
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
		b = pack.Text(b, s)
	}
	b = pack.List(b, p.Proven)
	b = pack.List(b, p.Choices)
	b = pack.List(b, p.Offered)
	b = pack.Fixed(pack.Fixed(b, p.PasswordSetAt), p.Epoch)
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
func (p *Progress) read(r *pack.Reader) {
	p.Door, p.Sub, p.Typed = r.Text(), r.Text(), r.Bytes(maxSession)
	p.Device, p.Custom, p.Secret = r.Text(), r.Text(), r.Bytes(maxSession)
	p.Proven, p.Choices = pack.Texts[string](r, maxList), pack.Texts[string](r, maxList)
	p.Offered = pack.Texts[cognitoidp.ChallengeNameType](r, maxList)
	p.PasswordSetAt, p.Epoch = r.Fixed(), r.Fixed()
	flags := r.Byte()
	p.UserVerified, p.DeviceProven = flags&flagUserVerified != 0, flags&flagDeviceProven != 0
	p.Functions, p.Announced = flags&flagFunctions != 0, flags&flagAnnounced != 0
	p.First, p.SetUp = flags&flagFirst != 0, flags&flagSetUp != 0
	level := r.Byte()
	if flags > allFlags || level > maxLevel+1 {
		r.Spoil()
		return
	}
	if level > 0 {
		p.Goal = &Goal{Level: int(level) - 1}
	}
}
