package main

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	} `json:"metadata"`
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`

	service string          // file name without .json, for example cognito-idp
	inputs  map[string]bool // structures that a request body can hold
}

type operation struct {
	Name     string   `json:"name"`
	Input    string   `json:"input"`
	Output   string   `json:"output"`
	Errors   []string `json:"errors"`
	Unsigned bool     `json:"unsigned"`
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
}

type ref struct {
	Shape string `json:"shape"`
}

type member struct {
	Name  string
	Shape string
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
		*m = append(*m, member{Name: key.(string), Shape: r.Shape})
	}
	return nil
}

func parseModel(service string, raw []byte) (*model, error) {
	m := &model{service: service}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, err
	}
	for name, s := range m.Shapes {
		refs := s.Members
		for _, r := range []*ref{s.Member, s.Key, s.Value} {
			if r != nil {
				refs = append(refs, member{Shape: r.Shape})
			}
		}
		for _, mem := range refs {
			if m.Shapes[mem.Shape] == nil {
				return nil, fmt.Errorf("shape %s refers to unknown shape %s", name, mem.Shape)
			}
		}
	}
	return m, nil
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
