// Package httpkit holds what every HTTP door needs: the one client through
// which the server contacts addresses that tenants or remote parties chose
// (webhooks, identity providers), guarded against request forgery, and the
// reading of a caller's address behind trusted proxies.
package httpkit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"cognate/internal/base/version"
)

// ErrBodyTooLarge says that an answer was longer than ClientOptions.MaxBody.
var ErrBodyTooLarge = errors.New("response body is too large")

// ErrRedirect says that the far side redirected although that is not allowed
// or once too often.
var ErrRedirect = errors.New("redirect refused")

// Resolver finds the addresses of a name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// ClientOptions configures NewClient. The zero value is the strict client:
// https only, public addresses only, no redirects.
type ClientOptions struct {
	AllowHTTP    bool           // plain http as well as https
	AllowLocal   bool           // loopback and private networks, never metadata services
	Allow        []netip.Prefix // further networks, whatever they are
	MaxRedirects int            // 0 refuses; each hop is checked again
	Timeout      time.Duration  // whole exchange with body; default 10 s
	MaxBody      int64          // bytes after decompression; default 1 MiB
	Resolver     Resolver       // default net.DefaultResolver
	TLS          *tls.Config    // roots and client certificates; default the system's
	UserAgent    string         // default: this program with its version
}

// Client sends requests to foreign destinations. Names are resolved once per
// connection, every address is checked, and the connection goes to the address
// that was checked, so that a name cannot change its mind in between. Proxy
// settings of the environment are not used: they would bypass the check.
type Client struct {
	opts  ClientOptions
	guard guard
	http  *http.Client
}

// NewClient returns a client; it is safe for concurrent use.
func NewClient(o ClientOptions) *Client {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 1 << 20
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.UserAgent == "" {
		o.UserAgent = version.UserAgent()
	}
	c := &Client{opts: o, guard: guard{local: o.AllowLocal, allow: o.Allow}}
	c.http = &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: c.checkRedirect,
		Transport: &checkedTransport{c: c, next: &http.Transport{
			DialContext:            c.dial,
			TLSClientConfig:        o.TLS,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  o.Timeout,
			MaxIdleConnsPerHost:    4,
			MaxConnsPerHost:        32,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		}},
	}
	return c
}

// HTTP returns the guarded client in the form libraries take. Bodies read
// through it are limited as well.
func (c *Client) HTTP() *http.Client { return c.http }

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Response is a complete answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends req and reads the whole answer. Statuses of all kinds are answers,
// not errors. Errors wrap ErrForbiddenAddress, ErrRedirect or ErrBodyTooLarge
// where these are the reason.
func (c *Client) Do(req *http.Request) (*Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("httpkit: %s %s: %w", req.Method, safeURL(req.URL), unwrapURLError(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("httpkit: read answer of %s: %w", safeURL(req.URL), err)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// CheckURL says, without contacting anybody, whether u is a URL the client
// would try: for refusing bad settings when they are made. Names are not
// resolved; that happens, and is checked, at each connection.
func (c *Client) CheckURL(u *url.URL) error {
	switch {
	case u.Scheme == "https", u.Scheme == "http" && c.opts.AllowHTTP:
	default:
		return fmt.Errorf("%w: scheme %.20q", ErrForbiddenAddress, u.Scheme)
	}
	if u.User != nil || u.Opaque != "" {
		return fmt.Errorf("%w: URL with user name or without host", ErrForbiddenAddress)
	}
	a, err := hostAddr(u.Hostname())
	if err != nil || !a.IsValid() {
		return err
	}
	return c.guard.check(a)
}

func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > c.opts.MaxRedirects {
		return fmt.Errorf("%w: more than %d", ErrRedirect, c.opts.MaxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("%w: from https to %s", ErrRedirect, req.URL.Scheme)
	}
	return c.CheckURL(req.URL)
}

// dial resolves, checks and connects. All addresses of a name must be allowed:
// one bad address among good ones is an attack or a mistake, either way not
// something to race for.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addr, err := hostAddr(host)
	if err != nil {
		return nil, err
	}
	addrs := []netip.Addr{addr}
	if !addr.IsValid() {
		if addrs, err = c.resolve(ctx, host); err != nil {
			return nil, err
		}
	}
	for _, a := range addrs {
		if err := c.guard.check(a); err != nil {
			return nil, err
		}
	}
	d := net.Dialer{Timeout: 5 * time.Second, ControlContext: c.control}
	var last error
	for _, a := range addrs {
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}

// resolve answers the addresses of a name. IPv4 answers may come in IPv4-mapped
// form from the resolver of the standard library, which is only its notation;
// AAAA records with such content are never legitimate, but cannot be told from
// it, and are judged by the IPv4 address they name.
func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := c.opts.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("resolve: %s has no address", host)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}

// control checks the address once more at the socket, below everything that
// might have been overlooked above.
func (c *Client) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrForbiddenAddress, address)
	}
	return c.guard.check(ap.Addr())
}

// checkedTransport refuses bad URLs before a connection is looked for and
// limits the answers.
type checkedTransport struct {
	c    *Client
	next *http.Transport
}

func (t *checkedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.c.CheckURL(req.URL); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", t.c.opts.UserAgent)
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: t.c.opts.MaxBody}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the pool.
func (t *checkedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

type limitedBody struct {
	io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrBodyTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrBodyTooLarge
	}
	return n, err
}

// safeURL is the part of a URL that may stand in a log: path and query of
// webhooks often hold keys.
func safeURL(u *url.URL) string { return u.Scheme + "://" + u.Host }

// unwrapURLError drops *url.Error, whose text repeats the whole URL.
func unwrapURLError(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}
