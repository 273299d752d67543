package branding

import (
	"fmt"
	"math"
	"strconv"
)

// The least contrast that people need (WCAG 2.2, 1.4.3 and 1.4.11).
const (
	textContrast = 4.5
	edgeContrast = 3.0
)

// Pair is two colors of a style that are too much alike. The names are keys of the settings tree.
type Pair struct {
	Front, Back string  // "componentClasses.inputLabel.lightMode.textColor"
	Ratio       float64 // what they have
	Need        float64 // what they should have
}

// String is the pair as a person reads it.
func (p Pair) String() string {
	return fmt.Sprintf("%s on %s is %.1f:1, need %.1f:1", p.Front, p.Back, math.Floor(p.Ratio*10)/10, p.Need)
}

// Contrast lists the pairs of colors that are too much alike, in the color schemes that pages show.
func (s *Settings) Contrast() []Pair {
	scheme := s.Categories.Global.ColorSchemeMode
	var out []Pair
	if scheme != SchemeDark {
		out = append(out, s.contrast(false)...)
	}
	if scheme != SchemeLight {
		out = append(out, s.contrast(true)...)
	}
	return out
}

// paint is a color of the tree and its key.
type paint struct {
	key   string
	color Color
}

// judged compares the colors of one scheme and gathers what is too much alike.
type judged struct {
	page Color
	out  []Pair
}

// pair compares two colors, each seen through what is translucent about it. Where the tree has no color there is nothing to
// compare.
func (j *judged) pair(need float64, front, back paint) {
	if front.color == "" || back.color == "" {
		return
	}
	ground := over(back.color, over(j.page, rgb{1, 1, 1}))
	if ratio := contrast(over(front.color, ground), ground); ratio < need {
		j.out = append(j.out, Pair{front.key, back.key, ratio, need})
	}
}

func (s *Settings) contrast(dark bool) []Pair {
	mode := ".lightMode."
	if dark {
		mode = ".darkMode."
	}
	c, p := &s.ComponentClasses, &s.Components
	class := func(name, rest string, color Color) paint {
		return paint{"componentClasses." + name + mode + rest, color}
	}
	part := func(name, rest string, color Color) paint { return paint{"components." + name + mode + rest, color} }
	j := &judged{page: p.PageBackground.In(dark).Color}
	form := part("form", "backgroundColor", p.Form.In(dark).BackgroundColor)
	text := p.PageText.In(dark)
	input := c.Input.In(dark)
	field := class("input", "defaults.backgroundColor", input.Defaults.BackgroundColor)
	for _, front := range []paint{
		part("pageText", "headingColor", text.HeadingColor), part("pageText", "descriptionColor", text.DescriptionColor),
		part("pageText", "bodyColor", text.BodyColor),
		class("inputLabel", "textColor", c.InputLabel.In(dark).TextColor), class("inputDescription", "textColor", c.InputDescription.In(dark).TextColor),
		class("link", "defaults.textColor", c.Link.In(dark).Defaults.TextColor), class("link", "hover.textColor", c.Link.In(dark).Hover.TextColor),
	} {
		j.pair(textContrast, front, form)
	}
	j.pair(textContrast, class("input", "placeholderColor", input.PlaceholderColor), field)
	option, list := c.OptionControls.In(dark), c.DropDown.In(dark)
	for _, front := range []paint{
		class("input", "defaults.borderColor", input.Defaults.BorderColor),
		class("optionControls", "defaults.borderColor", option.Defaults.BorderColor),
		class("focusState", "borderColor", c.FocusState.In(dark).BorderColor),
	} {
		j.pair(edgeContrast, front, form)
	}
	j.pair(edgeContrast, class("optionControls", "selected.foregroundColor", option.Selected.ForegroundColor),
		class("optionControls", "selected.backgroundColor", option.Selected.BackgroundColor))
	j.pair(textContrast, class("dropDown", "hover.itemTextColor", list.Hover.ItemTextColor), class("dropDown", "hover.itemBackgroundColor", list.Hover.ItemBackgroundColor))
	j.pair(textContrast, class("dropDown", "match.itemTextColor", list.Match.ItemTextColor), class("dropDown", "defaults.itemBackgroundColor", list.Defaults.ItemBackgroundColor))
	s.signs(j, class, dark)
	s.buttons(j, part, dark)
	return j.out
}

// signs compares what tells how something went.
func (s *Settings) signs(j *judged, class func(name, rest string, color Color) paint, dark bool) {
	status := s.ComponentClasses.StatusIndicator.In(dark)
	for _, one := range []struct {
		name string
		is   Status
	}{{"error", status.Error}, {"success", status.Success}, {"warning", status.Warning}} {
		j.pair(edgeContrast, class("statusIndicator", one.name+".indicatorColor", one.is.IndicatorColor),
			class("statusIndicator", one.name+".backgroundColor", one.is.BackgroundColor))
	}
}

// buttons compares the text of every button in every state with its ground.
func (s *Settings) buttons(j *judged, part func(name, rest string, color Color) paint, dark bool) {
	p := &s.Components
	for _, kind := range []struct {
		name   string
		states ButtonStates
	}{
		{"primaryButton", p.PrimaryButton.In(dark)}, {"secondaryButton", p.SecondaryButton.In(dark)}, {"idpButton.standard", p.IdpButton.Standard.In(dark)},
	} {
		for _, state := range []struct {
			name string
			is   Button
		}{{"defaults", kind.states.Defaults}, {"hover", kind.states.Hover}, {"active", kind.states.Active}} {
			j.pair(textContrast, part(kind.name, state.name+".textColor", state.is.TextColor),
				part(kind.name, state.name+".backgroundColor", state.is.BackgroundColor))
		}
	}
}

// rgb is an opaque color; each part is 0 to 1.
type rgb [3]float64

// over is a color as it looks in front of another one.
func over(c Color, ground rgb) (out rgb) {
	n, err := strconv.ParseUint(string(c), 16, 32)
	if err != nil {
		return ground
	}
	alpha := float64(n&0xff) / 255
	for i := range out {
		out[i] = alpha*float64(n>>(24-8*i)&0xff)/255 + (1-alpha)*ground[i]
	}
	return out
}

// contrast is the contrast ratio of two colors as WCAG 2.2 defines it.
func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c rgb) float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}
