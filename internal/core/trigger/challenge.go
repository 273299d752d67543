package trigger

import "context"

// Step is one finished step of a custom sign-in, as Define and Create see it.
type Step struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"` // of CUSTOM_CHALLENGE only, else null
}

// Decision is what DefineAuthChallenge answers: exactly one of a challenge,
// tokens, or failure.
type Decision struct {
	Challenge *string `json:"challengeName"`
	Issue     *bool   `json:"issueTokens"`
	Fail      *bool   `json:"failAuthentication"`
}

// DefineAuthChallenge asks what comes next in a custom sign-in.
func (t *Triggers) DefineAuthChallenge(ctx context.Context, s *Subject, session []Step) (Decision, error) {
	var d Decision
	_, err := t.invoke(ctx, call{
		name: "DefineAuthChallenge", arn: s.config().DefineAuthChallenge,
		source: "DefineAuthChallenge_Authentication", subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			Session        []Step            `json:"session"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
			UserNotFound   *bool             `json:"userNotFound,omitempty"`
		}{s.attributes(), steps(session), s.Metadata, s.notFound()},
	}, &d)
	return d, err
}

// Challenge is what CreateAuthChallenge made.
type Challenge struct {
	Public   map[string]string `json:"publicChallengeParameters"`
	Private  map[string]string `json:"privateChallengeParameters"` // never leaves the server unsealed
	Metadata *string           `json:"challengeMetadata"`
}

// CreateAuthChallenge asks for the parameters of the challenge called name.
func (t *Triggers) CreateAuthChallenge(ctx context.Context, s *Subject, name string, session []Step) (*Challenge, error) {
	c := &Challenge{}
	_, err := t.invoke(ctx, call{
		name: "CreateAuthChallenge", arn: s.config().CreateAuthChallenge,
		source: "CreateAuthChallenge_Authentication", subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			ChallengeName  string            `json:"challengeName"`
			Session        []Step            `json:"session"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
			UserNotFound   *bool             `json:"userNotFound,omitempty"`
		}{s.attributes(), name, steps(session), s.Metadata, s.notFound()},
	}, c)
	return c, err
}

// VerifyAuthChallengeResponse asks whether the answer to a custom challenge is
// right. Anything but a clear yes is a no.
func (t *Triggers) VerifyAuthChallengeResponse(ctx context.Context, s *Subject, private map[string]string, answer string) (bool, error) {
	var v struct {
		Correct *bool `json:"answerCorrect"`
	}
	if private == nil {
		private = map[string]string{}
	}
	_, err := t.invoke(ctx, call{
		name: "VerifyAuthChallengeResponse", arn: s.config().VerifyAuthChallengeResponse,
		source: "VerifyAuthChallengeResponse_Authentication", subject: s,
		request: struct {
			UserAttributes map[string]string `json:"userAttributes"`
			Private        map[string]string `json:"privateChallengeParameters"`
			Answer         string            `json:"challengeAnswer"`
			ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
			UserNotFound   *bool             `json:"userNotFound,omitempty"`
		}{s.attributes(), private, answer, s.Metadata, s.notFound()},
	}, &v)
	return v.Correct != nil && *v.Correct, err
}

// Custom reports whether the pool has the functions of a custom sign-in.
func (t *Triggers) Custom(s *Subject) bool {
	c := s.config()
	return c.DefineAuthChallenge != nil && *c.DefineAuthChallenge != ""
}

// Challenges reports whether the pool can pose and verify custom challenges.
func (t *Triggers) Challenges(s *Subject) bool {
	c := s.config()
	return c.CreateAuthChallenge != nil && *c.CreateAuthChallenge != "" &&
		c.VerifyAuthChallengeResponse != nil && *c.VerifyAuthChallengeResponse != ""
}

func steps(session []Step) []Step {
	if session == nil {
		return []Step{}
	}
	return session
}
