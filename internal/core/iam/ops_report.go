package iam

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"time"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
)

// reportColumns are those of AWS's credential report.
var reportColumns = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
	"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
}

// none is an empty cell.
const none = "N/A"

// GenerateCredentialReport implements the IAM operation: a report is made when it is fetched, so there always is one.
func (o Ops) GenerateCredentialReport(context.Context, *iam.GenerateCredentialReportRequest) (*iam.GenerateCredentialReportResponse, error) {
	return &iam.GenerateCredentialReportResponse{State: new(iam.ReportStateTypeComplete)}, nil
}

// GetCredentialReport implements the IAM operation.
func (o Ops) GetCredentialReport(ctx context.Context, _ *iam.GetCredentialReportRequest) (*iam.GetCredentialReportResponse, error) {
	root, err := o.RootAccessKeyID(ctx)
	if err != nil {
		return nil, err
	}
	first := []string{"<root_account>", o.rootARN(), moment(epoch.UnixMilli()), "not_supported", none, none, none, "false"}
	rows := [][]string{reportColumns, append(first, cells(root != "", use{}, 0, false, use{}, 0)...)}
	err = o.view(ctx, func(tx *db.Tx) error {
		rows = rows[:2]
		for behind := ""; ; {
			configs, err := after(tx, o.deps.Account, kindUser, behind, batch)
			if err != nil {
				return err
			}
			for _, config := range configs {
				var u user
				if err := decode(config, &u); err != nil {
					return err
				}
				behind = key(u.Name)
				row, err := o.reported(tx, &u)
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
			if len(configs) < batch {
				return nil
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return nil, err
	}
	return &iam.GetCredentialReportResponse{
		Content: b.Bytes(), ReportFormat: new(iam.ReportFormatTypeTextCsv), GeneratedTime: new(rt.NewTime(o.deps.Now().Truncate(time.Second))),
	}, nil
}

// reported is the row of a user.
func (r *Room) reported(tx *db.Tx, u *user) ([]string, error) {
	var active [maxKeys]bool
	var made [maxKeys]int64
	var used [maxKeys]use
	for i, id := range slices.Sorted(slices.Values(u.Keys)) {
		k, err := readKey(tx, r.deps.Account, id)
		if err != nil {
			return nil, err
		}
		if used[i], err = r.lastUse(tx, id); err != nil {
			return nil, err
		}
		active[i], made[i] = k.status == keyActive, k.created
	}
	row := []string{u.Name, r.arn(u), moment(u.Created), "false", none, none, none, truth(len(u.Devices) > 0)}
	return append(row, cells(active[0], used[0], made[0], active[1], used[1], made[1])...), nil
}

// cells are those of two access keys, and of the certificates that nobody has.
func cells(active1 bool, used1 use, made1 int64, active2 bool, used2 use, made2 int64) []string {
	var out []string
	for _, k := range []struct {
		active bool
		used   use
		made   int64
	}{{active1, used1, made1}, {active2, used2, made2}} {
		out = append(out, truth(k.active), moment(k.made), moment(k.used.at), text(k.used.region), text(k.used.service))
	}
	return append(out, "false", none, "false", none)
}

func moment(ms int64) string {
	if ms == 0 {
		return none
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05+00:00")
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func text(s string) string {
	if s == "" {
		return none
	}
	return s
}
