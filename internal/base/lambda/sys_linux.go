package lambda

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// processGroup makes a child the leader of its own group, and lets the kernel
// kill it when the thread that started it ends.
func processGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// residentMB is the resident memory of a process in MB, 0 when it is unknown.
func residentMB(pid int) int {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(fields[1])) // 0 when it is no number
	return pages * os.Getpagesize() >> 20
}
