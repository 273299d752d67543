package rooms

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"cognate/internal/base/arn"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/esdk"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/keyring"
	"cognate/internal/base/lambda"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// Config is what the rooms are built on. DB (opened and migrated with Migrations), Keys, Clock, Region, Account,
// Addresses, Made and Functions are required.
type Config struct {
	DB    *db.DB
	Keys  *keyring.Keyring
	Clock *clock.Clock
	Log   *slog.Logger // nothing is logged when nil
	Rand  io.Reader    // crypto/rand when nil

	// Region is that of resources that no signed request asks for, and Account stands in ARNs.
	Region  arn.Region
	Account string
	// Addresses are where browsers and verifiers of tokens reach the server.
	Addresses pool.Addresses
	// RootAccessKeyID and RootSecret are the operator's choice of a root key; both or neither.
	RootAccessKeyID, RootSecret string
	// Dev relaxes what a laptop does not need: any access key acts as root, and KMS keys are made when a pool names them.
	Dev bool

	// Limits are the budgets of strangers, none when zero; Refused is told the scope of one that refused a request. Addresses
	// in SharedSources are no sources.
	Limits        guard.Limits
	Refused       func(scope string)
	SharedSources []netip.Prefix

	// AuditRetention is how long records of administrative changes are kept; the room's default when 0.
	AuditRetention time.Duration

	// Made yields signing keys that were made ahead.
	Made token.KeySource
	// Web is how the keys of identity providers elsewhere are fetched: the strict client when zero.
	Web httpkit.ClientOptions
	// Documents fetches the metadata documents of clients; the strict client when nil.
	Documents *httpkit.Client
	// Functions reaches the Lambda functions of pools.
	Functions lambda.Invoker

	// Email and SMS are the transports of messages, nil for none; Inbox keeps every message for reading besides.
	Email, SMS message.Sender
	Inbox      bool
	// Catalog are the texts of pools that set none; those that a server comes with when nil.
	Catalog *message.Catalog
	// DataKeys wraps the codes of custom senders; the account's own KMS when nil. Suite is how they are encrypted.
	DataKeys message.DataKeys
	Suite    esdk.Suite
}

// ErrIncomplete says that a required member of Config is not set.
var ErrIncomplete = errors.New("rooms: incomplete configuration")

// complete fills what may be left out and refuses what may not.
func (c *Config) complete() error {
	if c.Log == nil {
		c.Log = obs.Discard()
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	for _, m := range []struct {
		name string
		have bool
	}{
		{"DB", c.DB != nil}, {"Keys", c.Keys != nil}, {"Clock", c.Clock != nil}, {"Region", c.Region != ""},
		{"Account", c.Account != ""}, {"Addresses", c.Addresses.Known()}, {"Made", c.Made != nil}, {"Functions", c.Functions != nil},
	} {
		if !m.have {
			return fmt.Errorf("%w: %s is missing", ErrIncomplete, m.name)
		}
	}
	return nil
}
