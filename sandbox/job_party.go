package sandbox

import (
	"slices"
	"strconv"
)

// partyRow is one line of a file of departments.
type partyRow struct {
	id, parent, order int
	name              string
}

// The bits of what an import did with a department.
const (
	partyMade = 1 << iota
	partyRenamed
	partyMoved
	partyReordered
)

type partyImportQuery struct {
	MediaID  string          `json:"media_id"`
	Callback *importCallback `json:"callback"`
}

func batchReplaceParty(c *call, q *partyImportQuery) (any, error) {
	t, err := c.readTable(q.MediaID, "name", "partyid", "parentid")
	if err != nil {
		return nil, err
	}
	var rows []partyRow
	for _, line := range t.rows {
		row, err := partyOfRow(line)
		if err != nil {
			return nil, err
		}
		for _, other := range rows {
			if other.id == row.id {
				return nil, refuse(302006, "department %d stands in the file twice", row.id)
			}
			if other.parent == row.parent && other.name == row.name {
				return nil, refuse(302007, "below department %d there are two %q", row.parent, row.name)
			}
		}
		rows = append(rows, row)
	}
	return c.beginImport("replace_party", &importQuery{Callback: q.Callback}, t, func(j *job) { c.s.importParties(j, rows) })
}

func partyOfRow(line map[string]string) (partyRow, error) {
	id, err1 := strconv.Atoi(line["partyid"])
	parent, err2 := strconv.Atoi(line["parentid"])
	if err1 != nil || err2 != nil || id < 1 || parent < 0 {
		return partyRow{}, refuse(302004, "department %q below %q: ids must be numbers", line["partyid"], line["parentid"])
	}
	order, err := strconv.Atoi(line["order"])
	if err != nil {
		order = 0
	}
	return partyRow{id: id, parent: parent, order: order, name: line["name"]}, nil
}

// importParties makes and changes what the file says, and removes what it
// lacks, as far as that is empty.
func (s *Sandbox) importParties(j *job, rows []partyRow) {
	c := &call{s: s, w: s.world, now: s.now(), caller: byContact}
	in := map[int]bool{1: true}
	for _, row := range rows {
		in[row.id] = true
		action, err := c.importParty(row)
		j.results = append(j.results, resultOf(err, importLine{Action: action, PartyID: row.id}))
	}
	for again := true; again; {
		again = false
		for _, d := range slices.Clone(s.world.departments) {
			if !in[d.id] && s.world.nodesIn(d.id) == 0 {
				s.deleteDepartment(d, byContact)
				again = true
			}
		}
	}
}

func (c *call) importParty(row partyRow) (int, error) {
	d := c.w.department(row.id)
	if d == nil {
		id, parent := int32(row.id), int32(row.parent)
		_, err := departmentCreate(c, &departmentAddQuery{Name: row.name, ParentID: &parent, Order: uint32(row.order), ID: &id})
		return partyMade, err
	}
	action := 0
	q := &departmentUpdateQuery{ID: d.id}
	if d.name != row.name {
		action, q.Name = action|partyRenamed, &row.name
	}
	if d.parent != row.parent {
		action, q.ParentID = action|partyMoved, &row.parent
	}
	if order := uint32(row.order); d.order != row.order && row.order >= 0 {
		action, q.Order = action|partyReordered, &order
	}
	if action == 0 {
		return 0, nil
	}
	_, err := departmentUpdate(c, q)
	return action, err
}
