// Package wire names an endpoint for the client's one calling routine. It is
// internal so that only the packages of the client can make a call: nobody
// else can build the value that [zhiyin.dev/zhiyin/wecom.Client.Do] asks for.
package wire

import "net/url"

// Call names one endpoint and how it may be treated.
type Call struct {
	Op     string     // path below /cgi-bin/, like "externalcontact/list"
	Area   string     // whose secret: see wecom.Area
	Family string     // endpoints that slow down together
	Fast   bool       // somebody waits for it: never behind bulk work
	Once   bool       // not repeated when its outcome is unknown
	Query  url.Values // without access_token
	File   *File      // sent as multipart instead of JSON
}

// File is the one part of an upload.
type File struct {
	Name    string
	Type    string // MIME type
	Content []byte
}
