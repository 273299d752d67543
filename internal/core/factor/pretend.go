package factor

import (
	"slices"

	"cognate/internal/base/db"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// PretendWebAuthn is WebAuthnOptions for a user whose existence is simulated: one made-up passkey, always the same,
// that nothing can answer for. It costs what a user with one passkey costs.
func (f *Factors) PretendWebAuthn(tx *db.Tx, p *pool.Pool, ghost *directory.User) (options string, state []byte, err error) {
	keys, err := f.pretendedPasskeys(tx, p, ghost)
	if err != nil {
		return "", nil, err
	}
	return f.askFor(p, keys[0].rpID, keys)
}

// PretendVerify does the work of VerifyWebAuthn for such a user. It returns ErrMismatch, whatever was answered, or the
// error that kept it from the work.
func (f *Factors) PretendVerify(tx *db.Tx, p *pool.Pool, ghost *directory.User, state []byte, credential string) error {
	want, got, err := answerOf(tx.Context(), state, credential)
	if err != nil {
		return err
	}
	keys, err := f.pretendedPasskeys(tx, p, ghost)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(keys, func(k passkey) bool { return k.id == encodeID(got.RawID) && k.rpID == want.RPID }) {
		_, _ = verifyBy(tx.Context(), ghost.Sub, want, got, keys[0]) // what comes of it is nobody's proof
	}
	return ErrMismatch
}

// forms are what authenticators of the great makers tell: the size of a credential id in bytes and the transports.
var forms = [...]struct {
	size       int
	transports []string
}{{16, []string{"hybrid", "internal"}}, {20, []string{"hybrid", "internal"}}, {32, []string{"internal"}}}

// pretendedPasskeys is usablePasskeys for a ghost. The key is somebody's of the pool, so that it is read and opened like
// any other; id and form follow from a secret.
func (f *Factors) pretendedPasskeys(tx *db.Tx, p *pool.Pool, ghost *directory.User) ([]passkey, error) {
	rpID, err := f.relyingParty(p)
	if err != nil {
		return nil, err
	}
	id, err := f.Keys.MAC(tx.Context(), p.ID, "factor/ghost-passkey", ghost.Sub)
	if err != nil {
		return nil, err
	}
	kind, err := f.Keys.MAC(tx.Context(), p.ID, "factor/ghost-passkey/form", ghost.Sub)
	if err != nil {
		return nil, err
	}
	form := forms[int(kind[0])%len(forms)]
	made := passkey{id: encodeID(id[:form.size]), rpID: rpID, record: record{Transports: form.transports}}
	row, owner, err := seekPasskey(tx, p.ID, ghost.Sub)
	if err == nil && owner == "" { // behind the last one comes the first
		row, owner, err = seekPasskey(tx, p.ID, "")
	}
	if err != nil || owner == "" {
		return []passkey{made}, err
	}
	near, err := f.openPasskey(tx.Context(), p.ID, owner, row)
	made.record.Key, made.record.Flags, made.record.Format = near.record.Key, near.record.Flags, near.record.Format
	made.counter = near.counter
	return []passkey{made}, err
}
