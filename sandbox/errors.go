package sandbox

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
)

//go:embed data/errmsg.json
var errmsgJSON []byte

// errmsgs holds the text the real server sends for a code, where one is known.
var errmsgs = sync.OnceValue(func() map[int]string {
	byText := map[string]string{}
	if err := json.Unmarshal(errmsgJSON, &byText); err != nil {
		panic("sandbox: data/errmsg.json: " + err.Error())
	}
	byCode := make(map[int]string, len(byText))
	for k, v := range byText {
		code, err := strconv.Atoi(k)
		if err != nil {
			panic("sandbox: data/errmsg.json: " + err.Error())
		}
		byCode[code] = v
	}
	return byCode
})

// refusal is an answer with errcode != 0. Hint is for the person who debugs
// and goes to the sandbox's own log and to the header Sandbox-Hint, never to
// errmsg: clients must not depend on it.
type refusal struct {
	code int
	hint string
	with func(head reply) any // the answer, where it says more than code and text; nil = the head alone
}

func (r *refusal) Error() string { return fmt.Sprintf("errcode %d: %s", r.code, r.hint) }

// refuse makes a refusal; hint says in plain words what was wrong.
func refuse(code int, hint string, args ...any) error {
	if len(args) > 0 {
		hint = fmt.Sprintf(hint, args...)
	}
	return &refusal{code: code, hint: hint}
}

// errmsg builds the text of an error answer in the form of the real server:
// text, request id, caller's address, link.
func errmsg(code int, request uint64, ip string) string {
	text, ok := errmsgs()[code]
	if !ok {
		text = "invalid request"
	}
	return fmt.Sprintf("%s, hint: [%018d], from ip: %s, more info at https://open.work.weixin.qq.com/devtool/query?e=%d",
		text, request%1e18, ip, code)
}

// reply is the head of every answer; answers embed it and set it to done.
type reply struct {
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

// done is the head of a good answer.
func done() reply { return reply{ErrMsg: "ok"} }
