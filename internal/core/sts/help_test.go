package sts_test

import (
	"cognate/internal/api/iam"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	core "cognate/internal/core/iam"
	"cognate/internal/core/policy"
	"cognate/internal/testkit/cognitotest"
)

// count reads how many rows a table has.
func count(w *cognitotest.World, table string, n *int64) error {
	return w.DB.View(w.Ctx, func(tx *db.Tx) error { return tx.QueryRow("SELECT COUNT(*) FROM " + table).Scan(n) })
}

// update changes the maximum session duration of a role.
func update(w world, role string, seconds int64) error {
	_, err := w.iam.UpdateRole(w.Ctx, &iam.UpdateRoleRequest{RoleName: role, MaxSessionDuration: &seconds})
	return err
}

// rootOf is the root of an account that signed with a key that was issued.
func rootOf(account string) obs.Principal {
	return obs.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account, Root: true, Of: &core.Caller{Kind: policy.Root}}
}
