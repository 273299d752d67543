package session

import "strings"

// unknown stands for what a user agent does not tell.
const unknown = "unknown"

// product is how a browser names itself in a user agent: by a token before its version.
type product struct{ token, name string }

// products are looked for in this order, because most browsers also name those that they wish to be taken for.
var products = []product{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"},
	{"OPR/", "Opera"}, {"OPiOS/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex Browser"},
	{"Vivaldi/", "Vivaldi"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"},
	{"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chromium"},
	{"MSIE ", "Internet Explorer"}, {"Trident/", "Internet Explorer"},
}

// systems are looked for in this order: phones also name the desktop system that they descend from.
var systems = []product{
	{"Windows Phone ", "Windows Phone"}, {"Windows NT ", "Windows"}, {"Android ", "Android"}, {"CPU iPhone OS ", "iOS"},
	{"CPU OS ", "iPadOS"}, {"Mac OS X ", "macOS"}, {"CrOS ", "ChromeOS"}, {"Linux", "Linux"},
}

// DeviceType tells browser and operating system of a user agent in the form `Chrome 125 / macOS 15.0`: the browser's
// major version and up to two parts of the system's. What it does not recognise it leaves out; `unknown` when that is
// everything.
func DeviceType(agent string) string {
	browser, system := browser(agent), system(agent)
	switch {
	case browser == "" && system == "":
		return unknown
	case system == "":
		return browser
	case browser == "":
		return system
	}
	return browser + " / " + system
}

func browser(agent string) string {
	for _, p := range products {
		if _, rest, ok := strings.Cut(agent, p.token); ok {
			major := version(rest, 1)
			if p.token == "Trident/" { // the engine's version is four less than the browser's that still names it
				major = version(after(agent, "rv:"), 1)
			}
			return named(p.name, major)
		}
	}
	if strings.Contains(agent, "Safari/") { // names its version elsewhere
		if v := version(after(agent, "Version/"), 1); v != "" {
			return named("Safari", v)
		}
	}
	return ""
}

func system(agent string) string {
	for _, s := range systems {
		_, rest, ok := strings.Cut(agent, s.token)
		if !ok {
			continue
		}
		switch s.name {
		case "Linux":
			return s.name
		case "ChromeOS": // the processor comes first
			_, rest, _ = strings.Cut(rest, " ")
		case "Windows":
			return named(s.name, windows(version(rest, 2)))
		}
		return named(s.name, version(rest, 2))
	}
	return ""
}

// windows is the name that a version of Windows NT was sold under; 10.0 may be 11, which user agents do not tell.
func windows(nt string) string {
	switch nt {
	case "10.0":
		return "10"
	case "6.3":
		return "8.1"
	case "6.2":
		return "8"
	case "6.1":
		return "7"
	}
	return nt
}

func named(name, version string) string {
	if version == "" {
		return name
	}
	return name + " " + version
}

// after is what follows the first mark, "" when it is missing.
func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

// version reads up to parts numbers at the beginning of text, parted by dots or underscores, and writes dots. Numbers of
// more than four digits end it.
func version(text string, parts int) string {
	var b strings.Builder
	for i := range parts {
		n := 0
		for n < len(text) && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		if n == 0 || n > 4 {
			break
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(text[:n])
		if text = text[n:]; text == "" || text[0] != '.' && text[0] != '_' {
			break
		}
		text = text[1:]
	}
	return b.String()
}
