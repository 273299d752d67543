package iam

import (
	"context"
	"errors"
	"fmt"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
)

// linked are the services that have a role of their own in the account, by their names: what it is called, and which
// policy it has.
var linked = map[string]struct{ role, policy, description string }{
	"cognito-idp.amazonaws.com": {
		"AWSServiceRoleForAmazonCognitoIdp", amazonPrefix + "/aws-service-role/AmazonCognitoIdpServiceRolePolicy", "What user pools do on behalf of the account",
	},
	"email.cognito-idp.amazonaws.com": {
		"AWSServiceRoleForAmazonCognitoIdpEmailService", amazonPrefix + "/aws-service-role/AmazonCognitoIdpEmailServiceRolePolicy", "How user pools send e-mail on behalf of the account",
	},
}

// CreateServiceLinkedRole implements the IAM operation, for the services of Cognito.
func (o Ops) CreateServiceLinkedRole(ctx context.Context, in *iam.CreateServiceLinkedRoleRequest) (*iam.CreateServiceLinkedRoleResponse, error) {
	service, ok := linked[in.AWSServiceName]
	switch {
	case !ok:
		return nil, iam.NewInvalidInput("Service %s has no service-linked role here.", in.AWSServiceName)
	case in.CustomSuffix != nil:
		return nil, iam.NewInvalidInput("Custom suffix is not allowed for %s", in.AWSServiceName)
	}
	x := &role{
		base: o.fresh(idRole, service.role, new("/aws-service-role/"+in.AWSServiceName+"/")), Description: or(in.Description, service.description),
		MaxSession: usualSession, Linked: in.AWSServiceName, holder: holder{Attached: []string{service.policy}},
		Trust: fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":[%q]},"Action":["sts:AssumeRole"]}]}`, in.AWSServiceName),
	}
	err := o.change(ctx, func(tx *db.Tx) error {
		err := read(tx, o.deps.Account, new(role), key(x.Name))
		if err == nil {
			return iam.NewInvalidInput("Service role name %s has been taken in this account, please try a different suffix.", x.Name)
		}
		if !errors.Is(err, errNoEntity) {
			return err
		}
		if err := o.add(tx, x); err != nil {
			return err
		}
		return addLink(tx, o.deps.Account, holders(service.policy), link{kindRole, key(x.Name)})
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateServiceLinkedRoleResponse{Role: o.shownRole(x, true)}, nil
}

// task names the deletion of a service's role. It is done when it is named: nothing else hangs on these roles.
func task(x *role) string {
	return "task/aws-service-role/" + x.Linked + "/" + x.Name + "/" + x.ID
}

// DeleteServiceLinkedRole implements the IAM operation.
func (o Ops) DeleteServiceLinkedRole(ctx context.Context, in *iam.DeleteServiceLinkedRoleRequest) (*iam.DeleteServiceLinkedRoleResponse, error) {
	out := &iam.DeleteServiceLinkedRoleResponse{}
	err := o.change(ctx, func(tx *db.Tx) error {
		var x role
		if err := o.named(tx, &x, in.RoleName); err != nil {
			return err
		}
		if x.Linked == "" {
			return missing(kindRole, in.RoleName)
		}
		out.DeletionTaskId = task(&x)
		for _, arn := range x.Attached {
			if err := dropLink(tx, o.deps.Account, holders(arn), link{kindRole, key(x.Name)}); err != nil {
				return err
			}
		}
		if err := forgetUse(tx, o.deps.Account, x.ID); err != nil {
			return err
		}
		return remove(tx, o.deps.Account, kindRole, key(x.Name))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetServiceLinkedRoleDeletionStatus implements the IAM operation: what was begun is done.
func (o Ops) GetServiceLinkedRoleDeletionStatus(_ context.Context, in *iam.GetServiceLinkedRoleDeletionStatusRequest) (*iam.GetServiceLinkedRoleDeletionStatusResponse, error) {
	for service, l := range linked {
		prefix := "task/aws-service-role/" + service + "/" + l.role + "/" + idRole
		if len(in.DeletionTaskId) == len(prefix)+idLength && in.DeletionTaskId[:len(prefix)] == prefix {
			return &iam.GetServiceLinkedRoleDeletionStatusResponse{Status: iam.DeletionTaskStatusTypeSucceeded}, nil
		}
	}
	return nil, iam.NewNoSuchEntity("Deletion task id %s not found", in.DeletionTaskId)
}
