package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"cognate/internal/base/srp"
	"cognate/internal/testkit/softkey"
)

// errExhausted ends a path early: every code of the moment is used.
var errExhausted = errors.New("every code of the moment is used")

const (
	// perSecond is how many people have a software token for each second that a path is driven. A code is good once, and
	// three codes are good at a time, of which setting up takes the oldest.
	perSecond = 300
	// keyHolders is how many people have a passkey.
	keyHolders = 50
	rpID       = "example.com"
)

// factors is a pool of its own whose people sign in by software token and by passkey.
type factors struct {
	pool, client string
	tokens       []*person
	keys         []*person

	mu   sync.Mutex
	next int // of tokens
}

// person is somebody with a factor.
type person struct {
	name string
	seed []byte
	used int64 // last time step whose code was sent
	key  *softkey.Authenticator
}

// newFactors makes the pool and lets people set their factors up, several at a time.
func newFactors(ctx context.Context, s *process, o options) (*factors, error) {
	f := &factors{}
	made, err := s.call("CreateUserPool", object{
		"PoolName": "factors",
		"Policies": object{"SignInPolicy": object{"AllowedFirstAuthFactors": []string{"PASSWORD", "WEB_AUTHN"}}},
	})
	if err != nil {
		return nil, err
	}
	f.pool = text(made, "UserPool", "Id")
	if _, err := s.call("SetUserPoolMfaConfig", object{
		"UserPoolId": f.pool, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": object{"Enabled": true},
		"WebAuthnConfiguration": object{"RelyingPartyId": rpID},
	}); err != nil {
		return nil, err
	}
	client, err := s.call("CreateUserPoolClient", object{
		"UserPoolId": f.pool, "ClientName": "bench",
		"ExplicitAuthFlows": []string{
			"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		},
	})
	if err != nil {
		return nil, err
	}
	f.client = text(client, "UserPoolClient", "ClientId")
	for i := range max(50, int(o.duration.Seconds()*perSecond)) {
		f.tokens = append(f.tokens, &person{name: fmt.Sprintf("token%06d", i)})
	}
	for i := range keyHolders {
		f.keys = append(f.keys, &person{name: fmt.Sprintf("key%06d", i), key: softkey.New(rpID, "https://"+rpID)})
	}
	return f, together(ctx, o.workers, append(append([]*person(nil), f.keys...), f.tokens...), func(p *person) error { return f.settle(s, p) })
}

// together runs fn for everybody on several goroutines.
func together(ctx context.Context, workers int, people []*person, fn func(*person) error) error {
	work := make(chan *person)
	failed := make(chan error, workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for p := range work {
				if err := fn(p); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	var err error
	for _, p := range people {
		select {
		case work <- p:
			continue
		case err = <-failed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		break
	}
	close(work)
	group.Wait()
	select {
	case late := <-failed:
		err = errors.Join(err, late)
	default:
	}
	return err
}

// settle makes a user and sets the factor up by an access token, as people do.
func (f *factors) settle(s *process, p *person) error {
	if _, err := s.call("AdminCreateUser", object{"UserPoolId": f.pool, "Username": p.name, "MessageAction": "SUPPRESS"}); err != nil {
		return err
	}
	if _, err := s.call("AdminSetUserPassword", object{
		"UserPoolId": f.pool, "Username": p.name, "Password": userPassword, "Permanent": true,
	}); err != nil {
		return err
	}
	in, err := s.call("InitiateAuth", f.byPassword(p))
	if err != nil {
		return err
	}
	token := text(in, "AuthenticationResult", "AccessToken")
	if p.key != nil {
		return f.enrol(s, p, token)
	}
	secret, err := s.call("AssociateSoftwareToken", object{"AccessToken": token})
	if err != nil {
		return err
	}
	if p.seed, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text(secret, "SecretCode")); err != nil {
		return err
	}
	p.used = step(time.Now().Add(2*time.Second)) - 1 // the oldest code that is still good when it arrives
	if _, err := s.call("VerifySoftwareToken", object{"AccessToken": token, "UserCode": totp(p.seed, p.used)}); err != nil {
		return err
	}
	_, err = s.call("SetUserMFAPreference", object{
		"AccessToken": token, "SoftwareTokenMfaSettings": object{"Enabled": true, "PreferredMfa": true},
	})
	return err
}

func (f *factors) enrol(s *process, p *person, token string) error {
	begun, err := s.call("StartWebAuthnRegistration", object{"AccessToken": token})
	if err != nil {
		return err
	}
	options, err := json.Marshal(begun["CredentialCreationOptions"])
	if err != nil {
		return err
	}
	credential, err := p.key.Register(string(options))
	if err != nil {
		return err
	}
	_, err = s.call("CompleteWebAuthnRegistration", object{"AccessToken": token, "Credential": json.RawMessage(credential)})
	return err
}

// take returns somebody with a code that is not used yet.
func (f *factors) take() (p *person, code string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := step(time.Now())
	for range f.tokens {
		p = f.tokens[f.next%len(f.tokens)]
		f.next++
		if at := max(p.used+1, now); at <= now+1 {
			p.used = at
			return p, totp(p.seed, at), nil
		}
	}
	return nil, "", errExhausted
}

func (f *factors) byPassword(p *person) object {
	return object{
		"ClientId": f.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": object{"USERNAME": p.name, "PASSWORD": userPassword},
	}
}

// signInPlainTOTP is USER_PASSWORD_AUTH and SOFTWARE_TOKEN_MFA.
func signInPlainTOTP(w *world, _, _ int) error {
	p, code, err := w.factors.take()
	if err != nil {
		return err
	}
	asked, err := w.server.call("InitiateAuth", w.factors.byPassword(p))
	if err != nil {
		return err
	}
	return w.answerTOTP(asked, p, code)
}

// signInSRPTOTP is USER_SRP_AUTH, PASSWORD_VERIFIER and SOFTWARE_TOKEN_MFA.
func signInSRPTOTP(w *world, _, _ int) error {
	p, code, err := w.factors.take()
	if err != nil {
		return err
	}
	asked, err := proveSRP(w.server, w.factors.pool, w.factors.client, p.name)
	if err != nil {
		return err
	}
	return w.answerTOTP(asked, p, code)
}

func (w *world) answerTOTP(asked object, p *person, code string) error {
	return finished(w.server.call("RespondToAuthChallenge", object{
		"ClientId": w.factors.client, "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": asked["Session"],
		"ChallengeResponses": object{"USERNAME": p.name, "SOFTWARE_TOKEN_MFA_CODE": code},
	}))
}

// signInPasskey is USER_AUTH and WEB_AUTHN.
func signInPasskey(w *world, worker, i int) error {
	p := w.factors.keys[(worker*31+i)%len(w.factors.keys)]
	asked, err := w.server.call("InitiateAuth", object{
		"ClientId": w.factors.client, "AuthFlow": "USER_AUTH",
		"AuthParameters": object{"USERNAME": p.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
	})
	if err != nil {
		return err
	}
	credential, err := p.key.Answer(text(asked, "ChallengeParameters", "CREDENTIAL_REQUEST_OPTIONS"))
	if err != nil {
		return err
	}
	return finished(w.server.call("RespondToAuthChallenge", object{
		"ClientId": w.factors.client, "ChallengeName": "WEB_AUTHN", "Session": asked["Session"],
		"ChallengeResponses": object{"USERNAME": p.name, "CREDENTIAL": credential},
	}))
}

// finished holds that a sign-in ended with tokens.
func finished(out object, err error) error {
	if err == nil && text(out, "AuthenticationResult", "AccessToken") == "" {
		err = fmt.Errorf("no tokens but %v", out["ChallengeName"])
	}
	return err
}

// proveSRP signs in by SRP and returns the second answer.
func proveSRP(s *process, pool, client, name string) (object, error) {
	c, err := srp.NewShortClient(rand.Reader, 32)
	if err != nil {
		return nil, err
	}
	first, err := s.call("InitiateAuth", object{
		"ClientId": client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": object{"USERNAME": name, "SRP_A": c.A()},
	})
	if err != nil {
		return nil, err
	}
	param := func(k string) string { return text(first, "ChallengeParameters", k) }
	signature, at, err := c.Answer(pool[len("us-east-1_"):], userPassword, srp.Challenge{
		B: param("SRP_B"), Salt: param("SALT"), SecretBlock: param("SECRET_BLOCK"), Identity: param("USER_ID_FOR_SRP"),
	}, time.Now())
	if err != nil {
		return nil, err
	}
	return s.call("RespondToAuthChallenge", object{
		"ClientId": client, "ChallengeName": "PASSWORD_VERIFIER", "Session": first["Session"],
		"ChallengeResponses": object{
			"USERNAME": param("USER_ID_FOR_SRP"), "PASSWORD_CLAIM_SECRET_BLOCK": param("SECRET_BLOCK"),
			"PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": at,
		},
	})
}

// step numbers the half minute of a moment.
func step(at time.Time) int64 { return at.Unix() / 30 }

// totp is the code of a seed in a time step (RFC 6238, six digits by SHA-1).
func totp(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// text walks nested objects of an answer; "" when there is no such text.
func text(o object, keys ...string) string {
	var at any = o
	for _, k := range keys {
		m, _ := at.(object)
		at = m[k]
	}
	s, _ := at.(string)
	return s
}
