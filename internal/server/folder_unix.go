//go:build unix

package server

import (
	"os"
	"syscall"
)

// claim takes a lock on file until release is called or the process ends, and
// reports whether it could: another server on the same data folder holds it.
func claim(file string) (release func(), ok bool) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return func() {}, true // the lock is for a warning only
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		f.Close()
		return func() {}, false
	}
	return func() { f.Close() }, true
}
