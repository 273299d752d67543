package factor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

const (
	// creationTimeout is how long browsers may wait for the user, in milliseconds.
	creationTimeout = 60_000
	// ceremonyLife is how long a registration can be completed.
	ceremonyLife = 5 * time.Minute
)

// creationOptions is CredentialCreationOptions: PublicKeyCredentialCreationOptionsJSON in the form of Cognito.
type creationOptions struct {
	RP struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"user"`
	Challenge              string         `json:"challenge"`
	PubKeyCredParams       []keyParameter `json:"pubKeyCredParams"`
	Timeout                int            `json:"timeout"`
	ExcludeCredentials     []descriptor   `json:"excludeCredentials"`
	AuthenticatorSelection struct {
		RequireResidentKey bool   `json:"requireResidentKey"`
		ResidentKey        string `json:"residentKey"`
		UserVerification   string `json:"userVerification"`
	} `json:"authenticatorSelection"`
}

type keyParameter struct {
	Type string `json:"type"`
	Alg  int64  `json:"alg"`
}

// StartWebAuthnRegistration implements the AWS operation. The newest registration of a user replaces one under way.
func (o Ops) StartWebAuthnRegistration(ctx context.Context, in *cognitoidp.StartWebAuthnRegistrationRequest) (*cognitoidp.StartWebAuthnRegistrationResponse, error) {
	c, err := o.Directory.Owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	doc, err := o.BeginPasskey(ctx, c)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.StartWebAuthnRegistrationResponse{CredentialCreationOptions: rt.Document(doc)}, nil
}

// BeginPasskey begins to register a passkey of the caller and returns the PublicKeyCredentialCreationOptionsJSON. The errors
// are those of StartWebAuthnRegistration.
func (f *Factors) BeginPasskey(ctx context.Context, c directory.Caller) ([]byte, error) {
	challenge, err := f.newChallenge()
	if err != nil {
		return nil, err
	}
	var options creationOptions
	err = f.Directory.Change(ctx, c, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		if err := passkeysOn(a.Pool); err != nil {
			return err
		}
		rpID, err := f.relyingParty(a.Pool)
		if err != nil {
			return cognitoidp.NewWebAuthnConfigurationMissing("The user pool has neither a relying party id nor a domain.")
		}
		keys, err := f.passkeys(tx, a.Pool.ID, u.Sub)
		if err != nil {
			return err
		}
		if len(keys) >= maxPasskeys {
			return errTooManyPasskeys()
		}
		options = registrationOptions(rpID, verification(a.Pool), challenge, u, keys)
		return putCeremony(tx, a.Pool.ID, u.Sub, begun{
			challenge: digest(challenge), clientID: a.Client.ID, rpID: rpID, verification: verification(a.Pool),
			expires: f.now().Add(ceremonyLife).UnixMilli(),
		})
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

func registrationOptions(rpID, verification, challenge string, u *directory.User, keys []passkey) creationOptions {
	o := creationOptions{Challenge: challenge, Timeout: creationTimeout, ExcludeCredentials: []descriptor{}}
	o.RP.ID, o.RP.Name = rpID, rpID
	o.User.ID = base64.RawURLEncoding.EncodeToString([]byte(u.Sub))
	o.User.Name, o.User.DisplayName = u.Username, u.Username
	for _, a := range algorithms {
		o.PubKeyCredParams = append(o.PubKeyCredParams, keyParameter{string(a.Type), int64(a.Algorithm)})
	}
	for _, k := range keys {
		o.ExcludeCredentials = append(o.ExcludeCredentials, descriptor{Type: "public-key", ID: k.id})
	}
	o.AuthenticatorSelection.RequireResidentKey = true
	o.AuthenticatorSelection.ResidentKey = "required"
	o.AuthenticatorSelection.UserVerification = verification
	return o
}

// CompleteWebAuthnRegistration implements the AWS operation. A challenge that was recognised is used up whatever comes
// of it.
func (o Ops) CompleteWebAuthnRegistration(ctx context.Context, in *cognitoidp.CompleteWebAuthnRegistrationRequest) (*cognitoidp.CompleteWebAuthnRegistrationResponse, error) {
	c, err := o.Directory.Owner(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := o.AddPasskey(ctx, c, in.Credential); err != nil {
		return nil, err
	}
	return &cognitoidp.CompleteWebAuthnRegistrationResponse{}, nil
}

// AddPasskey ends what BeginPasskey began, by a RegistrationResponseJSON. The errors are those of
// CompleteWebAuthnRegistration.
func (f *Factors) AddPasskey(ctx context.Context, access directory.Caller, credential []byte) error {
	got, err := parseRegistration(credential)
	var begun begun
	if failed := f.Directory.As(ctx, f.DB.View, access, func(tx *db.Tx, u *directory.User) (err error) {
		begun, err = readCeremony(tx, access.Pool.ID, u.Sub)
		return err
	}); failed != nil {
		return failed
	}
	if off := passkeysOn(access.Pool); off != nil {
		return off
	}
	if err != nil {
		obs.Cause(ctx, "%v", err)
		return errCredential()
	}
	switch {
	case begun.challenge != digest(got.Response.CollectedClientData.Challenge), begun.expires <= f.now().UnixMilli():
		return errNoChallenge()
	case begun.clientID != access.Client.ID:
		return cognitoidp.NewWebAuthnClientMismatch("The passkey registration was started by another app client.")
	}
	made, refusal := f.made(ctx, access, begun, got)
	err = f.Directory.Change(ctx, access, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		won, err := takeCeremony(tx, a.Pool.ID, u.Sub, begun.challenge)
		switch {
		case err != nil:
			return err
		case !won:
			return errNoChallenge()
		case refusal != nil:
			return nil
		}
		return f.add(ctx, tx, a.Pool, u, made)
	})
	if err == nil {
		err = refusal
	}
	return err
}

// made verifies a registration in the order of AWS's exceptions.
func (f *Factors) made(ctx context.Context, a directory.Caller, b begun, got *registration) (passkey, error) {
	client := got.Response.CollectedClientData
	data := &got.Response.AttestationObject.AuthData
	switch {
	case !allowedOrigin(b.rpID, client.Origin), client.CrossOrigin:
		obs.Cause(ctx, "origin %.100q is not one of %s, or in a frame of another", client.Origin, b.rpID)
		return passkey{}, cognitoidp.NewWebAuthnOriginNotAllowed("The origin of the passkey is not allowed for the relying party.")
	case !rightParty(data, b.rpID):
		return passkey{}, cognitoidp.NewWebAuthnRelyingPartyMismatch("The passkey was made for another relying party.")
	case !supported(got):
		return passkey{}, errUnsupported("algorithm")
	case b.verification == "required" && !data.Flags.HasUserVerified():
		return passkey{}, errUnsupported("lack of user verification")
	}
	k, err := ceremony{rpID: b.rpID, verification: b.verification, sub: a.Access.Sub}.register(got)
	if err != nil {
		obs.Cause(ctx, "%v", err)
		return passkey{}, errCredential()
	}
	k.created = f.now().UnixMilli()
	aaguid, _ := uuid.FromBytes(k.record.AAGUID)
	k.record.Name = friendlyName(aaguid.String(), k.method())
	return k, nil
}

// add stores a passkey. The user's row serializes parallel registrations, so none exceeds the limit.
func (f *Factors) add(ctx context.Context, tx *db.Tx, p *pool.Pool, u *directory.User, k passkey) error {
	if u.MFA.Passkeys >= maxPasskeys {
		return errTooManyPasskeys()
	}
	row, err := f.sealPasskey(ctx, p.ID, u.Sub, k)
	if err != nil {
		return err
	}
	fresh, err := insertPasskey(tx, p.ID, u.Sub, row)
	if err != nil {
		return err
	}
	if !fresh {
		obs.Cause(ctx, "the credential id is registered already")
		return errCredential()
	}
	u.MFA.Passkeys++
	return f.Directory.Save(tx, p, u)
}

// ListWebAuthnCredentials implements the AWS operation, oldest passkey first.
func (o Ops) ListWebAuthnCredentials(ctx context.Context, in *cognitoidp.ListWebAuthnCredentialsRequest) (*cognitoidp.ListWebAuthnCredentialsResponse, error) {
	var keys []passkey
	var access directory.Caller
	err := o.reading(ctx, in.AccessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) (err error) {
		access = a
		keys, err = o.passkeys(tx, a.Pool.ID, u.Sub)
		return err
	})
	if err != nil {
		return nil, err
	}
	keys, next, err := o.page(ctx, access, keys, in)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListWebAuthnCredentialsResponse{Credentials: []cognitoidp.WebAuthnCredentialDescription{}, NextToken: next}
	for _, k := range keys {
		out.Credentials = append(out.Credentials, k.description())
	}
	return out, nil
}

// page cuts the passkeys of a user to the page that was asked for. The cursor is the last passkey of the page before.
func (o Ops) page(ctx context.Context, a directory.Caller, keys []passkey, in *cognitoidp.ListWebAuthnCredentialsRequest) ([]passkey, *string, error) {
	size := maxPasskeys
	if in.MaxResults != nil && *in.MaxResults > 0 {
		size = int(*in.MaxResults)
	}
	tokens := pagetoken.Tokens{Keys: o.Keys, Now: o.now}
	page, err := tokens.Page(ctx, a.Pool.ID, pagetoken.Binding("ListWebAuthnCredentials", a.Access.Sub), in.NextToken, size)
	if errors.Is(err, pagetoken.ErrInvalid) {
		return nil, nil, pool.InvalidNextToken()
	}
	if err != nil {
		return nil, nil, err
	}
	for len(keys) > 0 && keys[0].cursor() <= page.After {
		keys = keys[1:]
	}
	keys, last := pagetoken.Cut(page, keys, passkey.cursor)
	next, err := page.Next(ctx, last)
	return keys, next, err
}

// cursor orders passkeys as text as readPasskeys does.
func (k passkey) cursor() string { return strconv.FormatInt(k.created+1e15, 10) + k.id }

func (k passkey) description() cognitoidp.WebAuthnCredentialDescription {
	d := cognitoidp.WebAuthnCredentialDescription{
		CredentialId: k.id, FriendlyCredentialName: k.record.Name, RelyingPartyId: k.rpID,
		AuthenticatorTransports: k.record.Transports, CreatedAt: rt.TimeFromMillis(k.created),
	}
	if d.AuthenticatorTransports == nil {
		d.AuthenticatorTransports = []string{}
	}
	if k.record.Attachment != "" {
		d.AuthenticatorAttachment = &k.record.Attachment
	}
	return d
}

// DeleteWebAuthnCredential implements the AWS operation. Passkey MFA ends with the last passkey.
func (o Ops) DeleteWebAuthnCredential(ctx context.Context, in *cognitoidp.DeleteWebAuthnCredentialRequest) (*cognitoidp.DeleteWebAuthnCredentialResponse, error) {
	err := o.Directory.AsOwner(ctx, in.AccessToken, func(tx *db.Tx, a directory.Caller, u *directory.User) error {
		had, err := deletePasskey(tx, a.Pool.ID, u.Sub, in.CredentialId)
		if err != nil {
			return err
		}
		if !had {
			return cognitoidp.NewResourceNotFound("WebAuthn credential does not exist.")
		}
		if u.MFA.Passkeys = max(0, u.MFA.Passkeys-1); u.MFA.Passkeys == 0 {
			disable(&u.MFA, webAuthnMFA)
		}
		return o.Directory.Save(tx, a.Pool, u)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteWebAuthnCredentialResponse{}, nil
}

// passkeysOn refuses pools whose users may not begin a sign-in with a passkey.
func passkeysOn(p *pool.Pool) error {
	if p.AllowsFirstFactor(cognitoidp.AuthFactorTypeWebAuthn) {
		return nil
	}
	return cognitoidp.NewWebAuthnNotEnabled("WebAuthn is not enabled for the user pool.")
}

func errCredential() error { return cognitoidp.NewInvalidParameter("Credential data is not valid") }

func errTooManyPasskeys() error {
	return cognitoidp.NewLimitExceeded("A user can have at most 20 passkeys.")
}

func errNoChallenge() error {
	return cognitoidp.NewWebAuthnChallengeNotFound("The challenge of the passkey was not found. Start the registration again.")
}

func errUnsupported(what string) error {
	return cognitoidp.NewWebAuthnCredentialNotSupported("The passkey is not supported: %s.", what)
}
