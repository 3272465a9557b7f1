package wecom

import "errors"

// Class says what can be done about a refusal.
type Class string

// The classes.
const (
	ClassRetryable  Class = "retryable"   // the same call may succeed soon
	ClassRateLimit  Class = "rate limit"  // later, and slower
	ClassPermission Class = "permission"  // somebody must change a setting in WeCom
	ClassGone       Class = "gone"        // the person, chat or thing is not there (any more)
	ClassRefused    Class = "refused"     // the state of the conversation or task forbids it
	ClassBadRequest Class = "bad request" // our mistake
	ClassAuth       Class = "auth"        // secret, token or login code
	ClassOther      Class = "other"       // none of these: not repeated
)

// Sentinels for errors.Is, only for codes that code decides on.
var (
	ErrTokenExpired    = &Error{Code: 42001}
	ErrTokenInvalid    = &Error{Code: 40014}
	ErrInvalidSecret   = &Error{Code: 40001}
	ErrLoginCode       = &Error{Code: 40029} // OAuth code used, old or of another app
	ErrUntrustedIP     = &Error{Code: 60020} // see Error.IP
	ErrForbidden       = &Error{Code: 48002} // the app is not listed for this API
	ErrOutOfRange      = &Error{Code: 60011} // outside the app's visible range
	ErrNoSuchStaff     = &Error{Code: 60111}
	ErrNotCustomer     = &Error{Code: 84061} // no relation; also the answer for a member without customers
	ErrInvalidCustomer = &Error{Code: 40096}
	ErrWelcomeCode     = &Error{Code: 41050} // older than 20 s, or wrong: stop
	ErrWelcomeUsed     = &Error{Code: 41051} // delivered, or the chat has begun: stop
	ErrWelcomeBusy     = &Error{Code: 41096} // another app is sending: try again
	ErrNoReceiver      = &Error{Code: 41048} // mass message: nobody to send to
	ErrDispatching     = &Error{Code: 41063} // mass message: still being handed out, ask again
	ErrTaskCancelled   = &Error{Code: 41093}
	ErrRemindTooOften  = &Error{Code: 41094} // 3 reminders in 24 h
	ErrConfigID        = &Error{Code: 41044} // contact way or join way unknown
	ErrChatDismissed   = &Error{Code: 49008}
	ErrTagExists       = &Error{Code: 40071}
	ErrKfMessageLimit  = &Error{Code: 95001} // 5 messages until the customer writes again
	ErrKfWindow        = &Error{Code: 95002} // 48 h since the customer's message
	ErrKfSessionEnded  = &Error{Code: 95013}
	ErrKfTransition    = &Error{Code: 95016}
	ErrKfState         = &Error{Code: 95018} // the session's state forbids sending
	ErrKfToken         = &Error{Code: 95007} // sync token illegal or stale
	ErrKfRepeated      = &Error{Code: 95033} // msgid was used before: it is sent already
	ErrMediaExpired    = &Error{Code: 40007}
	ErrNoMomentJob     = &Error{Code: 40088} // Moment: the job is older than 24 h, or of another app
	ErrNoMoment        = &Error{Code: 41060}
	ErrMomentNotOurs   = &Error{Code: 41061} // not one of this member's
	ErrMomentUnsent    = &Error{Code: 41062} // the member has not published it yet
	ErrMomentJobs      = &Error{Code: 41078} // too many are being made: later
	ErrMomentBusy      = &Error{Code: 41079} // still being handed out, ask again
	ErrMomentNobody    = &Error{Code: 84074} // of a job: nobody can publish it
	ErrMomentsClosed   = &Error{Code: 41211} // the corp has not opened Moments

	ErrRateLimit = errors.New("wecom: rate limit")
	ErrBadSecret = errors.New("wecom: secret was refused")
	ErrNoSecret  = errors.New("wecom: no secret")
)

// Codes that the client itself acts on.
const (
	codeBusy        = -1
	codeBadSecret   = 40001
	codeBadCorp     = 40013
	codeBadToken    = 40014
	codeOtherSecret = 40091
	codeExpired     = 42001
	codeFrequency   = 45009
	codeConcurrency = 45033
	codeAbnormal    = 45036
)

func classOf(code int) Class {
	switch code {
	case codeBusy, 41063, 41078, 41079, 41096, 45035:
		return ClassRetryable
	case codeFrequency, codeConcurrency, codeAbnormal, 41094, 41210, 95003:
		return ClassRateLimit
	case 41211, 48001, 48002, 48004, 48009, 50001, 50003, 60011, 60020, 60030, 81011, 84074, 95011, 95012, 95017, 95030, 301002, 610024, 701008:
		return ClassPermission
	case 40007, 40050, 40068, 40088, 40096, 41044, 41047, 41060, 41110, 49008, 60003, 60111, 60123, 81013, 84061, 86001, 90501, 95004:
		return ClassGone
	case 41045, 41048, 41050, 41051, 41053, 41054, 41061, 41062, 41093, 610023, 95001, 95002, 95013, 95014, 95016, 95018, 95019, 95024, 95031, 95033:
		return ClassRefused
	case codeBadSecret, codeBadCorp, codeBadToken, 40029, codeOtherSecret, 40082, 41001, codeExpired, 42003, 42009, 45031:
		return ClassAuth
	case 40003, 40008, 40031, 40056, 40058, 40071, 40072, 41016, 41035, 41043, 41046, 41049, 41059, 41064, 41065, 41067, 41072, 41080, 41081, 41082, 41089, 41090, 44004, 45029, 50100, 60268, 81017, 90207, 95000, 95007, 95022, 600041, 830002:
		return ClassBadRequest
	default:
		return ClassOther
	}
}
