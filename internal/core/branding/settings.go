package branding

// Settings is the tree of a style. The JSON names are AWS's; what stands there was checked when it was set, or is a
// default. Members that AWS accepts and reserves (instructions, the session timer, the language selector, acceptance
// elements) are checked and mean nothing.
type Settings struct {
	Categories       Categories       `json:"categories"`
	ComponentClasses ComponentClasses `json:"componentClasses"`
	Components       Components       `json:"components"`
}

// Modes is what is set for each color scheme.
type Modes[T any] struct {
	LightMode T `json:"lightMode"`
	DarkMode  T `json:"darkMode"`
}

// In is what is set for one color scheme.
func (m Modes[T]) In(dark bool) T {
	if dark {
		return m.DarkMode
	}
	return m.LightMode
}

// Switch is something that can be left out.
type Switch struct {
	Enabled bool `json:"enabled"`
}

// Categories are settings of the whole page.
type Categories struct {
	Auth struct {
		AuthMethodOrder [][]struct {
			Display AuthDisplay `json:"display"`
			Type    AuthMethod  `json:"type"`
		} `json:"authMethodOrder"`
		Federation struct {
			InterfaceStyle Word     `json:"interfaceStyle"` // BUTTON_LIST: a button for each provider; else a field for the domain
			Order          []string `json:"order"`          // names of providers
		} `json:"federation"`
	} `json:"auth"`
	Form struct {
		DisplayGraphics  bool   `json:"displayGraphics"`
		Instructions     Switch `json:"instructions"`
		LanguageSelector Switch `json:"languageSelector"`
		Location         struct {
			Horizontal Edge `json:"horizontal"`
			Vertical   Edge `json:"vertical"`
		} `json:"location"`
		SessionTimerDisplay Word `json:"sessionTimerDisplay"`
	} `json:"form"`
	Global struct {
		ColorSchemeMode ColorScheme `json:"colorSchemeMode"`
		PageHeader      Switch      `json:"pageHeader"`
		PageFooter      Switch      `json:"pageFooter"`
		SpacingDensity  Word        `json:"spacingDensity"`
	} `json:"global"`
	SignUp struct {
		AcceptanceElements []struct {
			Enforcement Word   `json:"enforcement"`
			TextKey     string `json:"textKey"`
		} `json:"acceptanceElements"`
	} `json:"signUp"`
}

// ComponentClasses are settings of everything of a kind.
type ComponentClasses struct {
	Buttons  Rounded         `json:"buttons"`
	Divider  Modes[Bordered] `json:"divider"`
	DropDown struct {
		Rounded
		Modes[struct {
			Defaults Item `json:"defaults"`
			Hover    Item `json:"hover"`
			Match    Item `json:"match"` // the part of an item that was typed
		}]
	} `json:"dropDown"`
	FocusState Modes[Bordered] `json:"focusState"`
	IdpButtons struct {
		Icons Switch `json:"icons"`
	} `json:"idpButtons"`
	Input struct {
		Rounded
		Modes[struct {
			Defaults         Surface `json:"defaults"`
			PlaceholderColor Color   `json:"placeholderColor"`
		}]
	} `json:"input"`
	InputDescription Modes[Lettered] `json:"inputDescription"`
	InputLabel       Modes[Lettered] `json:"inputLabel"`
	Link             Modes[struct {
		Defaults Lettered `json:"defaults"`
		Hover    Lettered `json:"hover"`
	}] `json:"link"`
	OptionControls Modes[struct {
		Defaults Surface `json:"defaults"`
		Selected struct {
			BackgroundColor Color `json:"backgroundColor"`
			ForegroundColor Color `json:"foregroundColor"`
		} `json:"selected"`
	}] `json:"optionControls"`
	StatusIndicator Modes[struct {
		Error   Status `json:"error"`
		Success Status `json:"success"`
		Warning Status `json:"warning"`
		Pending Status `json:"pending"` // has an indicator only
	}] `json:"statusIndicator"`
}

// Components are settings of single parts of the page.
type Components struct {
	Alert struct {
		Rounded
		Modes[struct {
			Error Surface `json:"error"`
		}]
	} `json:"alert"`
	Favicon struct {
		EnabledTypes []FaviconType `json:"enabledTypes"`
	} `json:"favicon"`
	Form struct {
		Rounded
		Modes[Surface]
		BackgroundImage Switch `json:"backgroundImage"`
		Logo            struct {
			Switch
			FormInclusion Inclusion `json:"formInclusion"`
			Location      Edge      `json:"location"`
			Position      Position  `json:"position"`
		} `json:"logo"`
	} `json:"form"`
	IdpButton struct {
		Standard Modes[ButtonStates]            `json:"standard"`
		Custom   map[string]Modes[ButtonStates] `json:"custom"` // by name of the provider; a color that is "" is the standard one
	} `json:"idpButton"`
	PageBackground struct {
		Modes[struct {
			Color Color `json:"color"`
		}]
		Image Switch `json:"image"`
	} `json:"pageBackground"`
	PageHeader PageEdge `json:"pageHeader"`
	PageFooter PageEdge `json:"pageFooter"`
	PageText   Modes[struct {
		BodyColor        Color `json:"bodyColor"`
		DescriptionColor Color `json:"descriptionColor"`
		HeadingColor     Color `json:"headingColor"`
	}] `json:"pageText"`
	PhoneNumberSelector struct {
		DisplayType Word `json:"displayType"`
	} `json:"phoneNumberSelector"`
	PrimaryButton   Modes[ButtonStates] `json:"primaryButton"`
	SecondaryButton Modes[ButtonStates] `json:"secondaryButton"`
}

// Rounded has corners.
type Rounded struct {
	BorderRadius Radius `json:"borderRadius"`
}

// Bordered has a border.
type Bordered struct {
	BorderColor Color `json:"borderColor"`
}

// Lettered has text.
type Lettered struct {
	TextColor Color `json:"textColor"`
}

// Surface has a ground and a border.
type Surface struct {
	BackgroundColor Color `json:"backgroundColor"`
	BorderColor     Color `json:"borderColor"`
}

// Item is one of a drop-down list.
type Item struct {
	ItemBackgroundColor Color `json:"itemBackgroundColor"`
	ItemBorderColor     Color `json:"itemBorderColor"`
	ItemTextColor       Color `json:"itemTextColor"`
}

// Status tells how something went.
type Status struct {
	BackgroundColor Color `json:"backgroundColor"`
	BorderColor     Color `json:"borderColor"`
	IndicatorColor  Color `json:"indicatorColor"`
}

// Button is a button in one state.
type Button struct {
	BackgroundColor Color `json:"backgroundColor"`
	BorderColor     Color `json:"borderColor"`
	TextColor       Color `json:"textColor"`
}

// ButtonStates is a button in all its states; a color that a kind of button has not is "".
type ButtonStates struct {
	Defaults Button `json:"defaults"`
	Hover    Button `json:"hover"`
	Active   Button `json:"active"`
	Disabled Button `json:"disabled"`
}

// PageEdge is the header or the footer of the page.
type PageEdge struct {
	Modes[struct {
		Background struct {
			Color Color `json:"color"`
		} `json:"background"`
		BorderColor Color `json:"borderColor"`
	}]
	BackgroundImage Switch `json:"backgroundImage"`
	Logo            struct {
		Switch
		Location Edge `json:"location"`
	} `json:"logo"`
}
