package branding

import (
	"bytes"
	"encoding/xml"
	"unicode/utf8"

	"cognate/internal/api/cognitoidp"
)

// mediaTypes are those that images are served with.
var mediaTypes = map[cognitoidp.AssetExtensionType]string{
	cognitoidp.AssetExtensionTypeIco:  "image/x-icon",
	cognitoidp.AssetExtensionTypeJpeg: "image/jpeg",
	cognitoidp.AssetExtensionTypePng:  "image/png",
	cognitoidp.AssetExtensionTypeSvg:  "image/svg+xml",
	cognitoidp.AssetExtensionTypeWebp: "image/webp",
}

// sniff tells what a content is by its first bytes, "" when it is no image of a kind that is taken.
func sniff(content []byte) cognitoidp.AssetExtensionType {
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		return cognitoidp.AssetExtensionTypePng
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return cognitoidp.AssetExtensionTypeJpeg
	case bytes.HasPrefix(content, []byte{0, 0, 1, 0}):
		return cognitoidp.AssetExtensionTypeIco
	case len(content) > 12 && bytes.HasPrefix(content, []byte("RIFF")) && string(content[8:12]) == "WEBP":
		return cognitoidp.AssetExtensionTypeWebp
	case isSVG(content):
		return cognitoidp.AssetExtensionTypeSvg
	}
	return ""
}

// isSVG reports whether a content is text whose first element is svg. What it holds is not judged: it is shown as an image,
// where nothing in it runs, and opened by itself only under a policy that lets nothing run.
func isSVG(content []byte) bool {
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return false
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	d.Strict = false
	d.CharsetReader = nil
	for {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		switch token := token.(type) {
		case xml.StartElement:
			return token.Name.Local == "svg"
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return false
			}
		}
	}
}
