package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/normal"
)

type guardCmd struct {
	Train guardTrainCmd `cmd:"" help:"Train the classifier of texts from labelled ones, and write its model."`
	Eval  guardEvalCmd  `cmd:"" help:"Measure a model, and the whole guard, on the texts kept apart and on foreign ones."`
}

type guardTrainCmd struct {
	Extra string `help:"Labelled texts of your own beside the built-in ones: class, train or test, pattern, evasion and text, apart by tabs." type:"existingfile"`
	Out   string `help:"Where to write the model." default:"model.bin" type:"path"`
}

// Run trains. The same texts always give the same file.
func (c *guardTrainCmd) Run(context.Context) error {
	data := classify.Corpus()
	if c.Extra != "" {
		extra, err := os.ReadFile(c.Extra)
		if err != nil {
			return err
		}
		data = append(append([]byte{}, data...), extra...)
	}
	examples, err := classify.ReadExamples(data)
	if err != nil {
		return err
	}
	file, m, err := classify.Train(normal.New(), examples, data)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, file, 0o644); err != nil {
		return err
	}
	fmt.Print(m.Report("en", classify.Measured{}))
	fmt.Printf("\n%s written, model %s, %d texts. Until it is measured on foreign texts no class of it blocks.\n", c.Out, m.Version(), len(examples))
	return nil
}

type guardEvalCmd struct {
	Model string `help:"Model to measure; empty = the built-in one." type:"existingfile"`
	Data  string `help:"Folder with foreign texts to measure on too." type:"existingdir"`
	Write string `help:"Write what was measured on foreign texts to this file." type:"path"`
	Lang  string `help:"Language of the report." enum:"zh,en" default:"en"`
}

// Run measures and prints the report that the documents carry.
func (c *guardEvalCmd) Run(context.Context) error {
	form := normal.New()
	m, err := c.open(form)
	if err != nil {
		return err
	}
	var measured classify.Measured
	if c.Data != "" {
		if measured, err = m.Measure(c.Data); err != nil {
			return err
		}
	}
	if c.Write != "" {
		b, err := json.MarshalIndent(measured, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Write, append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	fmt.Print(m.Report(c.Lang, measured))
	if c.Model != "" {
		return nil
	}
	return c.whole()
}

// whole measures what decides: everything that reads texts, with the built-in model.
func (c *guardEvalCmd) whole() error {
	var foreign []classify.Set
	if c.Data != "" {
		var err error
		if foreign, err = classify.Foreign(c.Data); err != nil {
			return err
		}
	}
	g, err := guard.Builtin()
	if err != nil {
		return err
	}
	report, err := g.Report(c.Lang, foreign)
	if err != nil {
		return err
	}
	fmt.Print("\n" + report)
	return nil
}

func (c *guardEvalCmd) open(form *normal.Former) (*classify.Model, error) {
	if c.Model == "" {
		return classify.Builtin(form)
	}
	file, err := os.ReadFile(c.Model)
	if err != nil {
		return nil, err
	}
	return classify.Open(form, file)
}
