package server

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// domainCerts are the certificates of custom domains: the pairs <name>.pem and <name>.key of a folder. A pair is found
// by the certificate of the domain, whose ARN ends with the name, by the name of the domain itself, or because its
// certificate names the domain, which it has to in any case. A nil one has none.
type domainCerts struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex
	files map[string]*certificate // by name
	names atomic.Pointer[map[string][]namedPair]
}

// namedPair is a pair by the name of its files.
type namedPair struct {
	name string
	*certificate
}

// CertificateFiles are a pair in the folder of --domain-certificates.
type CertificateFiles struct {
	Name, Cert, Key string
	Host            string // which the certificate has to name: a pair that is called by a host is for it
}

// The ends of the names of files.
const (
	certEnding = ".pem"
	keyEnding  = ".key"
)

// DomainCertificates lists the pairs in a folder.
func DomainCertificates(dir string) (out []CertificateFiles, err error) {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		name, found := strings.CutSuffix(entry.Name(), certEnding)
		if !found || name == "" || strings.HasPrefix(name, ".") {
			continue
		}
		f := CertificateFiles{Name: name, Cert: filepath.Join(dir, name+certEnding), Key: filepath.Join(dir, name+keyEnding)}
		if strings.Contains(name, ".") {
			f.Host = name
		}
		out = append(out, f)
	}
	return out, err
}

// newDomainCerts reads the folder. A pair that cannot be used keeps no server from starting: the others work.
func newDomainCerts(dir string, log *slog.Logger) (*domainCerts, error) {
	if _, err := DomainCertificates(dir); err != nil {
		return nil, fmt.Errorf("--domain-certificates: %w", err)
	}
	d := &domainCerts{dir: dir, log: log, files: map[string]*certificate{}}
	d.names.Store(&map[string][]namedPair{})
	d.reload(false)
	return d, nil
}

// reload takes in what changed in the folder, or all of it when asked to.
func (d *domainCerts) reload(asked bool) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	found, err := DomainCertificates(d.dir)
	if err != nil {
		if asked {
			d.log.Error("the certificates of custom domains cannot be read, the old ones stay", "error", err)
		}
		return
	}
	changed, there := false, map[string]bool{}
	for _, f := range found {
		there[f.Name] = true
		if d.files[f.Name] == nil {
			d.files[f.Name] = &certificate{cert: f.Cert, key: f.Key, host: f.Host, log: d.log}
		}
		changed = d.files[f.Name].reload(asked) || changed
	}
	for name := range d.files {
		if !there[name] {
			delete(d.files, name)
			changed = true
			d.log.Info("TLS certificate removed", "file", filepath.Join(d.dir, name+certEnding))
		}
	}
	if changed {
		d.index()
	}
}

// index lists the pairs by the names in their certificates.
func (d *domainCerts) index() {
	names := map[string][]namedPair{}
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		c := d.files[name]
		pair := c.current.Load()
		if pair == nil {
			continue
		}
		for _, host := range pair.Leaf.DNSNames {
			host = strings.ToLower(host)
			names[host] = append(names[host], namedPair{name, c})
		}
	}
	d.names.Store(&names)
}

// naming are the pairs whose certificates name a host, in lower case.
func (d *domainCerts) naming(host string) []namedPair {
	if d == nil {
		return nil
	}
	names := *d.names.Load()
	pairs := names[host]
	if _, above, found := strings.Cut(host, "."); found {
		pairs = append(pairs[:len(pairs):len(pairs)], names["*."+above]...)
	}
	return pairs
}
