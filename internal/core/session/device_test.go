package session

import (
	"regexp"
	"strings"
	"testing"
)

func TestDeviceType(t *testing.T) {
	const mozilla = "Mozilla/5.0 "
	for agent, want := range map[string]string{
		mozilla + "(Macintosh; Intel Mac OS X 15_0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36":                             "Chrome 125 / macOS 15.0",
		mozilla + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15":                          "Safari 17 / macOS 10.15",
		mozilla + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51":              "Edge 124 / Windows 10",
		mozilla + "(Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko":                                                                           "Internet Explorer 11 / Windows 7",
		mozilla + "(compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)":                                                                               "Internet Explorer 10 / Windows 8",
		mozilla + "(X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0":                                                                         "Firefox 126 / Linux",
		mozilla + "(Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0":                                                                           "Firefox 126 / Android 14",
		mozilla + "(Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36":     "Samsung Internet 24 / Android 13",
		mozilla + "(iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":      "Safari 17 / iOS 17.5",
		mozilla + "(iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/125.0.6422.80 Mobile/15E148 Safari/604.1": "Chrome 125 / iOS 17.5",
		mozilla + "(iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/126.0 Mobile/15E148 Safari/605.1.15":               "Firefox 126 / iPadOS 16.6",
		mozilla + "(X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36":                                 "Chrome 125 / ChromeOS",
		mozilla + "(Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0":                              "Opera 110 / Windows 10",
		mozilla + "(iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148":                                  "iOS 17.5",
		"Dalvik/2.1.0 (Linux; U; Android 12; Pixel 4)":                                                                                                 "Android 12",
		"Chrome/125": "Chrome 125",
		"Chrome/":    "Chrome",
		"curl/8.5.0": unknown, "": unknown, "aws-sdk-go-v2/1.30.0 os/linux": unknown, "Safari/1": unknown,
		"Chrome/99999999999999999999": "Chrome", "Windows NT 99.99": "Windows 99.99",
	} {
		if got := DeviceType(agent); got != want {
			t.Errorf("%s\n got %q\nwant %q", agent, got, want)
		}
	}
}

// FuzzDeviceType: whatever is sent, what is shown is one of the names and small numbers, nothing of the sender's own.
func FuzzDeviceType(f *testing.F) {
	for _, seed := range []string{"", "Chrome/125.0 Mac OS X 15_0", "Trident/7.0; rv:", "CrOS ", "Windows NT 10.0", "Version/1 Safari/2", "Android 1.2.3.4", "MSIE \x00", "Edg/<script>"} {
		f.Add(seed)
	}
	names := []string{}
	for _, p := range append(append([]product{}, products...), systems...) {
		names = append(names, regexp.QuoteMeta(p.name))
	}
	part := "(" + strings.Join(append(names, "Safari"), "|") + `)( \d{1,4}(\.\d{1,4})?)?`
	form := regexp.MustCompile("^(unknown|" + part + "( / " + part + ")?)$")
	f.Fuzz(func(t *testing.T, agent string) {
		if got := DeviceType(agent); !form.MatchString(got) || len(got) > 64 {
			t.Errorf("%q gives %q", agent, got)
		}
	})
}
