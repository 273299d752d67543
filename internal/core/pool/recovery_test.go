package pool

import "testing"

func TestRecoveryTag(t *testing.T) {
	w := memory(t)
	for text, want := range map[string]int{"1": 1, "10": 10, "20": 20, "0": 0, "": 0} {
		id := w.pool(`"UserPoolTags":{"cognate:recovery-codes":"` + text + `"}`)
		if p, err := w.ops.Pool(t.Context(), id); err != nil || p.RecoveryCodes() != want {
			t.Errorf("%q: %d codes, %v", text, p.RecoveryCodes(), err)
		}
	}
	id := w.pool("")
	arn := w.describe(id)["Arn"].(string)
	for _, bad := range []string{"21", "-1", "+1", "1.0", "ten", "1 ", "0x5", "300", "99999999999999999999"} {
		w.refused("CreateUserPool", `{"PoolName":"p","UserPoolTags":{"cognate:recovery-codes":"`+bad+`"}}`,
			"UserPoolTaggingException: The tag cognate:recovery-codes must be a whole number from 0 to 20, not "+bad)
		w.refused("UpdateUserPool", `{"UserPoolId":"`+id+`","UserPoolTags":{"cognate:recovery-codes":"`+bad+`"}}`,
			"UserPoolTaggingException: The tag cognate:recovery-codes must be a whole number from 0 to 20, not "+bad)
		w.refused("TagResource", `{"ResourceArn":"`+arn+`","Tags":{"cognate:recovery-codes":"`+bad+`"}}`,
			"InvalidParameterException: The tag cognate:recovery-codes must be a whole number from 0 to 20, not "+bad)
	}
	codes := func() int {
		p, err := w.ops.Pool(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return p.RecoveryCodes()
	}
	if codes() != 0 {
		t.Error("codes out of nothing")
	}
	w.call("TagResource", `{"ResourceArn":"`+arn+`","Tags":{"cognate:recovery-codes":"8"}}`)
	if codes() != 8 {
		t.Errorf("%d codes after tagging", codes())
	}
	w.call("UntagResource", `{"ResourceArn":"`+arn+`","TagKeys":["cognate:recovery-codes"]}`)
	if codes() != 0 {
		t.Error("codes after the tag was removed")
	}
}
