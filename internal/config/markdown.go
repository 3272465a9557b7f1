package config

import (
	"fmt"
	"strings"
)

// Markdown is docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# 配置 / Configuration

<!-- Written by make generate from internal/config/vars.go. -->

顺序：命令行参数，然后环境变量，然后文件（` + "`--config` 或 `ZHIYIN_CONFIG`" + `，每行 ` + "`ZHIYIN_NAME=value`" + `），最后是控制台里的设置。
前面的优先。参数名由变量名得来：` + "`ZHIYIN_PUBLIC_URL` 是 `--public-url`" + `。机密没有参数，但有一个 ` + "`_FILE`" + ` 变量，内容从那个文件读；
机密在日志、错误、接口和指标里都不会出现。启动时所有错误和缺失一次列出。

Order: flags, then environment, then a file (` + "`--config` or `ZHIYIN_CONFIG`, lines `ZHIYIN_NAME=value`" + `), then what was set in the console; the
first that says something wins. A flag is named after its variable: ` + "`ZHIYIN_PUBLIC_URL` is `--public-url`" + `. Secrets have no flag, but a twin
` + "`NAME_FILE`" + ` that names a file to read them from; they never show in logs, errors, API or metrics. Everything wrong or missing is named at once.

机 = 机密 / secret, has ` + "`_FILE`" + `; 控 = 控制台可设 / can be set in the console.

| 变量 / variable | | 默认 / default | 含义 / meaning |
|---|---|---|---|
`)
	for _, v := range Variables() {
		mark := ""
		if v.Secret {
			mark += "机"
		}
		if v.Console {
			mark += "控"
		}
		def := ""
		if v.Default != "" {
			def = "`" + v.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s<br>%s |\n", v.Name, mark, def, cell(v.Meaning.ZH), cell(v.Meaning.EN))
	}
	return b.String()
}

func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;").Replace(s)
}
