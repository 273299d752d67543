package policy

import "strings"

// guestServices are the prefixes of the services that guests of an identity pool may use in the enhanced flow, of those
// that AWS's guide lists as open to them.
var guestServices = []string{"appsync", "cloudwatch", "codewhisperer", "cognito-identity", "cognito-idp", "cognito-sync",
	"comprehend", "dynamodb", "execute-api", "firehose", "gamelift", "geo", "iot", "kinesisanalytics", "lambda", "lex", "logs",
	"machinelearning", "mobileanalytics", "personalize", "polly", "rekognition", "s3", "sdb", "ses", "sns", "sqs", "transcribe",
	"translate"}

// guestActions are the single actions of other services that the same list opens.
var guestActions = []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "sagemaker:InvokeEndpoint",
	"sumerian:View*", "textract:AnalyzeDocument", "textract:DetectDocumentText"}

// GuestManagedPolicies are the names of AWS's managed policies that Cognito adds to the session of a guest.
var GuestManagedPolicies = []string{"AmazonCognitoUnAuthedIdentitiesSessionPolicy"}

// GuestPolicy is the inline session policy of guests, for an operator to start from: what AWS publishes is the list of
// services, not the document.
func GuestPolicy() string {
	var actions []string
	for _, service := range guestServices {
		actions = append(actions, `"`+service+`:*"`)
	}
	for _, action := range guestActions {
		actions = append(actions, `"`+action+`"`)
	}
	return `{"Version":"` + version2012 + `","Statement":[{"Effect":"Allow","Action":[` + strings.Join(actions, ",") + `],"Resource":"*"}]}`
}

// ScopeDown is the layer of session policies for a guest in the enhanced flow: the operator's inline policy, or the
// default where there is none, together with the managed ones. Either may allow; the role has to allow as well.
func ScopeDown(inline *Policy, managed ...Source) ([]Source, error) {
	if inline == nil {
		var err error
		if inline, err = Parse(GuestPolicy(), Session); err != nil {
			return nil, err
		}
	}
	return append([]Source{{Policy: inline, ID: "guests"}}, managed...), nil
}
