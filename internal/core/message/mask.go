package message

import (
	"strings"
	"unicode/utf8"

	"cognate/internal/api/cognitoidp"
)

// MaskEmail shows the first characters of local part and domain: t***@t***.
func MaskEmail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return first(address) + "***"
	}
	return first(address[:at]) + "***@" + first(address[at+1:]) + "***"
}

func first(s string) string {
	if s == "" {
		return ""
	}
	r, _ := utf8.DecodeRuneInString(s)
	return string(r)
}

// MaskPhone shows the last four digits behind a fixed number of stars, so that
// the length of the number is not told: +*******9934.
func MaskPhone(number string) string {
	const stars = "+*******"
	if len(number) < 5 {
		return stars + "****"
	}
	return stars + number[len(number)-4:]
}

// MediumOf is the medium that reaches an attribute: SMS for phone_number, else
// EMAIL.
func MediumOf(attribute string) Medium {
	if attribute == "phone_number" {
		return SMS
	}
	return Email
}

// mask hides a destination.
func mask(medium Medium, to string) string {
	if medium == SMS {
		return MaskPhone(to)
	}
	return MaskEmail(to)
}

// DeliveryDetails is what operations answer about a code sent to the value of
// an attribute (email or phone_number).
func DeliveryDetails(attribute, to string) *cognitoidp.CodeDeliveryDetailsType {
	medium := MediumOf(attribute)
	return &cognitoidp.CodeDeliveryDetailsType{
		AttributeName: new(attribute), DeliveryMedium: new(medium), Destination: new(mask(medium, to)),
	}
}
