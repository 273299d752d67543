// Package gosdk drives the built cognate binary with the AWS SDK for Go v2 and with go-oidc, as a Go program in production would.
package gosdk
