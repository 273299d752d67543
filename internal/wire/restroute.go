package wire

import (
	"net/url"
	"slices"
	"strings"
)

// route is the path template of a REST operation, cut at its slashes.
type route struct {
	method   string
	segments []string
	op       *Operation
}

func (s *Service) addRoutes() {
	for _, op := range s.operations {
		if op.HTTP == nil {
			continue
		}
		s.routes = append(s.routes, route{op.HTTP.Method, strings.Split(strings.TrimPrefix(op.HTTP.Path, "/"), "/"), op})
	}
	// Literal segments come before labels, so that the first match is the right one.
	slices.SortFunc(s.routes, func(a, b route) int {
		if c := slices.CompareFunc(a.segments, b.segments, compareSegments); c != 0 {
			return c
		}
		return strings.Compare(a.method+a.op.Name, b.method+b.op.Name)
	})
}

func compareSegments(a, b string) int {
	x, y := strings.HasPrefix(a, "{"), strings.HasPrefix(b, "{")
	switch {
	case x && !y:
		return 1
	case y && !x:
		return -1
	}
	return strings.Compare(a, b)
}

// Match finds the operation of a REST service that answers a method and an
// escaped path, nil when none does.
func (s *Service) Match(method, path string) *Operation {
	for i := range s.routes {
		if r := &s.routes[i]; r.method == method && r.match(path, nil) {
			return r.op
		}
	}
	return nil
}

// Labels are the unescaped parts of a path that the template of op names.
func (op *Operation) Labels(path string) map[string]string {
	r := route{segments: strings.Split(strings.TrimPrefix(op.HTTP.Path, "/"), "/")}
	out := map[string]string{}
	r.match(path, out)
	return out
}

// match compares segment by segment; a label stands for one segment that is not
// empty, a greedy one for all that are left. found takes what labels stand for.
func (r *route) match(path string, found map[string]string) bool {
	rest, more := strings.CutPrefix(path, "/")
	for _, want := range r.segments {
		if !more {
			return false
		}
		var got string
		label, isLabel := strings.CutPrefix(want, "{")
		label = strings.TrimSuffix(label, "}")
		if name, greedy := strings.CutSuffix(label, "+"); isLabel && greedy {
			label, got, rest, more = name, rest, "", false
		} else {
			got, rest, more = strings.Cut(rest, "/")
		}
		text, err := url.PathUnescape(got)
		if err != nil || text == "" || !isLabel && text != want {
			return false
		}
		if isLabel && found != nil {
			found[label] = text
		}
	}
	return !more
}
