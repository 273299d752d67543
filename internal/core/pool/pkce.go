package pool

// TagProofKey is the tag that refuses authorization requests without a PKCE challenge, beyond what Cognito offers (RFC 9700
// section 2.1.1): "required", or "optional", which is the default.
const TagProofKey = "cognate:pkce"

const (
	proofKeyRequired = "required"
	proofKeyOptional = "optional"
)

// ProofKeyRequired reports whether codes are issued to requests with a PKCE challenge only, and no tokens without a code.
func (p *Pool) ProofKeyRequired() bool { return p.Config.UserPoolTags[TagProofKey] == proofKeyRequired }

// badProofKey explains why the tag cannot be read; empty when it can.
func badProofKey(tags map[string]string) string {
	switch tags[TagProofKey] {
	case "", proofKeyRequired, proofKeyOptional:
		return ""
	}
	return "The tag " + TagProofKey + " must be required or optional, not " + tags[TagProofKey]
}
