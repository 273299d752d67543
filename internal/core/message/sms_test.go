package message

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/testkit/dbtest"
)

const webhookSecret = "0123456789abcdef0123456789abcdef"

func trustClient(srv *httptest.Server, timeout time.Duration) *httpkit.Client {
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return httpkit.NewClient(httpkit.ClientOptions{AllowLocal: true, TLS: &tls.Config{RootCAs: pool}, Timeout: timeout})
}

func TestWebhook(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		var calls atomic.Int32
		got := make(chan *http.Request, 10)
		bodies := make(chan []byte, 10)
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			got <- r
			bodies <- b
			if calls.Add(1) == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		}))
		defer srv.Close()
		at := time.Unix(1_700_000_000, 0)
		hook, err := NewWebhook(WebhookOptions{URL: srv.URL + "/sms?k=v", Secret: webhookSecret, Client: trustClient(srv, 0), Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), SMS: hook, RetryBase: time.Millisecond})
		run(t, m)
		send(t, m, Outgoing{PoolID: testPool, Kind: ForgotPassword, Medium: SMS, Username: "ann", To: "+15550001111", Code: "654321"})
		waitFor(t, "the second try", func() bool { return calls.Load() == 2 && outboxLen(t, d) == 0 })
		ids := map[string]bool{}
		for range 2 {
			r, body := <-got, <-bodies
			var sent WebhookBody
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatal(err)
			}
			ids[sent.ID] = true
			sent.ID = ""
			want := WebhookBody{To: "+15550001111", Body: "Your verification code is 654321. ", Trigger: "CustomMessage_ForgotPassword", UserPoolID: testPool, Username: "ann"}
			if sent != want || r.Method != http.MethodPost || r.URL.RequestURI() != "/sms?k=v" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%+v", sent)
			}
			mac := hmac.New(sha256.New, []byte(webhookSecret))
			mac.Write([]byte("1700000000."))
			mac.Write(body)
			if r.Header.Get("Cognate-Timestamp") != "1700000000" || r.Header.Get("Cognate-Signature") != "v1="+hex.EncodeToString(mac.Sum(nil)) {
				t.Errorf("headers %v", r.Header)
			}
		}
		if len(ids) != 1 || ids[""] {
			t.Errorf("the two tries have ids %v", ids)
		}
	})
}

func TestWebhookAnswers(t *testing.T) {
	status := http.StatusOK
	block := make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch status {
		case 0:
			<-block
		case http.StatusFound:
			http.Redirect(w, r, "/elsewhere", status)
		default:
			w.WriteHeader(status)
		}
	}))
	defer srv.Close()
	defer close(block)
	hook, err := NewWebhook(WebhookOptions{URL: srv.URL + "/secret-path", Secret: webhookSecret, Client: trustClient(srv, 200*time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status          int
		good, permanent bool
	}{
		{200, true, false}, {204, true, false}, {302, false, false}, {400, false, true}, {401, false, false}, {404, false, false},
		{422, false, true}, {429, false, false}, {500, false, false}, {503, false, false}, {0, false, false},
	} {
		status = c.status
		err := hook.Send(context.Background(), Delivery{ID: "1", To: "+1", Text: "x"})
		if (err == nil) != c.good || errors.Is(err, ErrPermanent) != c.permanent {
			t.Errorf("%d: %v", c.status, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret-path") {
			t.Errorf("error shows the path: %v", err)
		}
	}
}

func TestNewWebhookRefuses(t *testing.T) {
	for _, o := range []WebhookOptions{
		{URL: "https://sms.example/", Secret: "short"},
		{URL: "http://sms.example/", Secret: webhookSecret},
		{URL: "https://127.0.0.1/", Secret: webhookSecret},
		{URL: "https://169.254.169.254/", Secret: webhookSecret},
		{URL: "https://user@sms.example/", Secret: webhookSecret},
		{URL: "", Secret: webhookSecret},
		{URL: "::", Secret: webhookSecret},
	} {
		if _, err := NewWebhook(o); err == nil {
			t.Errorf("%q accepted", o.URL)
		}
	}
	if _, err := NewWebhook(WebhookOptions{URL: "https://sms.example/", Secret: webhookSecret}); err != nil {
		t.Error(err)
	}
}
