package rt

// MapForm names the parts of a map outside JSON. Entry is "" for a flattened
// map, whose entries carry the name of the member.
type MapForm struct{ Entry, Key, Value string }

// PlainMap are the names of a map whose model says nothing else.
var PlainMap = MapForm{Entry: "entry", Key: "key", Value: "value"}

// PlainItem is the name of a list element whose model says nothing else.
const PlainItem = "member"

// HTTP is where an operation stands in a REST protocol.
type HTTP struct {
	Method string
	// Path is a template: /identitypools/{IdentityPoolId}/events; {Name+} takes
	// the rest of the path.
	Path   string
	Status int // of a success
	// Payload is the input member that is the whole body, "" for none.
	Payload string
	// Bytes says that the payload is a blob and taken as it is, not as JSON.
	Bytes bool
	// Head are the input members that stand in the head.
	Head []HeadMember
}

// Location is a part of the head of a request.
type Location string

// The locations of members in the head.
const (
	InPath    Location = "uri"
	InQuery   Location = "querystring"
	InHeader  Location = "header"
	InHeaders Location = "headers" // a map: all headers with the name as their prefix
)

// HeadMember is an input member in the head; Key is what the decoder knows it
// by, Name what stands in the request.
type HeadMember struct {
	Key, Name string
	In        Location
	Many      bool // a list
}

// Info is what a model says about a service as a whole.
type Info struct {
	Name         string // in ARNs, actions and signing scopes: cognito-idp
	Protocol     string // json, query or rest-json
	JSONVersion  string // 1.0 or 1.1, of the json protocol
	TargetPrefix string // of X-Amz-Target, of the json protocol
	APIVersion   string // the query protocol's Version
	XMLNamespace string // of the query protocol
}
