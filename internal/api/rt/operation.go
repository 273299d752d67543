package rt

import "context"

// Operation is one row of a service's operation table. S is the service's
// generated Service interface.
type Operation[S any] struct {
	// Name is the AWS operation name.
	Name string
	// Unsigned operations are called without credentials; a signature is ignored.
	Unsigned bool
	// Errors are the codes of the exceptions that the model declares, in its order.
	Errors []string
	// HTTP is where a REST protocol finds the operation; nil in the others.
	HTTP *HTTP
	// ResultWrapper is the element around the output in the Query protocol.
	ResultWrapper string
	// Resource returns the input member that says which resource the call is
	// about, for cognito-idp a user pool id or an ARN; nil when there is none.
	Resource func(in any) string
	// Decode reads and checks the input. The error is a *SerializationError
	// or a *ValidationError.
	Decode func(*Decoder) (any, error)
	// Invoke calls the operation with what Decode returned. A nil encoder
	// without error means that the operation has no output shape.
	Invoke func(ctx context.Context, svc S, in any) (StructEncoder, error)
}
