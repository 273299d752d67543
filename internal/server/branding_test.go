package server

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"cognate/internal/core/branding"
)

// TestLargeImages: requests with images may have 2 MiB, and what they bring is served below the pool.
func TestLargeImages(t *testing.T) {
	_, url := started(t, devSettings())
	const pool = "us-east-1_DemoPool1"
	call := func(operation string, in any) (int, string) {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return send(t, "POST", url+"/", string(body), "Content-Type", "application/x-amz-json-1.1",
			"X-Amz-Target", "AWSCognitoIdentityProviderService."+operation, "Authorization", anyKey, "X-Amz-Date", "20260107T000000Z")
	}
	image := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 999_000)...)
	in := map[string]any{"UserPoolId": pool, "ClientId": demoClientID, "Settings": map[string]any{"own": strings.Repeat("a", 600_000)},
		"Assets": []map[string]string{{"Category": "PAGE_BACKGROUND", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": base64.StdEncoding.EncodeToString(image)}}}
	status, body := call("CreateManagedLoginBranding", in)
	if status != 200 {
		t.Fatalf("%d %.200s", status, body)
	}
	in["Settings"] = map[string]any{"own": strings.Repeat("a", branding.MaxRequest)}
	if status, body := call("UpdateManagedLoginBranding", in); status != 413 {
		t.Errorf("%d %.200s", status, body)
	}
	call("CreateUserPoolDomain", map[string]any{"UserPoolId": pool, "Domain": "large-images"})
	status, body = call("SetUICustomization", map[string]any{"UserPoolId": pool, "ImageFile": base64.StdEncoding.EncodeToString(image[:90_000])})
	var out struct{ UICustomization struct{ ImageUrl string } }
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != 200 {
		t.Fatalf("%d %.200s", status, body)
	}
	_, path, found := strings.Cut(out.UICustomization.ImageUrl, "/_assets/")
	if status, body := send(t, "GET", url+"/"+pool+"/_assets/"+path, ""); !found || status != 200 || body != string(image[:90_000]) {
		t.Errorf("%s: %d, %d bytes", out.UICustomization.ImageUrl, status, len(body))
	}
}
