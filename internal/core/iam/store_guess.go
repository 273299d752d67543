package iam

import "cognate/internal/base/db"

// How many codes of an MFA device may be tried within a while.
const (
	guesses      = 10
	guessesEvery = 15 * 60_000 // ms
)

// guessMigration counts the codes that are tried on MFA devices, and remembers the last time step that was accepted.
var guessMigration = db.Migration{
	ID: "iam/0003",
	Steps: []db.Step{db.CreateTable{
		Name: "iam_mfa_guess",
		Columns: []db.Column{
			{Name: "account", Type: db.Text}, {Name: "name_key", Type: db.Text}, {Name: "tries", Type: db.Int},
			{Name: "since", Type: db.Int}, {Name: "step", Type: db.Int},
		},
		PrimaryKey: []string{"account", "name_key"},
	}},
}

// reserveGuess counts a code that is about to be tried and reports whether it may be. Of tries that come together no
// more than allowed get through.
func reserveGuess(tx *db.Tx, account, key string, now int64) (bool, error) {
	n, err := tx.Exec(`INSERT INTO iam_mfa_guess (account, name_key, tries, since, step) VALUES ($1, $2, 1, $3, 0)
		ON CONFLICT (account, name_key) DO UPDATE SET
			tries = CASE WHEN iam_mfa_guess.since <= $4 THEN 1 ELSE iam_mfa_guess.tries + 1 END,
			since = CASE WHEN iam_mfa_guess.since <= $4 THEN $3 ELSE iam_mfa_guess.since END
		WHERE iam_mfa_guess.since <= $4 OR iam_mfa_guess.tries < $5`, account, key, now, now-guessesEvery, int64(guesses))
	return n == 1, err
}

// accept takes the time step of a right code, once, and forgets the wrong ones before it.
func accept(tx *db.Tx, account, key string, step int64) (bool, error) {
	n, err := tx.Exec(`UPDATE iam_mfa_guess SET step = $1, tries = 0 WHERE account = $2 AND name_key = $3 AND step < $1`, step, account, key)
	return n == 1, err
}

func dropGuesses(tx *db.Tx, account, key string) error {
	_, err := tx.Exec(`DELETE FROM iam_mfa_guess WHERE account = $1 AND name_key = $2`, account, key)
	return err
}
