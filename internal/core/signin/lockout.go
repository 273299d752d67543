package signin

import (
	"time"

	"cognate/internal/base/limit"
)

// failures counts wrong passwords by the lock-out rule of the Amazon Cognito
// developer guide (spec/user-pools-auth-flows.md section 7): the fifth failure
// locks for one second and each further one doubles that, up to about fifteen
// minutes; fifteen quiet minutes after a lock clear the record.
var failures = limit.Tally{
	Table: "signin_failure", Account: "account",
	Lock: limit.Lock{Free: 5, Longest: 15 * time.Minute, Forget: 15 * time.Minute},
}

// wrongAnswers counts wrong answers to custom challenges. How many guesses one sign-in has is up to the owner's functions;
// this bounds those of many sign-ins. The first twenty in a row are free, because functions may call an answer wrong that
// is no guess: one that only asks for a code to be sent, for instance.
var wrongAnswers = limit.Tally{
	Table: "signin_answer", Account: "account",
	Lock: limit.Lock{Free: 20, Longest: 15 * time.Minute, Forget: 24 * time.Hour},
}
