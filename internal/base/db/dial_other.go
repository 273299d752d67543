//go:build !linux

package db

import "syscall"

// userTimeout does nothing where no such option is known; keep-alive and deadlines notice vanished peers.
func userTimeout(string, string, syscall.RawConn) error { return nil }
