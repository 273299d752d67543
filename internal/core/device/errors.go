package device

import (
	"errors"

	"cognate/internal/api/cognitoidp"
)

// Refusal renders ErrUnknownDevice as the ResourceNotFoundException of AWS, whose text client libraries look into for
// the word device; other errors pass through.
func Refusal(err error) error {
	if errors.Is(err, ErrUnknownDevice) {
		return cognitoidp.NewResourceNotFound("Device does not exist.")
	}
	return err
}

func errOff() error {
	return cognitoidp.NewInvalidUserPoolConfiguration("Device tracking is not enabled for the user pool.")
}

func errExists() error {
	return cognitoidp.NewDeviceKeyExists("Device already exists.")
}
