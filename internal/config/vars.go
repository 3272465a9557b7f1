package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the corp's zone must be known on machines without zone files

	"zhiyin.dev/zhiyin/internal/errs"
)

const (
	commonToken = "ZHIYIN_WECOM_CALLBACK_TOKEN"
	commonKey   = "ZHIYIN_WECOM_CALLBACK_AES_KEY"
	aesKeyLen   = 43 // characters of an EncodingAESKey
)

// Variable is one thing serve can be told.
type Variable struct {
	Name    string // "ZHIYIN_LISTEN"
	Default string
	Secret  bool // has a _FILE twin and no flag
	Console bool // can be set in the console when nothing else sets it
	Meaning errs.Text
	set     func(string) error
}

// Flag is the variable's name on the command line, without dashes.
func (v Variable) Flag() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(v.Name, "ZHIYIN_")), "_", "-")
}

// Variables lists everything that can be set, in the order of the documentation.
func Variables() []Variable { return new(Config).vars() }

func areaVar(area, end string) string { return "ZHIYIN_WECOM_" + strings.ToUpper(area) + end }

// vars is the table. Its setters write into c.
func (c *Config) vars() []Variable {
	if c.Secrets == nil {
		c.Secrets, c.Callbacks = map[string]Secret{}, map[string]Pair{}
	}
	list := []Variable{
		{Name: "ZHIYIN_LISTEN", Default: "127.0.0.1:8420", set: text(&c.Listen), Meaning: errs.T("监听地址", "address to listen on")},
		{Name: "ZHIYIN_PUBLIC_URL", set: text(&c.PublicURL), Meaning: errs.T("别人看到的网址，可以带路径，例如 https://crm.example.com/zhiyin；发给客户的链接都由它来，没有它群发结尾就不带偏好页",
			"URL under which others see the platform, with its base path if any: https://crm.example.com/zhiyin; links to customers begin with it, and without it mass messages do not end with the page of choices")},
		{Name: "ZHIYIN_DATA", Default: "./data", set: text(&c.Data), Meaning: errs.T("数据目录", "data directory")},
		{Name: "ZHIYIN_DATABASE_URL", Secret: true, set: secret(&c.DatabaseURL), Meaning: errs.T("空 = 数据目录里的 SQLite；或 postgres://...",
			"empty = SQLite in the data directory; or postgres://...")},
		{Name: "ZHIYIN_NATS_URL", Secret: true, set: secret(&c.NATSURL), Meaning: errs.T("空 = 内嵌；或 NATS 集群的地址", "empty = embedded; or a NATS cluster")},
		{Name: "ZHIYIN_ADMIN_PASSWORD", Secret: true, set: secret(&c.AdminPassword), Meaning: errs.T("第一个用户 admin 的密码；不设则生成一个，只打印一次",
			"password of the first user, admin; made and printed once when not set")},
		{Name: "ZHIYIN_MASTER_KEY_FILE", set: text(&c.MasterKeyFile), Meaning: errs.T("封存机密的主密钥文件；默认 <数据目录>/master.key，没有就生成",
			"file with the key that seals secrets; default <data>/master.key, made when it is not there")},
		{Name: "ZHIYIN_ZONE", Default: "Asia/Shanghai", set: c.setZone, Meaning: errs.T("企业的时区：按它划分每一天", "the corp's zone: days are cut by it")},
		{Name: "ZHIYIN_TLS_CERT", set: text(&c.TLSCert), Meaning: errs.T("直接提供 HTTPS 时的证书文件（PEM）", "certificate file (PEM), to serve HTTPS directly")},
		{Name: "ZHIYIN_TLS_KEY", set: text(&c.TLSKey), Meaning: errs.T("证书的私钥文件（PEM）", "the certificate's key file (PEM)")},
		{Name: "ZHIYIN_TRUSTED_PROXIES", set: c.setProxies, Meaning: errs.T("可信反向代理的地址或网段，逗号分隔", "addresses or networks of reverse proxies to believe, comma-separated")},
		{Name: "ZHIYIN_WECOM_BASE_URL", Default: OfficialBaseURL, set: text(&c.BaseURL), Meaning: errs.T("企业微信 API 的地址；http 只允许本机", "WeCom's API; http only to loopback")},
		{Name: "ZHIYIN_WECOM_OPEN_URL", Default: OfficialOpenURL, set: text(&c.OpenURL), Meaning: errs.T("网页授权的地址", "host of WeCom's authorisation page")},
		{Name: "ZHIYIN_WECOM_LOGIN_URL", Default: OfficialLoginURL, set: text(&c.LoginURL), Meaning: errs.T("扫码登录页的地址", "host of WeCom's page with the login QR code")},
		{Name: "ZHIYIN_WECOM_PROXY", Secret: true, set: secret(&c.Proxy), Meaning: errs.T("访问企业微信所经的代理", "proxy for calls to WeCom")},
		{Name: "ZHIYIN_WECOM_UNOFFICIAL", set: flag(&c.Unofficial), Meaning: errs.T("设为 1 才允许本机以外的非官方地址", "1 allows hosts that are neither official nor loopback")},
		{Name: "ZHIYIN_WECOM_CORP_ID", Console: true, set: text(&c.CorpID), Meaning: errs.T("企业 ID（管理后台 → 我的企业）", "corp id (admin console, My Company)")},
		{Name: "ZHIYIN_WECOM_AGENT_ID", Console: true, set: number(&c.AgentID), Meaning: errs.T("自建应用的 AgentId", "AgentId of the corp's own app")},
	}
	for _, area := range Areas {
		list = append(list, Variable{Name: areaVar(area, "_SECRET"), Secret: true, Console: true, Meaning: secretMeaning[area], set: func(s string) error {
			c.Secrets[area] = Secret(s)
			return plain(s)
		}})
	}
	list = append(
		list,
		Variable{Name: commonToken, Secret: true, Console: true, set: secret(&c.Callback.Token), Meaning: errs.T("各区域共用的回调 Token", "callback Token, for all areas")},
		Variable{Name: commonKey, Secret: true, Console: true, Meaning: errs.T("各区域共用的回调 EncodingAESKey，43 个字符", "callback EncodingAESKey, for all areas: 43 characters"), set: func(s string) error {
			c.Callback.AESKey = Secret(s)
			return aesKey(s)
		}},
	)
	for _, area := range Areas {
		list = append(
			list,
			Variable{Name: areaVar(area, "_CALLBACK_TOKEN"), Secret: true, Console: true, Meaning: errs.Tf("%s 区域自己的回调 Token", "callback Token of the %s area, where it has its own", area), set: func(s string) error {
				p := c.Callbacks[area]
				p.Token = Secret(s)
				c.Callbacks[area] = p
				return plain(s)
			}},
			Variable{Name: areaVar(area, "_CALLBACK_AES_KEY"), Secret: true, Console: true, Meaning: errs.Tf("%s 区域自己的回调 EncodingAESKey", "callback EncodingAESKey of the %s area, where it has its own", area), set: func(s string) error {
				p := c.Callbacks[area]
				p.AESKey = Secret(s)
				c.Callbacks[area] = p
				return aesKey(s)
			}},
		)
	}
	return append(
		list,
		Variable{Name: "ZHIYIN_CALLBACK_SKEW", Default: "10m", set: c.setSkew, Meaning: errs.T("回调时间戳与企业时钟最多相差多少", "how far a callback's timestamp may be off the corp's clock")},
		Variable{Name: "ZHIYIN_ARCHIVE_URL", set: text(&c.ArchiveURL), Meaning: errs.T("会话存档边车的地址（本版本尚不读取存档）", "archive sidecar (this version reads no archive yet)")},
		Variable{Name: "ZHIYIN_ARCHIVE_KEYS_DIR", set: text(&c.ArchiveKeysDir), Meaning: errs.T("存档 RSA 私钥目录，<版本>.pem（同上）", "RSA keys of the archive, <version>.pem (see above)")},
		Variable{Name: "ZHIYIN_PAY_URL", set: text(&c.PayURL), Meaning: errs.T("微信支付的地址（本版本尚不使用支付）", "WeChat Pay (this version does not use it yet)")},
		Variable{Name: "ZHIYIN_PAY_MCH_ID", set: text(&c.PayMchID), Meaning: errs.T("商户号（同上）", "merchant id (see above)")},
		Variable{Name: "ZHIYIN_PAY_KEY", Secret: true, set: secret(&c.PayKey), Meaning: errs.T("支付密钥（同上）", "payment key (see above)")},
		Variable{Name: "ZHIYIN_PAY_CERT", set: text(&c.PayCert), Meaning: errs.T("商户证书文件（同上）", "merchant certificate file (see above)")},
		Variable{Name: "ZHIYIN_PAY_CERT_KEY", set: text(&c.PayCertKey), Meaning: errs.T("商户证书私钥文件（同上）", "key file of the merchant certificate (see above)")},
		Variable{Name: "ZHIYIN_CLOCK_URL", set: text(&c.ClockURL), Meaning: errs.T("空 = 系统时钟；否则跟随这个沙箱的时钟", "empty = the system's clock; else the sandbox whose clock is followed")},
		Variable{Name: "ZHIYIN_BACKUP_PASSPHRASE", Secret: true, set: secret(&c.BackupPassphrase), Meaning: errs.T("封存和打开备份的口令（本版本尚无备份命令）", "seals and opens backups (this version has no backup command yet)")},
	)
}

var secretMeaning = map[string]errs.Text{
	"app":      errs.T("自建应用的 Secret", "secret of the corp's own app"),
	"contact":  errs.T("通讯录同步的 Secret；空则用应用的", "secret of the contacts sync helper; empty means the app's"),
	"external": errs.T("客户联系的 Secret；空则用应用的（新企业如此）", "secret of customer contact; empty means the app's, as for corps of today"),
	"kf":       errs.T("微信客服的 Secret；空则用应用的", "secret of WeChat customer service; empty means the app's"),
	"archive":  errs.T("会话存档的 Secret", "secret of the conversation archive"),
}

func text(into *string) func(string) error {
	return func(s string) error { *into = s; return plain(s) }
}

func secret(into *Secret) func(string) error {
	return func(s string) error { *into = Secret(s); return plain(s) }
}

// plain refuses what was pasted with line breaks or spaces around it: WeCom would only say "invalid secret".
func plain(s string) error {
	if strings.TrimSpace(s) != s || strings.ContainsAny(s, "\r\n\x00") {
		return errors.New("has spaces or line breaks around or inside it; paste it again without")
	}
	return nil
}

func flag(into *bool) func(string) error {
	return func(s string) error {
		b, err := strconv.ParseBool(s)
		if err != nil && s != "" {
			return errors.New("is 1 or 0")
		}
		*into = b
		return nil
	}
}

func number(into *int) func(string) error {
	return func(s string) error {
		if s == "" {
			*into = 0
			return nil
		}
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			return errors.New("is a number above 0, as the admin console shows it")
		}
		*into = n
		return nil
	}
}

func aesKey(s string) error {
	if s == "" {
		return nil
	}
	if err := plain(s); err != nil {
		return err
	}
	if len(s) != aesKeyLen {
		return fmt.Errorf("has %d characters, an EncodingAESKey has %d; copy it again from the admin console", len(s), aesKeyLen)
	}
	if _, err := base64.StdEncoding.DecodeString(s + "="); err != nil {
		return errors.New("has characters that an EncodingAESKey cannot have; copy it again from the admin console")
	}
	return nil
}

func (c *Config) setZone(s string) error {
	zone, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		c.Zone = time.UTC
		return errors.New("is no time zone; write it like Asia/Shanghai")
	}
	c.Zone = zone
	return nil
}

func (c *Config) setSkew(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > 24*time.Hour {
		return errors.New("is a duration between 1s and 24h, for example 10m")
	}
	c.Skew = d
	return nil
}

func (c *Config) setProxies(s string) error {
	c.TrustedProxies = nil
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			addr, err := netip.ParseAddr(part)
			if err != nil {
				return fmt.Errorf("holds %q, which is neither an address nor a network such as 10.0.0.0/8", part)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		c.TrustedProxies = append(c.TrustedProxies, p)
	}
	return nil
}
