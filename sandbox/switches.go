package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A switch is a point that the official pages leave open, or on which they
// disagree; docs/sandbox.md has a row for each. The first value is the default.
var switchValues = map[string][]string{
	"path.unknown":             {"404", "200"},                           // HTTP status of a path that does not exist; errcode 404 both
	"decode.unknown":           {"refuse", "ignore"},                     // unknown parameters give 40058
	"access.trusted_ip":        {"all", "none"},                          // may the caller's address call: none gives 60020
	"quota.base":               {"on", "off"},                            // 10,000 calls a minute and 150,000 an hour by path
	"contact.48009":            {"off", "on"},                            // contacts secret may not read details
	"contact.app_events":       {"off", "on"},                            // the app too hears of changes of members and departments
	"contact.event_fields":     {"ids", "full"},                          // what the contacts helper is told: its URL is new or of before 2022-08-15
	"contact.languages":        {"on", "off"},                            // name_en of departments takes effect
	"job.duration_ms":          {"2000", "0", "500", "60000"},            // how long imports, exports and uploads by URL take, world time
	"customer.empty_list":      {"84061", "ok"},                          // externalcontact/list of a member without customers
	"customer.unionid":         {"on", "off"},                            // the corp has bound a WeChat developer id
	"contact_way.temp_daily":   {"41045", "45009", "off"},                // what a corp is told that made 100,000 temp ways in a day
	"tag.foreign_group":        {"open", "refuse"},                       // may a tag be added to a group that another app or the console made; refuse gives 81011
	"callback.repeat":          {"any", "no_answer"},                     // what counts as failure: every status but 200, or no answer only
	"callback.add_verified":    {"welcome", "silent"},                    // does adding again after a one-sided deletion bring a WelcomeCode
	"customer.member_limit":    {"5000", "20000"},                        // customers a member can take over: 40099, transfer status 4
	"transfer.carries":         {"nothing", "tags"},                      // what a handed-over relation brings along
	"welcome.console":          {"off", "on"},                            // a console welcome is set: events bring no WelcomeCode
	"mass.cap":                 {"month", "week", "day"},                 // mass messages a customer may get
	"mass.dispatch_ms":         {"2000", "0", "500", "10000"},            // 41063 until then, world time
	"moment.open":              {"on", "off"},                            // the corp has opened Moments; off gives 41211
	"moment.job_ms":            {"2000", "0", "500", "10000"},            // a moment job runs that long, world time
	"moment.jobs":              {"10", "1", "100"},                       // jobs that may run at once; more give 41078
	"moment.cap":               {"on", "off"},                            // 4 corp moments a month, 3 of a member a day are shown to one customer
	"groupchat.read_delay_ms":  {"2000", "0", "500", "10000"},            // groupchat/get shows changes then, world time
	"kf.no_token_limit":        {"on", "off"},                            // sync_msg without a token: 10 calls a minute and account
	"kf.empty_pages":           {"off", "on"},                            // sync_msg puts an empty page before each full one
	"kf.former_ids":            {"refuse", "accept"},                     // ids of accounts from before an upgrade of the app, in calls other than the conversion
	"kf.trans_to_ended":        {"any", "from_3"},                        // states from which the API may end a session
	"groupchat.auto_create":    {"replace", "append", "ignore"},          // what a created room does to a full list
	"acquisition.category":     {"set", "unset"},                         // the corp has set its business category; unset gives 41305
	"acquisition.links":        {"1000", "2", "100000"},                  // links a corp may have; more give 41095
	"acquisition.open_profile": {"off", "on"},                            // the category whose corps hear of opened profiles
	"acquisition.priority":     {"off", "on"},                            // the category that may set priority_option; off gives 41200
	"album.products":           {"1000", "2"},                            // products a corp may have; more give 41202
	"quota.call":               {"on", "off"},                            // limits a minute of single calls
	"archive.open":             {"on", "off"},                            // the corp has opened the conversation archive
	"archive.group_consent":    {"speaker", "everyone"},                  // whose consent a customer's words in a group need
	"archive.unknown_kinds":    {"placeholder", "raw"},                   // group relays and notes come as a text that says so
	"archive.vote":             {"nested", "flat"},                       // a vote's fields under "vote" or at top level
	"archive.sent":             {"on", "off"},                            // welcomes and mass messages are archived as the member's words
	"kf.intent_shape":          {"beside", "nested"},                     // answers of list_intent beside the question, or in it
	"agent.domain_proven":      {"on", "off"},                            // the corp owns the trusted domain it names; off gives 85005
	"appchat.hourly":           {"150000", "350000", "700000", "300000"}, // recipients an hour in app chats, by the size of the corp; 300000 on an older page
	"message.daily":            {"on", "off"},                            // an app's recipients a day: 200 times the account limit

	"pay.open":        {"on", "off"},                 // the corp collects from customers; off gives 660013
	"pay.refund_ms":   {"2000", "0", "500", "10000"}, // a refund runs that long, world time
	"pay.apply_ms":    {"2000", "0", "500", "10000"}, // each of the two checks of an application for an account, world time
	"pay.same_person": {"on", "off"},                 // who withdraws is called as the administrator of the papers; else 90420

	"program.released":  {"on", "off"},       // the mini-program is released; off gives 85079
	"program.link_days": {"30", "1", "3650"}, // how long a link into a mini-program lives that says nothing of it, world time

	"wxpay.billno":    {"form", "any"},               // mch_billno must be mch_id, yyyymmdd and 10 digits
	"wxpay.pocket":    {"open", "closed"},            // payments to members, which new merchants do not get
	"wxpay.settle_ms": {"2000", "0", "500", "10000"}, // a payment to a member is under way that long, world time
}

func initialSwitches(given map[string]string) (map[string]string, error) {
	set := map[string]string{}
	for name, values := range switchValues {
		set[name] = values[0]
	}
	for name, value := range given {
		if err := checkSwitch(name, value); err != nil {
			return nil, err
		}
		set[name] = value
	}
	return set, nil
}

func checkSwitch(name, value string) error {
	values, ok := switchValues[name]
	if !ok {
		return fmt.Errorf("no switch %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(switchValues)), ", "))
	}
	if !slices.Contains(values, value) {
		return fmt.Errorf("switch %s has no value %q; it has %s", name, value, strings.Join(values, ", "))
	}
	return nil
}

// SetSwitch sets a named switch.
func (s *Sandbox) SetSwitch(name, value string) error {
	if err := checkSwitch(name, value); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setSwitch(name, value)
	return nil
}

// setSwitch copies, because switches are read without the lock while a call is
// decoded.
func (s *Sandbox) setSwitch(name, value string) {
	next := maps.Clone(s.switches)
	next[name] = value
	s.switches = next
}

// on is true when the switch has its strict value: on or refuse.
func (s *Sandbox) on(name string) bool {
	v := s.switches[name]
	return v == "on" || v == "refuse"
}
