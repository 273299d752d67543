package factor

import (
	"github.com/google/uuid"

	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// maxPasskeys is how many passkeys a user may have.
const maxPasskeys = 20

// passkey is a registered credential.
type passkey struct {
	id      string // base64url
	rpID    string
	counter int64
	created int64
	record  record
}

// record is the part of a passkey that is sealed.
type record struct {
	Key        []byte   `json:"k"` // COSE
	AAGUID     []byte   `json:"a,omitempty"`
	Flags      byte     `json:"f"`
	Format     string   `json:"fmt,omitempty"`
	Attachment string   `json:"att,omitempty"`
	Transports []string `json:"t,omitempty"`
	Name       string   `json:"n"`
}

func (k passkey) method() string { return passkeyMethod(k.record.Attachment, k.record.Transports) }

// sealPasskey binds the record to table, column, pool, user, credential and relying party.
func (f *Factors) sealPasskey(ctx context.Context, poolID, sub string, k passkey) (passkeyRow, error) {
	plain, err := json.Marshal(k.record)
	if err != nil {
		return passkeyRow{}, err
	}
	sealed, err := f.Keys.Seal(ctx, poolID, plain, "factor_passkey", "record", sub, k.id, k.rpID)
	if err != nil {
		return passkeyRow{}, fmt.Errorf("factor: seal passkey: %w", err)
	}
	return passkeyRow{id: k.id, rpID: k.rpID, record: sealed, counter: k.counter, created: k.created}, nil
}

func (f *Factors) openPasskey(ctx context.Context, poolID, sub string, r passkeyRow) (passkey, error) {
	k := passkey{id: r.id, rpID: r.rpID, counter: r.counter, created: r.created}
	plain, err := f.Keys.Open(ctx, poolID, r.record, "factor_passkey", "record", sub, r.id, r.rpID)
	if err == nil {
		err = json.Unmarshal(plain, &k.record)
	}
	if err != nil {
		return passkey{}, fmt.Errorf("factor: open passkey: %w", err)
	}
	return k, nil
}

// passkeys are all passkeys of a user, oldest first.
func (f *Factors) passkeys(tx *db.Tx, poolID, sub string) ([]passkey, error) {
	rows, err := readPasskeys(tx, poolID, sub)
	if err != nil {
		return nil, err
	}
	out := make([]passkey, len(rows))
	for i, r := range rows {
		if out[i], err = f.openPasskey(tx.Context(), poolID, sub, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// usablePasskeys are those for the pool's relying party; none when the pool has no relying party.
func (f *Factors) usablePasskeys(tx *db.Tx, p *pool.Pool, u *directory.User) ([]passkey, error) {
	rpID, err := f.relyingParty(p)
	if err != nil {
		return nil, nil
	}
	keys, err := f.passkeys(tx, p.ID, u.Sub)
	return slices.DeleteFunc(keys, func(k passkey) bool { return k.rpID != rpID }), err
}

// newChallenge returns 32 random bytes in the encoding that browsers send back.
func (f *Factors) newChallenge() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(f.random(), b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// descriptor names a passkey in options.
type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

// requestOptions is CREDENTIAL_REQUEST_OPTIONS: PublicKeyCredentialRequestOptionsJSON.
type requestOptions struct {
	Challenge        string       `json:"challenge"`
	Timeout          int          `json:"timeout"`
	RPID             string       `json:"rpId"`
	AllowCredentials []descriptor `json:"allowCredentials"`
	UserVerification string       `json:"userVerification"`
}

// asked is what a sign-in must remember of the options it handed out.
type asked struct {
	Challenge    string `json:"c"`
	RPID         string `json:"r"`
	Verification string `json:"v"`
}

// requestTimeout is how long browsers may wait for the user, in milliseconds.
const requestTimeout = 180_000

// WebAuthnOptions begins a sign-in by passkey: CREDENTIAL_REQUEST_OPTIONS and the state that VerifyWebAuthn needs, JSON
// to be kept in the sealed session. ErrNotSetUp when the user has no passkey for the pool's relying party.
func (f *Factors) WebAuthnOptions(tx *db.Tx, p *pool.Pool, u *directory.User) (options string, state []byte, err error) {
	keys, err := f.usablePasskeys(tx, p, u)
	if err != nil {
		return "", nil, err
	}
	if len(keys) == 0 {
		return "", nil, ErrNotSetUp
	}
	return f.askFor(p, keys[0].rpID, keys)
}

// askFor makes the options and the state for passkeys of one relying party.
func (f *Factors) askFor(p *pool.Pool, rpID string, keys []passkey) (options string, state []byte, err error) {
	challenge, err := f.newChallenge()
	if err != nil {
		return "", nil, err
	}
	o := requestOptions{Challenge: challenge, Timeout: requestTimeout, RPID: rpID, UserVerification: verification(p)}
	o.AllowCredentials = []descriptor{}
	for _, k := range keys {
		o.AllowCredentials = append(o.AllowCredentials, descriptor{"public-key", k.id, k.record.Transports})
	}
	text, err := json.Marshal(o)
	if err != nil {
		return "", nil, err
	}
	state, err = json.Marshal(asked{challenge, o.RPID, o.UserVerification})
	return string(text), state, err
}

// VerifyWebAuthn redeems an AuthenticationResponseJSON in tx and returns the method that it proves (amr) and whether the
// authenticator verified its user. ErrMismatch when it does not prove u, ErrReplayed when the challenge was answered
// before, ErrCloned when the signature counter did not grow. The caller spends the session in the same transaction.
func (f *Factors) VerifyWebAuthn(tx *db.Tx, p *pool.Pool, u *directory.User, state []byte, credential string) (method string, userVerified bool, err error) {
	want, got, err := answerOf(tx.Context(), state, credential)
	if err != nil {
		return "", false, err
	}
	keys, err := f.usablePasskeys(tx, p, u)
	if err != nil {
		return "", false, err
	}
	i := slices.IndexFunc(keys, func(k passkey) bool { return k.id == encodeID(got.RawID) && k.rpID == want.RPID })
	if i < 0 {
		obs.Cause(tx.Context(), "not a passkey of the user")
		return "", false, ErrMismatch
	}
	if err := f.accept(tx, p, u, want, got, keys[i]); err != nil {
		return "", false, err
	}
	return keys[i].method(), got.Response.AuthenticatorData.Flags.HasUserVerified(), nil
}

// AnyWebAuthnOptions is WebAuthnOptions for whoever it may be: the browser offers the passkeys that it has, and the answer
// names the user. ErrNoRelyingParty when the pool has no passkeys.
func (f *Factors) AnyWebAuthnOptions(p *pool.Pool) (options string, state []byte, err error) {
	rpID, err := f.relyingParty(p)
	if err != nil {
		return "", nil, err
	}
	return f.askFor(p, rpID, nil)
}

// Holder is the sub of the user that an answer to AnyWebAuthnOptions names, of which nothing is believed until
// VerifyWebAuthn has found it right; "" when it names none.
func Holder(credential string) string {
	got, err := parseAssertion([]byte(credential))
	if err != nil {
		return ""
	}
	sub := string(got.Response.UserHandle)
	if _, err := uuid.Parse(sub); err != nil {
		return ""
	}
	return sub
}

// answerOf reads what was asked and what was answered.
func answerOf(ctx context.Context, state []byte, credential string) (want asked, got *assertion, err error) {
	if err := json.Unmarshal(state, &want); err != nil || want.Challenge == "" {
		return want, nil, fmt.Errorf("factor: state of a passkey sign-in: %w", ErrMismatch)
	}
	if got, err = parseAssertion([]byte(credential)); err != nil {
		obs.Cause(ctx, "%v", err)
		return want, nil, ErrMismatch
	}
	return want, got, nil
}

// verifyBy verifies an assertion by a passkey of the user and returns its signature counter; ErrMismatch when it is not
// one.
func verifyBy(ctx context.Context, sub string, want asked, got *assertion, k passkey) (counter int64, err error) {
	if origin := got.Response.CollectedClientData.Origin; !allowedOrigin(want.RPID, origin) {
		obs.Cause(ctx, "origin %.100q is not one of %s", origin, want.RPID)
		return 0, ErrMismatch
	}
	c := ceremony{rpID: want.RPID, verification: want.Verification, sub: sub}
	if counter, err = c.check(got, want.Challenge, k); err != nil {
		obs.Cause(ctx, "%v", err)
		return 0, ErrMismatch
	}
	return counter, nil
}

// accept verifies an assertion by a passkey and uses its challenge and counter up.
func (f *Factors) accept(tx *db.Tx, p *pool.Pool, u *directory.User, want asked, got *assertion, k passkey) error {
	counter, err := verifyBy(tx.Context(), u.Sub, want, got, k)
	if err != nil {
		return err
	}
	used, err := usePasskey(tx, p.ID, u.Sub, k.id, counter, digest(want.Challenge), f.now().UnixMilli())
	if err != nil || used {
		return err
	}
	rows, err := readPasskeys(tx, p.ID, u.Sub)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(r passkeyRow) bool { return r.id == k.id })
	switch {
	case i < 0:
		obs.Cause(tx.Context(), "the passkey was deleted meanwhile")
		return ErrMismatch
	case rows[i].lastChallenge == digest(want.Challenge):
		return ErrReplayed
	}
	obs.Cause(tx.Context(), "signature counter %d after %d", counter, rows[i].counter)
	return ErrCloned
}
