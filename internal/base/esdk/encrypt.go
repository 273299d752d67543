package esdk

import (
	"context"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
)

// FrameLength is how many bytes of plaintext a full frame holds.
const FrameLength = 4096

// Generator makes data keys: a key management service's GenerateDataKey.
type Generator interface {
	// GenerateDataKey answers 32 fresh bytes, and the same wrapped so that they
	// can be unwrapped only together with exactly this context.
	GenerateDataKey(ctx context.Context, encryptionContext map[string]string) (plaintext []byte, wrapped WrappedKey, err error)
}

// Options of Encrypt. The zero value uses CommittedSigned.
type Options struct {
	Suite   Suite
	Context map[string]string // encryption context: authenticated, not secret
	Rand    io.Reader         // crypto/rand when nil
}

// Encrypt returns plaintext as a message whose data key comes from keys.
func Encrypt(ctx context.Context, keys Generator, plaintext []byte, o Options) ([]byte, error) {
	if o.Suite == 0 {
		o.Suite = CommittedSigned
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if !o.Suite.known() {
		return nil, fmt.Errorf("%w: 0x%04x", ErrSuite, uint16(o.Suite))
	}
	if _, taken := o.Context[PublicKeyContext]; taken {
		return nil, errors.New("esdk: the encryption context key " + PublicKeyContext + " is reserved")
	}
	h := &header{suite: o.Suite, messageID: make([]byte, o.Suite.idSize()), context: maps.Clone(o.Context), frame: FrameLength}
	if _, err := io.ReadFull(o.Rand, h.messageID); err != nil {
		return nil, fmt.Errorf("esdk: message id: %w", err)
	}
	var signer *ecdsa.PrivateKey
	if o.Suite.signs() {
		var err error
		if signer, err = newSigner(h); err != nil {
			return nil, err
		}
	}
	dataKey, wrapped, err := keys.GenerateDataKey(ctx, h.context)
	if err != nil {
		return nil, fmt.Errorf("esdk: data key: %w", err)
	}
	h.keys = []WrappedKey{wrapped}
	gcm, commitment, err := h.suite.derive(dataKey, h.messageID)
	if err != nil {
		return nil, err
	}
	h.commitment = commitment
	message, err := h.appendTo(make([]byte, 0, 1024+len(plaintext)))
	if err != nil {
		return nil, err
	}
	message = appendFrames(appendHeaderTag(message, gcm, h.suite), gcm, h, plaintext)
	if signer == nil {
		return message, nil
	}
	return appendSignature(message, signer)
}

// newSigner makes the key pair of one message and puts the public key, as a
// compressed point, into its encryption context.
func newSigner(h *header) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("esdk: signing key: %w", err)
	}
	if h.context == nil {
		h.context = map[string]string{}
	}
	point, err := compress(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	h.context[PublicKeyContext] = base64.StdEncoding.EncodeToString(point)
	return key, nil
}

// compress returns the point of a P-384 key in its 49-byte form.
func compress(key *ecdsa.PublicKey) ([]byte, error) {
	full, err := key.Bytes() // 04 || X || Y
	if err != nil {
		return nil, fmt.Errorf("esdk: public key: %w", err)
	}
	half := (len(full) - 1) / 2
	return append([]byte{2 + full[len(full)-1]&1}, full[1:1+half]...), nil
}

// appendHeaderTag authenticates the header, under a nonce of zeros that no
// frame uses. Version 1 also writes the nonce.
func appendHeaderTag(header []byte, gcm cipher.AEAD, s Suite) []byte {
	nonce := make([]byte, nonceSize)
	tag := gcm.Seal(nil, nonce, nil, header)
	if !s.commits() {
		header = append(header, nonce...)
	}
	return append(header, tag...)
}

const lastFrame = 0xffffffff

// appendFrames encrypts plaintext in frames; the last one is always there, if
// need be empty.
func appendFrames(b []byte, gcm cipher.AEAD, h *header, plaintext []byte) []byte {
	for seq := uint32(1); ; seq++ {
		final := len(plaintext) <= int(h.frame)
		part := plaintext
		if final {
			b = binary.BigEndian.AppendUint32(b, lastFrame)
		} else {
			part = plaintext[:h.frame]
			plaintext = plaintext[h.frame:]
		}
		b = binary.BigEndian.AppendUint32(b, seq)
		nonce := frameNonce(seq)
		b = append(b, nonce...)
		if final {
			b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		}
		b = gcm.Seal(b, nonce, part, frameAAD(h.messageID, final, seq, len(part)))
		if final {
			return b
		}
	}
}

// frameNonce is the sequence number: the key is used for one message only.
func frameNonce(seq uint32) []byte {
	return binary.BigEndian.AppendUint32(make([]byte, nonceSize-4, nonceSize), seq)
}

func frameAAD(messageID []byte, final bool, seq uint32, size int) []byte {
	b := append([]byte(nil), messageID...)
	if final {
		b = append(b, "AWSKMSEncryptionClient Final Frame"...)
	} else {
		b = append(b, "AWSKMSEncryptionClient Frame"...)
	}
	b = binary.BigEndian.AppendUint32(b, seq)
	return binary.BigEndian.AppendUint64(b, uint64(size))
}

func appendSignature(message []byte, signer *ecdsa.PrivateKey) ([]byte, error) {
	digest := sha512.Sum384(message)
	signature, err := ecdsa.SignASN1(rand.Reader, signer, digest[:])
	if err != nil {
		return nil, fmt.Errorf("esdk: sign: %w", err)
	}
	return appendField(message, signature)
}
