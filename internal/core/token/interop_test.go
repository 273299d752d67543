package token

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// verifier is an independent verification with the published keys: argv are the key set, the issuer and the client.
const verifier = `
import json, sys
from joserfc import jwt
from joserfc.jwk import KeySet
jwks, iss, client, tokens = json.load(sys.stdin)
keys = KeySet.import_key_set(jwks)
out = []
for use, text in tokens.items():
    token = jwt.decode(text, keys, algorithms=["RS256"])
    assert sorted(token.header) == ["alg", "kid"], token.header
    claims = dict(iss={"essential": True, "value": iss}, token_use={"essential": True, "value": use})
    claims["aud" if use == "id" else "client_id"] = {"essential": True, "value": client}
    jwt.JWTClaimsRegistry(now=token.claims["iat"] + 1, **claims).validate(token.claims)
    try:
        jwt.decode(text[:-6] + ("AAAAAA" if text[-6:] != "AAAAAA" else "BBBBBB"), keys, algorithms=["RS256"])
        raise SystemExit("a forged signature was accepted")
    except Exception as e:
        assert type(e).__name__ == "BadSignatureError", e
print("ok")
`

// TestIndependentVerifier hands both tokens and the JWKS to joserfc, when a Python that has it is there.
func TestIndependentVerifier(t *testing.T) {
	if exec.Command("python3", "-c", "import joserfc").Run() != nil {
		t.Skip("python3 with joserfc is not installed")
	}
	f := quick(t)
	c := f.newClient(nil)
	r := f.signIn(c, ana()).Result()
	jwks, err := f.Keys(t.Context(), f.pool.ID)
	must(t, err)
	input, err := json.Marshal([]any{json.RawMessage(jwks), publicURL + "/" + f.pool.ID, c.ID,
		map[string]string{"id": *r.IdToken, "access": *r.AccessToken}})
	must(t, err)
	cmd := exec.Command("python3", "-c", verifier)
	cmd.Stdin = strings.NewReader(string(input))
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Fatalf("%v: %s", err, out)
	}
}
