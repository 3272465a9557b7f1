// Package tag keeps the corp's tags on customers. A tag sits on a relation; people ask for it by person.
package tag

// Tag is one corp tag.
type Tag struct {
	ID        string
	GroupID   string
	Name      string
	Rank      int
	Customers int // persons with it, when counted
}

// Group is a group of tags.
type Group struct {
	ID   string
	Name string
	Rank int
	Tags []Tag
}
