package message

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	kmsapi "cognate/internal/api/kms"
	"cognate/internal/base/db"
	"cognate/internal/base/esdk"
	"cognate/internal/base/keyring"
	"cognate/internal/core/kms"
	"cognate/internal/core/pool"
	"cognate/internal/core/trigger"
	"cognate/internal/testkit/dbtest"
)

const senderKey = "arn:aws:kms:us-east-1:000000000000:key/sender"

// handed is one message as a sender function gets it.
type handed struct {
	email    bool
	kind     string
	username string
	client   string
	attrs    map[string]string
	metadata map[string]string
	code     *string
}

// fakeFunctions records what functions get; fail is asked before each.
type fakeFunctions struct {
	mu   sync.Mutex
	got  []handed
	n    int
	fail func(n int) error
}

func (f *fakeFunctions) CustomSender(_ context.Context, email bool, kind string, s *trigger.Subject, code *string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.fail != nil {
		if err := f.fail(f.n); err != nil {
			return err
		}
	}
	f.got = append(f.got, handed{email, kind, s.Username, s.ClientID, s.Attributes, s.Metadata, code})
	return nil
}

func (f *fakeFunctions) all() []handed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

type onePool struct{ cfg *cognitoidp.UserPoolType }

func (p onePool) Pool(context.Context, string) (*pool.Pool, error) {
	return &pool.Pool{ID: testPool, Config: p.cfg}, nil
}

func senderPool() *cognitoidp.UserPoolType {
	return &cognitoidp.UserPoolType{LambdaConfig: &cognitoidp.LambdaConfigType{
		KMSKeyID:          new(senderKey),
		CustomMessage:     new("arn:aws:lambda:us-east-1:000000000000:function:text"),
		CustomEmailSender: &cognitoidp.CustomEmailLambdaVersionConfigType{LambdaArn: "arn:aws:lambda:us-east-1:000000000000:function:mail"},
		CustomSMSSender:   &cognitoidp.CustomSMSLambdaVersionConfigType{LambdaArn: "arn:aws:lambda:us-east-1:000000000000:function:sms"},
	}}
}

// unwrapper decrypts data keys by the KMS room's own operations.
type unwrapper struct{ kms.Ops }

func (u unwrapper) UnwrapDataKey(ctx context.Context, w esdk.WrappedKey, m map[string]string) ([]byte, error) {
	if w.Provider != "aws-kms" {
		return nil, errors.New("provider " + w.Provider)
	}
	out, err := u.Decrypt(ctx, &kmsapi.DecryptRequest{CiphertextBlob: w.Blob, EncryptionContext: m, KeyId: &w.Info})
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

type functionWorld struct {
	*Messages
	d         *db.DB
	functions *fakeFunctions
	mails     *fakeSender
	keys      *kms.Keys
}

func newFunctionWorld(t *testing.T, d *db.DB, edit func(*Deps)) *functionWorld {
	t.Helper()
	ring := testKeyring(t, d, testPool)
	w := &functionWorld{d: d, functions: &fakeFunctions{}, mails: &fakeSender{}}
	w.keys = kms.New(kms.Deps{DB: d, Keyring: ring, Region: "us-east-1", Account: "000000000000", MakeKeys: true})
	deps := Deps{
		DB: d, Keyring: ring, Email: w.mails, Functions: w.functions, Pools: onePool{senderPool()}, DataKeys: w.keys,
		Poll: 10 * time.Millisecond, RetryBase: time.Millisecond,
	}
	if edit != nil {
		edit(&deps)
	}
	w.Messages = New(deps)
	return w
}

func (w *functionWorld) open(t *testing.T, code *string) string {
	t.Helper()
	sealed, err := base64.StdEncoding.DecodeString(*code)
	if err != nil {
		t.Fatal(err)
	}
	plain, m, err := esdk.Decrypt(t.Context(), unwrapper{kms.Ops{Keys: w.keys}}, sealed)
	if err != nil || m[poolContext] != testPool {
		t.Fatal(m, err)
	}
	return string(plain)
}

func senderMigrations() []db.Migration {
	return slices.Concat(keyring.Migrations, kms.Migrations, Migrations)
}

// TestFunctionGetsAll: every message of the medium goes to the pool's function,
// with its code encrypted, and none to the server's transport.
func TestFunctionGetsAll(t *testing.T) {
	dbtest.Each(t, senderMigrations(), func(t *testing.T, d *db.DB) {
		w := newFunctionWorld(t, d, func(o *Deps) { o.Inbox = true })
		w.functions.fail = func(n int) error {
			if n == 1 {
				return errors.New("not reachable")
			}
			return nil
		}
		attrs := map[string]string{"sub": "s-1", "email": "ann@example.com", "cognito:user_status": "UNCONFIRMED"}
		base := Outgoing{
			PoolID: testPool, Config: senderPool(), ClientID: "c-1", Username: "ann", To: "ann@example.com", Code: "123456",
			Attributes: attrs, Metadata: map[string]string{"lang": "fr"}, Text: &trigger.CustomText{Email: new("no parameter")},
		}
		for _, kind := range []Kind{SignUp, ResendCode, ForgotPassword, UpdateUserAttribute, VerifyUserAttribute, Authentication} {
			for _, medium := range []Medium{Email, SMS} {
				o := base
				o.Kind, o.Medium = kind, medium
				send(t, w.Messages, o)
			}
		}
		invite := base
		invite.Kind, invite.Medium, invite.Stored, invite.Code = AdminCreateUser, Email, "stored-name", `a<b>&"c'1`
		send(t, w.Messages, invite)
		invite.Medium = SMS
		send(t, w.Messages, invite)
		invite.Medium, invite.Code = Email, ""
		send(t, w.Messages, invite)
		checkSealed(t, d, "123456", "ann@example.com", "fr\"")
		run(t, w.Messages)
		waitFor(t, "the functions", func() bool { return len(w.functions.all()) == 15 && outboxLen(t, d) == 0 })
		texts := map[string]string{}
		for _, got := range w.functions.all() {
			key := got.kind + " sms"
			if got.email {
				key = got.kind + " email"
			}
			if got.code == nil {
				texts[key+" none"] = got.username
				continue
			}
			texts[key] = w.open(t, got.code)
			if !maps.Equal(got.attrs, attrs) || got.metadata["lang"] != "fr" || got.client != "c-1" {
				t.Errorf("%+v", got)
			}
		}
		want := map[string]string{
			"AdminCreateUser email": "a&lt;b&gt;&amp;&quot;c&#39;1", "AdminCreateUser sms": `a<b>&"c'1`, "AdminCreateUser email none": "stored-name",
		}
		for _, kind := range []Kind{SignUp, ResendCode, ForgotPassword, UpdateUserAttribute, VerifyUserAttribute, Authentication} {
			want[string(kind)+" email"], want[string(kind)+" sms"] = "123456", "123456"
		}
		if !maps.Equal(texts, want) {
			t.Errorf("%v\nwant %v", texts, want)
		}
		if len(w.mails.deliveries()) != 0 {
			t.Error("the server's transport was used as well")
		}
		if list, err := w.Inbox(t.Context(), "", testPool); err != nil || len(list) != 15 {
			t.Errorf("inbox: %d, %v", len(list), err)
		}
	})
}

// TestOtherMedium: a pool with a function for one medium uses the server's
// transport for the other.
func TestOtherMedium(t *testing.T) {
	d := dbtest.SQLite(t, senderMigrations())
	cfg := senderPool()
	cfg.LambdaConfig.CustomEmailSender, cfg.LambdaConfig.CustomMessage = nil, nil
	w := newFunctionWorld(t, d, func(o *Deps) { o.Pools = onePool{cfg} })
	if err := w.DeliversFor(cfg, SMS); err != nil {
		t.Error(err)
	}
	if err := w.DeliversFor(cfg, Email); err != nil {
		t.Error(err)
	}
	if err := w.DeliversFor(nil, SMS); !errors.Is(err, ErrNoTransport) {
		t.Errorf("SMS without function or transport: %v", err)
	}
	run(t, w.Messages)
	for _, medium := range []Medium{Email, SMS} {
		send(t, w.Messages, Outgoing{PoolID: testPool, Config: cfg, Kind: SignUp, Medium: medium, To: "x@example.com", Code: "123456"})
	}
	waitFor(t, "both", func() bool { return len(w.functions.all()) == 1 && len(w.mails.deliveries()) == 1 })
	if w.functions.all()[0].email {
		t.Error("the SMS function got a mail")
	}
}

// TestSuites: the option reaches the message.
func TestSuites(t *testing.T) {
	for suite, want := range map[esdk.Suite]string{0: "\x02\x05\x78", esdk.Committed: "\x02\x04\x78", esdk.SignedOnly: "\x01\x80\x03\x78"} {
		w := newFunctionWorld(t, dbtest.SQLite(t, senderMigrations()), func(o *Deps) { o.Suite = suite })
		p, err := w.deps.Pools.Pool(t.Context(), testPool)
		if err != nil {
			t.Fatal(err)
		}
		code, err := w.encryptCode(t.Context(), p, Message{Kind: SignUp, Medium: Email, Code: "123456"})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(*code)
		if err != nil || !strings.HasPrefix(string(raw), want) || w.open(t, code) != "123456" {
			t.Errorf("%04x: % x %v", uint16(suite), raw[:4], err)
		}
	}
}

// TestUnusableKey: a pool whose key is missing or disabled sends nothing in
// clear; the message waits until the key is there.
func TestUnusableKey(t *testing.T) {
	d := dbtest.SQLite(t, senderMigrations())
	log := &logBuffer{}
	w := newFunctionWorld(t, d, func(o *Deps) { o.Log = log.logger() })
	if _, err := w.keys.Ensure(t.Context(), kms.Wanted{Name: senderKey, Disabled: true}); err != nil {
		t.Fatal(err)
	}
	run(t, w.Messages)
	send(t, w.Messages, Outgoing{PoolID: testPool, Config: senderPool(), Kind: SignUp, Medium: Email, To: "x@example.com", Code: "123456"})
	waitFor(t, "a refusal", func() bool { return strings.Contains(log.String(), "key is disabled") })
	if len(w.functions.all()) != 0 {
		t.Error("the function was called")
	}
	if _, err := w.keys.Ensure(t.Context(), kms.Wanted{Name: senderKey}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the message", func() bool { return len(w.functions.all()) == 1 && outboxLen(t, d) == 0 })
	if strings.Contains(log.String(), "123456") {
		t.Error("the code is in the log")
	}
}

// TestExpired: a message is tried as long as its code is good, and no longer.
func TestExpired(t *testing.T) {
	d := dbtest.SQLite(t, senderMigrations())
	log := &logBuffer{}
	var mu sync.Mutex
	now := time.Now()
	at := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := &fakeSender{fail: func(int) error { return errors.New("down") }}
	m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, Log: log.logger(), Now: at, Poll: 2 * time.Millisecond})
	run(t, m)
	o := codeMail("one@example.com")
	o.Kind = ForgotPassword
	send(t, m, o)
	for range 200 {
		mu.Lock()
		now = now.Add(5 * time.Minute)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		if outboxLen(t, d) == 0 {
			break
		}
	}
	waitFor(t, "the end", func() bool { return strings.Contains(log.String(), "outlived") })
	s.mu.Lock()
	defer s.mu.Unlock()
	if outboxLen(t, d) != 0 || s.n < 4 {
		t.Errorf("given up after %d tries", s.n)
	}
}
