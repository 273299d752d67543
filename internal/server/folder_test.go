package server

import (
	"path/filepath"
	"runtime"
	"testing"
)

// TestClaim: of two servers on one data folder the second knows, until the first has gone.
func TestClaim(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("cannot be told there")
	}
	file := filepath.Join(t.TempDir(), "lock")
	release, ok := claim(file)
	if _, again := claim(file); !ok || again {
		t.Errorf("first %v, second %v", ok, again)
	}
	release()
	if release, ok := claim(file); !ok {
		t.Error("the lock outlives its holder")
	} else {
		release()
	}
}
