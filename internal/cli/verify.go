package cli

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/jose"
	"cognate/internal/base/version"
)

type tokenVerifyCmd struct {
	tokenArg
	JWKS     string        `name:"jwks" help:"File or URL with the keys; default <issuer>/.well-known/jwks.json." placeholder:"FILE|URL" env:"-"`
	Issuer   string        `help:"Issuer that the token must have; pin it, otherwise anybody's token verifies." placeholder:"URL" env:"-"`
	ClientID []string      `name:"client-id" help:"App client that it must be for; several are alternatives." placeholder:"ID" env:"-"`
	TokenUse string        `help:"id or access." enum:"id,access," default:"" placeholder:"id|access" env:"-"`
	Leeway   time.Duration `help:"Difference of clocks that is forgiven." default:"0s" env:"-"`
	CABundle string        `name:"ca-bundle" help:"PEM certificates to trust besides the system's." env:"COGNATE_CA_BUNDLE,AWS_CA_BUNDLE" type:"existingfile" placeholder:"FILE"`
	output
}

// check is one of the things that have to be true of a token or of a server.
type check struct {
	Name   string `json:"check"`
	Status string `json:"status"` // ok, fail, warn or skip
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// checks collects them.
type checks []check

func (c *checks) add(status, name, hint, format string, args ...any) {
	*c = append(*c, check{Name: name, Status: status, Detail: fmt.Sprintf(format, args...), Hint: hint})
}

// when adds a check that is ok or fails.
func (c *checks) when(ok bool, name, hint, good, bad string) {
	if ok {
		c.add("ok", name, "", "%s", good)
	} else {
		c.add("fail", name, hint, "%s", bad)
	}
}

func (c checks) failed() int {
	n := 0
	for _, one := range c {
		if one.Status == "fail" {
			n++
		}
	}
	return n
}

// rows are the checks as a table, with hints below what they belong to.
func (c checks) rows() [][]string {
	var rows [][]string
	for _, one := range c {
		rows = append(rows, []string{one.Status, one.Name, one.Detail})
		if one.Hint != "" {
			rows = append(rows, []string{"", "", "hint: " + one.Hint})
		}
	}
	return rows
}

// Run does every check, also after one has failed.
func (c *tokenVerifyCmd) Run(e *env) error {
	token, err := c.read(e)
	if err != nil {
		return err
	}
	o, err := open(token)
	if err != nil {
		return err
	}
	var all checks
	c.signature(e.ctx, &all, token, o)
	c.claims(&all, o, time.Now())
	result := map[string]any{"valid": all.failed() == 0, "checks": all, "claims": o.claims}
	if err := c.print(e.stdout, "", all.rows(), result); err != nil {
		return err
	}
	if n := all.failed(); n > 0 {
		return fmt.Errorf("the token is not valid: %d of %d checks failed", n, len(all))
	}
	return nil
}

func (c *tokenVerifyCmd) signature(ctx context.Context, all *checks, token string, o *opened) {
	all.when(o.head.Alg == "RS256", "algorithm", "never accept another algorithm than the one the issuer uses", "RS256", fmt.Sprintf("Cognito signs with RS256, this says %q", o.head.Alg))
	from, keys, err := c.keys(ctx, o)
	if err != nil {
		all.add("fail", "keys", "name a file or URL with --jwks, or the server's certificate with --ca-bundle", "%v", err)
		return
	}
	all.add("ok", "keys", "", "%d from %s", len(keys), from)
	_, err = jose.Verify(token, func(kid string) *rsa.PublicKey { return keys[kid] })
	switch {
	case err == nil:
		all.add("ok", "signature", "", "by key %s", o.head.Kid)
	case keys[o.head.Kid] == nil:
		all.add("fail", "signature", "the token is of another pool or server, or its key was retired", "the issuer has no key %q", o.head.Kid)
	case errors.Is(err, jose.ErrSignature):
		all.add("fail", "signature", "header or claims were changed, or the key only has the same id", "not made by key %s", o.head.Kid)
	default:
		all.add("fail", "signature", "", "%v", err)
	}
}

func (c *tokenVerifyCmd) claims(all *checks, o *opened, now time.Time) {
	claim := o.claim
	switch {
	case c.Issuer != "":
		all.when(claim.Issuer == c.Issuer, "issuer", "the public URL of the server and the id of the pool make the issuer; both have to be as the client sees them", claim.Issuer,
			fmt.Sprintf("is %s, wanted %s", claim.Issuer, c.Issuer))
	default:
		all.add("warn", "issuer", "pin it with --issuer", "is %s, by the token's own account", claim.Issuer)
	}
	all.when(claim.Expires != 0 && now.Add(-c.Leeway).Before(time.Unix(claim.Expires, 0)), "expiry", "get a new one with the refresh token; a moved clock of a dev server counts too", age(claim.Expires, now), age(claim.Expires, now))
	all.when(!time.Unix(claim.Issued, 0).After(now.Add(c.Leeway)), "issued", "the clocks of issuer and verifier differ: see --leeway", time.Unix(claim.Issued, 0).UTC().Format(time.RFC3339),
		fmt.Sprintf("in the future, at %s", time.Unix(claim.Issued, 0).UTC().Format(time.RFC3339)))
	switch {
	case claim.Use != "id" && claim.Use != "access":
		all.add("fail", "token_use", "", "is %q, neither id nor access", claim.Use)
	case c.TokenUse == "":
		all.add("ok", "token_use", "", "%s", claim.Use)
	default:
		all.when(claim.Use == c.TokenUse, "token_use", "APIs take access tokens, applications read ID tokens", claim.Use, fmt.Sprintf("is %s, wanted %s", claim.Use, c.TokenUse))
	}
	client, member := claim.Client, "client_id"
	if claim.Use == "id" {
		client, member = claim.Audience, "aud"
	}
	if len(c.ClientID) == 0 {
		all.add("warn", member, "say which clients you accept with --client-id", "is %s, which was not compared", client)
		return
	}
	all.when(slices.Contains(c.ClientID, client), member, "", client, fmt.Sprintf("is %s, wanted %s", client, strings.Join(c.ClientID, " or ")))
}

// keys are the public keys of the issuer, and where they are from.
func (c *tokenVerifyCmd) keys(ctx context.Context, o *opened) (string, map[string]*rsa.PublicKey, error) {
	from := c.JWKS
	if from == "" {
		issuer := first(c.Issuer, o.claim.Issuer)
		if u, err := url.Parse(issuer); err != nil || u.Host == "" {
			return "", nil, fmt.Errorf("the issuer %q is no URL to fetch keys from", issuer)
		}
		from = strings.TrimSuffix(issuer, "/") + "/.well-known/jwks.json"
	}
	var text []byte
	var err error
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		text, err = fetch(ctx, from, c.CABundle)
	} else {
		text, err = os.ReadFile(from)
	}
	if err != nil {
		return "", nil, err
	}
	keys, err := jose.ParseJWKS(text)
	if err != nil || !json.Valid(text) {
		return "", nil, fmt.Errorf("%s is no key set", from)
	}
	return from, keys, nil
}

// fetch reads a URL that somebody at the command line named.
func fetch(ctx context.Context, address, caBundle string) ([]byte, error) {
	roots, err := trust(caBundle)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := httpkit.NewClient(httpkit.ClientOptions{AllowHTTP: true, AllowLocal: true, TLS: roots, UserAgent: version.UserAgent()})
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer: %w", address, err)
	}
	if resp.Status != http.StatusOK {
		return nil, fmt.Errorf("%s answers with status %d", address, resp.Status)
	}
	return resp.Body, nil
}
