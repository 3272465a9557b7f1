package setting

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/web"
)

// Settings is the answer of GET /settings. It says of a secret whether it is set, never what it is.
type Settings struct {
	CorpID     string               `json:"corp_id"`
	AgentID    int                  `json:"agent_id"`
	Secrets    map[string]SecretSet `json:"secrets" doc:"By area: app, contact, external, kf, archive"`
	Callback   Callback             `json:"callback"`
	BaseURL    string               `json:"base_url"`
	Unofficial bool                 `json:"unofficial" doc:"Not the real WeCom"`
	Zone       string               `json:"zone"`
	Fixed      []string             `json:"fixed" doc:"Variables that flag, environment or file set: the console cannot change them"`
	Restart    bool                 `json:"restart" doc:"Some change counts from the next start only"`
}

// SecretSet says whether a secret is set, and where.
type SecretSet struct {
	Set    bool          `json:"set"`
	Source config.Source `json:"source,omitempty" enum:"env,file,console"`
}

// Callback is the callback's address and whether its pair is set.
type Callback struct {
	URL      string `json:"url" doc:"To enter in the admin console"`
	TokenSet bool   `json:"token_set"`
	AESSet   bool   `json:"aes_set"`
}

type patchInput struct {
	Body struct {
		CorpID   *string           `json:"corp_id,omitempty" maxLength:"64"`
		AgentID  *int              `json:"agent_id,omitempty" minimum:"0"`
		Secrets  map[string]string `json:"secrets,omitempty" doc:"By area; an empty text removes one"`
		Callback *struct {
			Token  *string `json:"token,omitempty" maxLength:"64"`
			AESKey *string `json:"aes_key,omitempty" maxLength:"64"`
		} `json:"callback,omitempty"`
	}
}

// RegisterAPI puts the routes of settings on the API.
func (s *Service) RegisterAPI(api *web.API) {
	h := handlers{Service: s, api: api, started: s.Current()}
	web.Get(api, "/settings", web.Op{ID: "get-settings", Permission: "settings.read", Scope: web.WholeCorp, Summary: "Corp, app, secrets and callback, without the secrets"}, h.get)
	web.Patch(api, "/settings", web.Op{ID: "set-settings", Permission: "settings.write", Scope: web.WholeCorp, Summary: "Set what flag, environment and file leave open"}, h.patch)
}

type handlers struct {
	*Service
	api     *web.API
	started *config.Config // what this process began with
}

func (h handlers) get(ctx context.Context, _ *web.None) (*Settings, error) {
	return h.show(ctx), nil
}

func (h handlers) show(ctx context.Context) *Settings {
	c := h.Current()
	pair, _, _ := c.CallbackPair("")
	out := &Settings{
		CorpID: c.CorpID, AgentID: c.AgentID, Secrets: map[string]SecretSet{}, BaseURL: c.BaseURL, Unofficial: !c.Official(), Zone: c.Zone.String(),
		Callback: Callback{URL: h.api.URL(ctx, "/callback/wecom"), TokenSet: pair.Token != "", AESSet: pair.AESKey != ""},
		Restart:  c.CorpID != h.started.CorpID || c.AgentID != h.started.AgentID, Fixed: []string{},
	}
	for _, area := range config.Areas {
		state := SecretSet{Set: c.Secrets[area] != ""}
		if state.Set {
			state.Source = c.Source(secretVar(area))
		}
		out.Secrets[area] = state
	}
	for name := range known() {
		if src := c.Source(name); src != config.Default && src != config.Console {
			out.Fixed = append(out.Fixed, name)
		}
	}
	slices.Sort(out.Fixed)
	return out
}

func (h handlers) patch(ctx context.Context, in *patchInput) (*Settings, error) {
	change := map[string]string{}
	b := in.Body
	if b.CorpID != nil {
		change["ZHIYIN_WECOM_CORP_ID"] = *b.CorpID
	}
	if b.AgentID != nil {
		change["ZHIYIN_WECOM_AGENT_ID"] = ""
		if *b.AgentID > 0 {
			change["ZHIYIN_WECOM_AGENT_ID"] = strconv.Itoa(*b.AgentID)
		}
	}
	for area, secret := range b.Secrets {
		change[secretVar(area)] = secret
	}
	if b.Callback != nil && b.Callback.Token != nil {
		change["ZHIYIN_WECOM_CALLBACK_TOKEN"] = *b.Callback.Token
	}
	if b.Callback != nil && b.Callback.AESKey != nil {
		change["ZHIYIN_WECOM_CALLBACK_AES_KEY"] = *b.Callback.AESKey
	}
	if err := h.Set(ctx, change); err != nil {
		return nil, err
	}
	return h.show(ctx), nil
}

func secretVar(area string) string { return "ZHIYIN_WECOM_" + strings.ToUpper(area) + "_SECRET" }
