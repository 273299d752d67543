package message

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// receiver is a real SMTP server that keeps what it is given.
type receiver struct {
	mu    sync.Mutex
	mails []receivedMail
	fail  func(to string) error // asked at RCPT
	conns int
	addr  string
	roots *x509.CertPool
}

type receivedMail struct {
	from string
	to   []string
	tls  bool
	user string
	data string
}

func (r *receiver) NewSession(c *smtp.Conn) (smtp.Session, error) {
	r.mu.Lock()
	r.conns++
	r.mu.Unlock()
	return &receiverSession{r: r, conn: c}, nil
}

type receiverSession struct {
	r    *receiver
	conn *smtp.Conn
	mail receivedMail
}

func (s *receiverSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *receiverSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "user" || password != "pass word" {
			return smtp.ErrAuthFailed
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *receiverSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.from = from
	return nil
}

func (s *receiverSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.r.mu.Lock()
	fail := s.r.fail
	s.r.mu.Unlock()
	if fail != nil {
		if err := fail(to); err != nil {
			return err
		}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *receiverSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.data = string(b)
	_, s.mail.tls = s.conn.TLSConnectionState()
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.mails = append(s.r.mails, s.mail)
	return nil
}

func (s *receiverSession) Reset()        { s.mail = receivedMail{user: s.mail.user} }
func (s *receiverSession) Logout() error { return nil }

func (r *receiver) received() []receivedMail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]receivedMail(nil), r.mails...)
}

// startReceiver listens on a free port: with STARTTLS offered, with TLS from
// the first byte, or without TLS.
func startReceiver(t *testing.T, mode TLSPolicy) *receiver {
	t.Helper()
	cert, roots := selfSigned(t)
	r := &receiver{roots: roots}
	srv := smtp.NewServer(r)
	srv.Domain = "localhost"
	srv.EnableSMTPUTF8 = true
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch mode {
	case TLSMandatory:
		srv.TLSConfig = conf
	case TLSImplicit:
		ln = tls.NewListener(ln, conf)
	case TLSNone:
		srv.AllowInsecureAuth = true
	}
	r.addr = ln.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return r
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func newSMTP(t *testing.T, r *receiver, o SMTPOptions) *SMTP {
	t.Helper()
	host, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	o.Host = host
	if o.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if o.From == "" {
		o.From = "Cognate <no-reply@cognate.example>"
	}
	if o.Config == nil {
		o.Config = &tls.Config{RootCAs: r.roots}
	}
	o.Timeout = 5 * time.Second
	s, err := NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func delivery() Delivery {
	return Delivery{ID: "m-1", Medium: Email, To: "ann@example.com", Subject: "Código ✓ – 验证码", Text: "Grüße: 123456", HTML: "<p>Grüße: <b>123456</b></p>"}
}

func TestSMTPPolicies(t *testing.T) {
	for _, c := range []struct {
		server, client TLSPolicy
		user           string
		good, tls      bool
	}{
		{TLSMandatory, TLSMandatory, "user", true, true},
		{TLSMandatory, "", "", true, true},
		{TLSMandatory, TLSOpportunistic, "user", true, true},
		{TLSMandatory, TLSNone, "", true, false},
		{TLSNone, TLSMandatory, "", false, false},
		{TLSNone, TLSOpportunistic, "", true, false},
		{TLSNone, TLSNone, "", true, false},
		{TLSNone, TLSNone, "user", false, false}, // the password is not sent in clear
		{TLSImplicit, TLSImplicit, "user", true, true},
		{TLSNone, TLSImplicit, "", false, false},
		{TLSMandatory, TLSMandatory, "stranger", false, false},
	} {
		r := startReceiver(t, c.server)
		s := newSMTP(t, r, SMTPOptions{TLS: c.client, Username: c.user, Password: "pass word"})
		err := s.Send(context.Background(), delivery())
		got := r.received()
		if !c.good {
			if err == nil || errors.Is(err, ErrPermanent) || len(got) != 0 || strings.Contains(err.Error(), "pass word") {
				t.Errorf("%+v: %v, %d mails", c, err, len(got))
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].tls != c.tls || got[0].user != c.user {
			t.Errorf("%+v: %v, %+v", c, err, got)
		}
	}
}

func TestSMTPUnknownCertificate(t *testing.T) {
	r := startReceiver(t, TLSMandatory)
	s := newSMTP(t, r, SMTPOptions{Config: &tls.Config{RootCAs: x509.NewCertPool()}})
	if err := s.Send(context.Background(), delivery()); err == nil || len(r.received()) != 0 {
		t.Errorf("a certificate of unknown origin was accepted: %v", err)
	}
}

func TestSMTPContent(t *testing.T) {
	r := startReceiver(t, TLSMandatory)
	s := newSMTP(t, r, SMTPOptions{})
	d := delivery()
	d.From, d.ReplyTo = `"Pool Ünï" <pool@pool.example>`, "help@pool.example"
	if err := s.Send(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	m := r.received()[0]
	if m.from != "pool@pool.example" || len(m.to) != 1 || m.to[0] != "ann@example.com" {
		t.Errorf("envelope %+v", m)
	}
	msg, err := netmail.ReadMessage(strings.NewReader(m.data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != d.Subject {
		t.Errorf("subject %q %v", subject, err)
	}
	from, err := msg.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Pool Ünï" || from[0].Address != "pool@pool.example" {
		t.Errorf("from %v %v", from, err)
	}
	reply, err := msg.Header.AddressList("Reply-To")
	if err != nil || reply[0].Address != "help@pool.example" {
		t.Errorf("reply-to %v %v", reply, err)
	}
	if id := msg.Header.Get("Message-Id"); id != "<m-1@pool.example>" {
		t.Errorf("message id %s", id)
	}
	if msg.Header.Get("X-Mailer")+msg.Header.Get("User-Agent") != "" {
		t.Errorf("the mail names what it was made with: %v", msg.Header)
	}
	if msg.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Error("not marked as automatic")
	}
	parts := readParts(t, msg)
	if parts["text/plain"] != d.Text || parts["text/html"] != d.HTML {
		t.Errorf("parts %q", parts)
	}
}

func readParts(t *testing.T, msg *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s %v", kind, err)
	}
	out := map[string]string{}
	for mr := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := p.Header.Get("Content-Transfer-Encoding"); e != "quoted-printable" {
			t.Fatalf("encoding %s", e)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		out[kind] = strings.TrimRight(string(b), "\r\n")
	}
}

func TestHeaderInjection(t *testing.T) {
	r := startReceiver(t, TLSMandatory)
	s := newSMTP(t, r, SMTPOptions{})
	for _, evil := range []string{
		"ann@example.com\r\nBcc: evil@example.com", "ann@example.com\nX: y", "ann@example.com, evil@example.com", "Ann <ann@example.com>",
		"<ann@example.com>", "ann@example.com;evil@example.com", "ann@example.com>\r\nRCPT TO:<evil@example.com", "", "ann", "@example.com",
		"ann@example.com (comment)", " ann@example.com", "ann@example.com ", "\"a b\"@example.com", "ann@example.com\x00", "group:a@b.c;",
	} {
		d := delivery()
		d.To = evil
		if err := s.Send(context.Background(), d); !errors.Is(err, ErrPermanent) {
			t.Errorf("recipient %q: %v", evil, err)
		}
	}
	for _, evil := range []string{"x\r\nBcc: evil@example.com", "not an address", "a@b.c, d@e.f"} {
		d := delivery()
		d.From = evil
		if err := s.Send(context.Background(), d); !errors.Is(err, ErrPermanent) {
			t.Errorf("sender %q: %v", evil, err)
		}
		d = delivery()
		d.ReplyTo = evil
		if err := s.Send(context.Background(), d); !errors.Is(err, ErrPermanent) {
			t.Errorf("reply address %q: %v", evil, err)
		}
	}
	if r.conns != 0 {
		t.Errorf("the server was contacted %d times", r.conns)
	}
	d := delivery()
	d.Subject = "code\r\nBcc: evil@example.com\r\n\r\n<b>body</b>"
	d.Text = "line\r\n.\r\nQUIT\r\nBcc: evil@example.com"
	if err := s.Send(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	got := r.received()
	msg, err := netmail.ReadMessage(strings.NewReader(got[0].data))
	if err != nil || len(got) != 1 || len(got[0].to) != 1 || msg.Header.Get("Bcc") != "" {
		t.Fatalf("%v %+v", err, got)
	}
	if text := readParts(t, msg)["text/plain"]; text != d.Text {
		t.Errorf("text %q", text)
	}
}

func TestSMTPRefusals(t *testing.T) {
	r := startReceiver(t, TLSMandatory)
	s := newSMTP(t, r, SMTPOptions{})
	for code, permanent := range map[int]bool{450: false, 451: false, 550: true, 553: true} {
		r.fail = func(string) error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "refused"}
		}
		if err := s.Send(context.Background(), delivery()); err == nil || errors.Is(err, ErrPermanent) != permanent {
			t.Errorf("%d: %v", code, err)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := &receiver{addr: ln.Addr().String()}
	ln.Close()
	if err := newSMTP(t, gone, SMTPOptions{}).Send(context.Background(), delivery()); err == nil || errors.Is(err, ErrPermanent) {
		t.Errorf("server that is down: %v", err)
	}
}

// TestMailEndToEnd goes from Send through the outbox to the receiver, which
// fails at first.
func TestMailEndToEnd(t *testing.T) {
	dbtest.Each(t, migrations(), func(t *testing.T, d *db.DB) {
		r := startReceiver(t, TLSMandatory)
		n := 0
		r.fail = func(string) error {
			if n++; n < 3 {
				return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try later"}
			}
			return nil
		}
		m := New(Deps{DB: d, Keyring: testKeyring(t, d, testPool), Email: newSMTP(t, r, SMTPOptions{}), RetryBase: 5 * time.Millisecond, Inbox: true})
		run(t, m)
		o := codeMail("ann@example.com")
		o.Config = &cognitoidp.UserPoolType{
			EmailVerificationSubject: new("Ваш код"), EmailVerificationMessage: new("<h1>Код</h1>{####}"),
			EmailConfiguration: &cognitoidp.EmailConfigurationType{From: new("Pool <pool@pool.example>"), ReplyToEmailAddress: new("help@pool.example")},
		}
		send(t, m, o)
		waitFor(t, "the mail", func() bool { return len(r.received()) == 1 && outboxLen(t, d) == 0 })
		got := r.received()[0]
		msg, err := netmail.ReadMessage(strings.NewReader(got.data))
		if err != nil {
			t.Fatal(err)
		}
		parts := readParts(t, msg)
		if got.from != "pool@pool.example" || parts["text/plain"] != "Код\n123456" && parts["text/plain"] != "Код\r\n123456" || parts["text/html"] != "<h1>Код</h1>123456" {
			t.Errorf("%+v %q", got, parts)
		}
		if list, err := m.Inbox(context.Background(), "ann@example.com", testPool); err != nil || len(list) != 1 || list[0].Subject != "Ваш код" {
			t.Errorf("%+v %v", list, err)
		}
	})
}

func TestNewSMTPRefuses(t *testing.T) {
	for _, o := range []SMTPOptions{
		{Host: "h"}, {Host: "h", From: "x"}, {Host: "h", From: "a@b.c", TLS: "ssl"}, {From: "a@b.c"}, {Host: "h", From: "a@b.c", Port: 70000},
	} {
		if _, err := NewSMTP(o); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
}
