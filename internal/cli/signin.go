package cli

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// tokenGetCmd signs a user in. It is for looking at things, so the flow is the
// one that needs no arithmetic.
type tokenGetCmd struct {
	userRef
	Password string `arg:"" help:"The password."`
	Client   string `help:"App client; not needed where the pool has one." placeholder:"ID"`
	TokenUse string `help:"id, access or refresh; all of them with --output json." enum:"id,access,refresh" default:"access" placeholder:"id|access|refresh" env:"-"`
	poolRef
}

// Run prints the token.
func (c *tokenGetCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	client, err := c.appClient(e, pool)
	if err != nil {
		return err
	}
	parameters := map[string]string{"USERNAME": c.Username, "PASSWORD": c.Password}
	if client.Secret != "" {
		mac := hmac.New(sha256.New, []byte(client.Secret))
		mac.Write([]byte(c.Username + client.ID))
		parameters["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	var answer struct {
		ChallengeName        string
		AuthenticationResult struct{ IdToken, AccessToken, RefreshToken string }
	}
	var raw json.RawMessage
	err = c.call(e.ctx, "InitiateAuth", map[string]any{
		"ClientId": client.ID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters,
	}, &raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	if answer.ChallengeName != "" {
		return withHint(fmt.Errorf("the sign-in goes on with %s", answer.ChallengeName), "this command does passwords only; \"cognate user set-password\" sets a permanent one")
	}
	r := answer.AuthenticationResult
	return c.said(e.stdout, raw, "%s", map[string]string{"id": r.IdToken, "access": r.AccessToken, "refresh": r.RefreshToken}[c.TokenUse])
}

// appClient is the app client meant, with its secret.
func (c *tokenGetCmd) appClient(e *env, pool string) (clientView, error) {
	id := c.Client
	if id == "" {
		items, err := c.pages(e.ctx, "ListUserPoolClients", "UserPoolClients", "NextToken", map[string]any{"UserPoolId": pool, "MaxResults": 60}, 0)
		if err != nil {
			return clientView{}, err
		}
		views, err := decodeAll[clientView](items)
		if err != nil {
			return clientView{}, err
		}
		var ids []string
		for _, v := range views {
			ids = append(ids, v.ID)
		}
		switch len(ids) {
		case 0:
			return clientView{}, withHint(errors.New("the user pool has no app client"), `"cognate client create NAME --flows ALLOW_USER_PASSWORD_AUTH" makes one`)
		case 1:
			id = ids[0]
		default:
			return clientView{}, withHint(fmt.Errorf("there are %d app clients", len(ids)), "choose with --client: %s", strings.Join(ids[:min(len(ids), 5)], ", "))
		}
	}
	var answer struct{ UserPoolClient clientView }
	err := c.call(e.ctx, "DescribeUserPoolClient", map[string]any{"UserPoolId": pool, "ClientId": id}, &answer)
	return answer.UserPoolClient, err
}
