package site

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"time"

	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
)

var (
	// ErrNoCookie means that the browser sent no cookie that this server sealed under that name, for that pool, and that
	// still lives. The reason is in the log event.
	ErrNoCookie = errors.New("site: no such cookie")
	// ErrTooLarge means that a value does not fit into a cookie; it is a defect of the caller.
	ErrTooLarge = errors.New("site: value too large for a cookie")
)

// maxValue is how long a cookie's value may be: browsers drop cookies of more than 4096 bytes with name and attributes.
const maxValue = 3800

// maxSame is how many cookies of one name are looked at.
const maxSame = 4

// Keys seals and opens bytes under the data key of a pool; *keyring.Keyring does.
type Keys interface {
	Seal(ctx context.Context, scope string, plaintext []byte, aad ...string) ([]byte, error)
	Open(ctx context.Context, scope string, sealed []byte, aad ...string) ([]byte, error)
}

// Cookies seals what browsers keep for a pool. A value is bound to its pool, its cookie's name and its end of life: it
// cannot be read, made, altered, moved to another name or pool, or kept longer by changing the cookie.
type Cookies struct {
	Keys Keys
	Now  func() time.Time
}

// Cookie is a kind of cookie.
type Cookie struct {
	Name string
	Life time.Duration
	// SameSite is Lax when it is not set.
	SameSite http.SameSite
	// Unprefixed keeps the name as it is, for one that programs know. Other hosts of the domain can set it.
	Unprefixed bool
}

// shape is the cookie of a kind without its value. Where the host names the pool, the prefix __Host- keeps other hosts
// of the domain from setting it; below a path that pools share the host with, it is sent to its own pool alone.
func (c Cookie) shape(at Place) *http.Cookie {
	out := &http.Cookie{
		Name: c.Name, Path: "/", MaxAge: int(c.Life.Seconds()), Secure: !at.Local, HttpOnly: true, SameSite: c.SameSite,
	}
	if out.SameSite == 0 {
		out.SameSite = http.SameSiteLaxMode
	}
	switch {
	case at.Base != "":
		out.Path = at.Base
	case out.Secure && !c.Unprefixed: // the prefix asks for it
		out.Name = "__Host-" + c.Name
	}
	return out
}

// Seal returns a cookie that holds value.
func (c Cookies) Seal(ctx context.Context, at Place, kind Cookie, value []byte) (*http.Cookie, error) {
	text, err := c.seal(ctx, at.PoolID, kind.Life, value, "cookie", kind.Name)
	if err != nil {
		return nil, err
	}
	if len(text) > maxValue {
		return nil, ErrTooLarge
	}
	out := kind.shape(at)
	out.Value = text
	return out, nil
}

// Open returns the value of the browser's cookie of a kind, or ErrNoCookie. Other errors are those of Keys.
func (c Cookies) Open(ctx context.Context, r *Request, kind Cookie) ([]byte, error) {
	value, err := c.find(ctx, r, kind)
	if errors.Is(err, ErrNoCookie) {
		obs.Cause(ctx, "cookie %s: none, or expired, altered or foreign", kind.Name)
	}
	return value, err
}

// Peek is Open for where a missing cookie is nothing to tell.
func (c Cookies) Peek(ctx context.Context, r *Request, kind Cookie) ([]byte, error) {
	return c.find(ctx, r, kind)
}

// find looks for the browser's cookie of a kind. Browsers hold one cookie of a name and path, so a second
// genuine one was planted by another page of the host, and neither counts.
func (c Cookies) find(ctx context.Context, r *Request, kind Cookie) ([]byte, error) {
	sent := r.CookiesNamed(kind.shape(r.Place).Name)
	if len(sent) > maxSame { // no browser of ours sends so many, and a genuine one could hide behind them
		return nil, ErrNoCookie
	}
	var found [][]byte
	for _, one := range sent {
		value, err := c.open(ctx, r.Place.PoolID, one.Value, "cookie", kind.Name)
		switch {
		case err == nil:
			found = append(found, value)
		case !errors.Is(err, ErrNoCookie):
			return nil, err
		}
	}
	if len(found) != 1 {
		return nil, ErrNoCookie
	}
	return found[0], nil
}

// Drop returns the cookie that makes the browser forget one of a kind.
func (c Cookies) Drop(at Place, kind Cookie) *http.Cookie {
	out := kind.shape(at)
	out.MaxAge = -1
	return out
}

// seal returns the text of a value that lives from now on, bound to the pool and the words.
func (c Cookies) seal(ctx context.Context, poolID string, life time.Duration, value []byte, words ...string) (string, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(c.Now().Add(life).UnixMilli()))
	sealed, err := c.Keys.Seal(ctx, poolID, append(plain, value...), words...)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open returns the value of a text that seal made for the same pool and words, or ErrNoCookie.
func (c Cookies) open(ctx context.Context, poolID, text string, words ...string) ([]byte, error) {
	if len(text) > maxValue || strings.ContainsAny(text, "\r\n") { // which encoding/base64 skips even when strict
		return nil, ErrNoCookie
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrNoCookie
	}
	plain, err := c.Keys.Open(ctx, poolID, sealed, words...)
	if errors.Is(err, keyring.ErrOpen) || errors.Is(err, keyring.ErrUnknownScope) || err == nil && len(plain) < 8 {
		return nil, ErrNoCookie
	}
	if err != nil {
		return nil, err
	}
	if c.Now().UnixMilli() >= int64(binary.BigEndian.Uint64(plain)) {
		return nil, ErrNoCookie
	}
	return plain[8:], nil
}
