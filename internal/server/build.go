package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cognate/internal/api/cognitoidp"
	iamapi "cognate/internal/api/iam"
	kmsapi "cognate/internal/api/kms"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/base/arn"
	"cognate/internal/base/clock"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/jose"
	"cognate/internal/base/keyring"
	"cognate/internal/base/lambda"
	"cognate/internal/base/shed"
	"cognate/internal/config"
	"cognate/internal/core/branding"
	"cognate/internal/core/clientdoc"
	"cognate/internal/core/kms"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/server/seed"
	"cognate/internal/wire"
	"cognate/internal/wire/awsjson"
	"cognate/internal/wire/awsquery"
	"cognate/internal/wire/restjson"
)

// keysAhead is how many RSA keys wait for the next pools, two for each.
const keysAhead = 4

// app is an assembled server.
type app struct {
	settings  config.Settings
	addresses pool.Addresses
	log       *slog.Logger
	clock     *clock.Clock
	metrics   *metrics
	stop      context.CancelFunc // ends what runs in the background
	made      *jose.KeySource
	leaving   chan struct{} // closed when the listener is shut down
	readiness *readiness
	gate      shed.Gate // of API requests and of pages

	certificate *certificate // nil without TLS
	domainCerts *domainCerts // nil without a folder of them

	existing  bool // a command's: the database and the key must be there
	db        *db.DB
	kek       keyring.KEK
	keys      *keyring.Keyring
	functions *lambda.Router
	*rooms.Rooms

	dataLock sync.Mutex // one at a time applies files or takes the data back to the start
	seeded   *seed.File // see seededFile
	// When the files of --seed and --functions that were applied last had been
	// written: what is newer is an edit.
	seedApplied, functionsApplied time.Time
}

// build opens the store and makes the rooms. The caller closes the app.
func build(ctx context.Context, s config.Settings, log *slog.Logger) (*app, error) {
	return assemble(ctx, &app{settings: s, log: log})
}

// assemble fills an app that knows only what was asked for.
func assemble(ctx context.Context, a *app) (*app, error) {
	a.addresses = pool.NewAddresses(a.settings.PublicURL).WithLoginDomain(a.settings.LoginDomain)
	a.clock, a.metrics, a.leaving = clock.System(), newMetrics(), make(chan struct{})
	ctx, a.stop = context.WithCancel(ctx)
	a.made = jose.NewKeySource(keysAhead)
	if err := a.openStore(ctx); err != nil {
		a.close()
		return nil, err
	}
	a.metrics.registry.MustRegister(figures{a})
	a.readiness = &readiness{write: a.db.Writable, log: a.log}
	if err := a.buildRooms(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) buildRooms() error {
	s := a.settings
	a.functions = lambda.NewRouter(a.functionOptions())
	c := rooms.Config{
		DB: a.db, Keys: a.keys, Clock: a.clock, Log: a.log,
		Region: arn.Region(s.Region), Account: s.Account, Addresses: a.addresses,
		RootAccessKeyID: s.RootAccessKeyID, RootSecret: s.RootSecretAccessKey, Dev: s.Mode == config.Dev, AuditRetention: s.AuditRetention,
		Made: a.made, Functions: a.functions,
		Web:       httpkit.ClientOptions{AllowLocal: s.Mode == config.Dev, AllowHTTP: s.Mode == config.Dev},
		Documents: clientdoc.NewClient(httpkit.ClientOptions{AllowLocal: s.Mode == config.Dev}),
	}
	if err := a.transports(&c); err != nil {
		return err
	}
	if err := a.limits(&c); err != nil {
		return err
	}
	var err error
	if a.Rooms, err = rooms.Build(c); err != nil {
		return err
	}
	a.metrics.outbox(a.Messages.Figures)
	return nil
}

// large are the operations whose requests may be larger than all others: those that bring images.
var large = map[string]int64{
	cognitoidp.Info.TargetPrefix + ".CreateManagedLoginBranding": branding.MaxRequest,
	cognitoidp.Info.TargetPrefix + ".UpdateManagedLoginBranding": branding.MaxRequest,
}

// apiHandler binds the operations to the wire.
func (a *app) apiHandler() (*wire.Server, error) {
	registry, err := wire.NewRegistry(
		wire.NewService[cognitoidp.Service](cognitoidp.Info, "InvalidParameterException", cognitoidp.Operations, a.API),
		wire.NewService[kmsapi.Service](kmsapi.Info, "ValidationException", kmsapi.Operations, kms.Ops{Keys: a.KMS}),
		wire.NewService[iamapi.Service](iamapi.Info, "ValidationError", iamapi.Operations, a.Access()),
		wire.NewService[stsapi.Service](stsapi.Info, "ValidationError", stsapi.Operations, a.TokenService()),
	)
	if err != nil {
		return nil, err
	}
	proxies, err := httpkit.ParseProxies(a.settings.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	names, err := a.settings.Names()
	if err != nil {
		return nil, fmt.Errorf("--allowed-hosts: %w", err)
	}
	callers := newCallers(a.settings, names, a.Rooms)
	return wire.NewServer(wire.Options{
		Registry: registry, Protocols: []wire.Protocol{awsjson.Protocol{}, awsquery.Protocol{}, restjson.Protocol{}},
		Authenticator: callers, Authorizer: callers, Auditor: auditor{a}, Gate: &a.gate, Metrics: a.metrics, Log: a.log, ClientIP: proxies.ClientIP, Around: a.around,
		Offers: callers.Offers, Large: large,
	})
}

// close stops the background work and closes the store.
func (a *app) close() {
	a.stop()
	if a.Rooms != nil {
		a.Stop()
	}
	if a.functions != nil {
		a.functions.Close()
	}
	if a.db != nil {
		if err := a.db.Close(); err != nil {
			a.log.Error("close database", "error", err)
		}
	}
}
