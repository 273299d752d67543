package policy

// Request is what is asked for.
type Request struct {
	Principal Principal
	// Action is the service's prefix and the operation, such as s3:GetObject.
	Action string
	// Resource is the ARN, or "*" for operations that are about no resource.
	Resource string
	// Account owns the resource. Empty means the principal's own.
	Account string
	Context *Context
}

// Source is a policy with the name by which a decision refers to it, and what kind of policy it is to its keeper.
type Source struct {
	Policy   *Policy
	ID, Type string
}

// Sets are the policies that apply to a request.
type Sets struct {
	// Identity are the policies of the user and its groups, or of the role.
	Identity []Source
	// Unlimited is set for a caller who may do what the root of the account may: a session that the root began.
	Unlimited bool
	// Boundary is the permissions boundary, with at most one policy; nil is none.
	Boundary []Source
	// Session are the layers of session policies. Each layer is a union and every layer must allow; a layer without
	// policies allows nothing, as a federated user without a session policy has it.
	Session [][]Source
	// Resource are the policies of the resource itself.
	Resource []Source
	// Alone is set for resources whose own policy has to allow, whatever the identity's says: roles that are assumed.
	Alone bool
}

// Result is the outcome of an evaluation in the words of IAM's simulator.
type Result string

// The results.
const (
	Allowed      Result = "allowed"
	ExplicitDeny Result = "explicitDeny"
	ImplicitDeny Result = "implicitDeny"
)

// Layer is the kind of policy that decided.
type Layer uint8

// The layers in the order in which they are looked at for denials.
const (
	ByIdentity Layer = iota
	ByBoundary
	BySession
	ByResource
	ByRoot // the root of an account, whom no policy has to allow anything
)

// Match is a statement that applies to the request.
type Match struct {
	Layer     Layer
	Source    Source
	Statement int
}

// Decision is the answer to a request.
type Decision struct {
	Result Result
	// Layer is whose statement decided or, for an implicit denial, who would have had to allow.
	Layer Layer
	// Matched are the statements behind the result: one in an Evaluate, all of them in an Explain.
	Matched []Match
	// Layers are the results of the kinds of policies each for itself, of those that there are; only in an Explain.
	Layers map[Layer]Result
}

// Allowed reports whether the request may go on.
func (d *Decision) Allowed() bool { return d.Result == Allowed }

// Evaluate decides a request. It stops where the result is certain.
func Evaluate(r *Request, sets *Sets) Decision {
	e := evaluation{request: r, resource: splitARN(r.Resource)}
	return e.decide(sets)
}

// Explain decides as Evaluate does and names every statement that speaks for the result.
func Explain(r *Request, sets *Sets) Decision {
	e := evaluation{request: r, resource: splitARN(r.Resource), full: true}
	return e.decide(sets)
}
