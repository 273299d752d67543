package rooms

import (
	"context"

	"cognate/internal/base/db"
	"cognate/internal/base/id"
	"cognate/internal/base/job"
	"cognate/internal/base/oidc"
	"cognate/internal/core/account"
	"cognate/internal/core/audit"
	"cognate/internal/core/authorization"
	"cognate/internal/core/branding"
	"cognate/internal/core/challenge"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/code"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/exchange"
	"cognate/internal/core/factor"
	"cognate/internal/core/guard"
	"cognate/internal/core/iam"
	"cognate/internal/core/kms"
	"cognate/internal/core/lifecycle"
	"cognate/internal/core/machine"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/registration"
	"cognate/internal/core/session"
	"cognate/internal/core/signin"
	"cognate/internal/core/sts"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// Rooms are the rooms of one node.
type Rooms struct {
	API UserPools // the operations of all rooms

	Audit    *audit.Room
	IAM      *iam.Room
	STS      *sts.Room
	KMS      *kms.Keys
	Guard    *guard.Guard
	Pools    *pool.Pools
	Branding *branding.Room
	Codes    *code.Codes
	Sessions *challenge.Sessions
	Tokens   *token.Tokens
	Triggers *trigger.Triggers
	Messages *message.Messages
	Users    *directory.Directory
	Factors  *factor.Factors
	Devices  *device.Devices
	Engine   *signin.Engine
	Accounts *account.Accounts
	Machines *machine.Room
	Requests *authorization.Room
	Visits   *session.Room

	ClientDocs   *clientdoc.Room
	Registration *registration.Room
	Exchange     *exchange.Room

	config Config
	jobs   *job.Runner
	all    []lifecycle.Lifecycle
}

// Build makes the rooms, from the left of the order in internal/archtest to the right. What they do in the background
// begins with Start.
func Build(c Config) (*Rooms, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	r := &Rooms{config: c, jobs: job.New(c.DB, job.Options{Log: c.Log})}
	r.buildLeft()
	r.Users = directory.New(directory.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Tokens: r.Tokens, Codes: r.Codes, Messages: r.Messages, Guard: r.Guard,
		UserGone: r.userGone,
	})
	r.Factors = factor.New(factor.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Tokens: r.Tokens, Sessions: r.Sessions,
		Codes: r.Codes, Messages: r.Messages, Directory: r.Users, Guard: r.Guard, Addresses: c.Addresses,
	})
	r.Devices = device.New(device.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Tokens: r.Tokens, Directory: r.Users,
	})
	r.Engine = signin.New(signin.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Directory: r.Users,
		Tokens: r.Tokens, Sessions: r.Sessions, Triggers: r.Triggers, Factors: r.Factors, Devices: r.Devices,
		Messages: r.Messages, Guard: r.Guard, Rand: c.Rand,
	})
	r.Accounts = account.New(account.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Directory: r.Users,
		Tokens: r.Tokens, Codes: r.Codes, Messages: r.Messages, Triggers: r.Triggers, Engine: r.Engine, Factors: r.Factors, Guard: r.Guard, Rand: c.Rand,
	})
	r.Requests = authorization.New(authorization.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Directory: r.Users, Tokens: r.Tokens, Engine: r.Engine,
		Documents: r.ClientDocs, Addresses: c.Addresses, Rand: c.Rand,
	})
	r.Machines = machine.New(machine.Deps{Pools: r.Pools, Tokens: r.Tokens, Triggers: r.Triggers, Guard: r.Guard})
	r.Visits = session.New(session.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Directory: r.Users, Tokens: r.Tokens,
	})
	r.Registration = registration.New(registration.Deps{Pools: r.Pools, Directory: r.Users, Guard: r.Guard})
	r.Exchange = exchange.New(exchange.Deps{
		DB: c.DB, Pools: r.Pools, Directory: r.Users, Tokens: r.Tokens, Triggers: r.Triggers, Guard: r.Guard,
	})
	r.API = UserPools{
		poolOps: poolOps{Pools: r.Pools}, brandingOps: brandingOps{Room: r.Branding}, directoryOps: directoryOps{Directory: r.Users}, tokenOps: tokenOps{Tokens: r.Tokens},
		factorOps: factorOps{Factors: r.Factors}, deviceOps: deviceOps{Devices: r.Devices},
		signinOps: signinOps{Engine: r.Engine}, accountOps: accountOps{Accounts: r.Accounts},
		machineOps: machineOps{Room: r.Machines},
		sessionOps: sessionOps{Room: r.Visits}, exchangeOps: exchangeOps{Room: r.Exchange}, clientdocOps: clientdocOps{Room: r.ClientDocs},
	}
	r.all = r.lifecycles()
	return r, nil
}

// buildLeft makes the rooms left of the directory, which know no users.
func (r *Rooms) buildLeft() {
	c := r.config
	r.Audit = audit.New(c.DB, c.AuditRetention)
	r.IAM = iam.New(iam.Deps{
		DB: c.DB, Keyring: c.Keys, Account: c.Account, Rand: c.Rand,
		RootAccessKeyID: c.RootAccessKeyID, RootSecret: c.RootSecret, AcceptAnyKey: c.Dev, Secure: c.Addresses.Secure(), Now: c.Clock.Now,
	})
	r.KMS = kms.New(kms.Deps{
		DB: c.DB, Keyring: c.Keys, Clock: c.Clock, Rand: c.Rand, Region: c.Region, Account: c.Account, MakeKeys: c.Dev,
	})
	r.Pools = pool.New(pool.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Region: c.Region, Account: c.Account, Addresses: c.Addresses,
		PoolMade: r.poolMade, PoolGone: r.poolGone, PurgePool: r.purgePool, ClientGone: r.clientGone,
		CountUsers: r.countUsers, Features: r.features,
	})
	r.Guard = guard.New(guard.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Shared: c.SharedSources, Limits: c.Limits, Refused: c.Refused,
	})
	r.Branding = branding.New(branding.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Addresses: c.Addresses, Rand: c.Rand,
	})
	r.Codes = code.New(code.Deps{Keys: c.Keys, Clock: c.Clock})
	r.Sessions = challenge.New(challenge.Deps{Keys: c.Keys, Clock: c.Clock})
	r.Tokens = token.New(token.Deps{
		DB: c.DB, Keys: c.Keys, Clock: c.Clock, Pools: r.Pools, Guard: r.Guard, Made: c.Made, Addresses: c.Addresses,
	})
	r.ClientDocs = clientdoc.New(clientdoc.Deps{DB: c.DB, Keys: c.Keys, Clock: c.Clock, IDs: id.Source{Rand: c.Rand}, Pools: r.Pools, Guard: r.Guard, Client: c.Documents})
	r.STS = sts.New(sts.Deps{
		IAM: r.IAM, Keyring: c.Keys, Account: c.Account, Pools: r.Pools, Tokens: r.Tokens, Addresses: c.Addresses,
		Web: oidc.New(c.Web, nil), Rand: c.Rand, Now: c.Clock.Now,
	})
	r.Triggers = trigger.New(c.Functions)
	if c.DataKeys == nil {
		c.DataKeys = r.KMS
	}
	r.Messages = message.New(message.Deps{
		DB: c.DB, Keyring: c.Keys, Clock: c.Clock, Rand: c.Rand, Log: c.Log, Email: c.Email, SMS: c.SMS, Inbox: c.Inbox,
		Pools: r.Pools, Functions: r.Triggers, Texts: r.Triggers, Limits: r.Codes, Budgets: r.Guard, DataKeys: c.DataKeys, Suite: c.Suite,
		Addresses: c.Addresses, Catalog: c.Catalog,
	})
}

// features names what rooms keep of a pool that a pool on LITE cannot have.
func (r *Rooms) features(tx *db.Tx, poolID string) ([]string, error) {
	return r.ClientDocs.Features(tx, poolID)
}

// countUsers estimates how many users a pool has.
func (r *Rooms) countUsers(ctx context.Context, poolID string) (int64, error) {
	return r.Users.CountUsers(ctx, poolID)
}
