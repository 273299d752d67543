package httpkit

import "testing"

func TestBasePath(t *testing.T) {
	for url, want := range map[string]string{
		"https://id.example.com": "", "https://id.example.com/": "", "https://id.example.com/auth": "/auth",
		"https://id.example.com/auth//": "/auth", "https://id.example.com/a%20b": "/a%20b", "http://[bad": "", "": "",
	} {
		if got := BasePath(url); got != want {
			t.Errorf("BasePath(%q) = %q, want %q", url, got, want)
		}
	}
}
