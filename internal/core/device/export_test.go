package device

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// ReadConfig returns what ConfirmDevice would keep of a verifier.
func ReadConfig(in *cognitoidp.DeviceSecretVerifierConfigType) (salt, verifier []byte, err error) {
	s, err := readConfig(in)
	if err != nil {
		return nil, nil, err
	}
	s, err = parseSecret(s.marshal())
	return s.salt, s.verifier, err
}

// Provide gives a device a verifier without ConfirmDevice.
func (d *Devices) Provide(ctx context.Context, v *Device, in *cognitoidp.DeviceSecretVerifierConfigType) error {
	s, err := readConfig(in)
	if err != nil {
		return err
	}
	return d.seal(ctx, v, s)
}

// Insert writes a device.
func Insert(tx *db.Tx, v *Device) error { return insertDevice(tx, v) }
