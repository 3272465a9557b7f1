package web

import (
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"zhiyin.dev/zhiyin/internal/errs"
)

// phrase is one message of huma in both languages. huma's verbs are filled in as {1}, {2}; what a text leaves out is not shown:
// the words of Go's own parsers, in English, help nobody who filled in a field.
type phrase struct {
	kit  string
	text errs.Text
}

// idPattern and timePattern describe the patterns of our own inputs; every pattern of the API needs such a line, which a test
// over the whole specification checks.
const (
	idPattern   = "an id, digits only"
	timePattern = "a time of day like 09:00"
)

// phrases is everything that huma may say of an input, read from its own variables, so that a new version of it that words a
// message differently changes with us, and one that adds a message fails the test beside this file. The special come before
// the general.
var phrases = readable([]phrase{
	{validation.MsgUnexpectedProperty, errs.T("没有这个字段", "there is no such field")},
	{validation.MsgExpectedRequiredProperty, errs.T("必须填写", "is required")},
	{"required path parameter is missing", errs.T("必须填写", "is required")},
	{"required query parameter is missing", errs.T("必须填写", "is required")},
	{"required header parameter is missing", errs.T("必须填写", "is required")},
	{"required cookie parameter is missing", errs.T("必须填写", "is required")},
	{"required form parameter is missing", errs.T("必须填写", "is required")},
	{"unknown query parameter", errs.T("地址里没有这个参数", "the address takes no such parameter")},
	{"expected at most one value, but received multiple values", errs.T("只能写一个值", "takes one value only")},
	{validation.MsgExpectedDependentRequiredProperty, errs.T("填写了 {2} 就必须填写 {1}", "{1} is required when {2} is given")},

	{validation.MsgExpectedOneOf, errs.T("只能是其中之一：{1}", "must be one of: {1}")},
	{validation.MsgExpectedMinLength, errs.T("至少 {1} 个字符", "needs {1} or more characters")},
	{validation.MsgExpectedMaxLength, errs.T("最多 {1} 个字符", "takes at most {1} characters")},
	{validation.MsgExpectedMinItems, errs.T("至少 {1} 项", "needs {1} or more items")},
	{validation.MsgExpectedMaxItems, errs.T("最多 {1} 项", "takes {1} items or fewer")},
	{validation.MsgExpectedArrayItemsUnique, errs.T("不能有重复的项", "must not hold an item twice")},
	{validation.MsgExpectedMinProperties, errs.T("至少要有 {1} 个字段", "needs {1} or more fields")},
	{validation.MsgExpectedMaxProperties, errs.T("最多 {1} 个字段", "takes {1} fields or fewer")},
	{validation.MsgExpectedMinimumNumber, errs.T("不能小于 {1}", "must be {1} or more")},
	{validation.MsgExpectedExclusiveMinimumNumber, errs.T("必须大于 {1}", "must be more than {1}")},
	{validation.MsgExpectedMaximumNumber, errs.T("不能大于 {1}", "must be {1} or less")},
	{validation.MsgExpectedExclusiveMaximumNumber, errs.T("必须小于 {1}", "must be less than {1}")},
	{validation.MsgExpectedNumberBeMultipleOf, errs.T("必须是 {1} 的倍数", "must be a multiple of {1}")},

	{validation.MsgExpectedBoolean, errs.T("只能是 true 或 false", "must be true or false")},
	{"invalid boolean", errs.T("只能是 true 或 false", "must be true or false")},
	{validation.MsgExpectedInteger, errs.T("必须是整数", "must be a whole number")},
	{"invalid integer", errs.T("必须是整数", "must be a whole number")},
	{validation.MsgExpectedNumber, errs.T("必须是数字", "must be a number")},
	{"invalid floating value", errs.T("必须是数字", "must be a number")},
	{"invalid float", errs.T("必须是数字", "must be a number")},
	{validation.MsgExpectedString, errs.T("必须是文字", "must be a text")},
	{validation.MsgExpectedArray, errs.T("必须是列表", "must be a list")},
	{validation.MsgExpectedObject, errs.T("必须是对象", "must be an object")},
	{validation.MsgExpectedBase64String, errs.T("必须是 base64 编码", "must be base64")},

	{validation.MsgExpectedRFC3339DateTime, errs.T("时间要写成 2026-11-29T09:00:00+08:00 这样", "must be a time like 2026-11-29T09:00:00+08:00")},
	{"invalid date/time for format %s", errs.T("时间要写成 2026-11-29T09:00:00+08:00 这样", "must be a time like 2026-11-29T09:00:00+08:00")},
	{validation.MsgExpectedRFC1123DateTime, errs.T("时间要写成 Sun, 29 Nov 2026 01:00:00 GMT 这样", "must be a time like Sun, 29 Nov 2026 01:00:00 GMT")},
	{validation.MsgExpectedRFC3339Date, errs.T("日期要写成 2026-11-29 这样", "must be a date like 2026-11-29")},
	{validation.MsgExpectedRFC3339Time, errs.T("时间要写成 09:00:00 这样", "must be a time like 09:00:00")},
	{validation.MsgExpectedDuration, errs.T("时长要写成 1h30m 这样", "must be a duration like 1h30m")},
	{validation.MsgExpectedRFC5322Email, errs.T("必须是邮箱地址", "must be an e-mail address")},
	{validation.MsgExpectedRFC5890Hostname, errs.T("必须是主机名", "must be a host name")},
	{validation.MsgExpectedRFC2673IPv4, errs.T("必须是 IPv4 地址", "must be an IPv4 address")},
	{validation.MsgExpectedRFC2373IPv6, errs.T("必须是 IPv6 地址", "must be an IPv6 address")},
	{validation.MsgExpectedRFCIPAddr, errs.T("必须是 IP 地址", "must be an IP address")},
	{validation.MsgExpectedRFC3986URI, errs.T("必须是完整的网址，例如 https://example.com/a", "must be a whole URL, for example https://example.com/a")},
	{"invalid url.URL value", errs.T("必须是完整的网址，例如 https://example.com/a", "must be a whole URL, for example https://example.com/a")},
	{validation.MsgExpectedRFC4122UUID, errs.T("必须是 UUID", "must be a UUID")},
	{validation.MsgExpectedRFC6570URITemplate, errs.T("必须是网址模板", "must be a URI template")},
	{validation.MsgExpectedRFC6901JSONPointer, errs.T("必须是 JSON 指针", "must be a JSON pointer")},
	{validation.MsgExpectedRFC6901RelativeJSONPointer, errs.T("必须是相对 JSON 指针", "must be a relative JSON pointer")},
	{validation.MsgExpectedRegexp, errs.T("正则表达式写得不对", "must be a regular expression")},
	{"expected string to be " + idPattern, errs.T("编号只有数字", "must be an id, digits only")},
	{"expected string to be " + timePattern, errs.T("时间要写成 09:00 这样", "must be a time of day like 09:00")},
	{validation.MsgExpectedMatchPattern, errs.T("格式必须符合 {1}", "must have the form {1}")},
	{validation.MsgExpectedBePattern, errs.T("必须是 {1}", "must be {1}")},

	{validation.MsgExpectedMatchAtLeastOneSchema, errs.T("不是允许的任何一种写法", "has none of the forms that are allowed")},
	{validation.MsgExpectedMatchExactlyOneSchema, errs.T("不是允许的任何一种写法", "has none of the forms that are allowed")},
	{"expected value to match exactly one schema but matched multiple", errs.T("同时符合几种写法，说不清是哪一种", "has several forms at once; it must be clear which")},
	{validation.MsgExpectedNotMatchSchema, errs.T("是不允许的写法", "has a form that is not allowed")},
	{validation.MsgExpectedPropertyNameInObject, errs.T("缺少说明种类的字段", "lacks the field that names its kind")},
	{"write only property is non-zero", errs.T("不能在这里填写", "cannot be given here")},
	{"cannot read multipart form: %s", errs.T("表单内容读不出来", "the form cannot be read")},
	{"json: cannot unmarshal %s", errs.T("值的类型不对，或数字太大", "has a value of the wrong type, or a number too large")},
	{"invalid value: %s", errs.T("填写的值不正确", "has a value that is not valid")},
})

// fallback stands for a message that is not in the table.
var fallback = errs.T("填写的值不正确", "has a value that is not valid")

// reading is a phrase that finds itself in a message.
type reading struct {
	phrase
	re *regexp.Regexp
}

var verb = regexp.MustCompile(`%[vds]`)

func readable(list []phrase) []reading {
	out := make([]reading, len(list))
	for i, p := range list {
		out[i] = reading{p, regexp.MustCompile("(?s)^" + verb.ReplaceAllString(regexp.QuoteMeta(p.kit), "(.*)") + "$")}
	}
	return out
}

// inWords says a message of huma in words for people; ok tells whether it was known.
func inWords(message string) (text errs.Text, ok bool) {
	for _, r := range phrases {
		m := r.re.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		text = r.text
		for i, arg := range m[1:] {
			mark := "{" + string(rune('1'+i)) + "}"
			text = errs.T(strings.ReplaceAll(text.ZH, mark, arg), strings.ReplaceAll(text.EN, mark, arg))
		}
		return text, true
	}
	return fallback, false
}

var missing = regexp.MustCompile("^" + verb.ReplaceAllString(regexp.QuoteMeta(validation.MsgExpectedRequiredProperty), "(.*)") + "$")

// fault tells of one wrong field in the caller's language, and names the field in the sentence too: a list of sentences can
// be shown as it is.
func fault(lang string, d *huma.ErrorDetail) Fault {
	at := d.Location
	if m := missing.FindStringSubmatch(d.Message); m != nil { // huma points at the object that lacks it
		at = strings.TrimPrefix(at+"."+m[1], ".")
	}
	text, _ := inWords(d.Message)
	_, field, inner := strings.Cut(at, ".")
	if !inner {
		return Fault{Location: at, Message: errs.T("请求内容："+text.ZH+"。", "The body: "+text.EN+".").In(lang), Value: echo(at, d.Value)}
	}
	return Fault{Location: at, Message: errs.T(field+"："+text.ZH+"。", field+": "+text.EN+".").In(lang), Value: echo(at, d.Value)}
}
