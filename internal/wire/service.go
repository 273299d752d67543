package wire

import (
	"context"
	"slices"

	"cognate/internal/api/rt"
)

// Service is one AWS API with its implementation bound.
type Service struct {
	rt.Info
	// ValidationCode is the exception that reports violated constraints.
	ValidationCode string

	operations map[string]*Operation
	routes     []route // of a REST service, the most specific first
}

// Operation is one operation bound to its implementation.
type Operation struct {
	Name          string
	Unsigned      bool
	Errors        []string // codes of the exceptions that the model declares
	ResultWrapper string
	HTTP          *rt.HTTP

	// Decode reads the input; see rt.Operation.
	Decode func(*rt.Decoder) (any, error)

	resource func(in any) string
	invoke   func(ctx context.Context, in any) (rt.StructEncoder, error)
}

// NewService binds an operation table to the implementation of its interface.
func NewService[S any](info rt.Info, validationCode string, table []rt.Operation[S], impl S) *Service {
	s := &Service{Info: info, ValidationCode: validationCode, operations: make(map[string]*Operation, len(table))}
	for i := range table {
		op := &table[i]
		s.operations[op.Name] = &Operation{
			Name: op.Name, Unsigned: op.Unsigned, Errors: op.Errors, ResultWrapper: op.ResultWrapper, HTTP: op.HTTP,
			Decode: op.Decode, resource: op.Resource,
			invoke: func(ctx context.Context, in any) (rt.StructEncoder, error) { return op.Invoke(ctx, impl, in) },
		}
	}
	s.addRoutes()
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
