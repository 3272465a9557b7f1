package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// readPayXML reads a flat document; of what is nested only the text counts.
func readPayXML(body []byte) (map[string]string, error) {
	dec := xml.NewDecoder(strings.NewReader(string(body)))
	out := map[string]string{}
	depth, name := 0, ""
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				if name = t.Name.Local; out[name] != "" {
					return nil, fmt.Errorf("element %s is there twice", name)
				}
				out[name] = ""
			} else if depth > 2 {
				return nil, fmt.Errorf("element %s holds elements", name)
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 2 {
				out[name] += string(t)
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no elements below the root")
	}
	return out, nil
}

// paySign is the MD5 over the parameters in order, empty ones left out, with a
// secret behind them. A nil list means all but the sign itself.
func paySign(given map[string]string, name, secret string, only []string) string {
	if only == nil {
		only = slices.DeleteFunc(slices.Sorted(maps.Keys(given)), func(n string) bool { return n == "sign" })
	}
	var parts []string
	for _, n := range only {
		if given[n] != "" {
			parts = append(parts, n+"="+given[n])
		}
	}
	sum := md5.Sum([]byte(strings.Join(append(parts, name+"="+secret), "&")))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func checkPayFields(given map[string]string, fields []payField, strict bool) error {
	known := map[string]bool{}
	for _, f := range fields {
		known[f.name] = true
		text := given[f.name]
		switch n := utf8.RuneCountInString(text); {
		case text == "" && f.required:
			return payBad("PARAM_ERROR", "%s is missing", f.name)
		case text == "":
			continue
		case f.most > 0 && n > f.most:
			return payBad("PARAM_ERROR", "%s has %d characters, at most %d are allowed", f.name, n, f.most)
		case len(f.values) > 0 && !slices.Contains(f.values, text):
			return payBad("PARAM_ERROR", "%s %q: must be one of %s", f.name, text, strings.Join(f.values, ", "))
		}
		if _, err := strconv.Atoi(text); f.number && err != nil {
			return payBad("PARAM_ERROR", "%s %q: must be a number", f.name, text)
		}
	}
	for name := range given {
		if strict && !known[name] {
			return payBad("PARAM_ERROR", "unknown parameter %s", name)
		}
	}
	return nil
}

// payAnswer writes the reply of WeChat Pay; the reason of a failure is in
// err_code_des and, as everywhere, in the refusals of the control plane.
func (c *call) payAnswer(w http.ResponseWriter, pairs []payPair, err error) int {
	head := []payPair{{"return_code", "SUCCESS"}, {"return_msg", "OK"}, {"result_code", "SUCCESS"}}
	code := 0
	if err != nil {
		fail := &payError{code: "SYSTEMERROR", text: err.Error()}
		errors.As(err, &fail)
		code = -1
		head[2].text = "FAIL"
		if fail.call {
			head[0].text, head[1].text = "FAIL", fail.text
		}
		head = append(head, payPair{"err_code", fail.code}, payPair{"err_code_des", fail.text})
		c.s.mu.Lock()
		c.s.refusals.add(stamp(c.s.now()), c.route.path, &refusal{code: code, hint: fail.Error()})
		c.s.mu.Unlock()
		w.Header().Set("Sandbox-Hint", headerSafe(fail.Error()))
	}
	var e event
	e.b.WriteString("<xml>")
	for _, p := range append(head, pairs...) {
		if p.text != "" {
			e.text(p.name, p.text)
		}
	}
	w.Header().Set("Content-Type", "text/xml; charset=UTF-8")
	_, _ = io.WriteString(w, e.String()) // a caller that went away is not our error
	return code
}
