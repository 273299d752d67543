package clientdoc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/testkit/cognitotest"
)

// TestPolicies: making, changing, listing and deleting policies.
func TestPolicies(t *testing.T) {
	each(t, func(w *world) {
		made := w.policy("https://a.example/*")
		if len(made.CIMDPolicyId) == 0 || *made.ClientId != w.app.ID || *made.CacheDuration != 86400 || made.UserPoolId != w.p.ID || made.CreationDate == nil {
			w.T.Errorf("%+v", made)
		}
		w.Clock.Advance(time.Minute)
		changed := cognitotest.Call(w.World, w.API.UpdateCIMDPolicy, &cognitoidp.UpdateCIMDPolicyRequest{
			UserPoolId: w.p.ID, CIMDPolicyId: made.CIMDPolicyId, ClientId: w.app.ID, URLPatterns: []string{"https://b.example/*"}, PolicyName: new("others"),
		}).CIMDPolicy
		if changed.PolicyName != "others" || *changed.CacheDuration != 86400 || !changed.CreationDate.Equal(made.CreationDate.Time) || !changed.LastModifiedDate.After(made.CreationDate.Time) {
			w.T.Errorf("%+v", changed)
		}
		for i := range 49 {
			w.policy(fmt.Sprintf("https://c%d.example/*", i))
		}
		in := &cognitoidp.CreateCIMDPolicyRequest{UserPoolId: w.p.ID, ClientId: w.app.ID, PolicyName: "x", URLPatterns: []string{"https://d.example/*"}}
		if got := cognitotest.Refusal(w.World, w.API.CreateCIMDPolicy, in); !strings.HasPrefix(got, "LimitExceededException") {
			w.T.Errorf("too many: %s", got)
		}
		seen, token := map[string]bool{}, (*string)(nil)
		for {
			page := cognitotest.Call(w.World, w.API.ListCIMDPolicies, &cognitoidp.ListCIMDPoliciesRequest{UserPoolId: w.p.ID, MaxResults: new(int64(20)), NextToken: token})
			for _, p := range page.CIMDPolicies {
				seen[p.CIMDPolicyId] = true
			}
			if token = page.NextToken; token == nil {
				break
			}
		}
		if len(seen) != 50 || !seen[made.CIMDPolicyId] {
			w.T.Errorf("listed %d", len(seen))
		}
	})
}

// TestPolicyRefusals: policies that there cannot be.
func TestPolicyRefusals(t *testing.T) {
	w := quick(t)
	w.policy("https://taken.example/*")
	confidential := w.Client(w.p, func(in *cognitoidp.CreateUserPoolClientRequest) { in.GenerateSecret = new(true) })
	other := w.Pool(nil)
	foreign := w.Client(other, nil)
	for name, tc := range map[string]struct {
		change func(in *cognitoidp.CreateCIMDPolicyRequest)
		want   string
	}{
		"a pool that is not there":   {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.UserPoolId = "us-east-1_none" }, "ResourceNotFoundException: User pool us-east-1_none"},
		"a client that is not there": {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.ClientId = "none" }, "ResourceNotFoundException: User pool client none"},
		"another pool's client":      {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.ClientId = foreign.ID }, "ResourceNotFoundException: User pool client"},
		"a client with a secret":     {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.ClientId = confidential.ID }, "InvalidParameterException: Client " + confidential.ID},
		"a pattern without a path":   {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.URLPatterns = []string{"https://a.example*"} }, "InvalidParameterException: The URL pattern https://a.example* has no path"},
		"a pattern twice": {func(in *cognitoidp.CreateCIMDPolicyRequest) {
			in.URLPatterns = []string{"https://a.example/*", "https://a.example/*"}
		}, "InvalidParameterException: The URL pattern https://a.example/* is listed twice."},
		"another policy's pattern": {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.URLPatterns = []string{"https://taken.example/*"} }, "InvalidParameterException: The URL pattern https://taken.example/* belongs to"},
		"too short":                {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.CacheDuration = new(int64(86399)) }, "InvalidParameterException: CacheDuration"},
		"too long":                 {func(in *cognitoidp.CreateCIMDPolicyRequest) { in.CacheDuration = new(int64(31556953)) }, "InvalidParameterException: CacheDuration"},
	} {
		in := &cognitoidp.CreateCIMDPolicyRequest{UserPoolId: w.p.ID, ClientId: w.app.ID, PolicyName: "x", URLPatterns: []string{"https://b.example/*"}}
		tc.change(in)
		if got := cognitotest.Refusal(w.World, w.API.CreateCIMDPolicy, in); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	none := "ResourceNotFoundException: CIMD policy none does not exist."
	cognitotest.Refused(w.World, none, w.API.DescribeCIMDPolicy, &cognitoidp.DescribeCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: "none"})
	cognitotest.Refused(w.World, none, w.API.DeleteCIMDPolicy, &cognitoidp.DeleteCIMDPolicyRequest{UserPoolId: w.p.ID, CIMDPolicyId: "none"})
	cognitotest.Refused(w.World, none, w.API.ListClientMetadataURLs, &cognitoidp.ListClientMetadataURLsRequest{UserPoolId: w.p.ID, CIMDPolicyId: "none"})
	cognitotest.Refused(w.World, "InvalidParameterException: Invalid NextToken.", w.API.ListCIMDPolicies, &cognitoidp.ListCIMDPoliciesRequest{UserPoolId: w.p.ID, NextToken: new("x")})

	lite := func(id string) string {
		return cognitotest.Refusal(w.World, w.API.UpdateUserPool, &cognitoidp.UpdateUserPoolRequest{UserPoolId: id, UserPoolTier: new(cognitoidp.UserPoolTierTypeLite)})
	}
	if got := lite(w.p.ID); got != "TierChangeNotAllowedException: The following features need to be disabled for the LITE pricing tier configured: Client ID Metadata Documents" {
		t.Errorf("down to LITE: %s", got)
	}
	if got := lite(other.ID); got != "" {
		t.Errorf("another pool: %s", got)
	}
	in := &cognitoidp.CreateCIMDPolicyRequest{UserPoolId: other.ID, ClientId: foreign.ID, PolicyName: "x", URLPatterns: []string{"https://b.example/*"}}
	if got := cognitotest.Refusal(w.World, w.API.CreateCIMDPolicy, in); !strings.HasPrefix(got, "FeatureUnavailableInTierException: ") {
		t.Errorf("on LITE: %s", got)
	}
}
