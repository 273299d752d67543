package pool

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/arn"
	"cognate/internal/base/db"
	"cognate/internal/testkit/dbtest"
)

// listed are the ids that ListUserPools answers in pages of a size.
func (w *world) listed(size int) (ids []string) {
	w.t.Helper()
	for next := ""; ; {
		out := w.call("ListUserPools", fmt.Sprintf(`{"MaxResults":%d%s}`, size, next))
		for _, item := range out["UserPools"].([]any) {
			ids = append(ids, dig(item, "Id").(string))
		}
		if out["NextToken"] == nil {
			return ids
		}
		next = `,"NextToken":"` + out["NextToken"].(string) + `"`
	}
}

// TestRegions makes pools in several Regions of one server, whose default is eu-west-1.
func TestRegions(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		made := map[arn.Region][]string{}
		for range 3 {
			for _, r := range []arn.Region{"eu-west-1", "us-east-1", "eu-west-2", "cn-north-1"} {
				w.region = r
				id := w.pool("")
				made[r] = append(made[r], id)
				p, err := w.ops.Pool(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("arn:%s:cognito-idp:%s:123456789012:userpool/%s", arn.Partition(string(r)), r, id)
				if p.Region != r || p.ARN != name || !strings.HasPrefix(id, string(r)+"_") || w.describe(id)["Arn"] != name {
					t.Errorf("signed for %s: %s in %s, %s", r, id, p.Region, p.ARN)
				}
				w.call("TagResource", `{"ResourceArn":"`+name+`","Tags":{"a":"b"}}`)
			}
		}
		// A chosen id without a Region is the default Region's.
		odd := []string{"local_a", "Eu-west-1_b", "zz_c"}
		for _, id := range odd {
			if _, err := w.ops.CreatePoolWithID(t.Context(), id, &cognitoidp.CreateUserPoolRequest{PoolName: "p"}); err != nil {
				t.Fatal(err)
			}
			if p, err := w.ops.Pool(t.Context(), id); err != nil || p.Region != "eu-west-1" || p.ARN != "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"+id {
				t.Errorf("%+v %v", p, err)
			}
		}
		made["eu-west-1"] = append(made["eu-west-1"], odd...)
		for r, want := range made {
			w.region = r
			slices.Sort(want)
			for _, size := range []int{1, 2, 60} {
				if got := w.listed(size); !slices.Equal(got, want) {
					t.Errorf("%s by %d: %v, want %v", r, size, got, want)
				}
			}
		}
		if w.region = "ap-south-1"; len(w.listed(60)) != 0 {
			t.Error("pools in a Region that has none")
		}
		if w.region = ""; len(w.listed(2)) != 15 {
			t.Error("the server itself does not see all pools")
		}
		w.region = "eu-west-1"
		token := w.call("ListUserPools", `{"MaxResults":1}`)["NextToken"].(string)
		for _, r := range []arn.Region{"us-east-1", ""} {
			w.region = r
			w.refused("ListUserPools", `{"MaxResults":1,"NextToken":"`+token+`"}`, "InvalidParameterException: Invalid NextToken.")
		}
	})
}

// TestInRegion: what a request names is looked for in the Region that it was signed for.
func TestInRegion(t *testing.T) {
	w := memory(t)
	const name = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"
	for _, c := range []struct {
		asked    arn.Region
		resource string
		want     string
	}{
		{"us-east-1", "us-east-1_a", ""},
		{"", "us-east-1_a", ""},
		{"eu-west-1", "us-east-1_a", "ResourceNotFoundException: User pool us-east-1_a does not exist."},
		{"eu-west-1", "local_a", ""},
		{"us-east-1", "local_a", "ResourceNotFoundException: User pool local_a does not exist."},
		{"us-east-1", name, ""},
		{"eu-west-1", name, "ResourceNotFoundException: The resource " + name + " does not exist."},
		{"eu-west-1", "arn:nonsense", ""}, // refused by the operation
	} {
		w.region = c.asked
		got := ""
		if err := w.ops.InRegion(w.ctx(), c.resource); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s from %q: %q, want %q", c.resource, c.asked, got, c.want)
		}
	}
}

// TestSMSRegion: End User Messaging is bound to the pool's own Region.
func TestSMSRegion(t *testing.T) {
	w := memory(t)
	sms := func(region string) string {
		return `"SmsConfiguration":{"EumsSms":{"CallerArn":"arn:aws:iam::123456789012:role/sms","Region":"` + region + `"}}`
	}
	w.region = "us-east-1"
	id := w.pool(sms("us-east-1"))
	w.call("UpdateUserPool", `{"UserPoolId":"`+id+`",`+sms("us-east-1")+`}`)
	w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`",`+sms("eu-west-1")+`}`,
		"InvalidParameterException: The Region of EumsSms must be the Region of the user pool, us-east-1.")
}

// TestMovedServer: pools that an earlier server made under another default Region are of the Region of their id.
func TestMovedServer(t *testing.T) {
	d := dbtest.SQLite(t, tables)
	w := newWorld(t, d)
	if empty, err := w.ops.Empty(t.Context()); err != nil || !empty {
		t.Errorf("empty: %v, %v", empty, err)
	}
	id := w.pool("")
	err := d.Update(t.Context(), func(tx *db.Tx) error { // as it was stored before ids decided
		_, err := tx.Exec(`UPDATE user_pool SET config = replace(config, 'cognito-idp:eu-west-1', 'cognito-idp:us-east-1')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	moved := newWorld(t, d, func(d *Deps) { d.Region = "us-west-2" })
	want := "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + id
	if got := moved.describe(id)["Arn"]; got != want {
		t.Errorf("ARN %v, want %s", got, want)
	}
	if moved.region = "eu-west-1"; !slices.Equal(moved.listed(60), []string{id}) {
		t.Error("the pool is not listed in its Region")
	}
	if empty, err := moved.ops.Empty(t.Context()); err != nil || empty {
		t.Errorf("empty: %v, %v", empty, err)
	}
}
