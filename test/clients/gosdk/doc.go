// Package gosdk drives the built cognate binary with the AWS SDK for Go v2, as a Go program in production would.
package gosdk
