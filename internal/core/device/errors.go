package device

import (
	"errors"
	"fmt"

	"cognate/internal/api/cognitoidp"
)

// Refusal renders ErrUnknownDevice as the ResourceNotFoundException of AWS, whose text client libraries look into for
// the word device; other errors pass through.
func Refusal(err error) error {
	if errors.Is(err, ErrUnknownDevice) {
		return &cognitoidp.ResourceNotFoundException{Message: "Device does not exist."}
	}
	return err
}

func invalid(format string, args ...any) error {
	return &cognitoidp.InvalidParameterException{Message: fmt.Sprintf(format, args...)}
}

func errOff() error {
	return &cognitoidp.InvalidUserPoolConfigurationException{Message: "Device tracking is not enabled for the user pool."}
}

func errExists() error {
	return &cognitoidp.DeviceKeyExistsException{Message: "Device already exists."}
}
