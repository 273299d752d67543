package pool

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"
)

const own = "an_own+secret_of_24_chars"

// secretIDs lists the ids of a client's secrets, the newest first, and checks that no value is shown.
func (w *world) secretIDs(poolID, clientID string) (ids []string) {
	w.t.Helper()
	for _, s := range w.call("ListUserPoolClientSecrets", `{"UserPoolId":"`+poolID+`","ClientId":"`+clientID+`"}`)["ClientSecrets"].([]any) {
		if m := s.(map[string]any); len(m) != 2 || m["ClientSecretCreateDate"] == nil {
			w.t.Errorf("a secret shows %v", m)
		}
		ids = append(ids, dig(s, "ClientSecretId").(string))
	}
	return ids
}

// proves reports whether a secret serves raw and as SECRET_HASH, which must agree.
func (w *world) proves(clientID, secret string) bool {
	w.t.Helper()
	_, c, err := w.ops.Client(w.t.Context(), clientID)
	if err != nil {
		w.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("ana" + clientID))
	raw, hash := c.CheckSecret(secret), c.CheckSecretHash("ana", base64.StdEncoding.EncodeToString(mac.Sum(nil))) == nil
	if raw != hash {
		w.t.Errorf("raw %v, hash %v", raw, hash)
	}
	return raw
}

func TestTwoSecrets(t *testing.T) {
	onEach(t, func(w *world) {
		id := w.pool("")
		made := w.call("CreateUserPoolClient", `{"UserPoolId":"`+id+`","ClientName":"c","GenerateSecret":true}`)
		client, first := dig(made, "UserPoolClient", "ClientId").(string), dig(made, "UserPoolClient", "ClientSecret").(string)
		at := func(members string) string {
			return `{"UserPoolId":"` + id + `","ClientId":"` + client + `"` + members + `}`
		}
		firstID := client + "--1800000000"

		added := dig(w.call("AddUserPoolClientSecret", at("")), "ClientSecretDescriptor").(map[string]any)
		second, _ := added["ClientSecretValue"].(string)
		secondID := client + "--1800000001" // made in the same second as the first
		if added["ClientSecretId"] != secondID || len(second) != 52 || len(added) != 3 {
			w.t.Errorf("added %v", added)
		}
		if got := strings.Join(w.secretIDs(id, client), " "); got != secondID+" "+firstID {
			w.t.Errorf("secrets %s", got)
		}
		if !w.proves(client, first) || !w.proves(client, second) || w.proves(client, own) || w.proves(client, "") {
			w.t.Error("not both secrets prove the client, or something else does")
		}
		w.refused("AddUserPoolClientSecret", at(""), "LimitExceededException: Client "+client+" has two client secrets already. Delete one of them first.")

		w.call("DeleteUserPoolClientSecret", at(`,"ClientSecretId":"`+firstID+`"`))
		if w.proves(client, first) || !w.proves(client, second) {
			w.t.Error("the deleted secret proves the client, or the other does not")
		}
		w.refused("DeleteUserPoolClientSecret", at(`,"ClientSecretId":"`+firstID+`"`), "ResourceNotFoundException: Client secret "+firstID+" does not exist.")
		w.refused("DeleteUserPoolClientSecret", at(`,"ClientSecretId":"`+secondID+`"`), "InvalidParameterException: The last client secret of client "+client+" cannot be deleted.")

		w.clock.Advance(time.Hour)
		chosen := dig(w.call("AddUserPoolClientSecret", at(`,"ClientSecret":"`+own+`"`)), "ClientSecretDescriptor").(map[string]any)
		if chosen["ClientSecretId"] != client+"--1800003600" || len(chosen) != 2 {
			w.t.Errorf("chosen %v", chosen)
		}
		if !w.proves(client, own) {
			w.t.Error("the own secret does not prove the client")
		}
		// Describe shows the newest secret that may be shown.
		if got := dig(w.call("DescribeUserPoolClient", at("")), "UserPoolClient", "ClientSecret"); got != second {
			w.t.Errorf("described with %v", got)
		}
		w.call("UpdateUserPoolClient", at(`,"ClientName":"d"`))
		if len(w.secretIDs(id, client)) != 2 {
			w.t.Error("an update changed the secrets")
		}
		w.call("DeleteUserPoolClientSecret", at(`,"ClientSecretId":"`+secondID+`"`))
		if got := dig(w.call("DescribeUserPoolClient", at("")), "UserPoolClient", "ClientSecret"); got != nil {
			w.t.Errorf("the own secret is shown: %v", got)
		}
		w.refused("AddUserPoolClientSecret", at(`,"ClientSecret":"`+own+`"`), "InvalidParameterException: ClientSecret must differ from the client secret that is active.")
	})
}

func TestSecretRefusals(t *testing.T) {
	onEach(t, func(w *world) {
		id, other := w.pool(""), w.pool("")
		client, foreign, public := w.client(id, `"GenerateSecret":true`), w.client(other, `"GenerateSecret":true`), w.client(id, "")
		for _, op := range []string{"AddUserPoolClientSecret", "ListUserPoolClientSecrets", "DeleteUserPoolClientSecret"} {
			extra := ""
			if op == "DeleteUserPoolClientSecret" {
				extra = `,"ClientSecretId":"x"`
			}
			w.refused(op, `{"UserPoolId":"`+id+`","ClientId":"`+foreign+`"`+extra+`}`, "ResourceNotFoundException: User pool client "+foreign+" does not exist.")
			w.refused(op, `{"UserPoolId":"eu-west-1_000000000","ClientId":"`+client+`"`+extra+`}`, "ResourceNotFoundException: User pool eu-west-1_000000000 does not exist.")
			w.refused(op, `{"UserPoolId":"`+id+`","ClientId":"`+public+`"`+extra+`}`, "InvalidParameterException: Client "+public+" is a public client: it has no client secret.")
		}
		for _, secret := range []string{"short", strings.Repeat("x", 23), strings.Repeat("x", 65), strings.Repeat("x", 30) + "-", strings.Repeat("x", 30) + " "} {
			if _, err := w.try("AddUserPoolClientSecret", `{"UserPoolId":"`+id+`","ClientId":"`+client+`","ClientSecret":"`+secret+`"}`); err == nil {
				w.t.Errorf("secret %q accepted", secret)
			}
		}
		for _, n := range []int{24, 64} {
			c := w.client(id, `"GenerateSecret":true`)
			w.call("AddUserPoolClientSecret", `{"UserPoolId":"`+id+`","ClientId":"`+c+`","ClientSecret":"`+strings.Repeat("x", n)+`"}`)
		}
		w.refused("ListUserPoolClientSecrets", `{"UserPoolId":"`+id+`","ClientId":"`+client+`","NextToken":"x"}`, "InvalidParameterException: Invalid NextToken.")
	})
}

// TestSecretRaces: of parallel additions one wins, and of parallel deletions of both secrets one stays.
func TestSecretRaces(t *testing.T) {
	onEach(t, func(w *world) {
		id := w.pool("")
		client := w.client(id, `"GenerateSecret":true`)
		together := func(n int, f func(i int) error) (done int) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			for i := range n {
				wg.Go(func() {
					if f(i) == nil {
						mu.Lock()
						done++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			return done
		}
		at := `{"UserPoolId":"` + id + `","ClientId":"` + client + `"`
		if n := together(6, func(int) error { _, err := w.try("AddUserPoolClientSecret", at+"}"); return err }); n != 1 {
			w.t.Errorf("%d additions", n)
		}
		ids := w.secretIDs(id, client)
		if n := together(2, func(i int) error {
			_, err := w.try("DeleteUserPoolClientSecret", at+`,"ClientSecretId":"`+ids[i]+`"}`)
			return err
		}); n != 1 || len(w.secretIDs(id, client)) != 1 {
			w.t.Errorf("%d deletions, %d left", n, len(w.secretIDs(id, client)))
		}
	})
}

func TestSessionSettings(t *testing.T) {
	onEach(t, func(w *world) {
		id, lite := w.pool(""), w.pool(`"UserPoolTier":"LITE"`)
		client := w.client(id, "")
		get := func() map[string]any { return w.call("GetUserPoolSessionConfiguration", `{"UserPoolId":"`+id+`"}`) }
		getClient := func() map[string]any {
			return w.call("GetUserPoolClientSessionConfiguration", `{"UserPoolId":"`+id+`","ClientId":"`+client+`"}`)
		}
		set := func(pool, how, max string) string {
			return `{"UserPoolId":"` + pool + `","UserSessionTracking":"` + how + `","TokenSession":{"MaxPerUser":` + max + `}}`
		}
		setClient := func(pool, client, minutes string) string {
			return `{"UserPoolId":"` + pool + `","ClientId":"` + client + `","SSOSession":{"MaxValidityMinutes":` + minutes + `}}`
		}
		same(w.t, "default", get(), `{"UserPoolId":"`+id+`","UserSessionTracking":"DISABLED","TokenSession":{"MaxPerUser":20}}`)
		same(w.t, "client default", getClient(), setClient(id, client, "60"))
		w.refused("SetUserPoolClientSessionConfiguration", setClient(id, client, "5"), "InvalidParameterException: User session tracking is not enabled for user pool "+id+".")
		for _, max := range []string{"0", "101", "-1"} {
			if _, err := w.try("SetUserPoolSessionConfiguration", set(id, "ENABLED", max)); err == nil {
				w.t.Errorf("MaxPerUser %s accepted", max)
			}
		}
		for _, max := range []string{"1", "100"} {
			same(w.t, "set", w.call("SetUserPoolSessionConfiguration", set(id, "ENABLED", max)), set(id, "ENABLED", max))
			same(w.t, "get", get(), set(id, "ENABLED", max))
		}
		for _, minutes := range []string{"129600", "0"} {
			same(w.t, "set client", w.call("SetUserPoolClientSessionConfiguration", setClient(id, client, minutes)), setClient(id, client, minutes))
			same(w.t, "get client", getClient(), setClient(id, client, minutes))
		}
		for _, minutes := range []string{"129601", "-1"} {
			if _, err := w.try("SetUserPoolClientSessionConfiguration", setClient(id, client, minutes)); err == nil {
				w.t.Errorf("MaxValidityMinutes %s accepted", minutes)
			}
		}
		_, c, err := w.ops.Client(w.t.Context(), client)
		if err != nil || c.SSOValidity != 0 {
			w.t.Errorf("validity %v, %v", c.SSOValidity, err)
		}
		// Updates of pool and client leave the settings alone; disabled tracking leaves the client's dormant.
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`"}`)
		w.call("UpdateUserPoolClient", `{"UserPoolId":"`+id+`","ClientId":"`+client+`"}`)
		same(w.t, "after updates", get(), set(id, "ENABLED", "100"))
		w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`","UserPoolTier":"LITE"}`,
			"TierChangeNotAllowedException: The following features need to be disabled for the LITE pricing tier configured: User Session Tracking")
		w.call("SetUserPoolSessionConfiguration", set(id, "DISABLED", "7"))
		same(w.t, "disabled", get(), set(id, "DISABLED", "7"))
		same(w.t, "dormant", getClient(), setClient(id, client, "0"))
		w.call("UpdateUserPool", `{"UserPoolId":"`+id+`","UserPoolTier":"LITE"}`)

		const above = "FeatureUnavailableInTierException: The following features need to be disabled for the LITE pricing tier configured: User Session Tracking"
		liteClient := w.client(lite, "")
		w.refused("SetUserPoolSessionConfiguration", set(lite, "ENABLED", "5"), above)
		w.refused("SetUserPoolSessionConfiguration", set(lite, "DISABLED", "5"), above)
		w.refused("SetUserPoolClientSessionConfiguration", setClient(lite, liteClient, "5"), above)
		const gone = "ResourceNotFoundException: User pool eu-west-1_000000000 does not exist."
		w.refused("SetUserPoolSessionConfiguration", set("eu-west-1_000000000", "ENABLED", "5"), gone)
		w.refused("GetUserPoolSessionConfiguration", `{"UserPoolId":"eu-west-1_000000000"}`, gone)
		foreign := "ResourceNotFoundException: User pool client " + liteClient + " does not exist."
		w.refused("SetUserPoolClientSessionConfiguration", setClient(id, liteClient, "5"), foreign)
		w.refused("GetUserPoolClientSessionConfiguration", `{"UserPoolId":"`+id+`","ClientId":"`+liteClient+`"}`, foreign)
	})
}

func TestLimitTags(t *testing.T) {
	w := memory(t)
	for text, want := range map[string]time.Duration{"30m": 30 * time.Minute, "1s": time.Second, "12h": 12 * time.Hour, "14d": 14 * 24 * time.Hour, "3650d": maxLimit} {
		id := w.pool(`"UserPoolTags":{"cognate:session-idle":"` + text + `","cognate:session-absolute":"` + text + `"}`)
		p, err := w.ops.Pool(t.Context(), id)
		if err != nil || p.Sessions.Idle != want || p.Sessions.Absolute != want {
			t.Errorf("%s: %+v, %v", text, p.Sessions, err)
		}
	}
	id := w.pool("")
	for _, bad := range []string{"0m", "30", "m", "-1m", "+1m", "1.5h", "3651d", "1w", "30 m", "99999999999999999999m", "4294967295d"} {
		if _, err := w.try("CreateUserPool", `{"PoolName":"p","UserPoolTags":{"cognate:session-idle":"`+bad+`"}}`); err == nil {
			t.Errorf("%q accepted at creation", bad)
		}
		if _, err := w.try("TagResource", `{"ResourceArn":"`+w.describe(id)["Arn"].(string)+`","Tags":{"cognate:session-absolute":"`+bad+`"}}`); err == nil {
			t.Errorf("%q accepted as a tag", bad)
		}
	}
	if p, err := w.ops.Pool(t.Context(), id); err != nil || p.Sessions.Idle != 0 || p.Sessions.Absolute != 0 {
		t.Errorf("limits out of nothing: %+v, %v", p.Sessions, err)
	}
}
