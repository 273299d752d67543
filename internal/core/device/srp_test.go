package device_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/srp"
	"cognate/internal/core/device"
)

// exchange is one DEVICE_SRP_AUTH of a device and the proof that answers it.
type exchange struct {
	state []byte
	proof device.Proof
}

// exchange runs StartSRP and the client's side with a password.
func (l *login) exchange(v *device.Device, password string) exchange {
	l.w.T.Helper()
	client, err := srp.NewShortClient(nil, 32)
	l.w.must(err)
	params, state, err := l.w.Devices.StartSRP(l.w.Ctx, v, client.A())
	l.w.must(err)
	if params["DEVICE_KEY"] != v.Key {
		l.w.T.Errorf("DEVICE_KEY is %s", params["DEVICE_KEY"])
	}
	block := make([]byte, 64)
	_, _ = rand.Read(block)
	text := base64.StdEncoding.EncodeToString(block)
	signature, timestamp, err := client.Answer(v.GroupKey, password, srp.Challenge{
		B: params["SRP_B"], Salt: params["SALT"], SecretBlock: text, Identity: v.Key,
	}, l.w.Clock.Now())
	l.w.must(err)
	return exchange{state, device.Proof{Signature: signature, SecretBlock: text, Timestamp: timestamp}}
}

func (w *world) wantProof(what string, v *device.Device, state []byte, p device.Proof, want bool) {
	w.T.Helper()
	got, err := w.FinishSRP(w.Ctx, v, state, p)
	if err != nil || got != want {
		w.T.Errorf("%s: %v, %v; want %v", what, got, err, want)
	}
}

// TestProofs is the positive case and everything that must not prove a device.
func TestProofs(t *testing.T) {
	each(t, func(w *world) {
		p, q := w.tracking(true, false), w.tracking(true, false)
		c, d := w.Client(p, nil), w.Client(q, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		w.User(q, "ana")
		ana, bob, other := w.device(p, c, "ana"), w.device(p, c, "bob"), w.device(q, d, "ana")
		second := w.device(p, c, "ana")
		v := ana.known()
		x := ana.exchange(v, ana.password)
		w.wantProof("right proof", v, x.state, x.proof, true)

		with := func(change func(*device.Proof)) device.Proof {
			p := x.proof
			change(&p)
			return p
		}
		raw, _ := base64.StdEncoding.DecodeString(x.proof.Signature)
		raw[0] ^= 1
		for what, proof := range map[string]device.Proof{
			"altered signature": with(func(p *device.Proof) { p.Signature = base64.StdEncoding.EncodeToString(raw) }),
			"cut signature":     with(func(p *device.Proof) { p.Signature = base64.StdEncoding.EncodeToString(raw[:16]) }),
			"no signature":      with(func(p *device.Proof) { p.Signature = "" }),
			"signature no text": with(func(p *device.Proof) { p.Signature = "%" }),
			"other block":       with(func(p *device.Proof) { p.SecretBlock = "AAAA" }),
			"block no text":     with(func(p *device.Proof) { p.SecretBlock = "%" }),
			"other timestamp":   with(func(p *device.Proof) { p.Timestamp += " " }),
		} {
			w.wantProof(what, v, x.state, proof, false)
		}
		w.wantProof("wrong password", v, x.state, ana.exchange(v, "wrong").proof, false)
		wrong := ana.exchange(v, "wrong")
		w.wantProof("wrong password in its own exchange", v, wrong.state, wrong.proof, false)
		again := ana.exchange(v, ana.password)
		w.wantProof("replay in another exchange", v, again.state, x.proof, false)
		for _, state := range [][]byte{nil, {}, x.state[:31], x.state[:32], x.state[:len(x.state)-1], append(bytes.Clone(x.state), 0)} {
			w.wantProof("damaged state", v, state, x.proof, false)
		}
		for what, l := range map[string]*login{"other user's": bob, "other pool's": other, "second": second} {
			f := l.known()
			y := l.exchange(f, l.password)
			w.wantProof("proof of the "+what+" device", v, x.state, y.proof, false)
			w.wantProof("exchange of the "+what+" device", v, y.state, y.proof, false)
			w.wantProof("exchange handed to the "+what+" device", f, x.state, x.proof, false)
		}
	})
}

func TestPublicValues(t *testing.T) {
	w := quick(t)
	p := w.tracking(true, false)
	w.User(p, "ana")
	v := w.device(p, w.Client(p, nil), "ana").known()
	n := "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
	for _, a := range []string{"", "0", "00", n, strings.ToLower(n), "-1", "0x12", "xyz", " 1", n + "0"} {
		if _, _, err := w.Devices.StartSRP(w.Ctx, v, a); !errors.Is(err, srp.ErrBadA) {
			t.Errorf("A = %.20q: %v", a, err)
		}
	}
}

// TestVector holds the room to the published device vector: the wire forms that ConfirmDevice takes and a proof by a
// client that knows the vector's password.
func TestVector(t *testing.T) {
	const (
		group    = "-v7w9UcY6"
		key      = "us-east-1_12345678-90ab-cdef-1234-567890abcdef"
		password = "EREREREREREREREREREREREREREREREREREREREREREREREREREREQ=="
	)
	salt := bytes.Repeat([]byte{0xd4}, 16)
	wire := config(salt, srp.Verifier(group, key, password, salt))
	if *wire.Salt != "ANTU1NTU1NTU1NTU1NTU1NQ=" {
		t.Fatalf("salt on the wire is %s", *wire.Salt)
	}
	if raw, _ := base64.StdEncoding.DecodeString(*wire.PasswordVerifier); len(raw) != 385 || hex.EncodeToString(sum(raw)) != "84281443f5b79326cf0cad8224e35ff9d4f17855db3f4f4ca3dce375334bc35c" {
		t.Fatalf("verifier on the wire has %d bytes", len(raw))
	}
	gotSalt, verifier, err := device.ReadConfig(wire)
	if err != nil || !bytes.Equal(gotSalt, salt) || len(verifier) != srp.Size {
		t.Fatalf("salt %x, verifier of %d bytes, %v", gotSalt, len(verifier), err)
	}
	each(t, func(w *world) {
		p := w.tracking(true, false)
		w.User(p, "ana")
		l := w.signIn(p, w.Client(p, nil), "ana", key)
		v := &device.Device{PoolID: p.ID, Sub: l.sub, Key: key, GroupKey: group}
		w.must(w.Provide(w.Ctx, v, wire))
		w.must(w.update(func(tx *db.Tx) error { return device.Insert(tx, v) }))
		x := l.exchange(l.known(), password)
		w.wantProof("vector", l.known(), x.state, x.proof, true)
	})
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:]
}

// TestAnyDevice: whatever password, salt and keys a client has drawn, its proof is accepted and no other is.
func TestAnyDevice(t *testing.T) {
	w := quick(t)
	p := w.tracking(true, false)
	w.User(p, "ana")
	sub := w.Get(p, "ana").Sub
	rapid.Check(t, func(t *rapid.T) {
		issued, err := w.Issue(w.Ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		password := rapid.String().Draw(t, "password")
		salt := rapid.SliceOfN(rapid.Byte(), 16, 32).Draw(t, "salt")
		copy(salt, make([]byte, rapid.IntRange(0, 3).Draw(t, "leading zeros")))
		salt[8] |= 1 // not shorter than any that is drawn at random
		v := &device.Device{PoolID: p.ID, Sub: sub, Key: issued.DeviceKey, GroupKey: issued.GroupKey}
		if err := w.Provide(w.Ctx, v, config(salt, srp.Verifier(v.GroupKey, v.Key, password, salt))); err != nil {
			t.Fatal(err)
		}
		l := &login{w: w, pool: p}
		right, wrong := l.exchange(v, password), l.exchange(v, password+"x")
		w.wantProof("right", v, right.state, right.proof, true)
		w.wantProof("wrong", v, wrong.state, wrong.proof, false)
	})
}

// TestSealed: what is stored of a verifier opens in its own row only.
func TestSealed(t *testing.T) {
	each(t, func(w *world) {
		p := w.tracking(true, false)
		c := w.Client(p, nil)
		w.User(p, "ana")
		w.User(p, "bob")
		ana, bob := w.device(p, c, "ana"), w.device(p, c, "bob")
		w.must(w.update(func(tx *db.Tx) error {
			var sealed []byte
			if err := tx.QueryRow(`SELECT verifier FROM device WHERE pool_id = $1 AND sub = $2`, p.ID, bob.sub).Scan(&sealed); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE device SET verifier = $3 WHERE pool_id = $1 AND sub = $2`, p.ID, ana.sub, sealed)
			return err
		}))
		client, err := srp.NewShortClient(nil, 32)
		w.must(err)
		if _, _, err := w.Devices.StartSRP(w.Ctx, ana.known(), client.A()); err == nil || errors.Is(err, srp.ErrBadA) {
			w.T.Errorf("a verifier moved to another row opens: %v", err)
		}
	})
}

func FuzzConfig(f *testing.F) {
	good := config(bytes.Repeat([]byte{0xd4}, 16), srp.Verifier("g", "k", "p", []byte{1}))
	f.Add(*good.Salt, *good.PasswordVerifier)
	f.Add("", "")
	f.Add("AAAA", strings.Repeat("/", 516))
	f.Fuzz(func(t *testing.T, salt, verifier string) {
		s, v, err := device.ReadConfig(&cognitoidp.DeviceSecretVerifierConfigType{Salt: &salt, PasswordVerifier: &verifier})
		if err != nil {
			return
		}
		if len(s) < 8 || len(s) > 64 || len(v) != srp.Size {
			t.Fatalf("took a salt of %d and a verifier of %d bytes", len(s), len(v))
		}
		if _, err := srp.NewServer(v, nil); err != nil {
			t.Fatalf("took a verifier that does not serve: %v", err)
		}
	})
}
