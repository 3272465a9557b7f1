// Package house reads the rules that a corp writes for itself: an expression over what is known of a message, typed, and bounded
// in size, memory and time. It decides nothing: internal/governance takes what holds as one more finding, so such a rule can
// only make a decision stricter.
//
// Bounded means: at most 200 nodes; only the built-in functions that look at words and tags; no ranges and no loop inside a
// loop, so that nothing runs longer than its text and tags are long; patterns are written out and of RE2, which is linear.
package house

import (
	"errors"
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Facts are what an expression sees.
type Facts struct {
	Text     string   `expr:"text" json:"text"`         // all words of the message, a line each
	Class    string   `expr:"class" json:"class"`       // service, marketing ...
	Channel  string   `expr:"channel" json:"channel"`   // mass_customer, moment, welcome, kf ...
	Topic    string   `expr:"topic" json:"topic"`       //
	Hour     int      `expr:"hour" json:"hour"`         // 0 to 23, of the corp's zone, when it would go out
	Weekday  int      `expr:"weekday" json:"weekday"`   // 1 Monday to 7 Sunday
	Audience int      `expr:"audience" json:"audience"` // how many it would reach
	Staff    string   `expr:"staff" json:"staff"`       // account of who wrote it
	Tags     []string `expr:"tags" json:"tags"`         // ids of the tags it is aimed at
}

// The bounds.
const (
	MaxSource = 1000 // bytes
	maxNodes  = 200
	memory    = 10_000 // of the machine's own unit: about one a value
)

// allowed are the built-in functions.
var allowed = []string{"len", "lower", "upper", "trim", "any", "all", "none", "one", "count"}

// Error says what is wrong with an expression, and where.
type Error struct {
	Line    int // from 1
	Column  int // from 1, in characters
	Message string
}

// Error says it.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Rule is an expression that was read.
type Rule struct{ program *vm.Program }

// Compile reads an expression. What it does not take is an *Error.
func Compile(source string) (*Rule, error) {
	if len(source) > MaxSource {
		return nil, &Error{1, 1, fmt.Sprintf("longer than %d bytes", MaxSource)}
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, placed(err)
	}
	b := &bounds{}
	ast.Walk(&tree.Node, b)
	if b.at != nil {
		e := (&file.Error{Location: *b.at, Message: b.why}).Bind(file.NewSource(source))
		return nil, placed(e)
	}
	options := []expr.Option{expr.Env(Facts{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins()}
	for _, name := range allowed {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := expr.Compile(source, options...)
	if err != nil {
		return nil, placed(err)
	}
	return &Rule{program}, nil
}

// Holds says whether the rule is about a message. An expression that fails on it is an error.
func (r *Rule) Holds(f Facts) (bool, error) {
	machine := vm.VM{MemoryBudget: memory}
	out, err := machine.Run(r.program, f)
	if err != nil {
		return false, placed(err)
	}
	holds, _ := out.(bool)
	return holds, nil
}

func placed(err error) error {
	if at, ok := errors.AsType[*file.Error](err); ok {
		return &Error{max(at.Line, 1), at.Column + 1, at.Message}
	}
	return &Error{1, 1, err.Error()}
}

// bounds looks for what could run long.
type bounds struct {
	at  *file.Location
	why string
}

// Visit looks at one node.
func (b *bounds) Visit(node *ast.Node) {
	refuse := func(at file.Location, why string) {
		if b.at == nil {
			b.at, b.why = &at, why
		}
	}
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		_, written := n.Right.(*ast.StringNode)
		switch {
		case n.Operator == "..":
			refuse(n.Location(), "ranges are not allowed")
		case n.Operator == "matches" && !written:
			refuse(n.Location(), "a pattern has to be written out")
		}
	case *ast.PredicateNode:
		inner := &loops{}
		ast.Walk(&n.Node, inner)
		if inner.found {
			refuse(n.Location(), "a loop inside a loop is not allowed")
		}
	}
}

type loops struct{ found bool }

// Visit looks for a loop.
func (l *loops) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PredicateNode); ok {
		l.found = true
	}
}
