package config

import "reflect"

// Flags is the command line's side, for kong: embed it in a command. Secrets have no flag, because everybody on the machine
// sees the arguments of a process.
type Flags struct {
	Config          *string `name:"config" help:"File of lines ZHIYIN_NAME=value." type:"path"`
	Listen          *string `help:"Address to listen on (ZHIYIN_LISTEN)."`
	PublicURL       *string `name:"public-url" help:"URL under which others see the platform (ZHIYIN_PUBLIC_URL)."`
	Data            *string `help:"Data directory (ZHIYIN_DATA)." type:"path"`
	MasterKeyFile   *string `name:"master-key-file" help:"File with the key that seals secrets (ZHIYIN_MASTER_KEY_FILE)." type:"path"`
	Zone            *string `help:"The corp's time zone (ZHIYIN_ZONE)."`
	TLSCert         *string `name:"tls-cert" help:"Certificate file (ZHIYIN_TLS_CERT)." type:"path"`
	TLSKey          *string `name:"tls-key" help:"Key file of the certificate (ZHIYIN_TLS_KEY)." type:"path"`
	TrustedProxies  *string `name:"trusted-proxies" help:"Networks of reverse proxies to believe (ZHIYIN_TRUSTED_PROXIES)."`
	WecomBaseURL    *string `name:"wecom-base-url" help:"WeCom's API (ZHIYIN_WECOM_BASE_URL)."`
	WecomOpenURL    *string `name:"wecom-open-url" help:"Host of WeCom's authorisation page (ZHIYIN_WECOM_OPEN_URL)."`
	WecomLoginURL   *string `name:"wecom-login-url" help:"Host of WeCom's login page (ZHIYIN_WECOM_LOGIN_URL)."`
	WecomUnofficial *string `name:"wecom-unofficial" help:"1 allows hosts that are neither official nor loopback (ZHIYIN_WECOM_UNOFFICIAL)."`
	WecomCorpID     *string `name:"wecom-corp-id" help:"Corp id (ZHIYIN_WECOM_CORP_ID)."`
	WecomAgentID    *string `name:"wecom-agent-id" help:"AgentId of the app (ZHIYIN_WECOM_AGENT_ID)."`
	CallbackSkew    *string `name:"callback-skew" help:"How far a callback's time may be off (ZHIYIN_CALLBACK_SKEW)."`
	ArchiveURL      *string `name:"archive-url" help:"Archive sidecar (ZHIYIN_ARCHIVE_URL)." hidden:""`
	ArchiveKeysDir  *string `name:"archive-keys-dir" help:"Keys of the archive (ZHIYIN_ARCHIVE_KEYS_DIR)." type:"path" hidden:""`
	PayURL          *string `name:"pay-url" help:"WeChat Pay (ZHIYIN_PAY_URL)." hidden:""`
	PayMchID        *string `name:"pay-mch-id" help:"Merchant id (ZHIYIN_PAY_MCH_ID)." hidden:""`
	PayCert         *string `name:"pay-cert" help:"Merchant certificate (ZHIYIN_PAY_CERT)." type:"path" hidden:""`
	PayCertKey      *string `name:"pay-cert-key" help:"Key of the merchant certificate (ZHIYIN_PAY_CERT_KEY)." type:"path" hidden:""`
	ClockURL        *string `name:"clock-url" help:"Sandbox whose clock is followed (ZHIYIN_CLOCK_URL)."`
}

// Sources turns what was given on the command line, together with the environment, into what Load takes.
func (f Flags) Sources(env []string) Sources {
	src := Sources{Flags: map[string]string{}, Env: env}
	if f.Config != nil {
		src.File = *f.Config
	}
	v := reflect.ValueOf(f)
	for i := range v.NumField() {
		if p, ok := reflect.TypeAssert[*string](v.Field(i)); ok && p != nil {
			src.Flags[flagName(v.Type().Field(i))] = *p
		}
	}
	delete(src.Flags, "config")
	return src
}

func flagName(f reflect.StructField) string {
	if n := f.Tag.Get("name"); n != "" {
		return n
	}
	return string(f.Name[0]|0x20) + f.Name[1:] // one word
}
