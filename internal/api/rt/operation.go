package rt

import "context"

// JSONAppender is a value that writes itself as JSON without reflection. All
// generated structures implement it through their pointer type.
type JSONAppender interface {
	AppendJSON(b []byte) []byte
}

// Operation is one row of a service's operation table. S is the service's
// generated Service interface.
type Operation[S any] struct {
	// Name is the AWS operation name.
	Name string
	// Unsigned operations are called without credentials; a signature is ignored.
	Unsigned bool
	// Errors are the exception names that the model declares, in its order.
	Errors []string
	// Resource returns the input member that says which resource the call is
	// about, for cognito-idp a user pool id or an ARN; nil when there is none.
	Resource func(in any) string
	// Decode reads and checks the input. The error is a *SerializationError
	// or a *ValidationError.
	Decode func(*Decoder) (any, error)
	// Invoke calls the operation with what Decode returned. A nil appender
	// without error means that the operation has no output shape.
	Invoke func(ctx context.Context, svc S, in any) (JSONAppender, error)
}
