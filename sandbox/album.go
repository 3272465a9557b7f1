package sandbox

import (
	"regexp"
	"slices"
)

// product is one entry of the product album (商品图册).
type product struct {
	id          string
	sn          string
	description string
	price       int // fen
	created     int64
	pictures    []string // media ids that readers get
	by          caller
	deleted     bool
}

// productAlbum keeps deleted products, which are told from unknown ones.
type productAlbum struct {
	list  []*product
	index map[string]*product
	live  int
}

const (
	productDescription = 300       // characters
	productPrice       = 5_000_000 // fen
	productPictures    = 9
)

var productSN = regexp.MustCompile(`^[0-9A-Za-z]{1,128}$`)

func albumFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/add_product_album", byExternal, productAdd),
		post("/cgi-bin/externalcontact/get_product_album", byExternal, productGet),
		post("/cgi-bin/externalcontact/get_product_album_list", byExternal, productList),
		post("/cgi-bin/externalcontact/update_product_album", byExternal, productUpdate),
		post("/cgi-bin/externalcontact/delete_product_album", byExternal, productDelete),
	}}
}

type productPicture struct {
	Type  string    `json:"type"`
	Image *mediaRef `json:"image,omitempty"`
}

type productQuery struct {
	ProductID   string           `json:"product_id"` // update only
	Description *string          `json:"description"`
	Price       *int             `json:"price"`
	SN          string           `json:"product_sn"`
	Attachments []productPicture `json:"attachments"`
}

type productIDReply struct {
	reply
	ProductID string `json:"product_id"`
}

func productAdd(c *call, q *productQuery) (any, error) {
	album := &c.w.album
	switch {
	case q.ProductID != "":
		return nil, refuse(40058, "product_id is made by this call, not given")
	case q.Description == nil:
		return nil, refuse(41087, "description is missing")
	case q.Price == nil:
		return nil, refuse(41086, "price is missing")
	case len(q.Attachments) == 0:
		return nil, refuse(41088, "attachments are empty")
	case album.live >= c.s.count("album.products"):
		return nil, refuse(41202, "the corp has %d products (switch album.products)", album.live)
	}
	p := &product{created: c.now.Unix(), by: c.caller}
	if err := c.fillProduct(p, q); err != nil {
		return nil, err
	}
	album.list = append(album.list, p)
	p.id = "prod" + letters(28, c.w.seed, uint64(len(album.list)), hashString("product"))
	album.index[p.id] = p
	album.live++
	c.s.journal(entry{Kind: "product_added", ID: p.id})
	return productIDReply{reply: done(), ProductID: p.id}, nil
}

// fillProduct checks what a request holds and puts it into a product; what it
// leaves out stays.
func (c *call) fillProduct(p *product, q *productQuery) error {
	if q.Description != nil {
		if n := len([]rune(*q.Description)); n == 0 || n > productDescription {
			return refuse(41087, "description has %d characters: must be between 1 and %d", n, productDescription)
		}
	}
	if q.Price != nil && (*q.Price < 0 || *q.Price > productPrice) {
		return refuse(41086, "price %d: must be between 0 and %d fen", *q.Price, productPrice)
	}
	if q.SN != "" && !productSN.MatchString(q.SN) {
		return refuse(41085, "product_sn %q: at most 128 digits and letters", q.SN)
	}
	if n := len(q.Attachments); n > productPictures {
		return refuse(41064, "%d attachments, at most %d are allowed", n, productPictures)
	}
	for _, a := range q.Attachments {
		if a.Type != "image" || a.Image == nil {
			return refuse(41065, "attachment of type %q: must be image, with that part", a.Type)
		}
		if err := c.checkUpload(a.Image.MediaID, "image", forAlbum); err != nil {
			return err
		}
	}
	setIf(&p.description, q.Description)
	setIf(&p.price, q.Price)
	if q.SN != "" {
		p.sn = q.SN
	}
	if len(q.Attachments) > 0 {
		p.pictures = nil
		for _, a := range q.Attachments {
			p.pictures = append(p.pictures, c.w.media.keep(a.Image.MediaID, c.w.seed))
		}
	}
	return nil
}

// productParam finds a product; to change it, the app must have made it.
func (c *call) productParam(id string, change bool) (*product, error) {
	p := c.w.album.index[id]
	switch {
	case p == nil || (change && p.by != c.caller):
		return nil, refuse(41075, "no product %q, or not one of this app", id)
	case p.deleted:
		return nil, refuse(41074, "product %q was deleted", id)
	}
	return p, nil
}

type productView struct {
	ProductID   string           `json:"product_id"`
	SN          string           `json:"product_sn"`
	Description string           `json:"description"`
	Price       int              `json:"price"`
	CreateTime  int64            `json:"create_time,omitempty"` // not in the list
	Attachments []productPicture `json:"attachments"`
}

func viewProduct(p *product) productView {
	v := productView{ProductID: p.id, SN: p.sn, Description: p.description, Price: p.price, Attachments: []productPicture{}}
	for _, id := range p.pictures {
		v.Attachments = append(v.Attachments, productPicture{Type: "image", Image: &mediaRef{id}})
	}
	return v
}

type productIDQuery struct {
	ProductID string `json:"product_id"`
}

type productReply struct {
	reply
	Product productView `json:"product"`
}

func productGet(c *call, q *productIDQuery) (any, error) {
	p, err := c.productParam(q.ProductID, false)
	if err != nil {
		return nil, err
	}
	v := viewProduct(p)
	v.CreateTime = p.created
	return productReply{reply: done(), Product: v}, nil
}

type productListQuery struct {
	Limit  int    `json:"limit"`
	Cursor string `json:"cursor"`
}

type productListReply struct {
	reply
	NextCursor string        `json:"next_cursor"`
	List       []productView `json:"product_list"`
}

func productList(c *call, q *productListQuery) (any, error) {
	const filter = 161
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, 100, 50)
	out := productListReply{reply: done(), List: []productView{}}
	for all := c.w.album.list; at < len(all); at++ {
		if all[at].deleted {
			continue
		}
		if len(out.List) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.List = append(out.List, viewProduct(all[at]))
	}
	return out, nil
}

func productUpdate(c *call, q *productQuery) (any, error) {
	p, err := c.productParam(q.ProductID, true)
	if err != nil {
		return nil, err
	}
	next := *p
	next.pictures = slices.Clone(p.pictures)
	if err := c.fillProduct(&next, q); err != nil {
		return nil, err
	}
	*p = next
	return nil, nil
}

func productDelete(c *call, q *productIDQuery) (any, error) {
	p, err := c.productParam(q.ProductID, true)
	if err != nil {
		return nil, err
	}
	p.deleted = true
	c.w.album.live--
	c.s.journal(entry{Kind: "product_deleted", ID: p.id})
	return nil, nil
}
