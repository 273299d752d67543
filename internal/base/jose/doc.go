// Package jose is the small part of JOSE that Cognito's tokens need: RS256 signatures in compact form (RFC 7515), RSA
// keys as JWK sets (RFC 7517), and RSA keys made ahead.
//
// The parser accepts exactly what this package's signer writes plus an optional "typ": one algorithm, one key lookup, a
// bounded length, canonical base64url. Whatever else a token may be, it is ErrMalformed before any key is touched.
package jose
