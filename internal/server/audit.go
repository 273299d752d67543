package server

import (
	"context"
	"os"
	"os/user"
	"reflect"
	"strings"

	"cognate/internal/base/obs"
	"cognate/internal/config"
	"cognate/internal/core/audit"
	"cognate/internal/wire"
)

// readers are the verbs of signed operations that change nothing.
var readers = []string{"Get", "List", "Describe", "AdminGet", "AdminList", "Simulate"}

// unrecorded are the services and operations that are no administration: sign-ins on behalf of a user, and what the keys
// of KMS are for.
var unrecorded = map[string]bool{
	"cognito-idp:AdminInitiateAuth": true, "cognito-idp:AdminRespondToAuthChallenge": true,
	"kms:Encrypt": true, "kms:Decrypt": true, "kms:GenerateDataKey": true, "kms:GenerateDataKeyWithoutPlaintext": true, "kms:ReEncrypt": true,
}

// administers reports whether a signed operation is an administrative change. What is new is one until it is known not to be.
func administers(service, operation string) bool {
	if service == "sts" || unrecorded[service+":"+operation] {
		return false
	}
	for _, verb := range readers {
		if strings.HasPrefix(operation, verb) {
			return false
		}
	}
	return true
}

// auditor fills wire.Auditor: the one place where signed operations meet the record of administrative changes.
type auditor struct{ app *app }

// Begin implements wire.Auditor.
func (a auditor) Begin(ctx context.Context, action wire.Action) (context.Context, func(string, any)) {
	if !administers(action.Service, action.Operation) {
		return ctx, nil
	}
	var out any
	req := obs.From(ctx)
	changing, call := a.app.Audit.Begin(ctx, func() audit.Event {
		e := audit.Event{
			Service: action.Service, Operation: action.Operation, RequestID: req.ID, Principal: req.Principal.ARN,
			AccessKey: req.Principal.AccessKeyID, Region: string(req.Region), Sub: req.User,
			Pool: first(textOf(action.Input, "UserPoolId"), req.Pool, textOf(out, "UserPool", "Id")), Username: textOf(action.Input, "Username"),
			Target: first(textOf(action.Input, "ClientId"), textOf(action.Input, "GroupName"), textOf(action.Input, "Domain"),
				textOf(action.Input, "ResourceArn"), textOf(action.Input, "Identifier"), textOf(action.Input, "KeyId"), entityOf(action)),
		}
		if req.ClientIP.IsValid() {
			e.Source = req.ClientIP.String()
		}
		return e
	})
	return changing, func(outcome string, result any) {
		out = result
		if outcome == "" {
			outcome = audit.OK
		}
		// The change is made, or refused, whatever becomes of its record; the caller's going away does not stop it.
		if err := call.End(context.WithoutCancel(ctx), outcome); err != nil {
			a.app.log.Error("the outcome of an administrative change was not recorded", "requestId", req.ID, "operation", action.Operation,
				"outcome", outcome, "error", err)
		}
	}
}

// entityOf is the user, role or whatever else of IAM an operation is about.
func entityOf(action wire.Action) string {
	if action.Service != "iam" {
		return ""
	}
	for _, member := range []string{"RoleName", "UserName", "PolicyArn", "PolicyName", "OpenIDConnectProviderArn", "SAMLProviderArn", "Url",
		"Name", "SerialNumber", "VirtualMFADeviceName", "AccountAlias"} {
		if text := textOf(action.Input, member); text != "" {
			return text
		}
	}
	return ""
}

// textOf is a text member of an operation's input or output, "" when it has none. Names of secrets are never asked for.
func textOf(of any, path ...string) string {
	v := reflect.ValueOf(of)
	for _, name := range path {
		for v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return ""
		}
		v = v.FieldByName(name)
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.String {
		return ""
	}
	return v.String()
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// byCommand is the record of what an operator did with a command on this machine.
func byCommand(operation, poolID, target string) audit.Event {
	who := "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return audit.Event{Service: own, Operation: operation, Principal: "user:" + who, Source: here(), Pool: poolID, Target: target, Outcome: audit.OK}
}

// own is the service of what is no AWS operation.
const own = "cognate"

func here() string {
	host, _ := os.Hostname()
	return "host:" + host
}

// seeding is a context whose changes are recorded as those of a seed file. The function writes how it ended.
func (a *app) seeding(ctx context.Context, file string) (context.Context, func(error)) {
	changing, call := a.Audit.Begin(ctx, func() audit.Event {
		return audit.Event{Service: own, Operation: "seed", Principal: "server", Source: here(), Target: file}
	})
	return changing, func(err error) {
		outcome := audit.OK
		if err != nil {
			outcome = "Failed"
		}
		if !call.Changed() {
			return // the file said nothing new
		}
		if err := call.End(context.WithoutCancel(ctx), outcome); err != nil {
			a.log.Error("the outcome of a seed was not recorded", "error", err)
		}
	}
}

// AuditEvents lists records of administrative changes in a database.
func AuditEvents(ctx context.Context, s config.Settings, f audit.Filter) ([]audit.Event, error) {
	a := &app{settings: s, log: obs.Discard(), existing: true}
	if err := a.openDatabase(ctx); err != nil {
		return nil, err
	}
	defer a.db.Close()
	return audit.New(a.db, 0).List(ctx, f)
}
