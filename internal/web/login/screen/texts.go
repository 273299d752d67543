package screen

import (
	"strconv"
	"time"
)

// Wait says when to try again, for who tried too often: a text of the catalog in seconds, minutes or hours, rounded up.
func Wait(d time.Duration) Text {
	up := func(unit time.Duration) string { return strconv.Itoa(int((d + unit - 1) / unit)) }
	switch {
	case d <= 0:
		return Say("limit.now")
	case d < time.Minute:
		return Say("limit.seconds", count, up(time.Second))
	case d <= 90*time.Minute:
		return Say("limit.minutes", count, up(time.Minute))
	}
	return Say("limit.hours", count, up(time.Hour))
}

// Life says how long a code works.
func Life(d time.Duration) Text { return Say("code.life", count, strconv.Itoa(int(d/time.Minute))) }

// attributes are the standard attributes that have a label of their own name.
var attributes = map[string]string{
	"email": "label.email", "phone_number": "label.phone", "name": "label.name", "given_name": "label.given_name",
	"family_name": "label.family_name", "middle_name": "label.middle_name", "nickname": "label.nickname",
	"preferred_username": "label.preferred_username", "profile": "label.profile", "picture": "label.picture",
	"website": "label.website", "gender": "label.gender", "birthdate": "label.birthdate", "zoneinfo": "label.zoneinfo",
	"locale": "label.locale", "address": "label.address",
}

// AttributeLabel is the label of a user attribute; custom ones are labelled by their own name.
func AttributeLabel(name string) Text {
	if key, standard := attributes[name]; standard {
		return Say(key)
	}
	return Literal(name)
}
