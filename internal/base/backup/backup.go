// Package backup is the file that a whole database is kept in: one stream, encrypted and authenticated by age
// (age-encryption.org), with a header, a dump of all tables that either engine can read, and a checksum.
//
// Inside the encryption stand a line that names the format, the length and the JSON of the Header, the dump, and the
// SHA-256 of all before. The encryption notices every change and a missing end; the checksum is for who decrypts the file
// with age's own program.
package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"filippo.io/age"

	"cognate/internal/base/db"
)

// ErrDamaged is a file that is no backup, is cut off, or was changed.
var ErrDamaged = errors.New("backup: not a whole backup")

// ErrIdentity is a backup that was encrypted for others.
var ErrIdentity = errors.New("backup: it is not encrypted for the key or identity given")

const (
	magic     = "cognate-backup 1\n"
	maxHeader = 1 << 20
)

// Header tells where a backup comes from.
type Header struct {
	Created    time.Time `json:"created"`
	Program    string    `json:"program"` // version that made it
	Engine     string    `json:"engine"`
	Migrations []string  `json:"migrations"` // the schema's version
	KEK        string    `json:"kek"`        // id of the key that wraps new data keys
	Key        string    `json:"key,omitempty"`
}

// Write makes a backup of d, whose schema is known, for recipients.
func Write(ctx context.Context, w io.Writer, d *db.DB, h Header, recipients ...age.Recipient) error {
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("backup: encrypt: %w", err)
	}
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(sealed, sum), 1<<16)
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	_, _ = out.WriteString(magic) // Flush tells of errors
	_, _ = out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
	_, _ = out.Write(text)
	if err := d.WriteDump(ctx, out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("backup: write: %w", err)
	}
	_, err = sealed.Write(sum.Sum(nil))
	if err = errors.Join(err, sealed.Close()); err != nil {
		return fmt.Errorf("backup: write: %w", err)
	}
	return nil
}

// Reader is a backup that is being read. Its dump follows the header.
type Reader struct {
	Header Header
	in     *bufio.Reader
	sum    hash.Hash
	one    [1]byte
}

// Open decrypts the beginning of a backup.
func Open(r io.Reader, identities ...age.Identity) (*Reader, error) {
	plain, err := age.Decrypt(r, identities...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrIdentity
	}
	if err != nil {
		return nil, damaged(err)
	}
	b := &Reader{in: bufio.NewReaderSize(plain, 1<<16), sum: sha256.New()}
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(b, head); err != nil {
		return nil, damaged(err)
	}
	if !bytes.HasPrefix(head, []byte(magic)) {
		return nil, fmt.Errorf("%w: it is of another format", ErrDamaged)
	}
	size := binary.BigEndian.Uint32(head[len(magic):])
	if size > maxHeader {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrDamaged, size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(b, text); err != nil {
		return nil, damaged(err)
	}
	if err := json.Unmarshal(text, &b.Header); err != nil {
		return nil, damaged(err)
	}
	return b, nil
}

// Read implements io.Reader for the header and the dump.
func (b *Reader) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.sum.Write(p[:n])
	return n, err
}

// ReadByte implements io.ByteReader, by which nothing is read behind the dump.
func (b *Reader) ReadByte() (byte, error) {
	c, err := b.in.ReadByte()
	if err == nil {
		b.one[0] = c
		b.sum.Write(b.one[:])
	}
	return c, err
}

// Verify reads the rest of a backup that was just opened, and reports whether it is whole and was made under
// migrations among ms.
func (b *Reader) Verify(ms []db.Migration) (db.DumpInfo, error) {
	info, err := db.CheckDump(b, ms)
	if err != nil {
		return info, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	want := b.sum.Sum(nil)
	rest, err := io.ReadAll(io.LimitReader(b.in, sha256.Size+1))
	if err != nil {
		return info, damaged(err)
	}
	if subtle.ConstantTimeCompare(rest, want) != 1 {
		return info, fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	return info, nil
}

func damaged(err error) error { return fmt.Errorf("%w: %w", ErrDamaged, err) }
