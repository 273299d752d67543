//go:build unix && !linux

package lambda

import "syscall"

// processGroup makes a child the leader of its own group.
func processGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
