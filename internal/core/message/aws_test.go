package message

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/awscall"
	"cognate/internal/base/db"
	"cognate/internal/base/sigv4"
	"cognate/internal/testkit/dbtest"
)

var awsKey = awscall.Credentials{AccessKeyID: "AKIDEXAMPLE", Secret: "secret"}

// awsFake is a service that checks signatures and keeps what it was asked.
type awsFake struct {
	*httptest.Server
	mu     sync.Mutex
	got    []awsRequest
	status int
	body   string
}

type awsRequest struct {
	path, region, body string
	header             http.Header
}

func startAWS(t *testing.T, service string) *awsFake {
	t.Helper()
	verifier := sigv4.NewVerifier(sigv4.Options{Lookup: func(context.Context, string, string) (sigv4.Credential, error) {
		return sigv4.Credential{Secret: awsKey.Secret}, nil
	}})
	f := &awsFake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		identity, err := verifier.Verify(r.Context(), sigv4.FromHTTP(r, sigv4.HashBody(body)), service)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s %v", r.Method, err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.got = append(f.got, awsRequest{r.URL.Path, string(identity.Region), string(body), r.Header})
		if f.status != 0 {
			w.WriteHeader(f.status)
		}
		_, _ = io.WriteString(w, f.body)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *awsFake) answer(status int, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.body = status, body
}

func (f *awsFake) last() awsRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got[len(f.got)-1]
}

func newSES(t *testing.T, f *awsFake) *SES {
	t.Helper()
	s, err := NewSES(SESOptions{Endpoint: f.URL, Region: "us-east-1", Credentials: awsKey, From: "Cognate <no-reply@cognate.example>"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSES(t *testing.T) {
	f := startAWS(t, "ses")
	s := newSES(t, f)
	d := delivery()
	if err := s.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got := f.last()
	want := `{"FromEmailAddress":"\"Cognate\" \u003cno-reply@cognate.example\u003e","Destination":{"ToAddresses":["ann@example.com"]},` +
		`"Content":{"Simple":{"Subject":{"Data":"Código ✓ – 验证码","Charset":"UTF-8"},"Body":{"Text":{"Data":"Grüße: 123456","Charset":"UTF-8"},` +
		`"Html":{"Data":"\u003cp\u003eGrüße: \u003cb\u003e123456\u003c/b\u003e\u003c/p\u003e","Charset":"UTF-8"}},"Headers":[{"Name":"Auto-Submitted","Value":"auto-generated"}]}}}`
	if got.path != "/v2/email/outbound-emails" || got.region != "us-east-1" || got.header.Get("Content-Type") != "application/json" || got.body != want {
		t.Errorf("%+v", got)
	}
	d.From, d.ReplyTo, d.ConfigurationSet = `"Pool Ünï" <pool@pool.example>`, "help@pool.example", "set-1"
	d.IdentityARN = "arn:aws:ses:eu-west-1:000000000000:identity/pool.example"
	if err := s.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	var m sesMail
	if err := json.Unmarshal([]byte(f.last().body), &m); err != nil {
		t.Fatal(err)
	}
	if f.last().region != "eu-west-1" || m.FromEmailAddressIdentityArn != d.IdentityARN || m.ConfigurationSetName != "set-1" ||
		m.FromEmailAddress != "=?utf-8?q?Pool_=C3=9Cn=C3=AF?= <pool@pool.example>" || m.ReplyToAddresses[0] != "<help@pool.example>" {
		t.Errorf("%+v", m)
	}
}

func TestSESRefusals(t *testing.T) {
	f := startAWS(t, "ses")
	s := newSES(t, f)
	for _, c := range []struct {
		status    int
		body      string
		permanent bool
	}{
		{400, `{"__type":"BadRequestException","message":"bad"}`, true},
		{400, `{"__type":"MessageRejected","message":"Email address is not verified."}`, false},
		{429, `{"__type":"TooManyRequestsException"}`, false},
		{500, ``, false},
	} {
		f.answer(c.status, c.body)
		if err := s.Send(t.Context(), delivery()); err == nil || errors.Is(err, ErrPermanent) != c.permanent {
			t.Errorf("%s: %v", c.body, err)
		}
	}
	f.answer(200, `{"MessageId":"1"}`)
	n := len(f.got)
	for _, edit := range []func(*Delivery){
		func(d *Delivery) { d.To = "ann@example.com, evil@example.com" },
		func(d *Delivery) { d.To = "ann@example.com\r\nBcc: evil@example.com" },
		func(d *Delivery) { d.From = "x\r\nBcc: evil@example.com" },
		func(d *Delivery) { d.ReplyTo = "a@b.c, d@e.f" },
	} {
		d := delivery()
		edit(&d)
		if err := s.Send(t.Context(), d); !errors.Is(err, ErrPermanent) {
			t.Errorf("%+v: %v", d, err)
		}
	}
	if len(f.got) != n {
		t.Error("a request with a forged header went out")
	}
	d := delivery()
	d.Subject = "code\r\nBcc: evil@example.com"
	if err := s.Send(t.Context(), d); err != nil || strings.Contains(f.last().body, `\r`) || strings.Contains(f.last().body, `\n`) {
		t.Errorf("%v %s", err, f.last().body)
	}
}

func sms() Delivery {
	return Delivery{ID: "m-1", Medium: SMS, Kind: Authentication, To: "+15550001111", Text: "Your code is 123456 & \"ü\""}
}

func TestSNS(t *testing.T) {
	f := startAWS(t, "sns")
	s, err := NewSNS(SNSOptions{Endpoint: f.URL, Region: "us-east-1", Credentials: awsKey, SenderID: "Cognate", OriginationNumber: "+15559999999"})
	if err != nil {
		t.Fatal(err)
	}
	d := sms()
	d.Region = "ap-southeast-2"
	if err := s.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(f.last().body)
	if err != nil || f.last().region != "ap-southeast-2" || f.last().path != "/" {
		t.Errorf("%+v %v", f.last(), err)
	}
	for k, want := range map[string]string{
		"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": d.To, "Message": d.Text,
		"MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType", "MessageAttributes.entry.1.Value.StringValue": "Transactional",
		"MessageAttributes.entry.2.Value.StringValue": "Cognate", "MessageAttributes.entry.3.Value.DataType": "String",
	} {
		if form.Get(k) != want {
			t.Errorf("%s = %q, want %q", k, form.Get(k), want)
		}
	}
	checkSMSRefusals(t, f, s, map[string]bool{
		`<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid parameter: PhoneNumber</Message></Error></ErrorResponse>`: true,
		`<ErrorResponse><Error><Code>Throttled</Code></Error></ErrorResponse>`:                                                         false,
		`<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>`:                                                false,
	})
}

func TestEndUserMessaging(t *testing.T) {
	f := startAWS(t, "sms-voice")
	s, err := NewEndUserMessaging(EndUserMessagingOptions{Endpoint: f.URL, Region: "us-east-1", Credentials: awsKey, Origination: "pool-1", ConfigurationSet: "set-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), sms()); err != nil {
		t.Fatal(err)
	}
	got := f.last()
	want := `{"DestinationPhoneNumber":"+15550001111","OriginationIdentity":"pool-1","MessageBody":"Your code is 123456 \u0026 \"ü\"",` +
		`"MessageType":"TRANSACTIONAL","ConfigurationSetName":"set-1","TimeToLive":900}`
	if got.body != want || got.header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" || got.header.Get("Content-Type") != "application/x-amz-json-1.0" {
		t.Errorf("%+v", got)
	}
	checkSMSRefusals(t, f, s, map[string]bool{
		`{"__type":"ValidationException","Message":"no"}`: true, `{"__type":"ConflictException","Message":"opted out"}`: true,
		`{"__type":"ThrottlingException","Message":"slow"}`: false, `{"__type":"AccessDeniedException"}`: false,
	})
}

func checkSMSRefusals(t *testing.T, f *awsFake, s Sender, bodies map[string]bool) {
	t.Helper()
	for body, permanent := range bodies {
		f.answer(400, body)
		if err := s.Send(t.Context(), sms()); err == nil || errors.Is(err, ErrPermanent) != permanent {
			t.Errorf("%s: %v", body, err)
		}
	}
	f.answer(503, "")
	if err := s.Send(t.Context(), sms()); err == nil || errors.Is(err, ErrPermanent) {
		t.Errorf("503: %v", err)
	}
	n := len(f.got)
	for _, to := range []string{"", "5550001111", "+0123", "+1555000111122223333", "+1555 000", "+1555\n000", "arn:aws:sns:us-east-1:000000000000:topic"} {
		d := sms()
		d.To = to
		if err := s.Send(t.Context(), d); !errors.Is(err, ErrPermanent) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if len(f.got) != n {
		t.Error("a request for what is no number went out")
	}
}

// TestPoolIdentity: an own SES identity counts for pools that say they use it.
func TestPoolIdentity(t *testing.T) {
	const identity = "arn:aws:ses:eu-west-1:000000000000:identity/"
	developer, own := cognitoidp.EmailSendingAccountTypeDeveloper, cognitoidp.EmailSendingAccountTypeCognitoDefault
	for _, c := range []struct {
		config           cognitoidp.EmailConfigurationType
		from, arn, setID string
	}{
		{cognitoidp.EmailConfigurationType{EmailSendingAccount: &developer, SourceArn: new(identity + "me@pool.example"), ConfigurationSet: new("s")}, "me@pool.example", identity + "me@pool.example", "s"},
		{cognitoidp.EmailConfigurationType{EmailSendingAccount: &developer, SourceArn: new(identity + "pool.example"), From: new("A <a@pool.example>")}, "A <a@pool.example>", identity + "pool.example", ""},
		{cognitoidp.EmailConfigurationType{EmailSendingAccount: &developer, SourceArn: new(identity + "pool.example")}, "", identity + "pool.example", ""},
		{cognitoidp.EmailConfigurationType{EmailSendingAccount: &own, SourceArn: new(identity + "me@pool.example"), ConfigurationSet: new("s")}, "", "", ""},
		{cognitoidp.EmailConfigurationType{From: new("a@pool.example")}, "a@pool.example", "", ""},
	} {
		d := dbtest.SQLite(t, migrations())
		s := &fakeSender{}
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: s, SMS: s})
		run(t, m)
		o := codeMail("ann@example.com")
		o.Config = &cognitoidp.UserPoolType{EmailConfiguration: &c.config, SmsConfiguration: &cognitoidp.SmsConfigurationType{SnsRegion: new("eu-north-1")}}
		send(t, m, o)
		waitFor(t, "the mail", func() bool { return len(s.deliveries()) == 1 })
		if got := s.deliveries()[0]; got.From != c.from || got.IdentityARN != c.arn || got.ConfigurationSet != c.setID || got.Region != "" {
			t.Errorf("%+v: %+v", c.config, got)
		}
		o.Medium, o.To = SMS, "+15550001111"
		send(t, m, o)
		waitFor(t, "the SMS", func() bool { return len(s.deliveries()) == 2 })
		if got := s.deliveries()[1]; got.Region != "eu-north-1" || got.IdentityARN != "" {
			t.Errorf("%+v", got)
		}
	}
}

// TestSESEndToEnd goes through the outbox to a service that fails at first.
func TestSESEndToEnd(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		f := startAWS(t, "ses")
		f.answer(429, `{"__type":"TooManyRequestsException"}`)
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: newSES(t, f), RetryBase: 1})
		run(t, m)
		send(t, m, codeMail("ann@example.com"))
		waitFor(t, "a refusal", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.got) > 0 })
		f.answer(200, `{"MessageId":"1"}`)
		waitFor(t, "the mail", func() bool { return outboxLen(t, d) == 0 })
		if !strings.Contains(f.last().body, "123456") {
			t.Error(f.last().body)
		}
	})
}
