package code

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// sealDestination seals the attribute, value and epoch, parted by zero bytes, which neither an attribute name nor a number
// holds. A code of before there were epochs has none.
func (c *Codes) sealDestination(ctx context.Context, poolID, sub string, kind Kind, d Destination) ([]byte, error) {
	plain := []byte(d.Attribute + "\x00" + d.Value + "\x00" + strconv.FormatInt(d.Epoch, 36))
	sealed, err := c.keys.Seal(ctx, poolID, plain, "one_time_code", "destination", sub, string(kind))
	if err != nil {
		return nil, fmt.Errorf("code: seal destination: %w", err)
	}
	return sealed, nil
}

func (c *Codes) openDestination(ctx context.Context, poolID, sub string, kind Kind, sealed []byte) (Destination, error) {
	plain, err := c.keys.Open(ctx, poolID, sealed, "one_time_code", "destination", sub, string(kind))
	if err != nil {
		return Destination{}, fmt.Errorf("code: open destination: %w", err)
	}
	attribute, value, _ := strings.Cut(string(plain), "\x00")
	d := Destination{Attribute: attribute, Value: value}
	if i := strings.LastIndexByte(value, 0); i >= 0 {
		d.Value = value[:i]
		if d.Epoch, err = strconv.ParseInt(value[i+1:], 36, 64); err != nil {
			return Destination{}, fmt.Errorf("code: destination: %w", err)
		}
	}
	return d, nil
}
