package trigger

import "context"

// Sources of PreSignUp.
const (
	PreSignUpSignUp          = "PreSignUp_SignUp"
	PreSignUpAdminCreateUser = "PreSignUp_AdminCreateUser"
	PreSignUpExternal        = "PreSignUp_ExternalProvider"
)

// Sources of PostConfirmation.
const (
	PostConfirmationSignUp         = "PostConfirmation_ConfirmSignUp"
	PostConfirmationForgotPassword = "PostConfirmation_ConfirmForgotPassword"
)

// SignUpVerdict is what PreSignUp may decide.
type SignUpVerdict struct {
	AutoConfirm     bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

// PreSignUp asks whether somebody may sign up. Any error denies.
func (t *Triggers) PreSignUp(ctx context.Context, source string, s *Subject, validation map[string]string) (SignUpVerdict, error) {
	var v SignUpVerdict
	_, err := t.invoke(ctx, call{
		name: "PreSignUp", arn: s.config().PreSignUp, source: source, subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			ValidationData map[string]string `json:"validationData"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
		}{s.attributes(), validation, s.Metadata},
	}, &v)
	return v, err
}

// PostConfirmation tells that a user was confirmed or recovered. The change
// stands when the function fails; the error goes to the caller all the same.
func (t *Triggers) PostConfirmation(ctx context.Context, source string, s *Subject) error {
	_, err := t.invoke(ctx, call{
		name: "PostConfirmation", arn: s.config().PostConfirmation, source: source, subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
		}{s.attributes(), s.Metadata},
	}, &struct{}{})
	return err
}

// CustomText is what CustomMessage may say; empty members keep the templates.
type CustomText struct {
	SMS     *string `json:"smsMessage"`
	Email   *string `json:"emailMessage"`
	Subject *string `json:"emailSubject"`
}

// The places of a message that a function must keep.
const (
	CodeParameter     = "{####}"
	LinkParameter     = "{##Click Here##}"
	UsernameParameter = "{username}"
)

// CustomMessage asks for the text of one message. The source is
// CustomMessage_ and the kind of message, e.g. CustomMessage_SignUp.
func (t *Triggers) CustomMessage(ctx context.Context, source string, s *Subject) (*CustomText, error) {
	var username *string
	if source == "CustomMessage_AdminCreateUser" {
		username = new(UsernameParameter)
	}
	text := &CustomText{}
	_, err := t.invoke(ctx, call{
		name: "CustomMessage", arn: s.config().CustomMessage, source: source, subject: s,
		request: struct {
			UserAttributes    map[string]string `json:"userAttributes"`
			CodeParameter     string            `json:"codeParameter"`
			LinkParameter     string            `json:"linkParameter"`
			UsernameParameter *string           `json:"usernameParameter"`
			ClientMetadata    map[string]string `json:"clientMetadata,omitempty"`
		}{s.attributes(), CodeParameter, LinkParameter, username, s.Metadata},
	}, text)
	return text, err
}
