package oidc

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/base/httpkit"
)

// keySet are the keys of one provider.
type keySet struct {
	fetching sync.Mutex // one request fetches, those that need what it fetches wait

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // when they were fetched last
	tried   time.Time // when fetching was tried last
	failed  error     // of the last try
}

// get returns the keys, fetching them when there are none, when they are old, or when again asks for it and the last try
// was not a moment ago.
func (s *keySet) get(ctx context.Context, v *Verifier, p Provider, again bool) ([]jose.JSONWebKey, error) {
	if keys, err, done := s.have(v.now(), again); done {
		return keys, err
	}
	s.fetching.Lock()
	defer s.fetching.Unlock()
	if keys, err, done := s.have(v.now(), again); done { // somebody was first
		return keys, err
	}
	keys, err := v.fetch(ctx, p)
	if ctx.Err() != nil {
		return nil, ctx.Err() // the caller's impatience says nothing about the provider
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried, s.failed = v.now(), err
	if err == nil {
		s.keys, s.fetched = keys, s.tried
	} else if s.keys != nil { // better old keys than none
		return s.keys, nil
	}
	return keys, err
}

// have returns what there is, and whether that will do.
func (s *keySet) have(now time.Time, again bool) (keys []jose.JSONWebKey, err error, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.keys != nil && now.Sub(s.fetched) < keysFor
	recent := !s.tried.IsZero() && now.Sub(s.tried) < againAfter
	switch {
	case fresh && (!again || recent):
		return s.keys, nil, true
	case recent && s.failed != nil && s.keys != nil:
		return s.keys, nil, true
	case recent && s.failed != nil:
		return nil, s.failed, true
	}
	return nil, nil, false
}

// fetch reads the discovery document and the key set that it names.
func (v *Verifier) fetch(ctx context.Context, p Provider) ([]jose.JSONWebKey, error) {
	client := v.client
	if len(p.Thumbprints) > 0 && strings.HasPrefix(p.Issuer, "https://") {
		client = httpkit.NewClient(v.pinned(p.Thumbprints))
		defer client.Close()
	}
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := read(ctx, client, strings.TrimSuffix(p.Issuer, "/")+"/.well-known/openid-configuration", &document); err != nil {
		return nil, err
	}
	if strings.TrimSuffix(document.Issuer, "/") != strings.TrimSuffix(p.Issuer, "/") {
		return nil, fmt.Errorf("%w: the discovery document is of another issuer", ErrKeys)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := read(ctx, client, document.Keys, &set); err != nil {
		return nil, err
	}
	keys := []jose.JSONWebKey{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// Keys of a kind that this program does not know are skipped (RFC 7517 section 5).
		if err := key.UnmarshalJSON(raw); err == nil && len(keys) < maxKeys {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func read(ctx context.Context, client *httpkit.Client, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("%w: address %.200q", ErrKeys, url)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeys, err)
	}
	if resp.Status != http.StatusOK {
		return fmt.Errorf("%w: %.200s answers %d", ErrKeys, url, resp.Status)
	}
	if err := json.Unmarshal(resp.Body, into); err != nil {
		return fmt.Errorf("%w: %.200s answers no JSON", ErrKeys, url)
	}
	return nil
}

// pinned are the options for a provider whose server may show a chain with one of the thumbprints instead of a public
// authority's.
func (v *Verifier) pinned(thumbprints []string) httpkit.ClientOptions {
	o := v.options
	config := &tls.Config{}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	roots := config.RootCAs
	config.InsecureSkipVerify = true // VerifyConnection decides
	config.VerifyConnection = func(s tls.ConnectionState) error { return trusted(s, roots, thumbprints, v.now()) }
	o.TLS = config
	return o
}

// trusted verifies a server's chain: by the public authorities, or by a certificate of the chain that has one of the
// thumbprints.
func trusted(s tls.ConnectionState, roots *x509.CertPool, thumbprints []string, now time.Time) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("oidc: the server shows no certificate")
	}
	options := x509.VerifyOptions{DNSName: s.ServerName, Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now}
	pins := x509.NewCertPool()
	for i, c := range s.PeerCertificates {
		if i > 0 {
			options.Intermediates.AddCert(c)
		}
		sum := sha1.Sum(c.Raw)
		if slices.Contains(thumbprints, hex.EncodeToString(sum[:])) {
			pins.AddCert(c)
		}
	}
	_, err := s.PeerCertificates[0].Verify(options)
	if err != nil && !pins.Equal(x509.NewCertPool()) {
		options.Roots = pins
		_, err = s.PeerCertificates[0].Verify(options)
	}
	return err
}
