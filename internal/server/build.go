package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"

	"cognate/internal/api/cognitoidp"
	kmsapi "cognate/internal/api/kms"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/job"
	"cognate/internal/base/jose"
	"cognate/internal/base/keyring"
	"cognate/internal/base/lambda"
	"cognate/internal/config"
	"cognate/internal/core/account"
	"cognate/internal/core/challenge"
	"cognate/internal/core/code"
	"cognate/internal/core/device"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/iam"
	"cognate/internal/core/kms"
	"cognate/internal/core/machine"
	"cognate/internal/core/message"
	"cognate/internal/core/pool"
	"cognate/internal/core/session"
	"cognate/internal/core/signin"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
	"cognate/internal/wire"
	"cognate/internal/wire/awsjson"
	"cognate/internal/wire/awsquery"
	"cognate/internal/wire/restjson"
)

// keysAhead is how many RSA keys wait for the next pools, two for each.
const keysAhead = 4

// Migrations are those of all rooms, in the order in which they are applied.
func Migrations() []db.Migration {
	var all []db.Migration
	for _, m := range [][]db.Migration{
		keyring.Migrations, job.Migrations, iam.Migrations, kms.Migrations, pool.Migrations, code.Migrations,
		challenge.Migrations, token.Migrations, message.Migrations, directory.Migrations, device.Migrations, factor.Migrations, signin.Migrations,
	} {
		all = append(all, m...)
	}
	return all
}

// app is an assembled server.
type app struct {
	settings config.Settings
	log      *slog.Logger
	clock    *clock.Clock
	metrics  *metrics
	stop     context.CancelFunc // ends what runs in the background
	made     *jose.KeySource

	db        *db.DB
	keys      *keyring.Keyring
	jobs      *job.Runner
	iam       *iam.Room
	kms       *kms.Keys
	pools     *pool.Pools
	codes     *code.Codes
	sessions  *challenge.Sessions
	tokens    *token.Tokens
	messages  *message.Messages
	users     *directory.Directory
	triggers  *trigger.Triggers
	devices   *device.Devices
	factors   *factor.Factors
	engine    *signin.Engine
	accounts  *account.Accounts
	functions *lambda.Router
	api       userPools
}

// build opens the store and makes the rooms. The caller closes the app.
func build(ctx context.Context, s config.Settings, log *slog.Logger) (*app, error) {
	a := &app{settings: s, log: log, clock: clock.System(), metrics: newMetrics()}
	ctx, a.stop = context.WithCancel(ctx)
	a.made = jose.NewKeySource(keysAhead)
	if err := a.openStore(ctx); err != nil {
		a.close()
		return nil, err
	}
	if err := a.buildRooms(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) buildRooms(ctx context.Context) error {
	s := a.settings
	a.functions = lambda.NewRouter(a.functionOptions())
	a.jobs = job.New(a.db, job.Options{Log: a.log})
	a.iam = iam.New(iam.Deps{
		DB: a.db, Keyring: a.keys, Account: s.Account,
		RootAccessKeyID: s.RootAccessKeyID, RootSecret: s.RootSecretAccessKey,
		AcceptAnyKey: s.Mode == config.Dev,
	})
	a.kms = kms.New(kms.Deps{
		DB: a.db, Keyring: a.keys, Clock: a.clock, Region: s.Region, Account: s.Account, MakeKeys: s.Mode == config.Dev,
	})
	a.pools = pool.New(pool.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Region: s.Region, Account: s.Account,
		OnCreate: []func(*db.Tx, string) error{func(tx *db.Tx, id string) error { return a.tokens.CreateKeys(tx, id) }},
		OnDelete: []func(*db.Tx, string) error{
			func(tx *db.Tx, id string) error { return a.tokens.DropKeys(tx, id) },
			func(tx *db.Tx, id string) error { return a.messages.DeletePool(tx, id) },
		},
		Purge: a.purges(),
		CountUsers: func(ctx context.Context, id string) (int64, error) {
			return a.users.CountUsers(ctx, id)
		},
	})
	a.codes = code.New(code.Deps{Keys: a.keys, Clock: a.clock})
	a.sessions = challenge.New(challenge.Deps{Keys: a.keys, Clock: a.clock})
	a.tokens = token.New(token.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Made: a.made, Issuer: token.Issuer(s.PublicURL),
	})
	a.triggers = trigger.New(a.functions, s.Region)
	if err := a.buildMessages(); err != nil {
		return err
	}
	a.users = directory.New(directory.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Tokens: a.tokens, Codes: a.codes, Messages: a.messages,
		OnDelete: []func(*db.Tx, string, string) error{
			func(tx *db.Tx, pool, sub string) error { return a.factors.Forget(tx, pool, sub) },
			func(tx *db.Tx, pool, sub string) error { return a.devices.Forget(tx, pool, sub) },
		},
	})
	a.factors = factor.New(factor.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Tokens: a.tokens, Sessions: a.sessions,
		Codes: a.codes, Messages: a.messages, Directory: a.users,
	})
	a.devices = device.New(device.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Tokens: a.tokens, Directory: a.users,
	})
	a.engine = signin.New(signin.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Directory: a.users,
		Tokens: a.tokens, Sessions: a.sessions, Triggers: a.triggers, Factors: a.factors, Devices: a.devices,
		Messages: a.messages, Rand: rand.Reader,
	})
	a.accounts = account.New(account.Deps{
		DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Directory: a.users,
		Tokens: a.tokens, Codes: a.codes, Messages: a.messages, Triggers: a.triggers, Engine: a.engine, Rand: rand.Reader,
	})
	a.api = userPools{
		poolOps: poolOps{Pools: a.pools}, directoryOps: directoryOps{Directory: a.users}, tokenOps: tokenOps{Tokens: a.tokens},
		factorOps: factorOps{Factors: a.factors},
		deviceOps: deviceOps{Devices: a.devices},
		signinOps: signinOps{Engine: a.engine}, accountOps: accountOps{Accounts: a.accounts},
		machineOps: machineOps{Room: machine.New(machine.Deps{Pools: a.pools, Tokens: a.tokens, Triggers: a.triggers})},
		sessionOps: sessionOps{Room: session.New(session.Deps{
			DB: a.db, Keys: a.keys, Clock: a.clock, Pools: a.pools, Directory: a.users, Tokens: a.tokens,
		})},
	}
	return nil
}

// apiHandler binds the operations to the wire.
func (a *app) apiHandler() (*wire.Server, error) {
	registry, err := wire.NewRegistry(
		wire.NewService[cognitoidp.Service](cognitoidp.Info, "InvalidParameterException", cognitoidp.Operations, a.api),
		wire.NewService[kmsapi.Service](kmsapi.Info, "ValidationException", kmsapi.Operations, kms.Ops{Keys: a.kms}),
		wire.NewService[stsapi.Service](stsapi.Info, "ValidationError", stsapi.Operations, tokenService{}),
	)
	if err != nil {
		return nil, err
	}
	proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	callers := newCallers(a.settings, a.iam)
	return wire.NewServer(wire.Options{
		Registry: registry, Protocols: []wire.Protocol{awsjson.Protocol{}, awsquery.Protocol{}, restjson.Protocol{}},
		Authenticator: callers, Authorizer: callers, Metrics: a.metrics, Log: a.log, ClientIP: proxies.ClientIP,
	})
}

// close stops the background work and closes the store.
func (a *app) close() {
	a.stop()
	if a.jobs != nil {
		a.jobs.Stop()
	}
	if a.functions != nil {
		a.functions.Close()
	}
	if a.tokens != nil {
		if err := a.tokens.Flush(context.Background()); err != nil {
			a.log.Error("session activity was not written", "error", err)
		}
	}
	if a.db != nil {
		if err := a.db.Close(); err != nil {
			a.log.Error("close database", "error", err)
		}
	}
}
