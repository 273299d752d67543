package policy

import "fmt"

// Error is a document that is not a policy. Text is what IAM says; the place is ours, for people who look for the mistake.
type Error struct {
	Text string
	At   Position
}

// Error returns IAM's text.
func (e *Error) Error() string { return e.Text }

// The texts of IAM for policies of identities, as public reports show them.
const (
	textSyntax       = "Syntax errors in policy."
	textVersion      = "Policy document must be version 2012-10-17 or greater."
	textLegacy       = "The policy failed legacy parsing"
	textPrincipal    = "Policy document should not specify a principal."
	textSidUnique    = "Statement IDs (SID) in a single policy must be unique."
	textSidForm      = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	textNoActions    = "Policy statement must contain actions."
	textNoResources  = "Policy statement must contain resources."
	textNoVendor     = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	textOneColon     = "Actions/Condition can contain only one colon."
	textVendor       = "Vendor %s is not valid"
	textARN          = `Resource %s must be in ARN format or "*".`
	textPartition    = `Partition "%s" is not valid for resource "%s".`
	textService      = "Resource vendor must be fully qualified and cannot contain regexes."
	textIAMRegion    = "IAM resource %s cannot contain region information."
	textS3Region     = "Resource %s can not contain region information."
	textIAMPath      = `IAM resource path must either be "*" or start with %s.`
	textInvalidJSON  = "This policy contains invalid Json"
	textUnknown      = "Unknown field %s"
	textMissing      = "Missing required field %s"
	textProhibited   = "Has prohibited field %s"
	textEmpty        = "Missing required field %s cannot be empty!"
	textBadPrincipal = `Invalid principal in policy: "%s":"%s"`
	textOnlyAssume   = "AssumeRole policy may only specify STS AssumeRole actions."
	textBadEffect    = "Invalid effect: %s"
	textBadVersion   = "The policy must contain a valid version string"
	textBadCondition = "Invalid Condition type : %s"
	textBadSyntax    = "Invalid policy syntax."
	textBadResource  = "Policy has invalid resource"
	textNotPrincipal = "Allow with NotPrincipal is not allowed."
)

func invalidPrincipal(kind PrincipalType, value string) string {
	return fmt.Sprintf(textBadPrincipal, kind, value)
}
