//go:build unix

package lambda

import (
	"os/exec"
	"syscall"
)

// killGroup kills a started process and its group. Ended ones are no error:
// their group may still have members.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// terminateGroup asks a process and its group to end.
func terminateGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
