package cli

import "cognate/internal/config"

// limitFlags are the budgets of strangers. Their defaults suit a server that faces the world.
type limitFlags struct {
	Limits              string   `default:"auto" enum:"auto,on,off" help:"Budgets of guesses, sign-ups and messages by source, destination and pool; auto is on in serve and off in dev."`
	SourceFailures      string   `name:"limit-source-failures" default:"100/h" help:"Wrong passwords, codes and client secrets of one address (IPv6: /64); 100/h, or off." placeholder:"RATE"`
	SourceSignUps       string   `name:"limit-source-sign-ups" default:"50/h" help:"Sign-ups of one address." placeholder:"RATE"`
	SourceMessages      string   `name:"limit-source-messages" default:"50/h" help:"Messages that one address has sent." placeholder:"RATE"`
	DestinationMessages string   `name:"limit-destination-messages" default:"10/h" help:"Messages that strangers have sent to one mailbox or phone number." placeholder:"RATE"`
	PoolFailures        string   `name:"limit-pool-failures" default:"36000/h" help:"Wrong passwords, codes and client secrets of strangers in one pool." placeholder:"RATE"`
	PoolSignUps         string   `name:"limit-pool-sign-ups" default:"36000/h" help:"Sign-ups in one pool." placeholder:"RATE"`
	PoolMessages        string   `name:"limit-pool-messages" default:"36000/h" help:"Messages that strangers have sent in one pool." placeholder:"RATE"`
	SharedSources       []string `help:"Addresses or networks that many users share, such as an application's own servers; they have no budget of their own." placeholder:"CIDR"`
}

func (f *limitFlags) settings() config.Limits {
	return config.Limits{
		Switch: f.Limits, SourceFailures: f.SourceFailures, SourceSignUps: f.SourceSignUps, SourceMessages: f.SourceMessages,
		DestinationMessages: f.DestinationMessages, PoolFailures: f.PoolFailures, PoolSignUps: f.PoolSignUps,
		PoolMessages: f.PoolMessages, SharedSources: f.SharedSources,
	}
}
