package device

import (
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// describe is a device as the user sees it.
func (d *Device) describe() cognitoidp.DeviceType {
	return cognitoidp.DeviceType{
		DeviceKey:                   &d.Key,
		DeviceAttributes:            d.attributes(),
		DeviceCreateDate:            new(rt.TimeFromMillis(d.Created)),
		DeviceLastModifiedDate:      new(rt.TimeFromMillis(d.Modified)),
		DeviceLastAuthenticatedDate: new(rt.TimeFromMillis(d.Authenticated)),
	}
}

func (d *Device) attributes() []cognitoidp.AttributeType {
	list := []cognitoidp.AttributeType{attribute("device_status", "valid")}
	if d.Name != "" {
		list = append(list, attribute("device_name", d.Name))
	}
	if d.IP != "" {
		list = append(list, attribute("last_ip_used", d.IP))
	}
	return list
}

// describeToAdmin adds what only administrators see.
func (d *Device) describeToAdmin(p *pool.Pool, u *directory.User) cognitoidp.DeviceType {
	owner := u.Username + "." + p.ID
	out := d.describe()
	out.DeviceAttributes = append(out.DeviceAttributes,
		attribute("dev:device_arn", arnOf(p, owner, d.Key)),
		attribute("dev:device_owner", owner),
		attribute("dev:device_remembered_status", string(d.Status)),
		attribute("dev:device_sdk", "aws-sdk"),
	)
	return out
}

// arnOf has the form arn:aws:cognito-idp:<region>:<account>:owner/<username>.<pool>/device/<key>.
func arnOf(p *pool.Pool, owner, key string) string {
	front, _, _ := strings.Cut(p.ARN, ":userpool/")
	return front + ":owner/" + owner + "/device/" + key
}

func attribute(name, value string) cognitoidp.AttributeType {
	return cognitoidp.AttributeType{Name: name, Value: &value}
}
