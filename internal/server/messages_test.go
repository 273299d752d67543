package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/core/pool"
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

// TestMessageTexts: a server speaks to people with the operator's texts, in the language that their browser asks for.
func TestMessageTexts(t *testing.T) {
	s := devSettings()
	s.MessageTexts = t.TempDir()
	file := filepath.Join(s.MessageTexts, "de.yaml")
	if err := os.WriteFile(file, []byte("code: {subject: Willkommen im Laden}"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, url := started(t, s)
	made, err := a.API.CreateUserPool(t.Context(), &cognitoidp.CreateUserPoolRequest{
		PoolName: "shop", UserPoolTags: map[string]string{pool.TagMessageLanguage: pool.LanguageAuto},
		AutoVerifiedAttributes: []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail},
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := a.API.CreateUserPoolClient(t.Context(), &cognitoidp.CreateUserPoolClientRequest{UserPoolId: *made.UserPool.Id, ClientName: "web"})
	if err != nil {
		t.Fatal(err)
	}
	status, body := send(t, "POST", url, `{"ClientId":"`+*client.UserPoolClient.ClientId+`","Username":"ana","Password":"Passw0rd!","UserAttributes":[{"Name":"email","Value":"ana@example.com"}]}`,
		"Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp", "Accept-Language", "de-AT,en;q=0.5")
	if status != 200 {
		t.Fatal(status, body)
	}
	_, body = send(t, "GET", url+"/_cognate/inbox?format=json&to=ana@example.com", "")
	if !strings.Contains(body, `"subject":"Willkommen im Laden"`) || !strings.Contains(body, "Ihr Bestätigungscode lautet") {
		t.Error(body)
	}
	if err := os.WriteFile(file, []byte("code: {sms: hallo}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := build(t.Context(), s, obs.Discard()); err == nil || !strings.Contains(err.Error(), "--message-texts: de.yaml: code.sms must contain {####}") {
		t.Errorf("a text without a place for its code: %v", err)
	}
}
