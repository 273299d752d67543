package screen

// tone is one colour of the pages: its custom property, where the settings document has it (below "lightMode" and
// "darkMode", whose place the star takes), and Cognate's own.
type tone struct {
	name, path string
	light      string
	dark       string
}

// tones are the colours of managed login. Cognate's own keep 4.5:1 for text and 3:1 for edges, which the tests hold.
var tones = []tone{
	{"page", "components.pageBackground.*.color", "#f4f5f8", "#0e1116"},
	{"heading", "components.pageText.*.headingColor", "#12151c", "#f4f6fa"},
	{"body", "components.pageText.*.bodyColor", "#262b36", "#d8dde6"},
	{"muted", "components.pageText.*.descriptionColor", "#5a6273", "#a3abba"},
	{"card", "components.form.*.backgroundColor", "#ffffff", "#171b23"},
	{"card-line", "components.form.*.borderColor", "#e2e5ec", "#2a303c"},
	{"in-back", "componentClasses.input.*.defaults.backgroundColor", "#ffffff", "#10141b"},
	{"in-line", "componentClasses.input.*.defaults.borderColor", "#858d9d", "#6c7689"},
	{"placeholder", "componentClasses.input.*.placeholderColor", "#6b7384", "#8d96a6"},
	{"hint", "componentClasses.inputDescription.*.textColor", "#5a6273", "#a3abba"},
	{"label", "componentClasses.inputLabel.*.textColor", "#262b36", "#d8dde6"},
	{"link", "componentClasses.link.*.defaults.textColor", "#3146c9", "#a4b3ff"},
	{"link-hover", "componentClasses.link.*.hover.textColor", "#1f2f9e", "#c6d0ff"},
	{"focus", "componentClasses.focusState.*.borderColor", "#3f57e0", "#8da0ff"},
	{"rule", "componentClasses.divider.*.borderColor", "#e2e5ec", "#2a303c"},
	{"drop", "componentClasses.dropDown.*.defaults.itemBackgroundColor", "#ffffff", "#1d222c"},
	{"drop-hover", "componentClasses.dropDown.*.hover.itemBackgroundColor", "#f1f3f8", "#272e3b"},
	{"drop-ink-hover", "componentClasses.dropDown.*.hover.itemTextColor", "#12151c", "#f4f6fa"},
	{"drop-ink-on", "componentClasses.dropDown.*.match.itemTextColor", "#3146c9", "#a4b3ff"},
	{"opt-back", "componentClasses.optionControls.*.defaults.backgroundColor", "#ffffff", "#10141b"},
	{"opt-line", "componentClasses.optionControls.*.defaults.borderColor", "#858d9d", "#6c7689"},
	{"opt-ink", "componentClasses.optionControls.*.selected.foregroundColor", "#ffffff", "#0f1430"},
	{"opt", "componentClasses.optionControls.*.selected.backgroundColor", "#3f57e0", "#8da0ff"},
	{"err-back", "components.alert.*.error.backgroundColor", "#fdf2f1", "#2c1a1b"},
	{"err-line", "components.alert.*.error.borderColor", "#f0c1bc", "#6b3434"},
	{"err-mark", "componentClasses.statusIndicator.*.error.indicatorColor", "#b3261e", "#ff9a8f"},
	{"ok-back", "componentClasses.statusIndicator.*.success.backgroundColor", "#eff9f3", "#14261d"},
	{"ok-line", "componentClasses.statusIndicator.*.success.borderColor", "#b4dcc4", "#2d5a42"},
	{"ok-mark", "componentClasses.statusIndicator.*.success.indicatorColor", "#19703f", "#6fd19b"},
	{"warn-back", "componentClasses.statusIndicator.*.warning.backgroundColor", "#fff8e8", "#2a2413"},
	{"warn-line", "componentClasses.statusIndicator.*.warning.borderColor", "#ecd49a", "#665526"},
	{"warn-mark", "componentClasses.statusIndicator.*.warning.indicatorColor", "#7d5600", "#ecc667"},
	{"p", "components.primaryButton.*.defaults.backgroundColor", "#3f57e0", "#9aaaff"},
	{"p-ink", "components.primaryButton.*.defaults.textColor", "#ffffff", "#0f1430"},
	{"p-hover", "components.primaryButton.*.hover.backgroundColor", "#3347c4", "#b3bfff"},
	{"p-ink-hover", "components.primaryButton.*.hover.textColor", "#ffffff", "#0f1430"},
	{"p-active", "components.primaryButton.*.active.backgroundColor", "#2a3ba6", "#8496f5"},
	{"p-ink-active", "components.primaryButton.*.active.textColor", "#ffffff", "#0f1430"},
	{"p-off", "components.primaryButton.*.disabled.backgroundColor", "#eceef3", "#232935"},
	{"p-off-line", "components.primaryButton.*.disabled.borderColor", "#eceef3", "#232935"},
	{"s", "components.secondaryButton.*.defaults.backgroundColor", "#ffffff", "#171b23"},
	{"s-line", "components.secondaryButton.*.defaults.borderColor", "#c3c9d5", "#434c5c"},
	{"s-ink", "components.secondaryButton.*.defaults.textColor", "#12151c", "#f4f6fa"},
	{"s-hover", "components.secondaryButton.*.hover.backgroundColor", "#f4f5f8", "#202632"},
	{"s-line-hover", "components.secondaryButton.*.hover.borderColor", "#a9b1c0", "#5a6577"},
	{"s-ink-hover", "components.secondaryButton.*.hover.textColor", "#12151c", "#f4f6fa"},
	{"s-active", "components.secondaryButton.*.active.backgroundColor", "#e9ebf1", "#272e3b"},
	{"s-line-active", "components.secondaryButton.*.active.borderColor", "#a9b1c0", "#5a6577"},
	{"s-ink-active", "components.secondaryButton.*.active.textColor", "#12151c", "#f4f6fa"},
	{"i", "components.idpButton.standard.*.defaults.backgroundColor", "#ffffff", "#171b23"},
	{"i-line", "components.idpButton.standard.*.defaults.borderColor", "#c3c9d5", "#434c5c"},
	{"i-ink", "components.idpButton.standard.*.defaults.textColor", "#12151c", "#f4f6fa"},
	{"i-hover", "components.idpButton.standard.*.hover.backgroundColor", "#f4f5f8", "#202632"},
	{"i-line-hover", "components.idpButton.standard.*.hover.borderColor", "#a9b1c0", "#5a6577"},
	{"i-ink-hover", "components.idpButton.standard.*.hover.textColor", "#12151c", "#f4f6fa"},
	{"i-active", "components.idpButton.standard.*.active.backgroundColor", "#e9ebf1", "#272e3b"},
	{"i-line-active", "components.idpButton.standard.*.active.borderColor", "#a9b1c0", "#5a6577"},
	{"i-ink-active", "components.idpButton.standard.*.active.textColor", "#12151c", "#f4f6fa"},
	{"head-back", "components.pageHeader.*.background.color", "#ffffff", "#171b23"},
	{"head-line", "components.pageHeader.*.borderColor", "#e2e5ec", "#2a303c"},
	{"foot-back", "components.pageFooter.*.background.color", "#ffffff", "#171b23"},
	{"foot-line", "components.pageFooter.*.borderColor", "#e2e5ec", "#2a303c"},
}

// derived are properties that follow from others.
const derived = `--tint:color-mix(in srgb,var(--p) 11%,var(--card));--tint-ink:var(--link);--row-line:color-mix(in srgb,var(--muted) 38%,var(--card));--row:color-mix(in srgb,var(--p) 5%,var(--card));` +
	`--err-ink:var(--err-mark);--ok-ink:var(--ok-mark);--info-back:var(--tint);--info-line:var(--card-line);--info-mark:var(--link);`

// Shadows of both schemes.
const (
	shadowLight = `--shadow:0 1px 2px #1018280a,0 12px 32px -12px #1018281f;--shadow-up:0 12px 32px -8px #10182838;`
	shadowDark  = `--shadow:none;--shadow-up:0 12px 32px -8px #000c;`
)

// radius is a rounding: its custom property, its place in the settings, and Cognate's own in pixels.
type radius struct {
	name, path string
	own        int
}

var radii = []radius{
	{"r-card", "components.form.borderRadius", 16},
	{"r-btn", "componentClasses.buttons.borderRadius", 10},
	{"r-in", "componentClasses.input.borderRadius", 10},
	{"r-alert", "components.alert.borderRadius", 10},
	{"r-drop", "componentClasses.dropDown.borderRadius", 12},
}

// spacing are the distances by density.
var spacing = map[string]string{
	"REGULAR": `--gap:1.5rem;--gap-card:2.25rem;--gap-field:1.125rem;`,
	"COMPACT": `--gap:1.125rem;--gap-card:1.5rem;--gap-field:.75rem;`,
}
