package screen

// Kind names a page. It chooses markup that only one page has, and names the page in templates and screenshots.
type Kind string

// The pages.
const (
	SignIn       Kind = "login"          // the identifier, and on the classic page the password too
	Password     Kind = "password"       // the password of the identifier
	Choose       Kind = "choose"         // the first factor
	Code         Kind = "code"           // a code that was sent, as first or second factor, or of the authenticator app
	Passkey      Kind = "passkey"        // sign-in by passkey
	ChooseMFA    Kind = "mfa-option"     // which second factor
	SetUpMFA     Kind = "mfa-setup"      // which second factor to set up
	SetUpTOTP    Kind = "totp-setup"     // QR code and key of an authenticator app
	SetUpAddress Kind = "address-setup"  // the phone number or e-mail address that second-factor codes go to
	NewPassword  Kind = "new-password"   // in place of a temporary one, with the attributes that are missing
	SignUp       Kind = "signup"         //
	Confirm      Kind = "confirm"        // the code of a sign-up
	Forgot       Kind = "forgot"         // the identifier of an account to recover
	Reset        Kind = "reset"          // the code and the new password
	AddPasskey   Kind = "passkeys-add"   //
	PasskeyAdded Kind = "passkeys-added" //
	Accounts     Kind = "accounts"       // the accounts that this browser is signed in with
	Done         Kind = "done"           // a message alone, such as that of a confirmation link
	SignedOut    Kind = "signed-out"     //
	Failure      Kind = "error"          // what ended the way through the pages
)

// Text is a text of the catalog with its arguments by name: "{destination}" in the text stands for the argument
// "destination". Arguments are text, never HTML. The zero Text is nothing.
type Text struct {
	Key  string
	Args map[string]string
}

// Say returns a text of the catalog; pairs are names and values of its arguments.
func Say(key string, pairs ...string) Text {
	t := Text{Key: key}
	for i := 0; i+1 < len(pairs); i += 2 {
		if t.Args == nil {
			t.Args = map[string]string{}
		}
		t.Args[pairs[i]] = pairs[i+1]
	}
	return t
}

// Literal is text that is not of the catalog, such as what a function of the pool's owner said.
func Literal(text string) Text { return Text{Key: literal, Args: map[string]string{"text": text}} }

// literal is the key of Literal.
const literal = "literal"

// Screen is one page in one state.
type Screen struct {
	Kind  Kind
	Base  string // the path of the pool's base address (site.Place.Base), below which scripts and pictures stand
	App   string // the name of the app client, for the title
	Title Text   // the heading; with App also the title of the document
	Lead  Text   // one sentence below it
	// Icon is the picture above the title: "email", "sms", "totp", "passkey", "password", "recovery", "success", "wrong" or ""
	// for the logo.
	Icon string
	// Identifier is whom the page is about, shown with a link to change it; "" for nobody yet.
	Identifier string
	ChangeURL  string // of Identifier
	Alert      *Alert
	// Forms: the first is the main one, others are drawn as secondary buttons. On the pages that ask to choose (Choose,
	// ChooseMFA, SetUpMFA, Accounts) the buttons of forms without fields are the rows of a list.
	Forms     []Form
	Providers []Provider
	Links     []Link
	TOTP      *TOTP
	Passkey   *Ceremony
	Terms     *Terms
	// Rules are those of a new password, shown before the person types.
	Rules *PasswordRules
	// LanguageURL is this page's address without lang, "" where no other languages are offered.
	LanguageURL string
	RequestID   string // told on Failure
	Detail      string // what went wrong for developers, told in dev alone; not translated
	Refresh     string // where to go by itself, "" nowhere
}

// Alert is what is said on top of the page.
type Alert struct {
	Kind AlertKind
	Text Text
}

// AlertKind says how an alert looks and how it is announced.
type AlertKind string

// The kinds of alerts.
const (
	AlertError   AlertKind = "error"
	AlertSuccess AlertKind = "success"
	AlertInfo    AlertKind = "info"
	AlertWarning AlertKind = "warning"
)

// Form is a form that is sent by POST. Its CSRF token is one of its Hidden.
type Form struct {
	ID     string
	Action string // a path with its query
	Hidden [][2]string
	Fields []Field
	Submit Button
	// Other are buttons beside Submit that send the same form with another value; they skip the browser's checks.
	Other []Button
	// Quiet marks a form of one button that looks like a link ("Send a new code").
	Quiet bool
}

// Button sends its form. Name and Value may be empty.
type Button struct {
	Name, Value string
	Text        Text
	Hint        Text   // a second line, for rows: where a code goes, how an account signed in
	Icon        string // "passkey", "email", "sms", "password", "totp", "recovery", "user" or ""
	// Wait is how many seconds have to pass before it works ("Send a new code"); the server holds the real limit.
	Wait int
}

// Field is one input.
type Field struct {
	Name, ID     string // ID is made of Name when it is ""
	Type         string // text, email, tel, password, date, url, code, checkbox, radio, select
	Label, Hint  Text
	Error        Text // what is wrong with the value
	Value        string
	Autocomplete string
	Required     bool
	Focus        bool
	Options      []Option // of radio and select
	// MaxLength is how many characters may be typed. Of a code it is how many digits it has; the script sends the form with
	// the last one, and nothing keeps people from pasting more.
	MaxLength int
}

// Option is a choice of a field.
type Option struct {
	Value string
	Text  Text
	Hint  Text
}

// Provider is a button to an identity provider.
type Provider struct {
	Name string // as the pool has it
	Type string // Google, Facebook, LoginWithAmazon, SignInWithApple, OIDC, SAML
	URL  string
}

// Link is a link to another page.
type Link struct {
	ID   string // "forgot-password", "sign-up", "sign-in", "back"
	Lead Text   // before the link ("New user?")
	Text Text
	URL  string
}

// TOTP is what an authenticator app is set up with.
type TOTP struct {
	URI string // otpauth://totp/..., drawn as a QR code
	Key string // base32, shown in groups of four
}

// Ceremony is a WebAuthn ceremony that the script of the page runs when the form with the ID Form is sent: it puts the
// credential as JSON into the hidden field Field of that form, which it makes when there is none, and sends it. What went
// wrong is told on the page, in words of the catalog. Without script the form is not shown.
type Ceremony struct {
	Options  string // JSON of PublicKeyCredentialRequestOptions or PublicKeyCredentialCreationOptions
	Create   bool
	Autofill bool // offered in the suggestions of the identifier field, besides the button
	Form     string
	Field    string
}

// Terms are the documents of the app; both have an address.
type Terms struct{ Use, Privacy string }

// PasswordRules are those of the pool.
type PasswordRules struct {
	Length                       int
	Lower, Upper, Number, Symbol bool
}
