package version

import (
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	b := Info()
	if b.Version == "" || b.Compiler == "" || !strings.Contains(b.Platform, "/") {
		t.Errorf("%+v", b)
	}
	if got := UserAgent(); got != "cognate/"+b.Version || strings.ContainsAny(got, " \n") {
		t.Errorf("user agent %q", got)
	}
	release = "v1.2.3"
	defer func() { release = "" }()
	if String() != "v1.2.3" {
		t.Errorf("the linker's word counts less than %s", String())
	}
}
