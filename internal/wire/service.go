package wire

import (
	"context"
	"fmt"
	"slices"

	"cognate/internal/api/rt"
)

// Service is one AWS API with its implementation bound.
type Service struct {
	// Name is the service in ARNs, actions and signing scopes: cognito-idp.
	Name string
	// TargetPrefix stands before the operation in X-Amz-Target.
	TargetPrefix string
	// ValidationCode is the exception that reports violated constraints.
	ValidationCode string

	operations map[string]*Operation
}

// Info describes a service for NewService; the fields are those of Service.
type Info struct {
	Name, TargetPrefix, ValidationCode string
}

// Operation is one operation bound to its implementation.
type Operation struct {
	Name     string
	Unsigned bool
	Errors   []string // exceptions that the model declares

	// Decode reads a JSON body; see rt.Operation.
	Decode func(*rt.Decoder) (any, error)

	resource func(in any) string
	invoke   func(ctx context.Context, in any) (rt.JSONAppender, error)
}

// NewService binds an operation table to the implementation of its interface.
func NewService[S any](info Info, table []rt.Operation[S], impl S) *Service {
	s := &Service{
		Name: info.Name, TargetPrefix: info.TargetPrefix, ValidationCode: info.ValidationCode,
		operations: make(map[string]*Operation, len(table)),
	}
	for i := range table {
		op := &table[i]
		s.operations[op.Name] = &Operation{
			Name: op.Name, Unsigned: op.Unsigned, Errors: op.Errors, Decode: op.Decode, resource: op.Resource,
			invoke: func(ctx context.Context, in any) (rt.JSONAppender, error) { return op.Invoke(ctx, impl, in) },
		}
	}
	return s
}

// Operation returns the operation of that name, nil when the service has none.
func (s *Service) Operation(name string) *Operation { return s.operations[name] }

// declares reports whether the model allows the operation to answer code.
func (o *Operation) declares(code string) bool { return slices.Contains(o.Errors, code) }

// resourceOf returns the input's resource member, "" when there is none.
func (o *Operation) resourceOf(in any) string {
	if o.resource == nil {
		return ""
	}
	return o.resource(in)
}

// Registry holds the services of one endpoint.
type Registry struct {
	byTarget map[string]*Service
	byName   map[string]*Service
}

// NewRegistry refuses two services with the same name or target prefix.
func NewRegistry(services ...*Service) (*Registry, error) {
	r := &Registry{byTarget: map[string]*Service{}, byName: map[string]*Service{}}
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
