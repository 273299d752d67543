package backup

import (
	"context"

	"filippo.io/age"

	"cognate/internal/base/keyring"
)

// stanza names how the key of a file is kept for a key-encryption key: as its Wrap returns it.
const stanza = "cognate-kek"

var fileKeyAAD = []byte("cognate backup file key")

// ForKEK encrypts backups for those who have a key-encryption key. It implements age.Recipient.
type ForKEK struct{ KEK keyring.KEK }

// Wrap implements age.Recipient.
func (f ForKEK) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	wrapped, err := f.KEK.Wrap(context.Background(), fileKey, fileKeyAAD)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: stanza, Args: []string{f.KEK.ID()}, Body: wrapped}}, nil
}

// ByKEK decrypts what ForKEK encrypted. It implements age.Identity.
type ByKEK struct{ KEK keyring.KEK }

// Unwrap implements age.Identity.
func (b ByKEK) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != stanza || len(s.Args) != 1 || s.Args[0] != b.KEK.ID() {
			continue
		}
		return b.KEK.Unwrap(context.Background(), s.Body, fileKeyAAD)
	}
	return nil, age.ErrIncorrectIdentity
}
