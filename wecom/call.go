package wecom

import (
	"context"
	"net/url"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// Families slow down together; the names are seen by nobody outside.
const (
	familyStaff    = "staff"
	familyCustomer = "customer"
	familyTag      = "tag"
	familyWay      = "way"
	familyGroup    = "group"
	familyMass     = "mass"
	familyMoment   = "moment"
	familyKf       = "kf"
	familyMedia    = "media"
	familyApp      = "app"
)

// get makes a GET call that may be repeated at will.
func (c *Client) get(ctx context.Context, area Area, family, op string, query url.Values, out Reply) error {
	return c.Do(ctx, wire.Call{Op: op, Area: string(area), Family: family, Query: query}, nil, out)
}

// read makes a POST call that changes nothing, or the same thing when made twice.
func (c *Client) read(ctx context.Context, area Area, family, op string, in any, out Reply) error {
	return c.Do(ctx, wire.Call{Op: op, Area: string(area), Family: family}, in, out)
}

// write makes a POST call that would do its work again when repeated.
func (c *Client) write(ctx context.Context, area Area, family, op string, in any, out Reply) error {
	return c.Do(ctx, wire.Call{Op: op, Area: string(area), Family: family, Once: true}, in, out)
}
