// Package callback verifies, decrypts and reads what WeCom posts to a callback
// URL, and seals passive replies.
//
// It is pure computation: no HTTP, no clock, no storage. A receiver calls
// [Crypto.VerifyURL] for GET (the console's check of the URL), [Crypto.Open]
// for POST and then [Parse]; [Event.Key] names one event for good, so that the
// second and third delivery of it can be recognised.
//
// Every refusal is an [*Error] that names the step that failed, because the
// steps point at different mistakes: a wrong signature is a wrong token, a
// wrong padding is a wrong EncodingAESKey, a wrong receiver is a wrong corp id.
//
// Freshness of the timestamp is not judged here: it needs the corp's clock.
//
// Official pages: https://developer.work.weixin.qq.com/document/path/90930
// (receiving) and https://developer.work.weixin.qq.com/document/path/90968
// (encryption).
package callback
