package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/sigv4"
	"cognate/internal/core/audit"
)

// signed calls an operation as somebody whose key dev does not know, who is root there.
func signed(t *testing.T, url, operation, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	sigv4.Signer{AccessKeyID: "AKIDOFSOMEBODY1", Secret: "secret", Region: "us-east-1", Service: "cognito-idp"}.
		Sign(req, sigv4.HashBody([]byte(body)), time.Now())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestAudit: every signed change leaves one record with who, what, pool, user and outcome; reads and sign-ins leave none, and
// no secret is kept.
func TestAudit(t *testing.T) {
	a, url := started(t, devSettings())
	pool := a.demoPoolID()
	for _, step := range []struct{ operation, body string }{
		{"CreateUserPool", `{"PoolName":"audited"}`},
		{"AdminCreateUser", `{"UserPoolId":"` + pool + `","Username":"ana","TemporaryPassword":"Tempor4ry!","MessageAction":"SUPPRESS"}`},
		{"AdminSetUserPassword", `{"UserPoolId":"` + pool + `","Username":"ana","Password":"S3cret-Password","Permanent":true}`},
		{"AdminDeleteUser", `{"UserPoolId":"` + pool + `","Username":"nobody"}`},
		{"CreateGroup", `{"UserPoolId":"` + pool + `","GroupName":"admins"}`},
		{"AdminGetUser", `{"UserPoolId":"` + pool + `","Username":"ana"}`},
		{"ListUsers", `{"UserPoolId":"` + pool + `"}`},
		{"AdminInitiateAuth", `{"UserPoolId":"` + pool + `","ClientId":"` + demoClientID + `","AuthFlow":"ADMIN_USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"S3cret-Password"}}`},
		{"AdminDeleteUser", `{"UserPoolId":"` + pool + `","Username":"ana"}`},
	} {
		signed(t, url, step.operation, step.body)
	}
	status, body := send(t, "GET", url+"/_cognate/audit", "")
	var answer struct{ Events []audit.Event }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	var got []string
	slices.Reverse(answer.Events)
	for _, e := range answer.Events {
		if e.Operation == "seed" {
			continue
		}
		got = append(got, e.Operation+" "+e.Username+" "+e.Outcome)
		if e.RequestID == "" || e.AccessKey != "AKIDOFSOMEBODY1" || e.Principal != "arn:aws:iam::000000000000:root" || e.Source != "127.0.0.1" || e.Pool == "" {
			t.Errorf("%+v", e)
		}
		if (e.Operation == "AdminSetUserPassword") != (e.Operation == "AdminSetUserPassword" && e.Sub != "") {
			t.Errorf("no sub: %+v", e)
		}
	}
	want := []string{"CreateUserPool  OK", "AdminCreateUser ana OK", "AdminSetUserPassword ana OK", "AdminDeleteUser nobody UserNotFoundException",
		"CreateGroup  OK", "AdminDeleteUser ana OK"}
	if !slices.Equal(got, want) {
		t.Errorf("records:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(body, "S3cret") || strings.Contains(body, "Tempor4ry") {
		t.Error("a secret is in the records")
	}
	if _, body := send(t, "GET", url+"/_cognate/audit?user=ana&operation=AdminDeleteUser&since=1h&pool="+pool, ""); strings.Count(body, "requestId") != 1 {
		t.Errorf("filtered: %s", body)
	}
	if status, _ := send(t, "GET", url+"/_cognate/audit?since=x", ""); status != 400 {
		t.Errorf("a bad filter: %d", status)
	}
}

// TestAdministers: every operation is a reader, a sign-in or a change; what a name does not tell is a change.
func TestAdministers(t *testing.T) {
	var readers, changes []string
	for _, op := range cognitoidp.Operations {
		if op.Unsigned {
			continue
		}
		if administers("cognito-idp", op.Name) {
			changes = append(changes, op.Name)
		} else {
			readers = append(readers, op.Name)
		}
	}
	for _, name := range []string{"CreateUserPool", "AdminSetUserPassword", "TagResource", "AdminUserGlobalSignOut", "StartUserImportJob", "SetUICustomization"} {
		if !slices.Contains(changes, name) {
			t.Errorf("%s leaves no record", name)
		}
	}
	for _, name := range changes {
		for _, verb := range []string{"Get", "List", "Describe", "InitiateAuth", "Respond"} {
			if strings.Contains(name, verb) {
				t.Errorf("%s is no change", name)
			}
		}
	}
	for _, name := range readers {
		for _, verb := range []string{"Create", "Update", "Delete", "Set", "Add", "Remove", "Put", "Tag", "Enable", "Disable", "SignOut", "Reset", "Confirm", "Forget", "Link", "Start", "Stop"} {
			if strings.Contains(name, verb) && !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List") && !strings.HasPrefix(name, "Describe") {
				t.Errorf("%s leaves no record", name)
			}
		}
	}
}
