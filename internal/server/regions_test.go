package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/sigv4"
	"cognate/internal/config"
)

// signer is a root key for all Regions of a test.
type signer struct{ id, secret string }

// in calls an operation signed for a Region and decodes the answer.
func (k signer) in(t *testing.T, region arn.Region, url, operation string, in any) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", cognitoidp.TargetPrefix+"."+operation)
	sigv4.Signer{AccessKeyID: k.id, Secret: k.secret, Region: string(region), Service: "cognito-idp"}.Sign(r, sigv4.HashBody(body), time.Now())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); len(text) > 0 && err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return resp.StatusCode, out
}

// object is a request.
type object = map[string]any

// TestRegions makes and finds pools by requests signed for two Regions.
func TestRegions(t *testing.T) {
	a, url := started(t, devSettings())
	if err := a.IAM.EnsureRoot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	k := signer{"anything", "goes"}
	const west, east = "eu-west-1", "us-east-1"
	status, out := k.in(t, west, url, "CreateUserPool", object{"PoolName": "west"})
	if status != 200 {
		t.Fatalf("%d %v", status, out)
	}
	made := out["UserPool"].(map[string]any)
	pool, name := made["Id"].(string), made["Arn"].(string)
	if !strings.HasPrefix(pool, "eu-west-1_") || name != "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/"+pool {
		t.Errorf("%s %s", pool, name)
	}
	status, out = k.in(t, west, url, "CreateUserPoolClient", object{"UserPoolId": pool, "ClientName": "c", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"}})
	if status != 200 {
		t.Fatalf("%d %v", status, out)
	}
	client := out["UserPoolClient"].(map[string]any)["ClientId"].(string)
	if status, out = k.in(t, west, url, "AdminCreateUser", object{"UserPoolId": pool, "Username": "ana", "TemporaryPassword": "Passw0rd!", "MessageAction": "SUPPRESS"}); status != 200 {
		t.Fatalf("%d %v", status, out)
	}

	ids := func(region arn.Region) (list []string) {
		_, out := k.in(t, region, url, "ListUserPools", object{"MaxResults": 60})
		for _, p := range out["UserPools"].([]any) {
			list = append(list, p.(map[string]any)["Id"].(string))
		}
		return list
	}
	if got := ids(west); len(got) != 1 || got[0] != pool {
		t.Errorf("listed in %s: %v", west, got)
	}
	if got := ids(east); len(got) != 1 || got[0] != east+demoPoolSuffix {
		t.Errorf("listed in %s: %v", east, got)
	}
	missing := "User pool " + pool + " does not exist."
	for operation, in := range map[string]object{
		"DescribeUserPool": {"UserPoolId": pool}, "UpdateUserPool": {"UserPoolId": pool}, "DeleteUserPool": {"UserPoolId": pool},
		"ListUsers": {"UserPoolId": pool}, "AdminGetUser": {"UserPoolId": pool, "Username": "ana"}, "GetUserPoolMfaConfig": {"UserPoolId": pool},
		"CreateUserPoolClient": {"UserPoolId": pool, "ClientName": "x"}, "DescribeUserPoolClient": {"UserPoolId": pool, "ClientId": client},
		"AdminInitiateAuth": {"UserPoolId": pool, "ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH"},
		"TagResource":       {"ResourceArn": name, "Tags": object{"a": "b"}}, "ListTagsForResource": {"ResourceArn": name},
	} {
		want := missing
		if in["ResourceArn"] != nil {
			want = "The resource " + name + " does not exist."
		}
		if status, out := k.in(t, east, url, operation, in); status != 400 || out["__type"] != "ResourceNotFoundException" || out["message"] != want {
			t.Errorf("%s from %s: %d %v", operation, east, status, out)
		}
	}
	for operation, in := range map[string]object{
		"DescribeUserPool": {"UserPoolId": pool}, "AdminGetUser": {"UserPoolId": pool, "Username": "ana"}, "TagResource": {"ResourceArn": name, "Tags": object{"a": "b"}},
	} {
		if status, out := k.in(t, west, url, operation, in); status != 200 {
			t.Errorf("%s from %s: %d %v", operation, west, status, out)
		}
	}
	// Nobody signs these: the client id says which pool.
	for id, user := range map[string]string{client: "ana", demoClientID: "nobody"} {
		status, body := aws(t, url, "InitiateAuth", object{"ClientId": id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": object{"USERNAME": user, "PASSWORD": "Passw0rd!"}})
		if known := user == "ana"; known && !strings.Contains(body, "NEW_PASSWORD_REQUIRED") || !known && status != 400 || strings.Contains(body, "ResourceNotFound") {
			t.Errorf("sign-in at %s: %d %s", id, status, body)
		}
	}
	if status, body := send(t, "GET", url+"/"+pool+"/.well-known/openid-configuration", ""); status != 200 || !strings.Contains(body, `"issuer":"http://localhost:7654/`+pool+`"`) {
		t.Errorf("discovery: %d %s", status, body)
	}
	for _, region := range []arn.Region{"mars", "us-east-1-x", "US-EAST-1", "us-east"} {
		refusedRegion(t, k, region, url)
	}
	if status, out := k.in(t, west, url, "DeleteUserPool", object{"UserPoolId": pool}); status != 200 {
		t.Errorf("%d %v", status, out)
	}
}

func refusedRegion(t *testing.T, k signer, region arn.Region, url string) {
	t.Helper()
	status, out := k.in(t, region, url, "ListUserPools", object{"MaxResults": 1})
	if status != 400 || out["__type"] != "InvalidSignatureException" || out["message"] != "Credential should be scoped to a valid region." {
		t.Errorf("signed for %s: %d %v", region, status, out)
	}
}

// TestServedRegions: serve takes the Regions that it is told, else its default.
func TestServedRegions(t *testing.T) {
	for name, c := range map[string]struct{ regions, yes, no []string }{
		"default": {nil, []string{"us-east-1"}, []string{"eu-west-1", "mars"}},
		"two":     {[]string{"us-east-1", "eu-west-1"}, []string{"us-east-1", "eu-west-1"}, []string{"us-east-2", "mars"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := devSettings()
			s.Mode, s.Ephemeral, s.Data, s.Regions = config.Serve, false, t.TempDir(), c.regions
			s.KeyFile = filepath.Join(s.Data, "kek")
			s.RootAccessKeyID, s.RootSecretAccessKey = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
			k := signer{s.RootAccessKeyID, s.RootSecretAccessKey}
			a, url := started(t, s)
			if err := a.IAM.EnsureRoot(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			for _, r := range c.yes {
				if status, out := k.in(t, arn.Region(r), url, "CreateUserPool", object{"PoolName": r}); status != 200 ||
					!strings.HasPrefix(out["UserPool"].(map[string]any)["Id"].(string), r+"_") {
					t.Errorf("%s: %d %v", r, status, out)
				}
			}
			for _, r := range c.no {
				refusedRegion(t, k, arn.Region(r), url)
			}
		})
	}
}

// TestEveryOperationHasARegion: an operation that is not held to the caller's Region by its resource is one of these.
func TestEveryOperationHasARegion(t *testing.T) {
	own := map[string]string{
		"CreateUserPool":         "makes the pool there",
		"ListUserPools":          "lists the pools there",
		"DescribeUserPoolDomain": "not built; the Region is part of a prefix domain's host name",
		"GetProvisionedLimit":    "not built; the account's in the Region",
		"UpdateProvisionedLimit": "not built; the account's in the Region",
	}
	for _, op := range cognitoidp.Operations {
		if !op.Unsigned && op.Resource == nil && own[op.Name] == "" {
			t.Errorf("%s: say how it is bound to the caller's Region", op.Name)
		}
	}
}
