package wecom

// StaffID is the userid of a member of the corp. WeCom compares it without
// regard to case.
type StaffID string

// ExternalUserID is the external_userid of a customer: "wm..." for a WeChat
// user, "wo..." for a WeCom user of another corp.
type ExternalUserID string

// ChatID names a customer group.
type ChatID string
