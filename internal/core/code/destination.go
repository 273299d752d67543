package code

import (
	"context"
	"fmt"
	"strings"
)

// sealDestination seals the attribute and value, parted by a zero byte that no attribute name holds.
func (c *Codes) sealDestination(ctx context.Context, poolID, sub string, kind Kind, d Destination) ([]byte, error) {
	plain := []byte(d.Attribute + "\x00" + d.Value)
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
	return Destination{Attribute: attribute, Value: value}, nil
}
