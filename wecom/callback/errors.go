package callback

// Step is the part of opening a callback that failed.
type Step string

// The steps in the order in which they are taken.
const (
	StepBody      Step = "body"       // the envelope is not the XML it should be
	StepSignature Step = "signature"  // msg_signature does not fit: wrong token, or altered on the way
	StepBase64    Step = "base64"     // the ciphertext is not base64
	StepBlockSize Step = "block size" // the ciphertext is not whole AES blocks
	StepPadding   Step = "padding"    // wrong EncodingAESKey, or a damaged ciphertext
	StepLength    Step = "length"     // the length inside points outside the text
	StepReceiver  Step = "receiver"   // the text is for another corp (or suite)
	StepXML       Step = "xml"        // the decrypted text is not readable XML
)

// Sentinels for errors.Is.
var (
	ErrBody      = &Error{Step: StepBody}
	ErrSignature = &Error{Step: StepSignature}
	ErrBase64    = &Error{Step: StepBase64}
	ErrBlockSize = &Error{Step: StepBlockSize}
	ErrPadding   = &Error{Step: StepPadding}
	ErrLength    = &Error{Step: StepLength}
	ErrReceiver  = &Error{Step: StepReceiver}
	ErrXML       = &Error{Step: StepXML}
)

// Error says which step refused a callback. Detail is safe to log: it holds
// neither token nor key nor message text.
type Error struct {
	Step   Step
	Detail string
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return "callback: wrong " + string(e.Step)
	}
	return "callback: wrong " + string(e.Step) + ": " + e.Detail
}

// Is makes errors.Is compare by step.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Step == e.Step
}
