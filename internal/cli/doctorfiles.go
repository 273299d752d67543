package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"cognate/internal/base/version"
	"cognate/internal/config"
	"cognate/internal/server"
)

// checkFiles looks at who may read secrets, and whether the data folder takes
// files.
func checkFiles(all *checks, s config.Settings) {
	if s.Data != "" {
		checkFolder(all, s.Data)
	}
	secrets := []struct{ name, file string }{
		{"key file", s.KeyFile}, {"TLS key", s.TLSKey},
	}
	if s.Data != "" && s.Database == "" {
		secrets = append(secrets, struct{ name, file string }{"database file", filepath.Join(s.Data, "cognate.db")})
	}
	for _, f := range secrets {
		checkSecret(all, f.name, f.file)
	}
}

// checkSecret looks at who may read a file; one that is not there has checks of its own.
func checkSecret(all *checks, name, file string) {
	if file == "" {
		return
	}
	mode, err := readers(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		all.add("fail", name, "the user that runs the server has to read it", "%v", err)
	case mode&0o007 != 0:
		all.add("fail", name, "chmod 600 "+file, "%s may be read by everybody", file)
	case mode&0o070 != 0:
		all.add("warn", name, "chmod 600 "+file+", unless the group is meant", "%s may be read by its group", file)
	default:
		all.add("ok", name, "", "%s is private", file)
	}
}

// readers are the permissions of a file that its folder lets through; Windows
// keeps them elsewhere.
func readers(file string) (fs.FileMode, error) {
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" {
		return 0, err
	}
	mode := info.Mode().Perm()
	folder, err := os.Stat(filepath.Dir(file))
	if err != nil {
		return mode, err
	}
	for _, who := range []fs.FileMode{0o070, 0o007} {
		if folder.Mode().Perm()&0o011&who == 0 {
			mode &^= who
		}
	}
	return mode, nil
}

func checkFolder(all *checks, dir string) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		all.add("warn", "data folder", "make it, owned by the user that runs the server, with mode 0700", "%s is not there yet", dir)
		return
	case err != nil || !info.IsDir():
		all.add("fail", "data folder", "", "%s is no folder that can be read: %v", dir, err)
		return
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		all.add("fail", "data folder", "run this as the user that runs the server", "%v", err)
		return
	}
	f.Close()
	os.Remove(f.Name())
	all.add("ok", "data folder", "", "%s takes files", dir)
}

// expiresSoon is how long before its end a certificate is complained about.
const expiresSoon = 14 * 24 * time.Hour

func checkTLS(all *checks, s config.Settings, now time.Time) {
	u, err := url.Parse(s.PublicURL)
	if s.TLSCert == "" || s.TLSKey == "" {
		if err == nil && u.Scheme == "https" {
			all.add("ok", "TLS", "", "none here: whoever serves %s has to end it and forward", s.PublicURL)
		}
		return
	}
	host := ""
	if u != nil {
		host = u.Hostname()
	}
	checkPair(all, "TLS", s.TLSCert, s.TLSKey, host, "the host of --public-url", now)
	checkDomainCertificates(all, s, now)
}

// checkPair looks at a certificate and its key; a host that is given has to be named.
func checkPair(all *checks, name, cert, key, host, whose string, now time.Time) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		all.add("fail", name, "certificate chain and key have to be PEM and belong together", "%v", err)
		return
	}
	leaf := pair.Leaf
	if leaf == nil {
		if leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			all.add("fail", name, "", "%v", err)
			return
		}
	}
	switch {
	case now.Before(leaf.NotBefore):
		all.add("fail", name, "look at the clock", "the certificate is valid from %s on", leaf.NotBefore.UTC().Format(time.RFC3339))
	case now.After(leaf.NotAfter):
		all.add("fail", name, "renew it", "the certificate ended at %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Add(expiresSoon).After(leaf.NotAfter):
		all.add("warn", name, "renew it", "the certificate ends at %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	default:
		all.add("ok", name, "", "the certificate is valid until %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	if host == "" {
		return
	}
	if err := leaf.VerifyHostname(host); err != nil {
		all.add("fail", name+" name", "the certificate has to name "+whose, "%v", err)
	} else {
		all.add("ok", name+" name", "", "it names %s", host)
	}
}

// checkDomainCertificates looks at the pairs of custom domains as the server does.
func checkDomainCertificates(all *checks, s config.Settings, now time.Time) {
	if s.DomainCertificates == "" {
		return
	}
	files, err := server.DomainCertificates(s.DomainCertificates)
	if err != nil {
		all.add("fail", "domain certificates", "the user that runs the server has to read the folder", "%v", err)
		return
	}
	if len(files) == 0 {
		all.add("warn", "domain certificates", "put <certificate id or host>.pem and .key there", "%s has none", s.DomainCertificates)
	}
	for _, f := range files {
		checkPair(all, "TLS of "+f.Name, f.Cert, f.Key, f.Host, "the domain that the file is called by", now)
		checkSecret(all, "TLS key of "+f.Name, f.Key)
	}
}

// maxSkew is by how much clocks may differ before signatures and tokens fail:
// SigV4 forgives five minutes, token verifiers often nothing.
const maxSkew = 30 * time.Second

// checkClock compares this machine's clock with others that are at hand.
func (c *doctorCmd) checkClock(ctx context.Context, all *checks, database time.Time) {
	now := time.Now()
	compare := func(with string, at time.Time) {
		by := now.Sub(at).Round(time.Second)
		all.when(by.Abs() <= maxSkew, "clock", "let chrony or systemd-timesyncd set it", fmt.Sprintf("agrees with %s", with), fmt.Sprintf("differs from %s by %v", with, by))
	}
	if built, err := time.Parse(time.RFC3339, version.Info().Time); err == nil && now.Before(built) {
		all.add("fail", "clock", "let chrony or systemd-timesyncd set it", "it is before this program was made, at %s", now.UTC().Format(time.RFC3339))
	} else if database.IsZero() && c.NTPServer == "" {
		all.add("ok", "clock", "--ntp-server HOST compares it with a time server", "%s", now.UTC().Format(time.RFC3339))
	}
	if !database.IsZero() {
		compare("the database server", database)
	}
	if c.NTPServer == "" {
		return
	}
	now = time.Now()
	at, err := askTime(ctx, c.NTPServer)
	if err != nil {
		all.add("fail", "clock", "is UDP port 123 open from here?", "%s does not tell the time: %v", c.NTPServer, err)
		return
	}
	compare(c.NTPServer, at)
}

// askTime is one exchange of SNTP (RFC 4330), exact enough for seconds.
func askTime(ctx context.Context, host string) (time.Time, error) {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, "123")
	}
	conn, err := (&net.Dialer{Timeout: readyPatience}).DialContext(ctx, "udp", host)
	if err != nil {
		return time.Time{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(readyPatience))
	packet := make([]byte, 48)
	packet[0] = 4<<3 | 3 // version 4, client
	if _, err := conn.Write(packet); err != nil {
		return time.Time{}, err
	}
	n, err := conn.Read(packet)
	if err != nil {
		return time.Time{}, err
	}
	if n < 48 || packet[0]&7 != 4 || packet[1] == 0 || packet[1] > 15 {
		return time.Time{}, errors.New("the answer is none of a time server that knows the time")
	}
	const since1900 = 2208988800
	return time.Unix(int64(binary.BigEndian.Uint32(packet[40:]))-since1900, 0), nil
}
