package sts

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/base/pack"
	"cognate/internal/base/sigv4"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

// Bounds of what a token holds, far above what the operations allow.
const (
	tokenForm   = 1
	maxToken    = 16 << 10 // characters
	maxPlain    = 64 << 10
	maxLayers   = 8
	maxARNs     = 32
	maxTags     = 200
	maxKeys     = 200
	maxValues   = 500
	secretBytes = 30
)

// tokenAAD binds a session token to its access key.
func tokenAAD(accessKeyID string) []string { return []string{"sts", "session", accessKeyID} }

// seal makes the session token of an access key. padded is how long it has to be at least.
func (r *Room) seal(ctx context.Context, accessKeyID string, secret []byte, s *iam.Session, padded int) (string, error) {
	plain := encode(secret, s)
	// Base64 makes four characters of three bytes.
	if lack := padded*3/4 - keyring.Overhead - len(plain); lack > 0 {
		plain = append(plain, make([]byte, lack+3)...)
	}
	sealed, err := r.d.Keyring.Seal(ctx, keyring.System, plain, tokenAAD(accessKeyID)...)
	return base64.StdEncoding.EncodeToString(sealed), err
}

// open reads a session token; every one that was not made for this access key is sigv4.ErrUnknownKey.
func (r *Room) open(ctx context.Context, accessKeyID, token string) (secret []byte, s *iam.Session, err error) {
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") { // the decoder would skip them
		return nil, nil, sigv4.ErrUnknownKey
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, nil, sigv4.ErrUnknownKey
	}
	plain, err := r.d.Keyring.Open(ctx, keyring.System, sealed, tokenAAD(accessKeyID)...)
	if errors.Is(err, keyring.ErrOpen) {
		return nil, nil, sigv4.ErrUnknownKey
	}
	if err != nil {
		return nil, nil, err
	}
	secret, s, ok := decode(plain)
	if !ok {
		obs.Cause(ctx, "the session token has a form that this version does not know")
		return nil, nil, sigv4.ErrUnknownKey
	}
	return secret, s, nil
}

// encode writes a session. The parts that may be long come last and are compressed.
func encode(secret []byte, s *iam.Session) []byte {
	b := append([]byte{tokenForm, byte(s.Kind)}, secret...)
	for _, text := range []string{s.Of, s.ID, s.Name, s.SourceIdentity} {
		b = pack.Text(b, text)
	}
	b = pack.Int(pack.Int(b, s.Issued.UnixMilli()), s.Expires.UnixMilli())
	mfa := int64(0)
	if !s.MFA.IsZero() {
		mfa = s.MFA.UnixMilli()
	}
	b = pack.Int(b, mfa)
	chained := 0
	if s.Chained {
		chained = 1
	}
	b = pack.Count(pack.Count(b, chained), s.Scoped)
	long := pack.Count(nil, len(s.Layers))
	for _, l := range s.Layers {
		document := l.Document
		if document == guestPolicy() {
			document = guests // every guest has it
		}
		long = pack.List(pack.Text(long, document), l.ARNs)
	}
	long = pack.Count(long, len(s.Tags))
	for _, t := range s.Tags {
		long = pack.Text(pack.Text(long, t.Key), t.Value)
	}
	long = pack.List(long, s.Transitive)
	long = pack.Count(long, len(s.Context))
	for _, key := range slices.Sorted(maps.Keys(s.Context)) {
		long = pack.List(pack.Text(long, key), s.Context[key])
	}
	return append(pack.Text(b, squeeze(long)), 0)
}

var guestPolicy = sync.OnceValue(policy.GuestPolicy)

// guests stands for the session policy of guests; no document looks like it.
const guests = "guests"

// decode reads what encode wrote, and the zeros that may follow.
func decode(plain []byte) (secret []byte, s *iam.Session, ok bool) {
	r := pack.Read(plain)
	if r.Byte() != tokenForm {
		return nil, nil, false
	}
	s = &iam.Session{Kind: policy.PrincipalKind(r.Byte())}
	secret = r.Take(secretBytes)
	s.Of, s.ID, s.Name, s.SourceIdentity = r.Text(), r.Text(), r.Text(), r.Text()
	s.Issued, s.Expires = time.UnixMilli(r.Int()), time.UnixMilli(r.Int())
	if mfa := r.Int(); mfa > 0 {
		s.MFA = time.UnixMilli(mfa)
	}
	s.Chained, s.Scoped = r.Count(1) == 1, r.Count(maxLayers)
	long, err := expand(r.Take(r.Count(maxPlain)))
	if err != nil || r.Bad() {
		return nil, nil, false
	}
	l := pack.Read(long)
	for range l.Count(maxLayers) {
		layer := iam.Layer{Document: l.Text(), ARNs: pack.Texts[string](l, maxARNs)}
		if layer.Document == guests {
			layer.Document = guestPolicy()
		}
		s.Layers = append(s.Layers, layer)
	}
	for range l.Count(maxTags) {
		s.Tags = append(s.Tags, iam.Tag{Key: l.Text(), Value: l.Text()})
	}
	s.Transitive = pack.Texts[string](l, maxTags)
	n := l.Count(maxKeys)
	if n > 0 {
		s.Context = make(map[string][]string, n)
	}
	for range n {
		key := l.Text()
		s.Context[key] = pack.Texts[string](l, maxValues)
	}
	return secret, s, l.Done()
}

// squeezeAbove is from how many bytes on compressing pays.
const squeezeAbove = 256

// squeeze compresses what is long enough; the first byte tells.
func squeeze(long []byte) []byte {
	if len(long) < squeezeAbove {
		return append([]byte{0}, long...)
	}
	return append([]byte{1}, deflated(long)...)
}

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

func deflated(long []byte) []byte {
	var out bytes.Buffer
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	// Writing to memory does not fail.
	_, _ = w.Write(long)
	_ = w.Close()
	return out.Bytes()
}

var errSqueezed = errors.New("sts: not what squeeze wrote")

// expand reads what squeeze wrote.
func expand(b []byte) ([]byte, error) {
	switch {
	case len(b) == 0 || b[0] > 1:
		return nil, errSqueezed
	case b[0] == 0:
		return b[1:], nil
	}
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(b[1:]), nil); err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxPlain+1))
	if err == nil && len(out) > maxPlain {
		err = errSqueezed
	}
	return out, err
}
