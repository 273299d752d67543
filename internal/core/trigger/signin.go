package trigger

import (
	"context"

	"cognate/internal/api/cognitoidp"
)

// Begins reports whether a function runs before sign-ins.
func (t *Triggers) Begins(s *Subject) bool {
	f := s.config().PreAuthentication
	return f != nil && *f != ""
}

// PreAuthentication asks whether a sign-in may go on, before the credential is
// checked. validation is the ClientMetadata of InitiateAuth.
func (t *Triggers) PreAuthentication(ctx context.Context, s *Subject, validation map[string]string) error {
	_, err := t.invoke(ctx, call{
		name: "PreAuthentication", arn: s.config().PreAuthentication,
		source: "PreAuthentication_Authentication", subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			ValidationData map[string]string `json:"validationData"`
			UserNotFound   *bool             `json:"userNotFound,omitempty"`
		}{s.attributes(), validation, s.notFound()},
	}, &struct{}{})
	return err
}

// PostAuthentication tells that every factor was proven, before tokens leave.
func (t *Triggers) PostAuthentication(ctx context.Context, s *Subject, newDevice bool) error {
	_, err := t.invoke(ctx, call{
		name: "PostAuthentication", arn: s.config().PostAuthentication,
		source: "PostAuthentication_Authentication", subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			NewDeviceUsed  bool              `json:"newDeviceUsed"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
		}{s.attributes(), newDevice, s.Metadata},
	}, &struct{}{})
	return err
}

// Sources of UserMigration.
const (
	MigrationAuthentication = "UserMigration_Authentication"
	MigrationForgotPassword = "UserMigration_ForgotPassword"
)

// Migrated is the user that UserMigration returned.
type Migrated struct {
	Attributes  map[string]string `json:"userAttributes"`
	ForceAlias  *bool             `json:"forceAliasCreation"`
	SMSMFA      *bool             `json:"enableSMSMFA"`
	FinalStatus *string           `json:"finalUserStatus"`
	Action      *string           `json:"messageAction"`
	Mediums     []string          `json:"desiredDeliveryMediums"`
}

// Confirmed reports whether the password that was typed becomes the user's.
func (m *Migrated) Confirmed() bool {
	return m.FinalStatus != nil && *m.FinalStatus == string(cognitoidp.UserStatusTypeConfirmed)
}

// Migrates reports whether the pool has a UserMigration function.
func (t *Triggers) Migrates(s *Subject) bool {
	f := s.config().UserMigration
	return f != nil && *f != ""
}

// UserMigration asks for a user that the pool does not know. Subject.Username
// is the name as it was typed; password is "" for a forgotten one.
func (t *Triggers) UserMigration(ctx context.Context, source string, s *Subject, password string, validation map[string]string) (*Migrated, error) {
	m := &Migrated{}
	_, err := t.invoke(ctx, call{
		name: "UserMigration", arn: s.config().UserMigration, source: source, subject: s,
		request: struct {
			Password       string            `json:"password,omitempty"`
			ValidationData map[string]string `json:"validationData"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
		}{password, validation, s.Metadata},
	}, m)
	return m, err
}

// ChangesTokens reports whether the pool has a PreTokenGeneration function.
func (t *Triggers) ChangesTokens(s *Subject) bool {
	arn, _ := s.preToken()
	return arn != nil && *arn != ""
}

// Concludes reports whether any function runs between the last proof of a
// sign-in and its tokens.
func (t *Triggers) Concludes(s *Subject) bool {
	f := s.config().PostAuthentication
	return f != nil && *f != "" || t.ChangesTokens(s)
}
