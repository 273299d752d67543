package pool

import (
	"testing"

	"cognate/internal/base/db"
)

func TestChangeNoticesTag(t *testing.T) {
	w := memory(t)
	id := w.pool("")
	arn := w.describe(id)["Arn"].(string)
	for _, bad := range []string{"true", "ON", "on ", "1", "mail"} {
		text := "The tag cognate:change-notices must be on or off; not " + bad
		w.refused("CreateUserPool", `{"PoolName":"p","UserPoolTags":{"cognate:change-notices":"`+bad+`"}}`, "UserPoolTaggingException: "+text)
		w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`","UserPoolTags":{"cognate:change-notices":"`+bad+`"}}`, "UserPoolTaggingException: "+text)
		w.refused("TagResource", `{"ResourceArn":"`+arn+`","Tags":{"cognate:change-notices":"`+bad+`"}}`, "InvalidParameterException: "+text)
	}
	on := func(id string) bool {
		p, err := w.ops.Pool(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return p.ChangeNotices()
	}
	if on(id) {
		t.Error("on out of nothing")
	}
	if !on(w.pool(`"UserPoolTags":{"cognate:change-notices":"on"}`)) || on(w.pool(`"UserPoolTags":{"cognate:change-notices":"off"}`)) {
		t.Error("the tag of a new pool does not count")
	}
	w.call("TagResource", `{"ResourceArn":"`+arn+`","Tags":{"cognate:change-notices":"on"}}`)
	if !on(id) {
		t.Error("off although tagged")
	}
	w.call("UntagResource", `{"ResourceArn":"`+arn+`","TagKeys":["cognate:change-notices"]}`)
	if on(id) {
		t.Error("on after the tag was removed")
	}
}

func TestClientName(t *testing.T) {
	w := memory(t)
	id, other := w.pool(""), w.pool("")
	p, err := w.ops.Pool(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	own, foreign := w.client(id, ""), w.client(other, "")
	err = w.ops.d.DB.View(t.Context(), func(tx *db.Tx) error {
		for client, want := range map[string]string{own: "c", foreign: "", "unknown": "", "": ""} {
			if got, err := p.ClientName(tx, client); got != want || err != nil {
				t.Errorf("%s: %q, %v", client, got, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
