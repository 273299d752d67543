package wire

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"cognate/internal/base/sigv4"
)

// Registry holds the services of one endpoint.
type Registry struct {
	services []*Service
	byTarget map[string]*Service
	byName   map[string]*Service
}

// NewRegistry refuses two services with the same name or target prefix.
func NewRegistry(services ...*Service) (*Registry, error) {
	r := &Registry{services: services, byTarget: map[string]*Service{}, byName: map[string]*Service{}}
	for _, s := range services {
		if r.byName[s.Name] != nil || (s.TargetPrefix != "" && r.byTarget[s.TargetPrefix] != nil) {
			return nil, fmt.Errorf("wire: service %s is registered twice", s.Name)
		}
		r.byName[s.Name] = s
		if s.TargetPrefix != "" {
			r.byTarget[s.TargetPrefix] = s
		}
	}
	return r, nil
}

// ByTarget finds a service by the prefix of X-Amz-Target, nil when unknown.
func (r *Registry) ByTarget(prefix string) *Service { return r.byTarget[prefix] }

// ByName finds a service by its signing name, nil when unknown.
func (r *Registry) ByName(name string) *Service { return r.byName[name] }

// ByAction finds the Query service whose API has that version and action.
func (r *Registry) ByAction(version, action string) (*Service, *Operation) {
	for _, s := range r.services {
		if s.Protocol == "query" && s.APIVersion == version {
			if op := s.Operation(action); op != nil {
				return s, op
			}
		}
	}
	return nil, nil
}

// ByRoute finds the REST operation with that method and escaped path.
func (r *Registry) ByRoute(method, path string) (*Service, *Operation) {
	for _, s := range r.services {
		if op := s.Match(method, path); op != nil {
			return s, op
		}
	}
	return nil, nil
}

// ServiceName is the service that a request says it is for, whether it is served
// here or not: by the scope of its signature or by one of AWS's host names, ""
// when it says nothing.
func ServiceName(r *http.Request) string {
	if _, service, ok := sigv4.Scope(r.Header, r.URL.RawQuery); ok {
		return cut(service, 64)
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	name, rest, _ := strings.Cut(host, ".")
	if rest = "." + rest; !strings.HasSuffix(rest, ".amazonaws.com") && !strings.HasSuffix(rest, ".amazonaws.com.cn") {
		return ""
	}
	return cut(strings.TrimSuffix(name, "-fips"), 64)
}
