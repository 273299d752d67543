package server

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	iamapi "cognate/internal/api/iam"
	kmsapi "cognate/internal/api/kms"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/base/obs"
	"cognate/internal/core/iam"
	"cognate/internal/core/pool"
	"cognate/internal/core/sts"
	"cognate/internal/wire"
)

// ask is what a signed operation asks of the policies: its action, the ARNs that it is about and the condition keys that
// it brings. What a service does not say here is asked for "*".
func (c callers) ask(ctx context.Context, a wire.Action) (*iam.Ask, error) {
	ask := &iam.Ask{Action: a.Service + ":" + a.Operation}
	var err error
	switch a.Service {
	case cognitoidp.ServiceName:
		err = c.askPool(ctx, a, ask)
	case iamapi.ServiceName:
		err = c.rooms.IAM.About(ctx, a.Operation, a.Input, ask)
	case stsapi.ServiceName:
		sts.About(c.settings.Account, a.Input, ask)
	case kmsapi.ServiceName:
		ask.Resources = []string{c.rooms.KMS.About(ctx, a.Input, a.Resource)}
	default:
		if resource := c.named(ctx, a); resource != "" {
			ask.Resources = []string{resource}
		}
	}
	if a.Service != iamapi.ServiceName {
		tagKeys(a, ask)
	}
	return ask, err
}

// named is the ARN of what an operation of identity pools, of Cognito Sync or of Verified Permissions names, "" for
// nothing.
func (c callers) named(ctx context.Context, a wire.Action) string {
	if arn := textOf(a.Input, "ResourceArn"); arn != "" {
		return arn
	}
	prefix := "arn:aws:" + a.Service + ":" + string(obs.From(ctx).Region) + ":" + c.settings.Account + ":"
	pool := textOf(a.Input, "IdentityPoolId")
	switch {
	case a.Service == "verifiedpermissions":
		if store := textOf(a.Input, "PolicyStoreId"); store != "" {
			return "arn:aws:verifiedpermissions::" + c.settings.Account + ":policy-store/" + store
		}
	case pool == "":
	case a.Service == "cognito-identity":
		return prefix + "identitypool/" + pool
	case a.Service == "cognito-sync":
		arn := prefix + "identitypool/" + pool
		if identity := textOf(a.Input, "IdentityId"); identity != "" {
			arn += "/identity/" + identity
			if dataset := textOf(a.Input, "DatasetName"); dataset != "" {
				arn += "/dataset/" + dataset
			}
		}
		return arn
	}
	return ""
}

// unpooled are the operations of user pools that are about no pool, though they may name one.
var unpooled = map[string]bool{"CreateUserPool": true, "ListUserPools": true, "DescribeUserPoolDomain": true}

// askPool asks for a user pool by its ARN, with its tags.
func (c callers) askPool(ctx context.Context, a wire.Action, ask *iam.Ask) error {
	if a.Resource == "" || unpooled[a.Operation] {
		return nil
	}
	arn, id := a.Resource, ""
	if strings.HasPrefix(arn, "arn:") {
		if _, name, ok := strings.Cut(arn, ":userpool/"); ok {
			id = name
		}
	} else {
		id, arn = arn, c.rooms.Pools.ARN(a.Resource)
	}
	ask.Resources = []string{arn}
	p, err := c.rooms.Pools.Pool(ctx, id)
	if errors.Is(err, pool.ErrPoolNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for k, v := range p.Config.UserPoolTags {
		ask.Keys.Set("aws:ResourceTag/"+k, v)
	}
	return nil
}

// tagKeys are the condition keys of the tags that an operation sets or removes.
func tagKeys(a wire.Action, ask *iam.Ask) {
	if !strings.HasPrefix(a.Operation, "Create") && !strings.HasPrefix(a.Operation, "Tag") && !strings.HasPrefix(a.Operation, "Untag") &&
		!strings.HasPrefix(a.Operation, "Update") {
		return
	}
	in := reflect.Indirect(reflect.ValueOf(a.Input))
	if in.Kind() != reflect.Struct {
		return
	}
	var names []string
	for _, member := range []string{"Tags", "UserPoolTags", "IdentityPoolTags"} {
		if f := in.FieldByName(member); f.IsValid() {
			tags, _ := f.Interface().(map[string]string)
			for k, v := range tags {
				ask.Keys.Set("aws:RequestTag/"+k, v)
			}
			names = append(names, slices.Collect(maps.Keys(tags))...)
		}
	}
	if f := in.FieldByName("TagKeys"); f.IsValid() {
		removed, _ := f.Interface().([]string)
		names = append(names, removed...)
	}
	if len(names) > 0 {
		slices.Sort(names)
		ask.Keys.Set("aws:TagKeys", names...)
	}
}

// passed are the roles that an operation hands to a service, which takes the permission to pass them.
func passed(a wire.Action) (roles []string) {
	add := func(arn *string) {
		if arn != nil && *arn != "" {
			roles = append(roles, *arn)
		}
	}
	sms := func(s *cognitoidp.SmsConfigurationType) {
		if s != nil {
			add(s.SnsCallerArn)
		}
	}
	switch in := a.Input.(type) {
	case *cognitoidp.CreateUserPoolRequest:
		sms(in.SmsConfiguration)
	case *cognitoidp.UpdateUserPoolRequest:
		sms(in.SmsConfiguration)
	case *cognitoidp.SetUserPoolMfaConfigRequest:
		if in.SmsMfaConfiguration != nil {
			sms(in.SmsMfaConfiguration.SmsConfiguration)
		}
	case *cognitoidp.CreateGroupRequest:
		add(in.RoleArn)
	case *cognitoidp.UpdateGroupRequest:
		add(in.RoleArn)
	case *cognitoidp.CreateUserImportJobRequest:
		add(&in.CloudWatchLogsRoleArn)
	}
	return roles
}

// mayPass holds the roles that an operation passes to a service to what the caller may.
func (c callers) mayPass(ctx context.Context, p obs.Principal, a wire.Action) error {
	for _, role := range passed(a) {
		ask := &iam.Ask{Action: "iam:PassRole", Resources: []string{role}}
		ask.Keys.Set("iam:PassedToService", a.Service+".amazonaws.com")
		if err := c.rooms.IAM.Authorize(ctx, p, ask); err != nil {
			return err
		}
	}
	return nil
}
