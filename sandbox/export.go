package sandbox

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"time"
)

// exportFile is one encrypted block of an export.
type exportFile struct {
	name string
	data []byte
	md5  string
}

const (
	exportLife  = 2 * time.Hour
	leastBlock  = 10_000
	mostOfBlock = 1_000_000
)

type exportQuery struct {
	AESKey    string `json:"encoding_aeskey"`
	BlockSize *int   `json:"block_size"`
}

var aesKeyForm = regexp.MustCompile(`^[0-9A-Za-z]{43}$`)

func (q *exportQuery) check() error {
	if !aesKeyForm.MatchString(q.AESKey) {
		return refuse(40058, "encoding_aeskey must be 43 letters and digits")
	}
	if q.BlockSize != nil && (*q.BlockSize < leastBlock || *q.BlockSize > mostOfBlock) {
		return refuse(40058, "block_size must be %d to %d", leastBlock, mostOfBlock)
	}
	return nil
}

// beginExport starts an export: when its time has come, rows are read, cut in
// blocks and encrypted with the caller's key.
func (c *call) beginExport(kind string, q *exportQuery, list string, rows func(*call) []any) (any, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	block := mostOfBlock
	if q.BlockSize != nil {
		block = *q.BlockSize
	}
	key := q.AESKey
	later := &call{s: c.s, route: c.route, w: c.w, caller: c.caller, base: c.base}
	j := c.newJob(kind, callbackTarget{}, func(j *job) {
		later.now = c.s.now()
		all := rows(later)
		for i := 0; i == 0 || i < len(all); i += block {
			part := all[i:min(i+block, len(all))]
			if part == nil {
				part = []any{}
			}
			j.files = append(j.files, sealExport(later, j, key, map[string]any{list: part}))
		}
	})
	return jobIDReply{reply: done(), JobID: j.id}, nil
}

// sealExport encrypts one block: AES-256-CBC, the first 16 bytes of the key as
// IV, padded to 32.
func sealExport(c *call, j *job, key string, content any) exportFile {
	plain, err := json.Marshal(content)
	if err != nil {
		panic("sandbox: encode an export: " + err.Error()) // plain structs
	}
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		panic("sandbox: key of an export: " + err.Error()) // checked before
	}
	b, err := aes.NewCipher(raw)
	if err != nil {
		panic("sandbox: key of an export: " + err.Error()) // 43 characters are 32 bytes
	}
	pad := padBlock - len(plain)%padBlock
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(b, raw[:16]).CryptBlocks(plain, plain)
	sum := md5.Sum(plain)
	return exportFile{
		name: letters(32, c.w.seed, hashString(j.id), uint64(len(j.files)), hashString("export")),
		data: plain, md5: hex.EncodeToString(sum[:]),
	}
}

func exportSimpleUser(c *call, q *exportQuery) (any, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	return c.beginExport("export_simple_user", q, "userlist", func(c *call) []any {
		return c.exportMembers(func(m *member) any {
			return simpleUser{UserID: m.id, Name: m.name, Department: m.departments()}
		})
	})
}

func exportUser(c *call, q *exportQuery) (any, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	return c.beginExport("export_user", q, "userlist", func(c *call) []any {
		return c.exportMembers(func(m *member) any { return c.viewUser(m) })
	})
}

func (c *call) exportMembers(view func(*member) any) []any {
	var out []any
	for i := range c.w.staff {
		if m := &c.w.staff[i]; !m.resigned {
			out = append(out, view(m))
		}
	}
	return out
}

func exportDepartment(c *call, q *exportQuery) (any, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	return c.beginExport("export_department", q, "department", func(c *call) []any {
		var out []any
		for _, d := range c.w.departments {
			out = append(out, c.w.viewDepartment(d))
		}
		return out
	})
}

type exportTagQuery struct {
	TagID     int    `json:"tagid"`
	AESKey    string `json:"encoding_aeskey"`
	BlockSize *int   `json:"block_size"`
}

func exportTagUser(c *call, q *exportTagQuery) (any, error) {
	t, err := c.staffTagParam(q.TagID, false)
	if err != nil {
		return nil, err
	}
	return c.beginExport("export_tag", &exportQuery{AESKey: q.AESKey, BlockSize: q.BlockSize}, "userlist", func(c *call) []any {
		var out []any
		for _, u := range c.w.viewStaffTag(t).UserList {
			out = append(out, u)
		}
		return out
	})
}

type exportResultReply struct {
	reply
	Status   int              `json:"status"`
	DataList []exportFileView `json:"data_list,omitempty"`
}

type exportFileView struct {
	URL  string `json:"url"`
	Size int    `json:"size"`
	MD5  string `json:"md5"`
}

func exportResult(c *call, q *jobQuery) (any, error) {
	j := c.w.jobs.byID[q.JobID]
	if j == nil || j.by != c.caller || !areExports[j.kind] {
		return nil, refuse(40088, "this secret asked for no export %q", q.JobID)
	}
	out := exportResultReply{reply: done(), Status: 1}
	if j.done {
		out.Status = 2
		for _, f := range j.files {
			out.DataList = append(out.DataList, exportFileView{URL: c.base + "/export/" + f.name, Size: len(f.data), MD5: f.md5})
		}
	}
	return out, nil
}

var areExports = map[string]bool{"export_simple_user": true, "export_user": true, "export_department": true, "export_tag": true}

// serveExport sends a block, in ranges when asked, for two hours.
func serveExport(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var data []byte
	for _, j := range s.world.jobs.byID {
		for _, f := range j.files {
			if f.name == r.PathValue("name") && s.now().Before(j.made.Add(s.jobTime()+exportLife)) {
				data = f.data
			}
		}
	}
	s.mu.Unlock()
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
