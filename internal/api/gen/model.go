package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
)

// model is one service's model file.
type model struct {
	Metadata struct {
		APIVersion   string `json:"apiVersion"`
		Protocol     string `json:"protocol"`
		JSONVersion  string `json:"jsonVersion"`
		TargetPrefix string `json:"targetPrefix"`
		ServiceID    string `json:"serviceId"`
		XMLNamespace string `json:"xmlNamespace"`
	} `json:"metadata"`
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`

	service string          // file name without .json, for example cognito-idp
	inputs  map[string]bool // structures that a request can hold
	simple  map[string]bool // their other shapes
}

type operation struct {
	Name     string   `json:"name"`
	Input    string   `json:"input"`
	Output   string   `json:"output"`
	Errors   []string `json:"errors"`
	Unsigned bool     `json:"unsigned"`
	Wrapper  string   `json:"resultWrapper"`
	HTTP     *struct {
		Method string `json:"method"`
		URI    string `json:"requestUri"`
		Status int    `json:"responseCode"`
	} `json:"http"`
}

type shape struct {
	Type      string   `json:"type"`
	Members   members  `json:"members"`
	Required  []string `json:"required"`
	Member    *ref     `json:"member"`
	Key       *ref     `json:"key"`
	Value     *ref     `json:"value"`
	Min       *float64 `json:"min"`
	Max       *float64 `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Sensitive bool     `json:"sensitive"`
	Exception bool     `json:"exception"`
	Fault     bool     `json:"fault"`
	Document  bool     `json:"document"`
	Flattened bool     `json:"flattened"`
	Payload   string   `json:"payload"`
	TimeForm  string   `json:"timestampFormat"`
	Error     struct {
		Code   string `json:"code"`
		Status int    `json:"httpStatusCode"`
	} `json:"error"`
}

// ref points to a shape and says how it stands there.
type ref struct {
	Shape        string `json:"shape"`
	Location     string `json:"location"`     // in the head of a REST message
	LocationName string `json:"locationName"` // its name there, or in XML
	Flattened    bool   `json:"flattened"`
	TimeForm     string `json:"timestampFormat"`
}

type member struct {
	Name string
	ref
}

// members keeps the model's order, which encoding/json's maps lose.
type members []member

func (m *members) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var r ref
		if err := dec.Decode(&r); err != nil {
			return err
		}
		*m = append(*m, member{Name: key.(string), ref: r})
	}
	return nil
}

func parseModel(service string, raw []byte) (*model, error) {
	m := &model{service: service}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, err
	}
	if err := m.export(); err != nil {
		return nil, err
	}
	for name, s := range m.Shapes {
		refs := slices.Clone(s.Members)
		for _, r := range []*ref{s.Member, s.Key, s.Value} {
			if r != nil {
				refs = append(refs, member{ref: *r})
			}
		}
		for _, mem := range refs {
			if m.Shapes[mem.Shape] == nil {
				return nil, fmt.Errorf("shape %s refers to unknown shape %s", name, mem.Shape)
			}
		}
	}
	return m, m.addInputs()
}

// export gives the shapes that become Go types a capital letter.
func (m *model) export() error {
	names := map[string]string{}
	for name, s := range m.Shapes {
		if upper := fieldName(name); upper != name && (s.Type == "structure" || isEnum(s)) {
			if m.Shapes[upper] != nil {
				return fmt.Errorf("shapes %s and %s would have one name in Go", name, upper)
			}
			names[name] = upper
		}
	}
	rename := func(r *ref) {
		if upper := names[r.Shape]; upper != "" {
			r.Shape = upper
		}
	}
	for _, s := range m.Shapes {
		for i := range s.Members {
			rename(&s.Members[i].ref)
		}
		for _, r := range []*ref{s.Member, s.Key, s.Value} {
			if r != nil {
				rename(r)
			}
		}
	}
	for name, upper := range names {
		m.Shapes[upper] = m.Shapes[name]
		delete(m.Shapes, name)
	}
	return nil
}

// addInputs gives operations without input shape an empty one, so that every
// operation looks alike in Go.
func (m *model) addInputs() error {
	for name, o := range m.Operations {
		if o.Input != "" {
			continue
		}
		o.Input = name + "Request"
		if m.Shapes[o.Input] != nil {
			return fmt.Errorf("operation %s has no input, but there is a shape %s", name, o.Input)
		}
		m.Shapes[o.Input] = &shape{Type: "structure"}
	}
	return nil
}

// names returns the names of the shapes that keep accepts, sorted.
func (m *model) names(keep func(*shape) bool) []string {
	var out []string
	for name, s := range m.Shapes {
		if keep(s) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// operationNames returns all operations, sorted.
func (m *model) operationNames() []string {
	out := make([]string, 0, len(m.Operations))
	for name := range m.Operations {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func isStruct(s *shape) bool { return s.Type == "structure" && !s.Exception && !s.Document }
func isEnum(s *shape) bool   { return s.Type == "string" && len(s.Enum) > 0 }

func (s *shape) requires(name string) bool {
	for _, r := range s.Required {
		if r == name {
			return true
		}
	}
	return false
}

// scalar reports whether members of the shape are pointers when optional.
func (s *shape) scalar() bool {
	switch s.Type {
	case "string", "integer", "long", "boolean", "timestamp", "float", "double":
		return true
	}
	return false
}
