package iam

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/policy"
)

// About fills what an operation of IAM itself is about: the ARN of the entity that it names, whether there is one or not,
// and the condition keys that the operation brings.
func (r *Room) About(ctx context.Context, operation string, in any, ask *Ask) error {
	v := reflect.Indirect(reflect.ValueOf(in))
	text := func(member string) string { return textOf(v, member) }
	keyIf(&ask.Keys, "iam:PolicyARN", text("PolicyArn"))
	keyIf(&ask.Keys, "iam:PermissionsBoundary", text("PermissionsBoundary"))
	keyIf(&ask.Keys, "iam:AWSServiceName", text("AWSServiceName"))
	requestTags(v, &ask.Keys)
	if service := text("AWSServiceName"); service != "" {
		ask.Resources = []string{r.arnOf(kindRole, "/aws-service-role/"+service+"/", first(linked[service].role, "*"))}
		return nil
	}
	e, name := r.subject(ctx, operation, text)
	if e == nil {
		ask.Resources = []string{first(name, text("PolicySourceArn"), listResource(r.deps.Account, operation))}
		return nil
	}
	err := r.view(ctx, func(tx *db.Tx) error { return read(tx, r.deps.Account, e, key(name)) })
	switch {
	case errors.Is(err, errNoEntity) || err == nil && e.common().Name != name:
		e.common().Name, e.common().Path = name, "/"
		if path := text("Path"); path != "" {
			e.common().Path = path
		}
	case err != nil:
		return err
	default:
		for _, t := range e.common().Tags {
			ask.Keys.Set("aws:ResourceTag/"+t.Key, t.Value)
			ask.Keys.Set("iam:ResourceTag/"+t.Key, t.Value)
		}
		if o, ok := e.(owner); ok && text("PermissionsBoundary") == "" {
			keyIf(&ask.Keys, "iam:PermissionsBoundary", o.holds().Boundary)
		}
	}
	ask.Resources = []string{r.arn(e)}
	return nil
}

func keyIf(keys *policy.Context, key, value string) {
	if value != "" {
		keys.Set(key, value)
	}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// selves are the operations that are about the caller when they name no user.
var selves = map[string]bool{
	"GetUser": true, "CreateAccessKey": true, "ListAccessKeys": true, "UpdateAccessKey": true, "DeleteAccessKey": true,
	"ListMFADevices": true, "GetLoginProfile": true, "DeleteLoginProfile": true, "ChangePassword": true,
	"ListSSHPublicKeys": true, "ListSigningCertificates": true, "ListServiceSpecificCredentials": true,
}

// subject is the entity that an operation is about, by the members of its input, and its name; nil and perhaps the ARN of
// something that is not this account's for none. An operation about a user's membership is about the group, one about an
// entity and a policy about the entity.
func (r *Room) subject(ctx context.Context, operation string, text func(string) string) (entity, string) {
	for _, s := range []struct {
		member string
		of     func() entity
	}{
		{"GroupName", func() entity { return new(group) }}, {"RoleName", func() entity { return new(role) }},
		{"UserName", func() entity { return new(user) }}, {"VirtualMFADeviceName", func() entity { return new(device) }},
		{"PolicyArn", func() entity { return new(managed) }}, {"OpenIDConnectProviderArn", func() entity { return new(oidc) }},
		{"SAMLProviderArn", func() entity { return new(saml) }}, {"SerialNumber", func() entity { return new(device) }},
		{"Url", func() entity { return new(oidc) }}, {"SAMLMetadataDocument", func() entity { return new(saml) }},
		{"PolicyName", func() entity { return new(managed) }},
	} {
		value := text(s.member)
		if value == "" {
			continue
		}
		e, sent := s.of(), value
		switch s.member {
		case "OpenIDConnectProviderArn":
			value = r.urlIn(value)
		case "Url":
			_, value, _ = strings.Cut(value, "://")
		case "SAMLMetadataDocument":
			value = text("Name")
		case "PolicyArn", "SAMLProviderArn", "SerialNumber":
			value = r.nameIn(value, e.kind())
		}
		if value == "" {
			return nil, sent
		}
		return e, value
	}
	if c, ok := obs.From(ctx).Principal.Of.(*Caller); ok && selves[operation] && c.Kind == policy.User {
		return new(user), c.User
	}
	return nil, ""
}

// listResource is what the operations are about that name no entity.
func listResource(account, operation string) string {
	switch operation {
	case "ListUsers", "ListRoles", "ListGroups":
		return "arn:aws:iam::" + account + ":" + strings.ToLower(strings.TrimSuffix(operation[4:], "s")) + "/"
	}
	return "*"
}

// textOf is a text member of an input, "" when it has none.
func textOf(v reflect.Value, member string) string {
	if v.Kind() != reflect.Struct {
		return ""
	}
	f := v.FieldByName(member)
	for f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	if f.Kind() != reflect.String {
		return ""
	}
	return f.String()
}

// requestTags are the condition keys of the tags that an operation brings or removes.
func requestTags(v reflect.Value, keys *policy.Context) {
	var names []string
	if f := v.FieldByName("Tags"); f.IsValid() {
		tags, _ := f.Interface().([]iam.Tag)
		for _, t := range tags {
			keys.Set("aws:RequestTag/"+t.Key, t.Value)
			names = append(names, t.Key)
		}
	}
	if f := v.FieldByName("TagKeys"); f.IsValid() {
		names, _ = f.Interface().([]string)
	}
	if len(names) > 0 {
		keys.Set("aws:TagKeys", names...)
	}
}
