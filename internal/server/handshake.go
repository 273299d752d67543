package server

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// handshakes choose certificate and versions of TLS by the name that a client asks for (SNI). Names that are no custom
// domain of a pool get what the server itself has.
type handshakes struct {
	own     *certificate
	domains *domainCerts
	// custom finds a custom domain; *pool.Pools does.
	custom func(ctx context.Context, host string) (pool.Domain, error)
}

func (h *handshakes) config() *tls.Config {
	return &tls.Config{
		GetCertificate:     func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return h.own.current.Load(), nil },
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return h.choose(hello), nil },
	}
}

// choose is nil for the configuration of the server itself. The database is asked only about names for which there is a
// certificate, and then answered from memory about the domains that are known. While it cannot be asked the name alone
// decides: with a certificate that fits, people get to read that.
func (h *handshakes) choose(hello *tls.ClientHelloInfo) *tls.Config {
	host := strings.TrimSuffix(strings.ToLower(hello.ServerName), ".")
	pairs, pair := h.domains.naming(host), h.own.current.Load()
	if host == "" || len(pairs) == 0 && pair.Leaf.VerifyHostname(host) != nil {
		return nil
	}
	var certificate string
	var speaks cognitoidp.SecurityPolicyType
	switch d, err := h.custom(hello.Context(), host); {
	case err == nil:
		certificate, speaks = d.Certificate(), d.SecurityPolicy()
	case errors.Is(err, pool.ErrNoDomain) || len(pairs) == 0:
		return nil
	}
	if len(pairs) > 0 {
		pair = pick(pairs, certificate, host).current.Load()
	}
	least, suites := policy(speaks)
	return &tls.Config{Certificates: []tls.Certificate{*pair}, MinVersion: least, CipherSuites: suites, NextProtos: []string{"h2", "http/1.1"}}
}

// pick prefers the pair by the first name that one of them has; any other names the host too.
func pick(pairs []namedPair, names ...string) *certificate {
	for _, name := range names {
		if i := slices.IndexFunc(pairs, func(p namedPair) bool { return p.name == name }); i >= 0 {
			return pairs[i].certificate
		}
	}
	return pairs[0].certificate
}

// policy is what a TLS policy of AWS comes to. TLS 1.0 and 1.1 are never spoken (RFC 8996), whatever TLS_V1 lets in.
func policy(name cognitoidp.SecurityPolicyType) (least uint16, suites []uint16) {
	switch name {
	case cognitoidp.SecurityPolicyTypeTlsV132025:
		return tls.VersionTLS13, nil
	case cognitoidp.SecurityPolicyTypeTlsV122021:
		return tls.VersionTLS12, authenticated
	}
	return tls.VersionTLS12, nil
}

// authenticated are the suites of TLS 1.2 that are left by the policy of 2021: those without CBC.
var authenticated = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}
