package pool

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

const certificate = `"CustomDomainConfig":{"CertificateArn":"arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"}`

// domain is the request of a domain operation, with further members as JSON without braces.
func domain(poolID, name, members string) string {
	if members != "" {
		members = "," + members
	}
	return fmt.Sprintf(`{"UserPoolId":%q,"Domain":%q%s}`, poolID, name, members)
}

func withDomains(d *Deps) {
	d.Addresses = NewAddresses("https://id.example.com").WithLoginDomain("login.example.com")
}

// at is the pool that a host leads to, "" for none.
func (w *world) at(host string) string {
	w.t.Helper()
	id, err := w.ops.ByHost(w.ctx(), host)
	if err != nil && !errors.Is(err, ErrNoDomain) {
		w.t.Fatal(err)
	}
	return id
}

func TestDomains(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, withDomains)
		a, b := w.pool(""), w.pool("")
		same(t, "a prefix", w.call("CreateUserPoolDomain", domain(a, "shop", `"ManagedLoginVersion":2`)), `{"ManagedLoginVersion":2}`)
		same(t, "a custom domain", w.call("CreateUserPoolDomain", domain(a, "auth.shop.com", certificate)),
			`{"ManagedLoginVersion":1,"CloudFrontDomain":"id.example.com"}`)
		shown := w.describe(a)
		if shown["Domain"] != "shop" || shown["CustomDomain"] != "auth.shop.com" {
			t.Errorf("%v", shown)
		}
		same(t, "its description", w.call("DescribeUserPoolDomain", `{"Domain":"auth.shop.com"}`), `{"DomainDescription":{
			"UserPoolId":"`+a+`","AWSAccountId":"123456789012","Domain":"auth.shop.com","CloudFrontDistribution":"id.example.com",
			"Version":"20270115080000","Status":"ACTIVE","ManagedLoginVersion":1,`+certificate+`}}`)
		w.call("UpdateUserPool", `{"UserPoolId":"`+a+`"}`)
		same(t, "an update of the pool keeps its domains", w.describe(a)["Domain"], "shop")

		w.refused("CreateUserPoolDomain", domain(b, "shop", ""), "InvalidParameterException: Domain already associated with another user pool.")
		w.refused("CreateUserPoolDomain", domain(b, "auth.shop.com", certificate), "InvalidParameterException: Domain already associated with another user pool.")
		w.refused("CreateUserPoolDomain", domain(a, "second", ""), "InvalidParameterException: User pool already has a domain configured.")
		w.refused("DeleteUserPoolDomain", domain(b, "shop", ""), "InvalidParameterException: No such domain or user pool exists.")
		w.refused("UpdateUserPoolDomain", domain(b, "shop", ""), "InvalidParameterException: No such domain or user pool exists.")
		w.refused("DeleteUserPool", `{"UserPoolId":"`+a+`"}`, "InvalidParameterException: User pool cannot be deleted. It has a domain configured that should be deleted first.")

		for host, want := range map[string]string{
			"shop.auth.eu-west-1.login.example.com": a, "SHOP.auth.eu-west-1.Login.example.com.:8443": a,
			"shop.auth.eu-west-1.amazoncognito.com": a, "auth.shop.com": a, "auth.shop.com:443": a,
			"shop.auth.us-east-1.login.example.com": "", "shop": "", "auth.eu-west-1.login.example.com": "", "x.auth.shop.com": "",
			"id.example.com": "", "": "", "[::1]:80": "", "127.0.0.1": "", "shop.auth.eu-west-1.evil.com": "",
		} {
			if got := w.at(host); got != want {
				t.Errorf("%s leads to %q, want %q", host, got, want)
			}
		}

		// A prefix is unique in its Region alone, and seen from there alone.
		w.region = "us-east-1"
		c := w.pool("")
		w.call("CreateUserPoolDomain", domain(c, "shop", ""))
		w.refused("CreateUserPoolDomain", domain(c, "auth.shop.com", certificate), "InvalidParameterException: Domain already associated with another user pool.")
		same(t, "another Region's domain", w.call("DescribeUserPoolDomain", `{"Domain":"auth.shop.com"}`), `{"DomainDescription":{}}`)
		if got := w.at("shop.auth.us-east-1.login.example.com"); got != c {
			t.Errorf("leads to %q", got)
		}
		w.region = ""

		other := newWorld(t, d, withDomains)
		if other.at("auth.shop.com") != a {
			t.Error("another node does not know the domain")
		}
		w.call("DeleteUserPoolDomain", domain(a, "shop", ""))
		w.call("DeleteUserPoolDomain", domain(a, "auth.shop.com", ""))
		w.refused("DeleteUserPoolDomain", domain(a, "shop", ""), "InvalidParameterException: No such domain or user pool exists.")
		same(t, "nobody's domain", w.call("DescribeUserPoolDomain", `{"Domain":"shop"}`), `{"DomainDescription":{}}`)
		if w.at("auth.shop.com") != "" {
			t.Error("a deleted domain leads to its pool")
		}
		if err := other.ops.Poll(t.Context()); err != nil || other.at("auth.shop.com") != "" {
			t.Errorf("another node still knows the domain: %v", err)
		}
		w.call("CreateUserPoolDomain", domain(b, "auth.shop.com", certificate))
		if other.at("auth.shop.com") != b {
			t.Error("the new owner is not found")
		}
		w.call("DeleteUserPool", `{"UserPoolId":"`+a+`"}`)
	})
}

func TestUpdateDomain(t *testing.T) {
	w := memory(t, withDomains)
	id := w.pool("")
	w.call("CreateUserPoolDomain", domain(id, "auth.shop.com", certificate))
	w.call("CreateUserPoolDomain", domain(id, "shop", ""))
	w.clock.Advance(1e9)
	const routing = `"Routing":{"Failover":{"SecondaryRegion":"eu-west-2","PrimaryRoute53HealthCheckId":"abc"}}`
	same(t, "routing", w.call("UpdateUserPoolDomain", domain(id, "auth.shop.com", routing)),
		`{"ManagedLoginVersion":1,"CloudFrontDomain":"id.example.com",`+routing+`}`)
	same(t, "version", w.call("UpdateUserPoolDomain", domain(id, "auth.shop.com", `"ManagedLoginVersion":2`)),
		`{"ManagedLoginVersion":2,"CloudFrontDomain":"id.example.com",`+routing+`}`)
	shown := dig(w.call("DescribeUserPoolDomain", `{"Domain":"auth.shop.com"}`), "DomainDescription").(map[string]any)
	if shown["Version"] != "20270115080001" || dig(shown, "CustomDomainConfig", "CertificateArn") == nil || dig(shown, "Routing", "Failover") == nil {
		t.Errorf("%v", shown)
	}
	w.refused("UpdateUserPoolDomain", domain(id, "shop", certificate), "InvalidParameterException: CustomDomainConfig can only be set for a custom domain, and shop is a prefix.")
	w.refused("UpdateUserPoolDomain", domain(id, "shop", routing), "InvalidParameterException: Routing can only be set for a custom domain, and shop is a prefix.")
	w.refused("UpdateUserPoolDomain", domain(id, "auth.shop.com", strings.Replace(routing, "eu-west-2", "eu-west-1", 1)),
		"InvalidParameterException: SecondaryRegion must be another Region than that of the user pool, eu-west-1.")
	w.refused("UpdateUserPoolDomain", domain(id, "shop", `"ManagedLoginVersion":3`), "InvalidParameterException: ManagedLoginVersion must be 1 or 2, not 3.")
	w.refused("UpdateUserPoolDomain", domain("eu-west-1_none", "shop", ""), "ResourceNotFoundException: User pool eu-west-1_none does not exist.")
}

// TestCustomDomain: what a handshake asks is answered from memory about domains that are known, and a domain that is gone
// is forgotten.
func TestCustomDomain(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, withDomains)
		id := w.pool("")
		w.call("CreateUserPoolDomain", domain(id, "shop", ""))
		w.call("CreateUserPoolDomain", domain(id, "auth.shop.com",
			`"CustomDomainConfig":{"CertificateArn":"arn:aws:iam::123456789012:server-certificate/path/shop-2027","SecurityPolicy":"TLS_V1_3_2025"}`))
		other := newWorld(t, d, withDomains)
		for _, host := range []string{"auth.shop.com", "AUTH.shop.com."} {
			got, err := other.ops.CustomDomain(t.Context(), host)
			if err != nil || got.Certificate() != "shop-2027" || got.SecurityPolicy() != "TLS_V1_3_2025" {
				t.Errorf("%s: %+v, %v", host, got, err)
			}
		}
		none := func(w *world, hosts ...string) {
			t.Helper()
			for _, host := range hosts {
				if _, err := w.ops.CustomDomain(t.Context(), host); !errors.Is(err, ErrNoDomain) {
					t.Errorf("%q: %v", host, err)
				}
			}
		}
		none(other, "", "shop", "shop.com", "x.auth.shop.com", "id.example.com", "shop.auth.eu-west-1.login.example.com", "127.0.0.1", "a b.shop.com")
		w.call("UpdateUserPoolDomain", domain(id, "auth.shop.com", certificate))
		if got, err := w.ops.CustomDomain(t.Context(), "auth.shop.com"); err != nil || got.Certificate() != "12345678-1234-1234-1234-123456789012" || got.SecurityPolicy() != "" {
			t.Errorf("%+v, %v", got, err)
		}
		w.call("DeleteUserPoolDomain", domain(id, "auth.shop.com", ""))
		none(w, "auth.shop.com")
		if err := other.ops.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		none(other, "auth.shop.com")
	})
	w := memory(t, withDomains)
	w.call("CreateUserPoolDomain", domain(w.pool(""), "auth.shop.com", certificate))
	ask := func(host string) error { _, err := w.ops.CustomDomain(t.Context(), host); return err }
	if err := ask("auth.shop.com"); err != nil {
		t.Fatal(err)
	}
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ask("auth.shop.com"); err != nil {
		t.Errorf("a known domain needs the database: %v", err)
	}
	if err := ask("id.example.com"); !errors.Is(err, ErrNoDomain) {
		t.Errorf("the server's own name needs the database: %v", err)
	}
	if err := ask("other.shop.com"); err == nil || errors.Is(err, ErrNoDomain) {
		t.Errorf("an unknown domain without a database: %v", err)
	}
}

func TestDomainForms(t *testing.T) {
	w := memory(t, withDomains)
	id := w.pool("")
	const character = `InvalidParameterException: The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`
	for _, name := range []string{"Shop", "-shop", "shop-", "shop.example.com", "a_b", "shöp", "a b"} {
		w.refused("CreateUserPoolDomain", domain(id, name, ""), character)
	}
	for name, word := range map[string]string{"my-aws": "aws", "amazon-1": "amazon", "x-cognito-x": "cognito", "aws": "aws"} {
		w.refused("CreateUserPoolDomain", domain(id, name, ""), "InvalidParameterException: Domain cannot contain reserved word: "+word)
	}
	w.call("CreateUserPoolDomain", domain(id, "awsome-x", "")) // as a part of another word they are allowed
	w.call("DeleteUserPoolDomain", domain(id, "awsome-x", ""))
	const subdomain = "InvalidParameterException: Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the parent domain or domain parent is a top-level domain."
	for _, name := range []string{"shop", "shop.com", "a..b.com", ".shop.example.com", "shop.example.com.", "Auth.example.com", "a_b.example.com", "*.example.com", "auth.example.com:443",
		"id.example.com", "login.example.com", "x.login.example.com", "auth.eu-west-1.login.example.com", "shop.auth.eu-west-1.login.example.com",
		"127.0.0.1", "1.2.3.4", "cognito-idp.us-east-1.amazonaws.com", "shop.auth.us-east-1.amazoncognito.com", "sts.cn-north-1.amazonaws.com.cn"} {
		w.refused("CreateUserPoolDomain", domain(id, name, certificate), subdomain)
	}
	for _, name := range []string{"", strings.Repeat("a", 64)} {
		if _, err := w.try("CreateUserPoolDomain", domain(id, name, "")); err == nil {
			t.Errorf("%q accepted", name)
		}
	}
	w.call("CreateUserPoolDomain", domain(id, "auth.localhost", certificate))
}

func TestDomainTier(t *testing.T) {
	w := memory(t, withDomains)
	id := w.pool(`"UserPoolTier":"LITE"`)
	w.refused("CreateUserPoolDomain", domain(id, "shop", `"ManagedLoginVersion":2`),
		"FeatureUnavailableInTierException: The following feature is not available for the LITE pricing tier configured: Managed Login Version 2")
	w.call("CreateUserPoolDomain", domain(id, "shop", ""))
	w.call("UpdateUserPool", `{"UserPoolId":"`+id+`","UserPoolTier":"ESSENTIALS"}`)
	w.call("UpdateUserPoolDomain", domain(id, "shop", `"ManagedLoginVersion":2`))
	w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`","UserPoolTier":"LITE"}`,
		"TierChangeNotAllowedException: The following features need to be disabled for the LITE pricing tier configured: Managed Login Version 2")
}

// TestDomainRace: of many pools that ask for one prefix at once exactly one gets it, and of many prefixes one pool.
func TestDomainRace(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, withDomains)
		const n = 8
		ask := func(request func(i int) string) (won int) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			for i := range n {
				wg.Go(func() {
					if _, err := w.try("CreateUserPoolDomain", request(i)); err == nil {
						mu.Lock()
						defer mu.Unlock()
						won++
					}
				})
			}
			wg.Wait()
			return won
		}
		var pools []string
		for range n {
			pools = append(pools, w.pool(""))
		}
		if won := ask(func(i int) string { return domain(pools[i], "race", "") }); won != 1 {
			t.Errorf("%d pools have the same prefix", won)
		}
		id := w.pool("")
		if won := ask(func(i int) string { return domain(id, fmt.Sprintf("race-%d", i), "") }); won != 1 {
			t.Errorf("one pool has %d prefixes", won)
		}
	})
}
