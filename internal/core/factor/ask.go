package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/directory"
	"cognate/internal/core/guard"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
)

// Ask is one challenge of this room within a sign-in: SMS_MFA, EMAIL_OTP, SMS_OTP or SOFTWARE_TOKEN_MFA.
type Ask struct {
	Pool      *pool.Pool
	Client    *pool.Client
	User      *directory.User
	Challenge cognitoidp.ChallengeNameType
	// First marks the first factor of USER_AUTH; EMAIL_OTP is a second factor otherwise.
	First bool
	// Recovery lets a recovery code of the user stand in for the code.
	Recovery bool
	// Session is the id of the session that the answer comes with (challenge.State.ID): a code is good for that
	// session alone.
	Session string
	// Metadata is the ClientMetadata of the request, for a CustomMessage function.
	Metadata map[string]string
	// Pretend marks a user who does not exist: all work is done and nothing is sent. User then holds what is answered:
	// the ghost's sub, user name and the made-up address.
	Pretend bool
	// Asker is who asks, as the account knows them.
	Asker guard.Asker
}

// perHour bounds the codes that are sent to one user by one medium within an hour.
const perHour = 20

// Challenge poses the challenge in tx and returns its ChallengeParameters. Codes go out when tx commits and live as long
// as a session of the client. Run the transaction within message.Compose, which asks CustomMessage functions. ErrNotSetUp, ErrLimited and ErrUndeliverable mean that nothing was sent.
func (f *Factors) Challenge(ctx context.Context, tx *db.Tx, a Ask) (map[string]string, error) {
	params := map[string]string{}
	if !a.First {
		params["USER_ID_FOR_SRP"] = a.User.Username
	}
	attribute := attributeOf(string(a.Challenge))
	if attribute == "" {
		return params, f.nameToken(tx, a, params)
	}
	to := code.Destination{Attribute: attribute, Value: a.User.Attributes[attribute]}
	if to.Value == "" {
		return nil, ErrNotSetUp
	}
	if err := f.send(ctx, tx, a, to); err != nil {
		return nil, err
	}
	details := message.DeliveryDetails(attribute, to.Value)
	params["CODE_DELIVERY_DELIVERY_MEDIUM"] = string(*details.DeliveryMedium)
	params["CODE_DELIVERY_DESTINATION"] = *details.Destination
	return params, nil
}

// nameToken adds the name that the user gave the software token.
func (f *Factors) nameToken(tx *db.Tx, a Ask, params map[string]string) error {
	row, err := readSoftware(tx, a.Pool.ID, a.User.Sub)
	if err == nil && len(row.seed) == 0 {
		err = ErrNotSetUp
	}
	if err == nil && row.name != "" {
		params["FRIENDLY_DEVICE_NAME"] = row.name
	}
	return err
}

// send issues the code of a session and queues its message.
func (f *Factors) send(ctx context.Context, tx *db.Tx, a Ask, to code.Destination) error {
	medium := message.MediumOf(to.Attribute)
	err := f.Codes.Limit(tx, a.Pool.ID, a.account(), "factor/"+string(medium), perHour, time.Hour)
	if errors.Is(err, code.ErrLimited) {
		return ErrLimited
	}
	if err != nil {
		return err
	}
	secret, err := f.Codes.Issue(tx, a.Pool.ID, a.User.Sub, a.kind(), to, a.Client.AuthSession())
	if err != nil {
		return err
	}
	deliver := f.Messages.Send
	if a.Pretend {
		deliver = f.Messages.Pretend
	}
	err = deliver(ctx, tx, message.Outgoing{
		PoolID: a.Pool.ID, Config: a.Pool.Config, MFA: a.Pool.MFA, ClientID: a.Client.ID, Kind: message.Authentication,
		Medium: medium, Sub: a.User.Sub, Username: a.User.Username, To: to.Value, Code: secret,
		Attributes: directory.EventAttributes(a.Pool, a.User), Metadata: a.Metadata,
	})
	if errors.Is(err, message.ErrNoTransport) {
		obs.Cause(ctx, "%v", err)
		return fmt.Errorf("%w: %s", ErrUndeliverable, medium)
	}
	return err
}

// account is whose codes and failures are counted. First factors are counted apart: nobody has proven anything there,
// and whoever asks for codes or guesses must not keep the user from the second factor. So are those from where the user has proven
// themselves before.
func (a Ask) account() string {
	if a.First {
		return a.Asker.Of(a.User.Sub + "/first")
	}
	return a.Asker.Of(a.User.Sub)
}

// kind tells the codes of first and second factor apart, and those of different sessions.
func (a Ask) kind() code.Kind {
	k := code.Mfa
	if a.First && a.Challenge == cognitoidp.ChallengeNameTypeEmailOtp {
		k = code.EmailOTP
	}
	return k.In(a.Session + "/" + string(a.Challenge))
}

// AnswerOf returns the code among the ChallengeResponses of a challenge of this room, "" when there is none.
func AnswerOf(name cognitoidp.ChallengeNameType, responses map[string]string) string {
	keys := []string{string(name) + "_CODE"}
	if name == cognitoidp.ChallengeNameTypeEmailOtp {
		keys = append(keys, "EMAIL_MFA_CODE")
	}
	for _, k := range keys {
		if v := responses[k]; v != "" {
			return v
		}
	}
	return ""
}

// Verify redeems the answer to a challenge in tx and returns the method that it proves (amr). Commit the transaction for
// the sentinels of this room too. A code proves the address it was sent to: the user's attribute is verified by it. A
// wrong recovery code is a wrong code: it counts and is refused as one.
func (f *Factors) Verify(tx *db.Tx, a Ask, text string) (method string, err error) {
	prove, err := f.proof(tx, a, text)
	if err != nil {
		return "", err
	}
	err = f.guarded(tx, a.Pool.ID, a.account(), func() error {
		method = AMRRecovery
		if recovered, err := f.redeemRecovery(tx, a, text); recovered || err != nil {
			return err
		}
		method = methodOf(string(a.Challenge))
		return prove()
	})
	return method, err
}

// proof is the verification of the code that a challenge asks for. ErrNotSetUp when the user lacks the factor.
func (f *Factors) proof(tx *db.Tx, a Ask, text string) (func() error, error) {
	if attributeOf(string(a.Challenge)) == "" {
		return f.proofTOTP(tx, a.Pool, a.User, text)
	}
	return func() error {
		proven, err := f.Codes.Verify(tx, a.Pool.ID, a.User.Sub, a.kind(), text)
		switch {
		case errors.Is(err, code.ErrMismatch):
			return ErrMismatch
		case errors.Is(err, code.ErrTooMany):
			return ErrTooMany
		case errors.Is(err, code.ErrExpired):
			return ErrExpired
		case err != nil:
			return err
		case a.Pretend:
			return ErrMismatch
		}
		return f.reached(tx, a, proven)
	}, nil
}

// reached notes that a user has received a message: the address is verified from now on, unless that would make it
// somebody else's alias. ErrExpired when the user has another address by now.
func (f *Factors) reached(tx *db.Tx, a Ask, at code.Destination) error {
	u, err := f.Directory.BySub(tx, a.Pool, a.User.Sub)
	if errors.Is(err, directory.ErrUserNotFound) {
		return ErrExpired
	}
	if err != nil {
		return err
	}
	if u.Attributes[at.Attribute] != at.Value {
		return ErrExpired
	}
	flag := at.Attribute + "_verified"
	if u.Attributes[flag] == "true" {
		return nil
	}
	if a.Pool.AliasAttrs.Has(at.Attribute) {
		holder, err := f.Directory.Resolve(tx, a.Pool, at.Value)
		if err == nil && holder.Sub != u.Sub {
			return nil
		}
		if err != nil && !errors.Is(err, directory.ErrUserNotFound) {
			return err
		}
	}
	u.Attributes[flag] = "true"
	return f.Directory.Save(tx, a.Pool, u)
}
