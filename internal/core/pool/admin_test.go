package pool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

func TestUpdateRules(t *testing.T) {
	w := memory(t)
	id := w.pool(`"UserPoolTier":"PLUS","UserPoolAddOns":{"AdvancedSecurityMode":"AUDIT"}`)
	update := func(members string) string { return `{"UserPoolId":"` + id + `",` + members + `}` }
	const bad = "InvalidParameterException: "
	w.refused("UpdateUserPool", update(`"UserPoolTier":"ESSENTIALS","UserPoolAddOns":{"AdvancedSecurityMode":"AUDIT"}`), "TierChangeNotAllowedException: The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection")
	w.refused("UpdateUserPool", update(`"MfaConfiguration":"ON"`), bad+mfaOnTooLate)
	w.refused("UpdateUserPool", update(`"AutoVerifiedAttributes":["phone_number"]`), bad+"SMS configuration is required when phone_number is selected for auto verification")
	w.refused("UpdateUserPool", update(`"UserPoolTags":{"aws:a":"b"}`), "UserPoolTaggingException: Tag keys starting with aws: are reserved: aws:a")
	w.refused("UpdateUserPool", `{"UserPoolId":"eu-west-1_none"}`, "ResourceNotFoundException: User pool eu-west-1_none does not exist.")
	w.call("UpdateUserPool", update(`"UserPoolTier":"LITE"`))
	w.refused("UpdateUserPool", update(`"Policies":{"PasswordPolicy":{"PasswordHistorySize":2}}`), "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: Password History")

	// DCR: an omitted block is kept, a block without EnableStatus switches it on.
	w.call("UpdateUserPool", update(`"UserPoolTier":"ESSENTIALS","DcrConfiguration":{"EnableStatus":"Disabled","AllowedScopes":["openid"]}`))
	w.call("UpdateUserPool", update(`"PoolName":"renamed"`))
	same(t, "kept", w.describe(id)["DcrConfiguration"], `{"EnableStatus":"Disabled","OpenDcrEnabled":false,"AllowedScopes":["openid"]}`)
	same(t, "name", w.describe(id)["Name"], "renamed")
	w.call("UpdateUserPool", update(`"DcrConfiguration":{"OpenDcrGrantTypes":[]}`))
	same(t, "replaced", w.describe(id)["DcrConfiguration"], `{"EnableStatus":"Enabled","OpenDcrEnabled":false,"OpenDcrGrantTypes":[]}`)
	w.refused("UpdateUserPool", update(`"UserPoolTier":"LITE"`), "TierChangeNotAllowedException: The following features need to be disabled for the LITE pricing tier configured: Dynamic Client Registration")
	w.call("UpdateUserPool", update(`"UserPoolTier":"LITE","DcrConfiguration":{"EnableStatus":"Disabled"}`))
}

func TestTags(t *testing.T) {
	w := memory(t)
	arn := w.describe(w.pool(`"UserPoolTags":{"a":"1"}`))["Arn"].(string)
	resource := func(members string) string { return `{"ResourceArn":"` + arn + `"` + members + `}` }
	w.call("TagResource", resource(`,"Tags":{"a":"2","b":""}`))
	same(t, "tags", w.call("ListTagsForResource", resource("")), `{"Tags":{"a":"2","b":""}}`)
	w.call("UntagResource", resource(`,"TagKeys":["b","none"]`))
	same(t, "tags", w.call("ListTagsForResource", resource("")), `{"Tags":{"a":"2"}}`)
	const bad = "InvalidParameterException: "
	w.refused("TagResource", resource(`,"Tags":{"aws:b":""}`), bad+"Tag keys starting with aws: are reserved: aws:b")
	w.refused("TagResource", resource(`,"Tags":{`+manyTags(50)+`}`), bad+"A user pool can have at most 50 tags.")
	for _, other := range []string{
		"arn:aws:cognito-idp:eu-west-1:123456789013:" + strings.SplitN(arn, ":", 6)[5],
		"arn:aws:cognito-idp:us-east-1:123456789012:" + strings.SplitN(arn, ":", 6)[5],
		"arn:aws:s3:eu-west-1:123456789012:" + strings.SplitN(arn, ":", 6)[5],
		"arn:aws:cognito-idp:eu-west-1:123456789012:client/x",
	} {
		w.refused("ListTagsForResource", `{"ResourceArn":"`+other+`"}`, "ResourceNotFoundException: The resource "+other+" does not exist.")
	}
	w.refused("ListTagsForResource", `{"ResourceArn":"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_none"}`, "ResourceNotFoundException: User pool eu-west-1_none does not exist.")
}

func TestLists(t *testing.T) {
	w := memory(t)
	var pools []string
	for range 5 {
		pools = append(pools, w.pool(`"LambdaConfig":{"PreSignUp":"`+lambda+`"}`))
	}
	slices.Sort(pools)
	var got []string
	next := ""
	for page := 0; page == 0 || next != ""; page++ {
		out := w.call("ListUserPools", `{"MaxResults":2`+next+`}`)
		for _, item := range out["UserPools"].([]any) {
			got = append(got, dig(item, "Id").(string))
			same(t, "item", item, `{"Id":"`+got[len(got)-1]+`","Name":"p","LambdaConfig":{"PreSignUp":"`+lambda+`"},"CreationDate":1800000000.123,"LastModifiedDate":1800000000.123}`)
		}
		if next = ""; out["NextToken"] != nil {
			next = `,"NextToken":"` + out["NextToken"].(string) + `"`
		}
		if page == 0 {
			w.refused("ListUserPoolClients", `{"UserPoolId":"`+pools[0]+`"`+next+`}`, "InvalidParameterException: Invalid NextToken.")
		}
	}
	if !slices.Equal(got, pools) {
		t.Errorf("listed %v, want %v", got, pools)
	}
	w.refused("ListUserPools", `{"MaxResults":2,"NextToken":"forged"}`, "InvalidParameterException: Invalid NextToken.")

	var clients []string
	for range 3 {
		clients = append(clients, w.client(pools[0], ""))
	}
	w.client(pools[1], "")
	slices.Sort(clients)
	first := w.call("ListUserPoolClients", `{"UserPoolId":"`+pools[0]+`","MaxResults":2}`)
	token := first["NextToken"].(string)
	second := w.call("ListUserPoolClients", `{"UserPoolId":"`+pools[0]+`","MaxResults":1,"NextToken":"`+token+`"}`)
	same(t, "clients", append(first["UserPoolClients"].([]any), second["UserPoolClients"].([]any)...), fmt.Sprintf(
		`[{"ClientId":%q,"UserPoolId":%q,"ClientName":"c"},{"ClientId":%q,"UserPoolId":%q,"ClientName":"c"},{"ClientId":%q,"UserPoolId":%q,"ClientName":"c"}]`,
		clients[0], pools[0], clients[1], pools[0], clients[2], pools[0]))
	same(t, "no DCR clients", w.call("ListUserPoolClients", `{"UserPoolId":"`+pools[0]+`","ClientType":"DCR"}`), `{"UserPoolClients":[]}`)
	w.refused("ListUserPoolClients", `{"UserPoolId":"`+pools[1]+`","NextToken":"`+token+`"}`, "InvalidParameterException: Invalid NextToken.")
	w.refused("ListUserPoolClients", `{"UserPoolId":"`+pools[0]+`","ClientType":"REGULAR","NextToken":"`+token+`"}`, "InvalidParameterException: Invalid NextToken.")
	w.refused("ListUserPoolClients", `{"UserPoolId":"eu-west-1_none"}`, "ResourceNotFoundException: User pool eu-west-1_none does not exist.")
	w.clock.Advance(61 * time.Minute)
	w.refused("ListUserPoolClients", `{"UserPoolId":"`+pools[0]+`","NextToken":"`+token+`"}`, "InvalidParameterException: Invalid NextToken.")
}

// TestTwoTenants tries every operation on a client with the id of another pool.
func TestTwoTenants(t *testing.T) {
	w := memory(t)
	mine, yours := w.pool(""), w.pool("")
	id := w.client(yours, "")
	key := `{"UserPoolId":"` + mine + `","ClientId":"` + id + `"}`
	for _, op := range []string{"DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"} {
		w.refused(op, key, "ResourceNotFoundException: User pool client "+id+" does not exist.")
	}
	if _, _, err := w.ops.PoolClientOrRefuse(t.Context(), mine, id); err == nil || err.Error() != "ResourceNotFoundException: User pool client "+id+" does not exist." {
		t.Errorf("PoolClient: %v", err)
	}
	if _, _, err := w.ops.PoolClientOrRefuse(t.Context(), "eu-west-1_none", id); err == nil || err.Error() != "ResourceNotFoundException: User pool eu-west-1_none does not exist." {
		t.Errorf("PoolClient: %v", err)
	}
	if p, c, err := w.ops.PoolClient(t.Context(), yours, id); err != nil || p.ID != yours || c.ID != id {
		t.Errorf("PoolClient of the right pool: %v", err)
	}
}

func TestSecretsAreSealed(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		poolID := w.pool("")
		const chosen = "my_own+secret_0123456789"
		own := dig(w.call("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"c","ClientSecret":"`+chosen+`"}`), "UserPoolClient").(map[string]any)
		made := dig(w.call("CreateUserPoolClient", `{"UserPoolId":"`+poolID+`","ClientName":"c","GenerateSecret":true}`), "UserPoolClient").(map[string]any)
		if own["ClientSecret"] != nil {
			t.Error("a chosen secret is shown")
		}
		for _, c := range []struct {
			id, secret string
		}{{own["ClientId"].(string), chosen}, {made["ClientId"].(string), made["ClientSecret"].(string)}} {
			_, client, err := w.ops.Client(t.Context(), c.id)
			if err != nil || !client.CheckSecret(c.secret) || !client.HasSecret() {
				t.Fatalf("client %s: %v", c.id, err)
			}
			var row clientRow
			err = d.Read(t.Context(), func(tx *db.Tx) (err error) {
				row, err = readClient(tx, c.id)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(row.secrets, []byte(c.secret)) || strings.Contains(row.config, c.secret) {
				t.Error("the secret stands in the row")
			}
			// The secrets of one client do not open for another.
			row.id = "other"
			if _, err := w.ops.openSecrets(t.Context(), row); err == nil {
				t.Error("sealed secrets open for another client")
			}
		}
	})
}

func TestChosenIDs(t *testing.T) {
	w := memory(t)
	ctx := context.Background()
	in := &cognitoidp.CreateUserPoolRequest{PoolName: "seed"}
	if _, err := w.ops.CreatePoolWithID(ctx, "us-east-1_Demo", in); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ops.CreatePoolWithID(ctx, "us-east-1_Demo", in); !errors.Is(err, ErrExists) {
		t.Errorf("second pool: %v", err)
	}
	for _, id := range []string{"", "demo", "us_a b", "us_" + strings.Repeat("a", 60)} {
		if _, err := w.ops.CreatePoolWithID(ctx, id, in); err == nil || errors.Is(err, ErrExists) {
			t.Errorf("pool id %q: %v", id, err)
		}
	}
	if p, err := w.ops.Pool(ctx, "us-east-1_Demo"); err != nil || p.Name != "Demo" || p.ARN != "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Demo" {
		t.Errorf("%+v, %v", p, err)
	}
	c := &cognitoidp.CreateUserPoolClientRequest{UserPoolId: "us-east-1_Demo", ClientName: "seed"}
	const secret = "topsecretclientsecret0123456789"
	config, err := w.ops.CreateClientWithID(ctx, "1example23456789", []GivenSecret{{Value: secret}}, c)
	if err != nil || str(config.ClientSecret) != secret {
		t.Fatalf("%+v, %v", config, err)
	}
	if _, err := w.ops.CreateClientWithID(ctx, "1example23456789", nil, c); !errors.Is(err, ErrExists) {
		t.Errorf("second client: %v", err)
	}
	if _, err := w.ops.CreateClientWithID(ctx, "a-b", nil, c); err == nil {
		t.Error("a bad client id is accepted")
	}
	if _, err := w.ops.CreateClientWithID(ctx, "x", []GivenSecret{{Value: "short"}}, c); err == nil {
		t.Error("a short secret is accepted")
	}
	_, client, err := w.ops.Client(ctx, "1example23456789")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.CheckSecretHash("2c5d5d5e-1111-4222-8333-444455556666", "v31QZjR1d9jUx/Hpi1mD2tDeWQp/Zaesw8RSzxrc8YA="); err != nil {
		t.Error(err)
	}
}

// TestConcurrentUpdates lets many requests change one pool: each either happens or is refused with
// ConcurrentModificationException, and none is lost.
func TestConcurrentUpdates(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.pool("")
		arn := w.describe(id)["Arn"].(string)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				// TagResource has no ConcurrentModificationException to answer with; it starts over.
				if _, err := w.ops.TagResource(t.Context(), &cognitoidp.TagResourceRequest{ResourceArn: arn, Tags: map[string]string{itoa(i): "v"}}); err != nil {
					t.Errorf("TagResource: %v", err)
				}
			})
			wg.Go(func() {
				_, err := w.ops.SetUserPoolMfaConfig(t.Context(), &cognitoidp.SetUserPoolMfaConfigRequest{
					UserPoolId: id, MfaConfiguration: new(cognitoidp.UserPoolMfaTypeOn), SoftwareTokenMfaConfiguration: &cognitoidp.SoftwareTokenMfaConfigType{Enabled: new(true)},
				})
				if lost := new(cognitoidp.ConcurrentModificationException); err != nil && !errors.As(err, &lost) {
					t.Errorf("SetUserPoolMfaConfig: %v", err)
				}
			})
		}
		wg.Wait()
		if tags := w.describe(id)["UserPoolTags"].(map[string]any); len(tags) != 8 {
			t.Errorf("tags %v", tags)
		}
	})
}

// TestLostUpdate holds the compare-and-swap itself.
func TestLostUpdate(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, err := w.ops.Pool(t.Context(), w.pool(""))
		if err != nil {
			t.Fatal(err)
		}
		err = d.Update(t.Context(), func(tx *db.Tx) error {
			row := encodePool(p.ID, p.Config, p.MFA)
			row.version = p.Version + 5
			if done, err := replacePool(tx, row, p.Version+1); err != nil || done {
				t.Errorf("wrong version: %v, %v", done, err)
			}
			if done, err := replacePool(tx, row, p.Version); err != nil || !done {
				t.Errorf("right version: %v, %v", done, err)
			}
			if done, err := hidePool(tx, p.ID, 99, p.Version, 1); err != nil || done {
				t.Errorf("outdated deletion: %v, %v", done, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
