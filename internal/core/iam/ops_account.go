package iam

import (
	"context"
	"slices"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
	"cognate/internal/core/policy"
)

// alias is the account's name for people. There is at most one.
type alias struct{ base }

func (*alias) kind() kind { return kindAlias }

const kindAlias kind = "alias"

// aliases are the account's aliases, one or none.
func (r *Room) aliases(tx *db.Tx) ([]string, error) {
	configs, err := after(tx, r.deps.Account, kindAlias, "", 1)
	names := []string{}
	for _, config := range configs {
		var a alias
		if err := decode(config, &a); err != nil {
			return nil, err
		}
		names = append(names, a.Name)
	}
	return names, err
}

// CreateAccountAlias implements the IAM operation. A new alias takes the place of the old one.
func (o Ops) CreateAccountAlias(ctx context.Context, in *iam.CreateAccountAliasRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		names, err := o.aliases(tx)
		if err != nil {
			return err
		}
		for _, old := range names {
			if err := remove(tx, o.deps.Account, kindAlias, key(old)); err != nil {
				return err
			}
		}
		_, err = insert(tx, o.deps.Account, &alias{o.fresh("", in.AccountAlias, nil)})
		return err
	})
}

// ListAccountAliases implements the IAM operation.
func (o Ops) ListAccountAliases(ctx context.Context, _ *iam.ListAccountAliasesRequest) (*iam.ListAccountAliasesResponse, error) {
	out := &iam.ListAccountAliasesResponse{IsTruncated: new(false)}
	err := o.view(ctx, func(tx *db.Tx) (err error) { out.AccountAliases, err = o.aliases(tx); return err })
	return out, err
}

// DeleteAccountAlias implements the IAM operation.
func (o Ops) DeleteAccountAlias(ctx context.Context, in *iam.DeleteAccountAliasRequest) error {
	return o.change(ctx, func(tx *db.Tx) error {
		names, err := o.aliases(tx)
		if err != nil {
			return err
		}
		if !slices.Contains(names, in.AccountAlias) {
			return iam.NewNoSuchEntity("Account alias %s does not exist.", in.AccountAlias)
		}
		return remove(tx, o.deps.Account, kindAlias, key(in.AccountAlias))
	})
}

// GetAccountSummary implements the IAM operation.
func (o Ops) GetAccountSummary(ctx context.Context, _ *iam.GetAccountSummaryRequest) (*iam.GetAccountSummaryResponse, error) {
	root, err := o.RootAccessKeyID(ctx)
	if err != nil {
		return nil, err
	}
	sums := map[string]int64{
		"UsersQuota": maxUsers, "GroupsQuota": maxGroups, "RolesQuota": maxRoles, "PoliciesQuota": maxPolicies,
		"AccessKeysPerUserQuota": maxKeys, "GroupsPerUserQuota": maxGroupsOfUser, "VersionsPerPolicyQuota": maxVersions,
		"AttachedPoliciesPerUserQuota": maxAttached, "AttachedPoliciesPerGroupQuota": maxAttached, "AttachedPoliciesPerRoleQuota": maxAttached,
		"UserPolicySizeQuota": policy.MaxUserInline, "GroupPolicySizeQuota": policy.MaxGroupInline, "RolePolicySizeQuota": policy.MaxRoleInline,
		"PolicySizeQuota": policy.MaxManaged, "AssumeRolePolicySizeQuota": policy.MaxTrust,
		"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 0, "AccountPasswordPresent": 0,
	}
	if root != "" {
		sums["AccountAccessKeysPresent"] = 1
	}
	kinds := map[kind]string{kindUser: "Users", kindGroup: "Groups", kindRole: "Roles", kindPolicy: "Policies", kindMFA: "MFADevices"}
	err = o.view(ctx, func(tx *db.Tx) error {
		for k, name := range kinds {
			n, err := howMany(tx, o.deps.Account, k)
			if err != nil {
				return err
			}
			sums[name] = n
		}
		n, err := howMany(tx, o.deps.Account, kindOIDC)
		if err != nil {
			return err
		}
		m, err := howMany(tx, o.deps.Account, kindSAML)
		sums["Providers"] = n + m
		return err
	})
	return &iam.GetAccountSummaryResponse{SummaryMap: sums}, err
}

// What an account without console passwords, certificates and instances has of them: nothing. Tools ask before they
// delete a user or a role.

// exists is the answer to questions about what a user has that nobody has here.
func (r *Room) exists(ctx context.Context, e entity, name string) error {
	return r.view(ctx, func(tx *db.Tx) error { return r.named(tx, e, name) })
}

// GetLoginProfile implements the IAM operation: users have no password for a console.
func (o Ops) GetLoginProfile(ctx context.Context, in *iam.GetLoginProfileRequest) (*iam.GetLoginProfileResponse, error) {
	return nil, o.noProfile(ctx, in.UserName)
}

// DeleteLoginProfile implements the IAM operation.
func (o Ops) DeleteLoginProfile(ctx context.Context, in *iam.DeleteLoginProfileRequest) error {
	return o.noProfile(ctx, in.UserName)
}

func (r *Room) noProfile(ctx context.Context, userName *string) error {
	name, err := r.caller(ctx, userName)
	if err == nil {
		err = r.exists(ctx, &user{}, name)
	}
	if err != nil {
		return err
	}
	return iam.NewNoSuchEntity("Login Profile for User %s cannot be found.", name)
}

// GetAccountPasswordPolicy implements the IAM operation.
func (o Ops) GetAccountPasswordPolicy(context.Context, *iam.GetAccountPasswordPolicyRequest) (*iam.GetAccountPasswordPolicyResponse, error) {
	return nil, iam.NewNoSuchEntity("The Password Policy with domain name %s cannot be found.", o.deps.Account)
}

// ListSSHPublicKeys implements the IAM operation.
func (o Ops) ListSSHPublicKeys(ctx context.Context, in *iam.ListSSHPublicKeysRequest) (*iam.ListSSHPublicKeysResponse, error) {
	return &iam.ListSSHPublicKeysResponse{SSHPublicKeys: []iam.SSHPublicKeyMetadata{}, IsTruncated: new(false)}, o.ofUser(ctx, in.UserName)
}

// ListSigningCertificates implements the IAM operation.
func (o Ops) ListSigningCertificates(ctx context.Context, in *iam.ListSigningCertificatesRequest) (*iam.ListSigningCertificatesResponse, error) {
	return &iam.ListSigningCertificatesResponse{Certificates: []iam.SigningCertificate{}, IsTruncated: new(false)}, o.ofUser(ctx, in.UserName)
}

// ListServiceSpecificCredentials implements the IAM operation.
func (o Ops) ListServiceSpecificCredentials(ctx context.Context, in *iam.ListServiceSpecificCredentialsRequest) (*iam.ListServiceSpecificCredentialsResponse, error) {
	return &iam.ListServiceSpecificCredentialsResponse{ServiceSpecificCredentials: []iam.ServiceSpecificCredentialMetadata{}}, o.ofUser(ctx, in.UserName)
}

// ofUser checks the user of a question; none is the caller.
func (r *Room) ofUser(ctx context.Context, name *string) error {
	if name == nil {
		return nil
	}
	return r.exists(ctx, &user{}, *name)
}

// ListInstanceProfilesForRole implements the IAM operation.
func (o Ops) ListInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleRequest) (*iam.ListInstanceProfilesForRoleResponse, error) {
	return &iam.ListInstanceProfilesForRoleResponse{InstanceProfiles: []iam.InstanceProfile{}, IsTruncated: new(false)}, o.exists(ctx, &role{}, in.RoleName)
}

// ListInstanceProfiles implements the IAM operation.
func (o Ops) ListInstanceProfiles(context.Context, *iam.ListInstanceProfilesRequest) (*iam.ListInstanceProfilesResponse, error) {
	return &iam.ListInstanceProfilesResponse{InstanceProfiles: []iam.InstanceProfile{}, IsTruncated: new(false)}, nil
}

// ListServerCertificates implements the IAM operation.
func (o Ops) ListServerCertificates(context.Context, *iam.ListServerCertificatesRequest) (*iam.ListServerCertificatesResponse, error) {
	return &iam.ListServerCertificatesResponse{ServerCertificateMetadataList: []iam.ServerCertificateMetadata{}, IsTruncated: new(false)}, nil
}
