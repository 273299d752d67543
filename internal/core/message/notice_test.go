package message

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/pool"
	"cognate/internal/testkit/dbtest"
)

func noticeMigrations() []db.Migration {
	return slices.Concat(migrations(), pool.Migrations, code.Migrations)
}

// noticing is a room with a mail transport, and a pool with a name and a sender of its own.
type noticing struct {
	*Messages
	t    *testing.T
	ctx  context.Context
	pool *pool.Pool
	mail *fakeSender
	log  *logBuffer
	at   *clock.Clock
}

func newNoticing(t *testing.T, d *db.DB, change func(*Deps)) *noticing {
	t.Helper()
	n := &noticing{t: t, ctx: t.Context(), mail: &fakeSender{}, log: &logBuffer{}, at: clock.Frozen(time.Date(2026, 11, 22, 9, 8, 7, 0, time.UTC))}
	ring := testKeyring(t, d, testPool)
	deps := Deps{
		DB: d, Keyring: ring, Clock: n.at, Email: n.mail, Log: n.log.logger(), Inbox: true, Poll: time.Hour,
		Limits: code.New(code.Deps{Keys: ring, Clock: n.at}),
	}
	if change != nil {
		change(&deps)
	}
	n.Messages = New(deps)
	n.pool = &pool.Pool{ID: testPool, Config: &cognitoidp.UserPoolType{
		EmailConfiguration: &cognitoidp.EmailConfigurationType{From: new("Shop <shop@example.com>"), ReplyToEmailAddress: new("help@example.com")},
		LambdaConfig: &cognitoidp.LambdaConfigType{
			CustomMessage: new("arn:aws:lambda:us-east-1:000000000000:function:text"),
			CustomEmailSender: &cognitoidp.CustomEmailLambdaVersionConfigType{
				LambdaArn: "arn:aws:lambda:us-east-1:000000000000:function:send", LambdaVersion: cognitoidp.CustomEmailSenderLambdaVersionTypeV10,
			},
		},
	}}
	return n
}

// tell queues a notice about ann in a transaction that ends with end.
func (n *noticing) tell(kind Kind, detail string, end error) {
	n.t.Helper()
	err := n.deps.DB.Update(n.ctx, func(tx *db.Tx) error {
		err := n.Notify(tx, n.pool, Notice{Kind: kind, Sub: "sub-of-ann", Username: "ann", To: "ann@example.com", Detail: detail})
		return errors.Join(err, end)
	})
	if !errors.Is(err, end) || end == nil && err != nil {
		n.t.Fatal(err)
	}
}

// inbox lists the triggers of what ann was sent, newest first.
func (n *noticing) inbox() (list []string) {
	n.t.Helper()
	found, err := n.Inbox(n.ctx, "ann@example.com", testPool)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, m := range found {
		list = append(list, m.Trigger)
		if m.Code != "" || m.Username != "ann" || m.Medium != Email {
			n.t.Errorf("%+v", m)
		}
	}
	return list
}

func TestNotice(t *testing.T) {
	dbtest.Each(t, noticeMigrations(), func(t *testing.T, d *db.DB) {
		n := newNoticing(t, d, nil)
		n.ctx = obs.With(n.ctx, &obs.Request{ID: "r-1", ClientIP: netip.MustParseAddr("192.0.2.7")})
		run(t, n.Messages)
		n.tell(PasswordChanged, "", errors.New("rolled back"))
		n.tell(EmailChanged, "It is b***@e*** now.", nil)
		waitFor(t, "the mail", func() bool { return len(n.mail.deliveries()) == 1 && outboxLen(t, d) == 0 })
		got := n.mail.deliveries()[0]
		if got.Subject != "Your e-mail address was changed" || got.To != "ann@example.com" || got.Kind != EmailChanged ||
			got.From != "Shop <shop@example.com>" || got.ReplyTo != "help@example.com" {
			t.Errorf("%+v", got)
		}
		want := "The e-mail address of your account was changed. It is b***@e*** now.\n\n" +
			"Account: ann\nTime: 22 November 2026, 09:08:07 UTC\nIP address: 192.0.2.7\n\n" + advice
		if got.Text != want {
			t.Errorf("text %q, want %q", got.Text, want)
		}
		if list := n.inbox(); !slices.Equal(list, []string{"Cognate_EmailChanged"}) {
			t.Errorf("inbox %v", list)
		}
		if c, err := n.InboxCode(n.ctx, "ann@example.com", testPool); c != "" || err != nil {
			t.Errorf("code %q, %v", c, err)
		}
		checkSealed(t, d, "ann@example.com", "b***@e***")
	})
}

// TestNoticeLimit: five of a kind in an hour, the rest is in the log; other kinds are counted apart.
func TestNoticeLimit(t *testing.T) {
	dbtest.Each(t, noticeMigrations(), func(t *testing.T, d *db.DB) {
		n := newNoticing(t, d, nil)
		for range noticeLimit + 3 {
			n.tell(MFAPreferenceChanged, "", nil)
		}
		n.tell(PasswordChanged, "", nil)
		if list := n.inbox(); len(list) != noticeLimit+1 || list[0] != "Cognate_PasswordChanged" {
			t.Errorf("inbox %v", list)
		}
		if text := n.log.String(); strings.Count(text, "notice dropped") != 3 || strings.Contains(text, "ann@example.com") ||
			!strings.Contains(text, `"kind":"MFAPreferenceChanged"`) {
			t.Errorf("log %s", text)
		}
		n.at.Advance(noticeWindow)
		n.tell(MFAPreferenceChanged, "", nil)
		if list := n.inbox(); len(list) != noticeLimit+2 {
			t.Errorf("an hour later: %v", list)
		}
	})
}

// TestNoticeWithoutTransport: the change happens all the same.
func TestNoticeWithoutTransport(t *testing.T) {
	d := dbtest.SQLite(t, noticeMigrations())
	n := newNoticing(t, d, func(deps *Deps) { deps.Email, deps.Inbox, deps.Functions = nil, false, nowhere{} })
	n.tell(PasswordChanged, "", nil)
	if text := n.log.String(); !strings.Contains(text, "notice dropped") || outboxLen(t, d) != 0 {
		t.Errorf("%d in the outbox, log %s", outboxLen(t, d), text)
	}
}

// nowhere stands for functions that must not be asked.
type nowhere struct{ Functions }

// TestNoticeText holds that names cannot become markup, headers or a letter of their own.
func TestNoticeText(t *testing.T) {
	d := dbtest.SQLite(t, noticeMigrations())
	n := newNoticing(t, d, nil)
	name := "<img src=x onerror=alert(1)>\r\nBcc: eve@example.com\r\n\r\n" + strings.Repeat("call this number ", 20)
	config, err := (&cognitoidp.UserPoolClientType{ClientName: new(`"><script>alert(1)</script>` + "\u2028second line")}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	compose := func(r *obs.Request, username string) (subject, body string) {
		err := d.Update(obs.With(n.ctx, r), func(tx *db.Tx) error {
			subject, body, err = n.compose(tx, n.pool, Notice{Kind: PasswordChanged, Sub: "sub-of-ann", Username: username})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return subject, body
	}
	err = d.Update(n.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO app_client (client_id, pool_id, version, config, secrets, sso_minutes) VALUES ('c1', $1, 1, $2, $3, 0)`, testPool, string(config), []byte{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	subject, body := compose(&obs.Request{Client: "c1", ClientIP: netip.MustParseAddr("2001:db8::7")}, name)
	text := htmlToText(body)
	for _, bad := range []string{"<img", "<script", "\r", "\u2028", "Bcc: eve@example.com\n"} {
		if strings.Contains(body, bad) {
			t.Errorf("%q in %s", bad, body)
		}
	}
	for _, want := range []string{"Account: <img src=x onerror=alert(1)>", "Application: \"><script>alert(1)</script> second line\n", "IP address: 2001:db8::7\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Count(text, "call this number") > 3 || strings.ContainsAny(subject, "\r\n") {
		t.Errorf("%q %s", subject, text)
	}
	admin := obs.Principal{Account: "000000000000"}
	for _, c := range []struct {
		request      *obs.Request
		want, unwant string
	}{
		{&obs.Request{Principal: admin, ClientIP: netip.MustParseAddr("10.0.0.1")}, "Changed by: an administrator", "10.0.0.1"},
		{&obs.Request{Principal: admin, Client: "c1", ClientIP: netip.MustParseAddr("10.0.0.1")}, "Application: ", "administrator"},
		{&obs.Request{Client: "gone"}, "Time: ", "Application"},
		{&obs.Request{}, "Time: ", "IP address"},
	} {
		if _, body := compose(c.request, "sub-of-ann"); !strings.Contains(body, c.want) || strings.Contains(body, c.unwant) || strings.Contains(body, "sub-of-ann") {
			t.Errorf("%+v: %s", c.request, body)
		}
	}
}

func TestNoticeKinds(t *testing.T) {
	for kind, text := range notices {
		if kind.life() != noticeLife || kind.source() != "Cognate_"+string(kind) || text.subject == "" || text.news == "" {
			t.Errorf("%s: %v", kind, text)
		}
	}
	if SignUp.source() != "CustomMessage_SignUp" || SignUp.life() != 24*time.Hour {
		t.Error("codes have become notices")
	}
}
