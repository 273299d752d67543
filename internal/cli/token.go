package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"cognate/internal/base/jose"
)

// tokenCmd gets tokens and looks at them.
type tokenCmd struct {
	Get    tokenGetCmd    `cmd:"" help:"Sign a user in by password and print a token." example:"cognate token get ana 'Passw0rd!'"`
	Decode tokenDecodeCmd `cmd:"" help:"Show what is in a token, without verifying it." example:"cognate token decode \"$ID_TOKEN\""`
	Verify tokenVerifyCmd `cmd:"" help:"Verify an ID or access token as a resource server has to, and say what fails." example:"cognate token verify \"$ACCESS_TOKEN\" --token-use access --client-id democlientforlocaltesting1"`
}

// tokenArg is the token of a command.
type tokenArg struct {
	Token string `arg:"" optional:"" default:"-" help:"The token; - reads it from the standard input."`
}

// read returns the token without the space, quotes and scheme that come along
// when it is copied.
func (t tokenArg) read(e *env) (string, error) {
	text := t.Token
	if text == "-" {
		raw, err := io.ReadAll(io.LimitReader(e.stdin, jose.MaxToken+1024))
		if err != nil {
			return "", err
		}
		text = string(raw)
	}
	text = strings.Trim(strings.TrimSpace(text), `"'`)
	text = strings.TrimSpace(strings.TrimPrefix(text, "Bearer "))
	if text == "" {
		return "", errors.New("there is no token")
	}
	return text, nil
}

// opened is a token taken apart; nothing of it is proven.
type opened struct {
	header, claims json.RawMessage
	head           struct{ Alg, Kid string }
	claim          struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Use      string `json:"token_use"`
		Audience string `json:"aud"`
		Client   string `json:"client_id"`
		Expires  int64  `json:"exp"`
		Issued   int64  `json:"iat"`
	}
}

// open takes a token apart and says what is wrong with its form.
func open(token string) (*opened, error) {
	parts := strings.SplitN(token, ".", 7)
	switch len(parts) {
	case 3:
	case 5:
		return nil, errors.New("this has the five parts of an encrypted token, as refresh tokens have: only the server can open it")
	default:
		return nil, fmt.Errorf("a token has three parts with dots between them, this has %d", len(parts))
	}
	var o opened
	for i, into := range []struct {
		name string
		raw  *json.RawMessage
		out  any
	}{{"header", &o.header, &o.head}, {"claims", &o.claims, &o.claim}} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, fmt.Errorf("the %s are not base64url: is the token complete?", into.name)
		}
		if err := json.Unmarshal(text, into.out); err != nil {
			return nil, fmt.Errorf("the %s are not a JSON object as Cognito makes it: %w", into.name, err)
		}
		*into.raw = text
	}
	return &o, nil
}

type tokenDecodeCmd struct{ tokenArg }

// Run prints header and claims as JSON, and on the standard error what the
// seconds mean.
func (c *tokenDecodeCmd) Run(e *env) error {
	token, err := c.read(e)
	if err != nil {
		return err
	}
	o, err := open(token)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]json.RawMessage{"header": o.header, "claims": o.claims})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, printable(out.String()))
	if o.claim.Expires != 0 {
		fmt.Fprintf(e.stderr, "%s token, %s; not verified, see \"cognate token verify\"\n", first(o.claim.Use, "unknown"), age(o.claim.Expires, time.Now()))
	}
	return nil
}

// printable escapes what a terminal may take for commands (the C1 controls, which JSON lets through) and what changes the
// direction of text.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r >= 0x7f && !unicode.IsPrint(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// age says how far an expiry is from now.
func age(expires int64, now time.Time) string {
	at := time.Unix(expires, 0)
	d := at.Sub(now).Round(time.Second)
	if d <= 0 {
		return fmt.Sprintf("expired %s ago at %s", -d, at.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("expires in %s at %s", d, at.UTC().Format(time.RFC3339))
}
