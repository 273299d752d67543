package server

import (
	"testing"

	"cognate/internal/config"
)

func TestSameServer(t *testing.T) {
	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"http://localhost:7654", "http://localhost:7654", true},
		{"http://127.0.0.1:7654/", "http://localhost:7654", true},
		{"http://[::1]:7654", "http://localhost:7654", true},
		{"http://localhost:4566", "http://localhost:7654", false},
		{"https://localhost:7654", "http://localhost:7654", false},
		{"https://id.example.com", "https://id.example.com", true},
		{"https://kms.us-east-1.amazonaws.com", "https://id.example.com", false},
		{"http://127.0.0.1:7654", "http://id.example.com:7654", false},
		{"://", "://", false},
	} {
		if sameServer(c.one, c.other) != c.same {
			t.Errorf("%s and %s: want %v", c.one, c.other, c.same)
		}
	}
}

// TestFunctionsFindTheKeys: functions decrypt with the KMS that codes are
// encrypted by.
func TestFunctionsFindTheKeys(t *testing.T) {
	s := config.Settings{Mode: config.Dev, PublicURL: "http://localhost:7654"}
	if got := functionEnv(s, nil)["AWS_ENDPOINT_URL_KMS"]; got != s.PublicURL {
		t.Error(got)
	}
	s.AWS.KMSEndpoint = "http://localhost:4566"
	if got := functionEnv(s, nil)["AWS_ENDPOINT_URL_KMS"]; got != s.AWS.KMSEndpoint {
		t.Error(got)
	}
}
