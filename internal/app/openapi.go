package app

import (
	"context"
	"os"
	"strings"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/log"
)

// OpenAPI answers the specification of the API, the same for every corp. It makes a platform in a temporary directory
// that calls nobody and is never started.
func OpenAPI(ctx context.Context, version string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "zhiyin-openapi-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg, err := config.Load(config.Sources{Env: []string{
		"ZHIYIN_DATA=" + dir, "ZHIYIN_WECOM_CORP_ID=ww0", "ZHIYIN_WECOM_AGENT_ID=1", "ZHIYIN_WECOM_APP_SECRET=none",
		"ZHIYIN_WECOM_CALLBACK_TOKEN=none", "ZHIYIN_WECOM_CALLBACK_AES_KEY=" + strings.Repeat("A", 43),
	}})
	if err != nil {
		return nil, err
	}
	a, err := New(ctx, Config{Config: cfg, World: clock.System{}, Log: log.Discard(), Version: version})
	if err != nil {
		return nil, err
	}
	defer a.close()
	return a.API.OpenAPI()
}
